// harrier-audit: looks at an audit log.
#include <CLI/CLI.hpp>

#include "app/audit_tool.h"
#include "base/log.h"
#include "harrier/version.h"

int main(int argc, char** argv) {
  using namespace harrier;
  base::configure_log(base::LogLevel::kOff, base::LogFormat::kText);
  app::AuditVerification verification;
  CLI::App cli("Looks at an audit log of HarrierMQ, whether or not a broker is writing it",
               "harrier-audit");
  cli.set_version_flag("--version", std::string("HarrierMQ ") + std::string(kVersion));
  cli.require_subcommand(1);
  CLI::App* verify = cli.add_subcommand("verify", "is every line as it was written, in its place?");
  verify->add_option("FILE", verification.files, "the log and its older files, in any order")
      ->required();
  verify->add_option("--key-file", verification.key_file, "the key of audit.key_file")
      ->type_name("FILE");
  verify
      ->add_option("--anchor", verification.anchor,
                   "a record that must be among them, as the `last:` of an earlier run")
      ->type_name("NUMBER:HASH");
  verify->footer(
      "Prints the first line that is not as it was written, as file:line, and a summary.\n"
      "Exit codes: 0 whole; 1 whole, but the last line is torn, as a crash leaves it;\n"
      "64 usage, or the lines are keyed and no key was given; 65 broken; 74 a file cannot\n"
      "be read; 78 the key cannot.");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? app::kExitOk : app::kExitUsage;
  }
  return app::verify_audit_log(verification);
}

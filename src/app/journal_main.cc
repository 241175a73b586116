// harrier-journal: looks at a data directory, and mends it.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/journal_tool.h"
#include "base/log.h"
#include "harrier/version.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

struct Arguments {
  std::string data_dir;
  bool deep = false;
  bool json = false;
  std::string lsns;
  app::DumpOptions dump;
  bool for_rabbitmq = false;
  bool dry_run = false;
  bool quarantine = false;
};

int run(const CLI::App& cli, Arguments& arguments) {
  if (!arguments.lsns.empty()) {
    const auto range = app::parse_lsn_range(arguments.lsns);
    if (!range) {
      std::fprintf(stderr, "--lsn wants two numbers with two dots between them: 100..200\n");
      return app::kExitUsage;
    }
    arguments.dump.lsns = *range;
  }
  auto directory = app::OfflineDirectory::open(arguments.data_dir);
  if (!directory.ok()) {
    std::fprintf(stderr, "%s\n", directory.error().message.c_str());
    return directory.error().code;
  }
  if (cli.got_subcommand("verify")) return app::verify_directory(*directory, arguments.deep);
  if (cli.got_subcommand("stat")) return app::print_statistics(*directory, arguments.json);
  if (cli.got_subcommand("dump")) return app::dump_records(*directory, arguments.dump);
  if (cli.got_subcommand("definitions"))
    return app::print_definitions(*directory, arguments.for_rabbitmq);
  return app::repair_directory(*directory, arguments.dry_run);
}

}  // namespace

int main(int argc, char** argv) {
  base::configure_log(base::LogLevel::kOff, base::LogFormat::kText);
  Arguments arguments;
  CLI::App cli("Looks at a data directory of HarrierMQ that no broker has open, and mends it",
               "harrier-journal");
  cli.set_version_flag("--version", std::string("HarrierMQ ") + std::string(kVersion));
  cli.add_option("--data-dir", arguments.data_dir, "the data directory")
      ->type_name("DIRECTORY")
      ->required();
  cli.require_subcommand(1);
  cli.fallthrough();
  CLI::App* verify = cli.add_subcommand("verify", "is everything as it was written?");
  verify->add_flag("--deep", arguments.deep, "read every message that left the journal, too");
  CLI::App* stat = cli.add_subcommand("stat", "what is in it");
  stat->add_flag("--json", arguments.json, "for programs");
  CLI::App* dump = cli.add_subcommand("dump", "the journal's records, one line each");
  dump->add_option("--lsn", arguments.lsns, "which records")->type_name("A..B")->required();
  dump->add_option("--shard", arguments.dump.shard, "of this shard only")
      ->check(CLI::Range(0U, 16U));
  dump->add_flag("--bodies", arguments.dump.bodies, "print the bodies of messages, too");
  CLI::App* definitions =
      cli.add_subcommand("definitions", "users, queues and so on, as a definitions file");
  definitions->add_flag("--rabbitmq", arguments.for_rabbitmq, "for RabbitMQ to import");
  CLI::App* repair = cli.add_subcommand("repair", "make a damaged one good enough to start with");
  CLI::Option* dry_run =
      repair->add_flag("--dry-run", arguments.dry_run, "say what would be lost, change nothing");
  repair->add_flag("--quarantine", arguments.quarantine, "move what is damaged to quarantine/")
      ->excludes(dry_run);
  try {
    cli.parse(argc, argv);
    if (repair->parsed() && !arguments.dry_run && !arguments.quarantine)
      throw CLI::RequiredError("--dry-run or --quarantine");
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? app::kExitOk : app::kExitUsage;
  }
  return run(cli, arguments);
}

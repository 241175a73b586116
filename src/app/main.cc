// harriermq: the broker.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/application.h"
#include "config/reference.h"
#include "harrier/version.h"
#include "management/openapi.h"
#include "metrics/reference.h"

int main(int argc, char** argv) {
  using namespace harrier;
  app::CommandLine command_line;
  bool version = false;

  CLI::App cli("HarrierMQ, an AMQP 0-9-1 message broker", "harriermq");
  cli.add_option("--config", command_line.config_file, "YAML file; without it the defaults apply")
      ->type_name("FILE");
  cli.add_option("--bind", command_line.bind, "address for AMQP, instead of listeners.amqp.bind")
      ->type_name("ADDRESS");
  cli.add_option("--port", command_line.port, "port for AMQP, 0 for any; listeners.amqp.port")
      ->type_name("PORT");
  cli.add_option("--data-dir", command_line.data_dir, "where data lives, instead of data_dir")
      ->type_name("DIRECTORY");
  cli.add_flag("--check-config", command_line.check_config, "check the configuration and exit");
  cli.add_flag("--print-config", command_line.print_config,
               "print the effective configuration, secrets masked, and exit");
  // For script/configuration and script/metrics-reference; an empty group hides them.
  bool reference = false;
  bool example = false;
  bool openapi = false;
  bool http_api = false;
  bool metrics = false;
  cli.add_flag("--print-reference", reference)->group("");
  cli.add_flag("--print-example", example)->group("");
  cli.add_flag("--print-metrics", metrics)->group("");
  // For script/http-api.
  cli.add_flag("--print-openapi", openapi)->group("");
  cli.add_flag("--print-http-api", http_api)->group("");
  cli.add_flag("--version", version, "print the version and exit");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? app::kExitOk : app::kExitUsage;
  }
  if (version) {
    std::printf("HarrierMQ %.*s (compatible with RabbitMQ %.*s)\n",
                static_cast<int>(kVersion.size()), kVersion.data(),
                static_cast<int>(kCompatibleVersion.size()), kCompatibleVersion.data());
    return app::kExitOk;
  }
  if (reference || example) {
    std::fputs((reference ? config::reference_markdown() : config::example_yaml()).c_str(), stdout);
    return app::kExitOk;
  }
  if (openapi || http_api) {
    std::puts(openapi ? management::openapi_document().dump(1).c_str()
                      : management::http_api_markdown().c_str());
    return app::kExitOk;
  }
  if (metrics) {
    std::fputs(metrics::reference_markdown().c_str(), stdout);
    return app::kExitOk;
  }
  return app::run(command_line);
}

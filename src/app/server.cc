// The facade: a node, and the exporter that reads its counters.
#include "harrier/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "metrics/exporter.h"
#include "metrics/exposition.h"
#include "server/maintenance.h"
#include "server/node.h"

namespace harrier {

namespace {

std::string place(const std::string& bind, std::uint16_t port) {
  return port == 0 ? "off" : bind + ":" + std::to_string(port);
}

}  // namespace

class Server::Parts {
 public:
  explicit Parts(Options given) : options(std::move(given)), node(options, clock) {}

  Outcome start_metrics();

  const Options options;
  const base::SystemClock clock;
  server::Node node;
  const metrics::Exposition exposition{node, clock};
  // Last: its thread reads the node.
  metrics::Exporter exporter{[this] { return exposition.text(); }};
  std::uint16_t metrics_port = 0;
};

Outcome Server::Parts::start_metrics() {
  if (!options.metrics.enabled) return {};
  auto listening = exporter.start(options.metrics.bind, options.metrics.port);
  if (!listening) return Failure{FailureKind::kCannotListen, listening.error().message};
  metrics_port = *listening;
  return {};
}

Server::Server(Options options) : parts_(std::make_unique<Parts>(std::move(options))) {}
Server::~Server() { stop(); }

Outcome Server::start() {
  if (Outcome listening = parts_->start_metrics(); !listening) return listening;
  if (Outcome started = parts_->node.start(); !started) {
    parts_->exporter.stop();
    return started;
  }
  const std::string& path = parts_->options.unix_socket.path;
  base::log_info("server", "Server startup complete",
                 {{"amqp", place(parts_->options.amqp.bind, port())},
                  {"amqps", place(parts_->options.amqps.bind, tls_port())},
                  {"unix", path.empty() ? "off" : path},
                  {"metrics", place(parts_->options.metrics.bind, metrics_port())}});
  return {};
}

std::uint16_t Server::port() const { return parts_->node.port(); }
std::uint16_t Server::tls_port() const { return parts_->node.tls_port(); }
std::uint16_t Server::metrics_port() const { return parts_->metrics_port; }

Outcome Server::reload(const Options& options) {
  auto reloaded = parts_->node.reload(options);
  if (!reloaded) return Failure{FailureKind::kBadOptions, reloaded.error().message};
  return {};
}

void Server::stop() {
  parts_->node.stop();
  parts_->exporter.stop();
}

void Server::on_stop_requested(std::function<void()> stop) {
  parts_->node.maintenance().on_stop(std::move(stop));
}

void Server::block_publishers(std::string reason) {
  parts_->node.block_publishers(std::move(reason));
}
void Server::unblock_publishers() { parts_->node.unblock_publishers(); }

}  // namespace harrier

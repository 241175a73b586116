// The facade: a node, and the HTTP listeners beside it.
#include "harrier/server.h"

#include "app/http_wiring.h"
#include "base/clock.h"
#include "base/log.h"
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

  const Options options;
  const base::SystemClock clock;
  server::Node node;
  // Last: its threads read the node.
  app::HttpWiring http{options, node, clock};
};

Server::Server(Options options) : parts_(std::make_unique<Parts>(std::move(options))) {}
Server::~Server() { stop(); }

Outcome Server::start() {
  Outcome started = parts_->http.start();
  if (started) started = parts_->node.start();
  if (!started) {
    parts_->http.stop();
    return started;
  }
  const std::string& path = parts_->options.unix_socket.path;
  base::log_info("server", "Server startup complete",
                 {{"amqp", place(parts_->options.amqp.bind, port())},
                  {"amqps", place(parts_->options.amqps.bind, tls_port())},
                  {"unix", path.empty() ? "off" : path},
                  {"management", place(parts_->options.management.bind, management_port())},
                  {"metrics", place(parts_->options.metrics.bind, metrics_port())}});
  return {};
}

std::uint16_t Server::port() const { return parts_->node.port(); }
std::uint16_t Server::tls_port() const { return parts_->node.tls_port(); }
std::uint16_t Server::metrics_port() const { return parts_->http.metrics_port(); }
std::uint16_t Server::management_port() const { return parts_->http.management_port(); }
std::uint16_t Server::management_tls_port() const { return parts_->http.management_tls_port(); }

bool Server::loops_turn(std::chrono::milliseconds patience) const {
  return parts_->node.loops_turn(patience);
}
void Server::serve_process(Process* process) { parts_->http.set_process(process); }

Outcome Server::reload(const Options& options) {
  auto reloaded = parts_->node.reload(options);
  if (!reloaded) return Failure{FailureKind::kBadOptions, reloaded.error().message};
  if (auto again = parts_->http.reload(options); !again)
    return Failure{FailureKind::kBadOptions, "management.tls: " + again.error().message};
  return {};
}

// Requests wait for loops: they end first.
void Server::stop() {
  parts_->http.stop();
  parts_->node.stop();
}

void Server::on_stop_requested(std::function<void()> stop) {
  parts_->node.maintenance().on_stop(std::move(stop));
}

void Server::block_publishers(std::string reason) {
  parts_->node.block_publishers(std::move(reason));
}
void Server::unblock_publishers() { parts_->node.unblock_publishers(); }

}  // namespace harrier

// A HarrierMQ broker inside this process: what `harriermq` runs and what tests start on port 0.
//
// Role:   owns every thread, socket and virtual host of one node. Several may exist in one process
//         as long as their ports differ. Logging is the process's: see the configure_logging() of
//         the application.
// Model:  made → start() → running → stop() → stopped. It is not started again.
// Thread: start(), reload(), stop() and the destructor: one thread at a time, none of the server's
//         own. The getters and the block functions: any thread while it runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "harrier/options.h"
#include "harrier/process.h"
#include "harrier/result.h"

namespace harrier {

class Server {
 public:
  explicit Server(Options options);
  // Stops first if needed.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and starts the loops. Clients can connect when it returns success; after a failure
  // nothing is left open and the object can only be destroyed.
  Outcome start();

  // The ports in use, also when the options asked for port 0. 0: not listening.
  std::uint16_t port() const;
  std::uint16_t tls_port() const;
  std::uint16_t metrics_port() const;
  std::uint16_t management_port() const;
  std::uint16_t management_tls_port() const;

  // Whether every loop that serves clients takes a turn within `patience`: one that stands still
  // serves nobody, though the process lives. Waits until it is known; any thread.
  bool loops_turn(std::chrono::milliseconds patience) const;
  // Whom the management API asks for reloads and the configuration; nullptr, or nobody: those are
  // refused. It outlives the server. Before start().
  void serve_process(Process* process);

  // Takes from `options` what may change while it runs: `accept`, `connection` (for connections
  // that begin later), and of `amqps`, if it is served, all but where; ignores the rest.
  // Certificates and keys are read again; connections go on with those they began with. A failure
  // leaves everything as it was.
  Outcome reload(const Options& options);

  // Graceful: accepts nothing more, closes every client with reply code 320, waits until they have
  //           gone or
  // Options::shutdown_timeout has passed, then ends the rest. Idempotent.
  void stop();

  // Called, on a thread of the server, when an operator asks the node to stop, over HTTP say: it
  // returns at once and sees to it that stop() is called. Before start(); without it such requests
  // are refused.
  void on_stop_requested(std::function<void()> stop);

  // Holds publishers as a resource alarm does, until unblocked: connections that have published, or
  // do, are not read, and hear `connection.blocked` with this reason if they asked for it. A second
  // block replaces the reason for those who were not told yet.
  void block_publishers(std::string reason);
  void unblock_publishers();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace harrier

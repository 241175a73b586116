// The HTTP listeners of a node: the management API and the metrics.
//
// Role:   owned by Server, which starts it before the node, so that probes are answered meanwhile,
//         and stops it before the loops.
// Thread: one thread at a time: Server's.
// Errors: start(): an address or socket cannot be used, a certificate cannot be read.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "harrier/options.h"
#include "harrier/result.h"
#include "http/server.h"
#include "management/api.h"
#include "management/login.h"
#include "metrics/metrics_site.h"
#include "server/node.h"
#include "server/tls_certificates.h"
#include "server/unix_socket_file.h"

namespace harrier::app {

class HttpWiring {
 public:
  // REQUIRES that all outlive it.
  HttpWiring(const Options& options, server::Node& node, const base::Clock& clock);
  ~HttpWiring() { stop(); }

  Outcome start();
  // Reads certificates again; a failure changes nothing.
  base::Status<> reload(const Options& options);
  void stop();

  // 0: not listening.
  std::uint16_t management_port() const { return management_port_; }
  std::uint16_t management_tls_port() const { return management_tls_port_; }
  std::uint16_t metrics_port() const { return metrics_port_; }
  // Before start().
  void set_process(Process* process) { api_.ports().process = process; }

 private:
  Outcome listen_management();
  Outcome listen_management_tls();
  Outcome listen_unix();
  Outcome listen_metrics();
  // Who may read the metrics, if not everybody.
  metrics::MetricsSite::Authorize authorize_monitors();

  const Options& options_;
  const management::Login metrics_login_;
  metrics::MetricsSite metrics_site_;
  management::Counters counters_;
  management::Api api_;
  server::TlsCertificates certificates_;
  std::unique_ptr<server::UnixSocketFile> unix_file_;
  http::Server server_;
  std::uint16_t management_port_ = 0;
  std::uint16_t management_tls_port_ = 0;
  std::uint16_t metrics_port_ = 0;
};

}  // namespace harrier::app

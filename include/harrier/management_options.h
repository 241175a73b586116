// The management HTTP API: where it is served, to whom, and what a request may take.
//
// Role: the part of Options that http and management heed; see options.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harrier/listener_options.h"

namespace harrier {

// Which web pages of other origins may use the API. Off while there are none.
struct CorsOptions {
  // "https://example.com", or "*".
  std::vector<std::string> allow_origins;
  std::chrono::seconds max_age{1'800};

  bool operator==(const CorsOptions&) const = default;
};

struct ManagementOptions {
  bool enabled = true;
  std::string bind = "127.0.0.1";
  std::uint16_t port = 15672;  // 0: any free port
  TlsListenerOptions tls = {.port = 15671};
  UnixListenerOptions unix_socket;
  // Processes of this group are administrators over the Unix domain socket, too. Empty: only root
  // and the broker's own user are.
  std::string administrators_group;
  // Before /api: "/mq".
  std::string path_prefix;
  std::uint64_t max_body_size = 20'000'000;
  // No statistics of queues, connections and channels in answers.
  bool disable_stats = false;
  std::string content_security_policy =
      "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
      "object-src 'none'";
  CorsOptions cors;

  bool operator==(const ManagementOptions&) const = default;
};

// Of all HTTP listeners: management and metrics.
struct HttpLimitOptions {
  std::uint32_t workers = 4;
  std::uint32_t waiting_max = 256;
  std::uint32_t connections_max = 1'024;
  std::uint64_t header_size_max = 32 << 10;
  std::uint64_t bodies_size_max = 256 << 20;
  std::uint32_t streams_max = 16;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds body_timeout{60'000};
  std::chrono::milliseconds answer_timeout{120'000};
  std::chrono::milliseconds stall_timeout{30'000};

  bool operator==(const HttpLimitOptions&) const = default;
};

}  // namespace harrier

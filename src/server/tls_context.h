// What the TLS listener speaks with: certificates, keys, authorities, versions and ciphers.
//
// Role:   read from files as a whole; TlsCertificates replaces it as a whole. Connections keep the
//         one they began with alive.
// Model:  one SSL_CTX for clients that name no server or an unknown one, one more for each of
//         Options' further certificates, chosen by name: exactly, then by the wildcard of its
//         domain. TLS 1.2 and 1.3, no renegotiation, no compression, no early data, the server's
//         preference; tickets instead of a table of sessions.
// Thread: immutable but for ticket_keys(), which is synchronized; any thread.
// Errors: load() names the file and what OpenSSL says of it.
// Spec:   RFC 8446, RFC 5246, RFC 6066 section 3 (server_name), RFC 9325 for the defaults.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "harrier/options.h"
#include "server/ticket_keys.h"

struct ssl_ctx_st;

namespace harrier::server {

class TlsContext {
 public:
  struct Limits {
    base::Milliseconds handshake_timeout{};
    std::uint32_t key_updates_per_minute_max = 0;
  };

  static base::Result<std::shared_ptr<const TlsContext>> load(const TlsListenerOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Of clients that name no server; it finds the others by itself. Valid while this lives.
  ssl_ctx_st* default_context() const { return default_; }
  // nullptr: none of that name.
  ssl_ctx_st* find(std::string_view server_name) const;

  const Limits& limits() const { return limits_; }
  TicketKeys& ticket_keys() const { return ticket_keys_; }
  // When the first of the server's certificates ends.
  std::chrono::system_clock::time_point expires() const { return expires_; }
  // What an operator should know though it works: a key that others can read.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  explicit TlsContext(const TlsListenerOptions& options);

  // nullptr: `error` says why.
  ssl_ctx_st* make(const TlsListenerOptions& options, const TlsCertificateOptions& certificate,
                   std::string& error);

  const Limits limits_;
  mutable TicketKeys ticket_keys_;
  std::chrono::system_clock::time_point expires_ = std::chrono::system_clock::time_point::max();
  std::vector<std::string> warnings_;
  ssl_ctx_st* default_ = nullptr;
  std::map<std::string, ssl_ctx_st*, std::less<>> by_name_;  // names in lower case
};

}  // namespace harrier::server

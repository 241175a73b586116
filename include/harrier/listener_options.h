// Where clients connect: TCP, TLS, Unix domain sockets.
//
// Role: the part of Options that says how a listener is opened; see options.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace harrier {

// The PROXY protocol, versions 1 and 2: proxies name the clients whose connections they pass on.
struct ProxyProtocolOptions {
  // Addresses and prefixes ("10.0.0.0/8") of proxies, whose connections begin with a header. From
  // elsewhere none is believed.
  std::vector<std::string> trusted;
  // Nobody else may connect.
  bool required = false;

  bool operator==(const ProxyProtocolOptions&) const = default;
};

struct ListenerOptions {
  std::string bind = "127.0.0.1";
  std::uint16_t port = 5672;  // 0: any free port
  ProxyProtocolOptions proxy_protocol = {};

  bool operator==(const ListenerOptions&) const = default;
};

// AMQP for processes of this machine, over a Unix domain socket.
struct UnixListenerOptions {
  // Of the socket's file, at most 107 bytes; empty: none.
  std::string path;
  std::uint32_t mode = 0660;  // permission bits: who may connect

  bool operator==(const UnixListenerOptions&) const = default;
};

enum class TlsVerifyOption { kNone, kRequest, kRequire };
enum class TlsVersionOption { kTls12, kTls13 };

// A certificate for clients that ask for this name (SNI): "mq.example.com" or "*.example.com".
struct TlsCertificateOptions {
  std::string server_name;
  std::string certificate_file;
  std::string key_file;

  bool operator==(const TlsCertificateOptions&) const = default;
};

// AMQP over TLS. Files are PEM; a certificate's file holds its intermediates behind it.
struct TlsListenerOptions {
  bool enabled = false;
  std::string bind = "127.0.0.1";
  std::uint16_t port = 5671;  // 0: any free port
  std::string certificate_file;
  std::string key_file;
  // Who may have signed clients' certificates.
  std::string ca_file;
  // Which of their certificates count no more; empty: none is looked for.
  std::string crl_file;
  TlsVerifyOption verify = TlsVerifyOption::kNone;
  // Intermediates between a client's certificate and an authority of ca_file.
  std::uint32_t depth = 3;
  TlsVersionOption min_version = TlsVersionOption::kTls12;
  // OpenSSL's lists, in order of preference: of TLS 1.2 and of TLS 1.3.
  std::string ciphers =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
  std::string ciphersuites =
      "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
  std::chrono::milliseconds handshake_timeout{5'000};
  std::uint32_t handshakes_per_second_max = 250;
  std::uint32_t key_updates_per_minute_max = 60;
  std::vector<TlsCertificateOptions> certificates;
  // Its headers come before TLS.
  ProxyProtocolOptions proxy_protocol = {};

  bool operator==(const TlsListenerOptions&) const = default;
};

}  // namespace harrier

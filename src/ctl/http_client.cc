#include "ctl/http_client.h"

// Boost 1.74 uses std::exchange without including it.
#include <optional>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using beast::error_code;
using UnixSocket = asio::local::stream_protocol::socket;
using TlsStream = asio::ssl::stream<tcp::socket>;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kHeaderBytesMax = 64 * 1024;

// Asio's operations, waited for one by one until a point in time. After a timeout the operation is
// still under way, and only the end of this object ends it.
class Waiter {
 public:
  asio::io_context& context() { return context_; }
  void set_deadline(Clock::time_point deadline) { deadline_ = deadline; }

  // `start` is given the handler. Throws if the deadline comes first.
  template <class Start>
  error_code wait(Start start) {
    std::optional<error_code> result;
    start([&result](error_code error, auto&&...) { result = error; });
    context_.restart();
    while (!result && context_.run_one_until(deadline_) > 0) {
    }
    if (!result) throw Trouble(kExitTimeout, "the broker did not answer in time");
    return *result;
  }

 private:
  asio::io_context context_{1};
  Clock::time_point deadline_;
};

bool is_address(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

void connect(Waiter& waiter, tcp::socket& socket, const std::string& host, std::uint16_t port,
             const std::string& display) {
  tcp::resolver resolver(waiter.context());
  tcp::resolver::results_type endpoints;
  error_code error = waiter.wait([&](auto done) {
    resolver.async_resolve(host, std::to_string(port),
                           [&endpoints, done](error_code failure, auto results) mutable {
                             if (!failure) endpoints = std::move(results);
                             done(failure);
                           });
  });
  if (!error) {
    error = waiter.wait([&](auto done) {
      asio::async_connect(socket, endpoints,
                          [done](error_code failure, auto&&) mutable { done(failure); });
    });
  }
  if (error) throw Trouble(kExitUnavailable, "no broker at " + display + ": " + error.message());
  socket.set_option(tcp::no_delay(true), error);
}

}  // namespace

class HttpClient::Connection {
 public:
  Connection(const BrokerAddress& address, Clock::time_point deadline) {
    waiter_->set_deadline(deadline);
    switch (address.kind) {
      case BrokerAddress::Kind::kUnix: connect_unix(address); break;
      case BrokerAddress::Kind::kTcp:
        tcp_.emplace(waiter_->context());
        connect_tcp(*tcp_, address);
        break;
      case BrokerAddress::Kind::kTls: connect_tls(address); break;
    }
  }

  HttpAnswer exchange(const http::request<http::string_body>& request, const HttpLimits& limits,
                      Clock::time_point deadline) {
    waiter_->set_deadline(deadline);
    if (unix_) return exchange_on(*unix_, request, limits);
    if (tls_) return exchange_on(*tls_, request, limits);
    return exchange_on(*tcp_, request, limits);
  }

  bool reusable() const { return reusable_; }

 private:
  void connect_unix(const BrokerAddress& address) {
    unix_.emplace(waiter_->context());
    error_code error;
    asio::local::stream_protocol::endpoint endpoint;
    try {
      endpoint = asio::local::stream_protocol::endpoint(address.socket_path);
    } catch (const boost::system::system_error&) {
      throw Trouble(kExitConfig, "the path of the socket is too long: " + address.socket_path);
    }
    error = waiter_->wait([&](auto done) { unix_->async_connect(endpoint, done); });
    if (!error) return;
    const bool denied = error == boost::system::errc::permission_denied;
    throw Trouble(denied ? kExitNoPermission : kExitUnavailable,
                  "no broker at " + address.socket_path + ": " + error.message() +
                      (denied ? "; its group may use it" : ""));
  }

  void connect_tcp(tcp::socket& socket, const BrokerAddress& address) {
    try {
      connect(*waiter_, socket, address.host, address.port, address.display());
    } catch (const Trouble& trouble) {
      // A lookup cannot be cut short, and the waiter's end would wait for it.
      if (trouble.code() == kExitTimeout && !is_address(address.host))
        static_cast<void>(waiter_.release());  // NOLINT(bugprone-unused-return-value)
      throw;
    }
  }

  void connect_tls(const BrokerAddress& address) {
    context_.emplace(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context_->native_handle(), TLS1_2_VERSION);
    error_code error;
    if (address.ca_file.empty())
      context_->set_default_verify_paths(error);
    else
      context_->load_verify_file(address.ca_file, error);
    if (error) throw Trouble(kExitConfig, "--ca-file: " + error.message());
    tls_.emplace(waiter_->context(), *context_);
    tls_->set_verify_mode(asio::ssl::verify_peer);
    tls_->set_verify_callback(asio::ssl::host_name_verification(address.host));
    if (!is_address(address.host))
      SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(address.host.c_str()));
    connect_tcp(tls_->next_layer(), address);
    error = waiter_->wait(
        [&](auto done) { tls_->async_handshake(asio::ssl::stream_base::client, done); });
    if (error)
      throw Trouble(kExitUnavailable, "TLS with " + address.display() + ": " + error.message());
  }

  template <class Stream>
  HttpAnswer exchange_on(Stream& stream, const http::request<http::string_body>& request,
                         const HttpLimits& limits) {
    reusable_ = false;
    error_code error = waiter_->wait([&](auto done) { http::async_write(stream, request, done); });
    // A server that refuses a body may answer and close before it has read all: read on.
    const error_code unsent = error;
    http::response_parser<http::string_body> parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(limits.answer_bytes_max);
    beast::flat_buffer buffer;
    // The header by itself: read with the body, Boost 1.74 forgets that the announced size is above
    // the limit.
    error =
        waiter_->wait([&](auto done) { http::async_read_header(stream, buffer, parser, done); });
    if (!error)
      error = waiter_->wait([&](auto done) { http::async_read(stream, buffer, parser, done); });
    if (error == http::error::body_limit)
      throw Trouble(kExitSoftware, "the answer is larger than " +
                                       std::to_string(limits.answer_bytes_max) +
                                       " bytes (--answer-bytes-max)");
    if (error && error.category() == http::make_error_code(http::error::end_of_stream).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message)
      throw Trouble(kExitSoftware, "the answer is no HTTP: " + error.message());
    if (error)
      throw Trouble(kExitUnavailable,
                    "the connection to the broker broke: " + (unsent ? unsent : error).message());
    reusable_ = parser.get().keep_alive() && !unsent;
    const auto type = parser.get()[http::field::content_type];
    return {parser.get().result_int(), std::string(type.data(), type.size()),
            std::move(parser.get().body())};
  }

  // Outlives the sockets, which are its users.
  std::unique_ptr<Waiter> waiter_ = std::make_unique<Waiter>();
  std::optional<asio::ssl::context> context_;
  std::optional<UnixSocket> unix_;
  std::optional<tcp::socket> tcp_;
  std::optional<TlsStream> tls_;
  bool reusable_ = false;
};

HttpClient::HttpClient(BrokerAddress address, HttpLimits limits)
    : address_(std::move(address)), limits_(limits) {}

HttpClient::~HttpClient() = default;

HttpAnswer HttpClient::exchange(const HttpRequest& request) {
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.target);
  message.set(http::field::host, address_.kind == BrokerAddress::Kind::kUnix
                                     ? "localhost"
                                     : address_.host + ":" + std::to_string(address_.port));
  message.set(http::field::accept, "application/json, */*;q=0.5");
  message.set(http::field::user_agent, "harrierctl");
  for (const auto& [name, value] : request.fields)
    message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();

  const Clock::time_point deadline = Clock::now() + limits_.timeout;
  std::unique_ptr<Connection> connection = std::move(connection_);
  if (!connection) connection = std::make_unique<Connection>(address_, deadline);
  HttpAnswer answer = connection->exchange(message, limits_, deadline);
  if (connection->reusable()) connection_ = std::move(connection);
  return answer;
}

bool accepts_connections(const std::string& host, std::uint16_t port,
                         std::chrono::milliseconds timeout) {
  BrokerAddress address;
  address.kind = BrokerAddress::Kind::kTcp;
  address.host = host;
  address.port = port;
  Waiter waiter;
  waiter.set_deadline(Clock::now() + timeout);
  tcp::socket socket(waiter.context());
  try {
    connect(waiter, socket, host, port, address.display());
  } catch (const Trouble&) {
    return false;
  }
  return true;
}

}  // namespace harrier::ctl

#include "metrics/exporter.h"

// Boost 1.74 uses std::exchange without including it.
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "base/log.h"
#include "metrics/exposition.h"

namespace harrier::metrics {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using TextSource = std::function<std::string()>;
using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

Response answer(const Request& request, const TextSource& text) {
  Response response(http::status::ok, request.version());
  response.set(http::field::server, "HarrierMQ");
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  const beast::string_view target = request.target().substr(0, request.target().find('?'));
  if (target != "/metrics") {
    response.result(http::status::not_found);
    response.body() = "Not found. The metrics are at /metrics.\n";
  } else if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET, HEAD");
    response.body() = "Only GET.\n";
  } else {
    response.set(http::field::content_type, kContentType);
    response.body() = text();
    if (response.body().empty()) response.result(http::status::internal_server_error);
  }
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

// One client. It keeps itself alive by the handler that waits: shared_ptr, as Beast's operations
// need.
class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(tcp::socket socket, const TextSource& text, std::size_t& clients)
      : stream_(std::move(socket)), text_(text), clients_(clients) {
    ++clients_;
  }
  ~Client() { --clients_; }

  void read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(0);
    stream_.expires_after(kRequestTimeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       self->handle_read(error);
                     });
  }

 private:
  void handle_read(beast::error_code error) {
    if (!error) {
      write(answer(parser_->get(), text_));
    } else if (error == http::error::header_limit) {
      refuse(http::status::request_header_fields_too_large);
    } else if (error == http::error::body_limit) {
      refuse(http::status::payload_too_large);
    } else if (error == http::error::end_of_stream || error == beast::error::timeout ||
               error.category() == asio::error::get_system_category()) {
      close();
    } else {
      refuse(http::status::bad_request);
    }
  }
  void refuse(http::status status) {
    Response response(status, 11);
    response.keep_alive(false);
    response.prepare_payload();
    write(std::move(response));
  }
  void write(Response response) {
    response_ = std::move(response);
    serializer_.emplace(response_);
    stream_.expires_after(kRequestTimeout);
    http::async_write(stream_, *serializer_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (error || !self->response_.keep_alive()) return self->close();
                        self->read();
                      });
  }
  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  const TextSource& text_;
  std::size_t& clients_;
  beast::flat_buffer buffer_{kHeaderBytesMax + 1024};
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

class Exporter::Listener {
 public:
  Listener(const TextSource& text, const tcp::endpoint& endpoint)
      : text_(text), acceptor_(context_, endpoint, /*reuse_addr=*/true) {}
  ~Listener() {
    asio::post(context_, [this] { context_.stop(); });
    if (thread_.joinable()) thread_.join();
  }

  void start() {
    accept();
    thread_ = std::thread([this] { run(); });
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void run() {
    // An exception out of a handler (memory) costs that client, not the exporter.
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::exception& exception) {
        base::log_error("metrics", exception.what());
      }
    }
  }
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error) return pause();
      if (clients_ < kConnectionsMax)
        std::make_shared<Client>(std::move(socket), text_, clients_)->read();
      accept();
    });
  }
  // Out of descriptors: trying again at once would spin.
  void pause() {
    pause_.expires_after(std::chrono::milliseconds(200));
    pause_.async_wait([this](beast::error_code error) {
      if (!error) accept();
    });
  }

  const TextSource text_;
  // Before the context: its pending handlers own clients, which count down when they go.
  std::size_t clients_ = 0;
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_{context_};
  std::thread thread_;
};

Exporter::Exporter(std::function<std::string()> text) : text_(std::move(text)) {}
Exporter::~Exporter() { stop(); }

base::Result<std::uint16_t> Exporter::start(const std::string& address, std::uint16_t port) {
  const std::string place = address + ":" + std::to_string(port);
  beast::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return base::fail("metrics.bind: '" + address + "' is no IP address");
  try {
    listener_ = std::make_unique<Listener>(text_, tcp::endpoint(ip, port));
    listener_->start();
    return listener_->port();
  } catch (const std::exception& exception) {
    listener_.reset();
    return base::fail("metrics: cannot listen on " + place + ": " + exception.what());
  }
}

void Exporter::stop() { listener_.reset(); }

}  // namespace harrier::metrics

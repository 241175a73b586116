#include "http/stream.h"

// Boost 1.74 uses std::exchange without including it.
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>

namespace harrier::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

void shut_down(Stream::Socket& socket) {
  error_code ignored;
  socket.shutdown(Stream::Socket::shutdown_send, ignored);
}

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {}

  void begin(Begun done) override { done({}); }
  void read_some(asio::mutable_buffer into, Moved done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write(asio::const_buffer from, Moved done) override {
    asio::async_write(socket_, from, std::move(done));
  }
  void finish() override { shut_down(socket_); }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, const TlsChoice& tls)
      : owner_(tls.owner), context_(shared(tls.context)), stream_(std::move(socket), context_) {
    // Tickets are sealed with keys that belong to AMQP's own streams; clients of HTTP keep their
    // connections instead.
    ::SSL_set_options(stream_.native_handle(), SSL_OP_NO_TICKET);
    ::SSL_set_num_tickets(stream_.native_handle(), 0);
  }

  void begin(Begun done) override {
    stream_.async_handshake(asio::ssl::stream_base::server, std::move(done));
  }
  void read_some(asio::mutable_buffer into, Moved done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void write(asio::const_buffer from, Moved done) override {
    asio::async_write(stream_, from, std::move(done));
  }
  // A close_notify would have to be waited for; the length of every answer is known without it.
  void finish() override { shut_down(stream_.next_layer()); }
  void close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  // The library takes a reference for its own.
  static ssl_ctx_st* shared(ssl_ctx_st* context) {
    ::SSL_CTX_up_ref(context);
    return context;
  }

  const std::shared_ptr<const void> owner_;
  asio::ssl::context context_;
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::unique_ptr<Stream> make_stream(Stream::Socket socket, const TlsChoice& tls) {
  if (tls.context == nullptr) return std::make_unique<PlainStream>(std::move(socket));
  return std::make_unique<TlsStream>(std::move(socket), tls);
}

}  // namespace harrier::http

// The bytes of one connection, with TLS or without.
//
// Role:   made by an Acceptor; Connection reads and writes.
// Thread: confined to the server's. Whoever waits keeps the stream alive.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include "http/message.h"
#include "http/server.h"

namespace harrier::http {

class Stream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Begun = std::function<void(boost::system::error_code)>;
  using Moved = std::function<void(boost::system::error_code, std::size_t)>;

  virtual ~Stream() = default;
  // Once, before all else.
  virtual void begin(Begun done) = 0;
  virtual void read_some(boost::asio::mutable_buffer into, Moved done) = 0;
  // All of it.
  virtual void write(boost::asio::const_buffer from, Moved done) = 0;
  // Says that nothing more is sent.
  virtual void finish() = 0;
  // Ends whatever waits. Idempotent.
  virtual void close() = 0;
};

std::unique_ptr<Stream> make_stream(Stream::Socket socket, const TlsChoice& tls);

}  // namespace harrier::http

#include "bench/load/connection.h"

#include <cerrno>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace harrier::bench {

Connection::Connection(std::uint16_t port) : buffer_(kBufferBytes) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval briefly{0, 100'000};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &briefly, sizeof briefly);
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  try {
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw LoadError("cannot connect to port " + std::to_string(port));
    handshake();
  } catch (...) {
    ::close(socket_);
    throw;
  }
}

Connection::~Connection() { ::close(socket_); }

void Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) throw LoadError("the broker reads nothing");
    if (count <= 0) throw LoadError("the broker closed the connection");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool Connection::receive(Wait wait) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ < kFrameMax + 8 && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const ssize_t count = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_,
                               wait == Wait::kNone ? MSG_DONTWAIT : 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) throw LoadError("the broker closed the connection");
  end_ += static_cast<std::size_t>(count);
  return true;
}

// The two closes end every run; the reply text says why.
void Connection::refuse_close(std::string_view payload) {
  const std::uint64_t method = big_endian(payload.substr(0, 4));
  if (method != (10u << 16 | 50u) && method != (20u << 16 | 40u)) return;
  test::Reader reader(std::string(payload.substr(4)));
  const unsigned code = reader.u16();
  throw LoadError("closed by the broker: " + std::to_string(code) + " " + reader.shortstr());
}

test::Reader Connection::expect(unsigned channel, test::MethodId reply) {
  const auto deadline = Clock::now() + kPatience;
  std::string found;
  bool is_found = false;
  while (!is_found) {
    scan([&](char type, std::string_view payload) {
      if (type != test::kMethodFrame || payload.size() < 4) return;
      const test::MethodId id{static_cast<std::uint16_t>(big_endian(payload.substr(0, 2))),
                              static_cast<std::uint16_t>(big_endian(payload.substr(2, 2)))};
      if (id == reply && !is_found) {
        is_found = true;
        found = payload.substr(4);
      }
    });
    if (!is_found && !receive(Wait::kBriefly) && Clock::now() > deadline)
      throw LoadError("no " + to_string(reply) + " on channel " + std::to_string(channel));
  }
  return test::Reader(found);
}

test::Reader Connection::call(const test::Method& method, test::MethodId reply) {
  send(method);
  return expect(1, reply);
}

void Connection::handshake() {
  const auto send_on_zero = [&](const test::Method& method) {
    send(test::method_frame(0, method));
  };
  send(test::kProtocolHeader);
  expect(0, test::kConnectionStart);
  const test::Table properties = {
      {"product", test::str("durable_load")},
      {"capabilities", test::table({{"publisher_confirms", test::boolean(true)},
                                    {"basic.nack", test::boolean(true)}})}};
  send_on_zero(test::connection_start_ok(properties, "PLAIN", {"\0guest\0guest", 12}));
  expect(0, test::kConnectionTune);
  send_on_zero(test::connection_tune_ok(2047, kFrameMax, 0));
  send_on_zero(test::connection_open("/"));
  expect(0, test::kConnectionOpenOk);
  call(test::channel_open(), test::kChannelOpenOk);
}

std::uint32_t declare_queue(Connection& connection, const std::string& queue,
                            unsigned queue_version) {
  test::QueueFlags flags{.durable = true};
  if (queue_version > 0) flags.arguments = {{"x-queue-version", test::i32(queue_version)}};
  test::Reader reply = connection.call(test::queue_declare(queue, flags), test::kQueueDeclareOk);
  reply.shortstr();
  return reply.u32();
}

std::uint32_t ready_count(Connection& connection, const std::string& queue) {
  test::Reader reply = connection.call(
      test::queue_declare(queue, {.passive = true, .durable = true}), test::kQueueDeclareOk);
  reply.shortstr();
  return reply.u32();
}

}  // namespace harrier::bench

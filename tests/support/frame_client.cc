#include "support/frame_client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace harrier::test {
namespace {

using Clock = std::chrono::steady_clock;

int connect_socket(const Endpoint& endpoint) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1) {
    throw Unexpected("not an IPv4 address: " + endpoint.host);
  }
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    throw Unexpected("connect to " + endpoint.host + ":" + std::to_string(endpoint.port) + ": " +
                     why);
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

int remaining(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

std::string plain_response(const ConnectOptions& options) {
  using std::string_literals::operator""s;
  return "\0"s + options.user + "\0"s + options.password;
}

}  // namespace

FrameClient::FrameClient(const Endpoint& endpoint) : socket_(connect_socket(endpoint)) {}

FrameClient::FrameClient(const Endpoint& endpoint, const ConnectOptions& options)
    : FrameClient(endpoint) {
  open(options);
}

FrameClient::FrameClient(FrameClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      ended_(other.ended_),
      reset_by_peer_(other.reset_by_peer_),
      input_(std::move(other.input_)),
      waiting_(std::move(other.waiting_)),
      confirmed_(std::move(other.confirmed_)),
      start_(std::move(other.start_)),
      tuned_(other.tuned_) {}

FrameClient::~FrameClient() {
  if (socket_ >= 0) ::close(socket_);
}

ServerStart FrameClient::send_header_and_read_start(std::string_view header) {
  send_raw(header);
  Reader reader = expect(0, kConnectionStart);
  start_.major = reader.octet();
  start_.minor = reader.octet();
  start_.properties = reader.table();
  start_.mechanisms = reader.longstr();
  start_.locales = reader.longstr();
  return start_;
}

void FrameClient::send_start_ok(const ConnectOptions& options) {
  Table properties = {{"product", str("frame client")},
                      {"capabilities", table(options.capabilities)}};
  for (const Entry& entry : options.client_properties)
    properties.push_back(entry);
  send(0, connection_start_ok(properties, options.mechanism,
                              options.response ? *options.response : plain_response(options)));
}

Tune FrameClient::read_tune() {
  Reader reader = expect(0, kConnectionTune);
  tuned_.channel_max = reader.u16();
  tuned_.frame_max = reader.u32();
  tuned_.heartbeat = reader.u16();
  return tuned_;
}

void FrameClient::open(const ConnectOptions& options) {
  send_header_and_read_start();
  send_start_ok(options);
  read_tune();
  tuned_.channel_max = options.channel_max.value_or(tuned_.channel_max);
  tuned_.frame_max = options.frame_max.value_or(tuned_.frame_max);
  tuned_.heartbeat = options.heartbeat;
  send(0, connection_tune_ok(tuned_.channel_max, tuned_.frame_max, tuned_.heartbeat));
  call(0, connection_open(options.virtual_host), kConnectionOpenOk);
}

void FrameClient::send_raw(std::string_view octets) {
  const auto deadline = Clock::now() + kPatience;
  while (!octets.empty()) {
    const std::size_t sent = send_some(octets);
    octets.remove_prefix(sent);
    if (sent > 0) continue;
    if (ended_) return;  // the reason is in the input, where the caller will look
    pollfd wait{socket_, POLLOUT, 0};
    if (::poll(&wait, 1, remaining(deadline)) == 0) throw Unexpected("the server does not read");
  }
}

std::size_t FrameClient::send_some(std::string_view octets) {
  const ssize_t sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno != EAGAIN && errno != EINTR) ended_ = true;
  return 0;
}

void FrameClient::send(unsigned channel, const Method& method) {
  send_raw(method_frame(channel, method));
}

void FrameClient::send_content(unsigned channel, const Properties& properties,
                               std::string_view body) {
  std::string out = header_frame(channel, body.size(), properties);
  const std::size_t limit = tuned_.frame_max == 0 ? body.size() : tuned_.frame_max - 8;
  while (!body.empty()) {
    out += body_frame(channel, body.substr(0, limit));
    body.remove_prefix(std::min(limit, body.size()));
  }
  send_raw(out);
}

bool FrameClient::fill(Deadline deadline) {
  pollfd wait{socket_, POLLIN, 0};
  const int ready = ::poll(&wait, 1, remaining(deadline));
  if (ready == 0) return false;
  char buffer[65536];
  const ssize_t got = ::recv(socket_, buffer, sizeof(buffer), 0);
  if (got > 0) {
    input_.append(buffer, static_cast<std::size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    reset_by_peer_ = got < 0;
    ended_ = true;
  }
  return true;
}

std::optional<Frame> FrameClient::take_frame() {
  if (input_.size() < 7) return std::nullopt;
  Reader reader(input_.substr(0, 7));
  Frame frame;
  frame.type = reader.octet();
  frame.channel = reader.u16();
  const std::size_t size = reader.u32();
  if (size > (1u << 30)) throw Unexpected("the server sent no frame but: " + input_);
  if (input_.size() < 7 + size + 1) return std::nullopt;
  if (static_cast<std::uint8_t>(input_[7 + size]) != kFrameEnd) {
    throw Unexpected("the server sent a frame without its end octet");
  }
  frame.payload = input_.substr(7, size);
  input_.erase(0, 7 + size + 1);
  return frame;
}

std::optional<Frame> FrameClient::any_frame(Milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  bool in_time = true;
  for (;;) {
    if (auto frame = take_frame()) return frame;
    if (!in_time || ended_) return std::nullopt;
    in_time = fill(deadline);
  }
}

std::optional<Frame> FrameClient::next_frame(unsigned channel, Milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  std::deque<Frame>& mine = waiting_[channel];
  while (mine.empty()) {
    std::optional<Frame> frame = any_frame(Milliseconds(remaining(deadline)));
    if (!frame) return std::nullopt;
    if (frame->type == kHeartbeatFrame) continue;
    waiting_[frame->channel].push_back(std::move(*frame));
  }
  Frame frame = std::move(mine.front());
  mine.pop_front();
  return frame;
}

Frame FrameClient::frame(unsigned channel) {
  if (auto frame = next_frame(channel)) return std::move(*frame);
  std::string what = ended_ ? "the server closed the socket" : "nothing came in time";
  // A close of the whole connection explains why a channel stays silent.
  for (const Frame& other : waiting_[0])
    what += "; " + to_string(other);
  throw Unexpected(what + ", while waiting on channel " + std::to_string(channel));
}

Reader FrameClient::expect(unsigned channel, MethodId id) {
  Frame got;
  try {
    got = frame(channel);
  } catch (const Unexpected& nothing) {
    throw Unexpected("expected method " + to_string(id) + ": " + nothing.what());
  }
  if (!got.is(id)) throw Unexpected("expected method " + to_string(id) + ", got " + to_string(got));
  return got.arguments();
}

Reader FrameClient::call(unsigned channel, const Method& method, MethodId reply) {
  send(channel, method);
  return expect(channel, reply);
}

std::string FrameClient::read_to_end() {
  const auto deadline = Clock::now() + kPatience;
  while (!ended_) {
    if (!fill(deadline)) throw Unexpected("the server did not close the socket");
  }
  return std::exchange(input_, {});
}

void FrameClient::expect_end() {
  while (const auto frame = any_frame()) {
    if (frame->type != kHeartbeatFrame) {
      throw Unexpected("expected the end, got " + to_string(*frame));
    }
  }
  if (!ended_) throw Unexpected("the server did not close the socket");
}

void FrameClient::half_close() { ::shutdown(socket_, SHUT_WR); }

void FrameClient::reset() {
  const struct linger abort { 1, 0 };
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  ::close(std::exchange(socket_, -1));
  ended_ = true;
}

namespace {

std::string check_close(Reader reader, unsigned code, std::string_view text, MethodId cause) {
  const unsigned got_code = reader.u16();
  const std::string got_text = reader.shortstr();
  const std::uint16_t class_id = reader.u16();
  const MethodId got_cause{class_id, reader.u16()};
  if (got_code != code || got_text.find(text) == std::string::npos || !(got_cause == cause)) {
    throw Unexpected("expected close " + std::to_string(code) + " '" + std::string(text) +
                     "' for " + to_string(cause) + ", got " + std::to_string(got_code) + " '" +
                     got_text + "' for " + to_string(got_cause));
  }
  return got_text;
}

}  // namespace

std::string FrameClient::expect_channel_close(unsigned channel, unsigned code,
                                              std::string_view text, MethodId cause) {
  std::string got = check_close(expect(channel, kChannelClose), code, text, cause);
  send(channel, channel_close_ok());
  return got;
}

std::string FrameClient::expect_connection_close(unsigned code, std::string_view text,
                                                 MethodId cause) {
  std::string got = check_close(expect(0, kConnectionClose), code, text, cause);
  send(0, connection_close_ok());
  return got;
}

void FrameClient::expect_quiet(unsigned channel, std::string_view queue) {
  if (!queue.empty()) passive(channel, queue);
  ExchangeFlags flags;
  flags.passive = true;
  call(channel, exchange_declare("amq.direct", "direct", flags), kExchangeDeclareOk);
}

void FrameClient::close() { call(0, connection_close(), kConnectionCloseOk); }

void FrameClient::open_channel(unsigned channel) {
  confirmed_.erase(channel);
  call(channel, channel_open(), kChannelOpenOk);
}
void FrameClient::close_channel(unsigned channel) {
  call(channel, channel_close(), kChannelCloseOk);
}
void FrameClient::declare_exchange(unsigned channel, std::string_view name, std::string_view type,
                                   const ExchangeFlags& flags) {
  call(channel, exchange_declare(name, type, flags), kExchangeDeclareOk);
}
void FrameClient::delete_exchange(unsigned channel, std::string_view name, bool if_unused) {
  call(channel, exchange_delete(name, if_unused), kExchangeDeleteOk);
}
void FrameClient::bind_exchange(unsigned channel, std::string_view destination,
                                std::string_view source, std::string_view key,
                                const Table& arguments) {
  call(channel, exchange_bind(destination, source, key, arguments), kExchangeBindOk);
}
void FrameClient::unbind_exchange(unsigned channel, std::string_view destination,
                                  std::string_view source, std::string_view key,
                                  const Table& arguments) {
  call(channel, exchange_unbind(destination, source, key, arguments), kExchangeUnbindOk);
}
DeclareOk FrameClient::declare_queue(unsigned channel, std::string_view name,
                                     const QueueFlags& flags) {
  Reader reader = call(channel, queue_declare(name, flags), kQueueDeclareOk);
  DeclareOk ok;
  ok.queue = reader.shortstr();
  ok.message_count = reader.u32();
  ok.consumer_count = reader.u32();
  return ok;
}
DeclareOk FrameClient::passive(unsigned channel, std::string_view queue) {
  QueueFlags flags;
  flags.passive = true;
  return declare_queue(channel, queue, flags);
}
void FrameClient::bind_queue(unsigned channel, std::string_view queue, std::string_view exchange,
                             std::string_view key, const Table& arguments) {
  call(channel, queue_bind(queue, exchange, key, arguments), kQueueBindOk);
}
void FrameClient::unbind_queue(unsigned channel, std::string_view queue, std::string_view exchange,
                               std::string_view key, const Table& arguments) {
  call(channel, queue_unbind(queue, exchange, key, arguments), kQueueUnbindOk);
}
std::uint32_t FrameClient::purge(unsigned channel, std::string_view queue) {
  return call(channel, queue_purge(queue), kQueuePurgeOk).u32();
}
std::uint32_t FrameClient::delete_queue(unsigned channel, std::string_view queue) {
  return call(channel, queue_delete(queue), kQueueDeleteOk).u32();
}
void FrameClient::qos(unsigned channel, unsigned prefetch_count, bool global) {
  call(channel, basic_qos(prefetch_count, global), kBasicQosOk);
}
std::string FrameClient::consume(unsigned channel, std::string_view queue,
                                 const ConsumeFlags& flags) {
  return call(channel, basic_consume(queue, flags), kBasicConsumeOk).shortstr();
}
void FrameClient::cancel(unsigned channel, std::string_view tag) {
  call(channel, basic_cancel(tag), kBasicCancelOk);
}
void FrameClient::publish(unsigned channel, std::string_view exchange, std::string_view key,
                          std::string_view body, const Properties& properties, PublishFlags flags) {
  send(channel, basic_publish(exchange, key, flags.mandatory, flags.immediate));
  send_content(channel, properties, body);
}

void FrameClient::read_content(unsigned channel, Message& message) {
  const Frame header = frame(channel);
  if (header.type != kHeaderFrame) throw Unexpected("expected a header, got " + to_string(header));
  Reader reader(header.payload);
  if (reader.u16() != 60) throw Unexpected("a content header of another class");
  reader.u16();
  const std::uint64_t size = reader.u64();
  message.raw_properties = reader.rest();
  Reader properties(message.raw_properties);
  message.properties = decode_properties(properties);
  while (message.body.size() < size) {
    const Frame body = frame(channel);
    if (body.type != kBodyFrame) throw Unexpected("expected a body, got " + to_string(body));
    message.body_frames.push_back(body.payload.size());
    message.body += body.payload;
  }
}

std::optional<Message> FrameClient::get(unsigned channel, std::string_view queue, bool no_ack) {
  send(channel, basic_get(queue, no_ack));
  const Frame reply = frame(channel);
  if (reply.is(kBasicGetEmpty)) return std::nullopt;
  if (!reply.is(kBasicGetOk)) throw Unexpected("expected get-ok, got " + to_string(reply));
  Reader reader = reply.arguments();
  Message message;
  message.delivery_tag = reader.u64();
  message.redelivered = reader.octet() != 0;
  message.exchange = reader.shortstr();
  message.routing_key = reader.shortstr();
  message.message_count = reader.u32();
  read_content(channel, message);
  return message;
}

Message FrameClient::must_get(unsigned channel, std::string_view queue, bool no_ack) {
  if (auto message = get(channel, queue, no_ack)) return std::move(*message);
  throw Unexpected("the queue '" + std::string(queue) + "' is empty");
}

Message FrameClient::deliver(unsigned channel) {
  Reader reader = expect(channel, kBasicDeliver);
  Message message;
  message.consumer_tag = reader.shortstr();
  message.delivery_tag = reader.u64();
  message.redelivered = reader.octet() != 0;
  message.exchange = reader.shortstr();
  message.routing_key = reader.shortstr();
  read_content(channel, message);
  return message;
}

Message FrameClient::returned(unsigned channel) {
  Reader reader = expect(channel, kBasicReturn);
  Message message;
  message.reply_code = reader.u16();
  message.reply_text = reader.shortstr();
  message.exchange = reader.shortstr();
  message.routing_key = reader.shortstr();
  read_content(channel, message);
  return message;
}

void FrameClient::ack(unsigned channel, std::uint64_t tag, bool multiple) {
  send(channel, basic_ack(tag, multiple));
}
void FrameClient::nack(unsigned channel, std::uint64_t tag, bool multiple, bool requeue) {
  send(channel, basic_nack(tag, multiple, requeue));
}
void FrameClient::reject(unsigned channel, std::uint64_t tag, bool requeue) {
  send(channel, basic_reject(tag, requeue));
}
void FrameClient::recover(unsigned channel) { call(channel, basic_recover(true), kBasicRecoverOk); }
void FrameClient::select_confirms(unsigned channel) {
  call(channel, confirm_select(), kConfirmSelectOk);
}

Confirms FrameClient::confirms(unsigned channel, std::uint64_t last) {
  Confirms& known = confirmed_[channel];
  while (known.acked.size() + known.nacked.size() < last) {
    const Frame got = frame(channel);
    const bool is_nack = got.is(kBasicNack);
    if (!is_nack && !got.is(kBasicAck)) {
      throw Unexpected("expected a confirm, got " + to_string(got));
    }
    Reader reader = got.arguments();
    const std::uint64_t tag = reader.u64();
    const bool multiple = (reader.octet() & 1) != 0;
    // The last tag may be repeated in nobody's favour: each is answered exactly once.
    if (known.acked.contains(tag) || known.nacked.contains(tag)) {
      throw Unexpected("a second confirm for " + std::to_string(tag));
    }
    for (std::uint64_t each = multiple ? 1 : tag; each <= tag; ++each) {
      if (known.acked.contains(each) || known.nacked.contains(each)) continue;
      (is_nack ? known.nacked : known.acked).insert(each);
    }
  }
  return known;
}

void FrameClient::select_tx(unsigned channel) { call(channel, tx_select(), kTxSelectOk); }
void FrameClient::commit(unsigned channel) { call(channel, tx_commit(), kTxCommitOk); }
void FrameClient::rollback(unsigned channel) { call(channel, tx_rollback(), kTxRollbackOk); }

void FrameClient::await_ready(unsigned channel, std::string_view queue, std::uint32_t count) {
  const auto deadline = Clock::now() + kPatience;
  std::uint32_t seen = 0;
  while ((seen = passive(channel, queue).message_count) != count) {
    if (Clock::now() > deadline) {
      throw Unexpected("'" + std::string(queue) + "' holds " + std::to_string(seen) +
                       " ready messages instead of " + std::to_string(count));
    }
    pause(Milliseconds(2));
  }
}

Message FrameClient::await_message(unsigned channel, std::string_view queue) {
  const auto deadline = Clock::now() + kPatience;
  for (;;) {
    if (auto message = get(channel, queue)) return std::move(*message);
    if (Clock::now() > deadline) throw Unexpected("no message in '" + std::string(queue) + "'");
    pause(Milliseconds(2));
  }
}

void FrameClient::pause(Milliseconds length) {
  pollfd wait{socket_, POLLIN, 0};
  ::poll(&wait, 1, static_cast<int>(length.count()));
}

}  // namespace harrier::test

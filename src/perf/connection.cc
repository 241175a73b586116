#include "perf/connection.h"

#include "amqp/frame.h"
#include "harrier/version.h"

namespace harrier::perf {
namespace {

constexpr auto kMethodType = static_cast<unsigned char>(amqp::FrameType::kMethod);

template <class Close>
[[noreturn]] void throw_close(const Close& close) {
  throw LoadError("closed by the broker: " + std::to_string(close.reply_code) + " " +
                  std::string(close.reply_text));
}

}  // namespace

std::string method_frame(const amqp::Method& method, amqp::ChannelNumber channel) {
  base::Buffer buffer;
  amqp::append_method_frame(buffer, channel, method);
  return std::string(buffer.bytes());
}

Connection::Connection(const Endpoint& endpoint) : socket_(endpoint) { handshake(endpoint); }

// One for all control connections of a thread; the loops have their own.
ReadBuffer& Connection::control_buffer() {
  thread_local ReadBuffer buffer;
  return buffer;
}

Transfer Connection::send_some(std::string_view bytes) {
  try {
    return socket_.send(bytes);
  } catch (const LoadError&) {
    // The broker's last word may still be there to be read.
    receive_within({}, [this](unsigned char type, std::uint16_t, std::string_view payload) {
      if (type == kMethodType) notice(payload);
    });
    throw;
  }
}

void Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const Transfer transfer = send_some(bytes);
    bytes.remove_prefix(transfer.bytes);
    if (transfer.drained && !bytes.empty() && !socket_.wait_writable(kPatience))
      throw LoadError("the broker reads nothing");
  }
}

void Connection::notice(std::string_view payload) {
  switch (method_of(payload)) {
    case kMethod<amqp::ConnectionClose>:
      throw_close(Received<amqp::ConnectionClose>(std::string(payload)).fields());
    case kMethod<amqp::ChannelClose>:
      throw_close(Received<amqp::ChannelClose>(std::string(payload)).fields());
    case kMethod<amqp::BasicCancel>:
      throw LoadError("the broker cancelled a consumer; was its queue deleted?");
    case kMethod<amqp::ConnectionBlocked>: is_blocked_ = true; break;
    case kMethod<amqp::ConnectionUnblocked>: is_blocked_ = false; break;
    default: break;
  }
}

std::string Connection::await_method(amqp::ChannelNumber channel, std::uint32_t method) {
  const auto deadline = Clock::now() + kPatience;
  std::string found;
  bool is_found = false;
  while (!is_found) {
    const auto now = Clock::now();
    if (now >= deadline) throw LoadError("the broker does not answer");
    receive_within(deadline - now,
                   [&](unsigned char type, std::uint16_t number, std::string_view payload) {
                     if (type != kMethodType) return;
                     if (method_of(payload) == method && number == channel.value && !is_found) {
                       is_found = true;
                       found = payload;
                     } else {
                       notice(payload);
                     }
                   });
  }
  return found;
}

void Connection::handshake(const Endpoint& endpoint) {
  constexpr amqp::ChannelNumber kZero{0};
  send(amqp::kProtocolHeader091);
  expect<amqp::ConnectionStart>(kZero);
  amqp::FieldTable capabilities;
  capabilities.add_boolean("publisher_confirms", true)
      .add_boolean("basic.nack", true)
      .add_boolean("consumer_cancel_notify", true)
      .add_boolean("connection.blocked", true)
      .add_boolean("authentication_failure_close", true);
  amqp::FieldTable properties;
  properties.add_string("product", "harrier-perf")
      .add_string("version", kVersion)
      .add_table("capabilities", capabilities);
  std::string response;
  response.append(1, '\0').append(endpoint.user).append(1, '\0').append(endpoint.password);
  send(method_frame(amqp::ConnectionStartOk{.client_properties = properties,
                                            .mechanism = "PLAIN",
                                            .response = {response},
                                            .locale = "en_US"},
                    kZero));
  const auto tune = expect<amqp::ConnectionTune>(kZero).fields();
  if (tune.frame_max != 0 && tune.frame_max < kFrameMax)
    throw LoadError("the broker's frame-max is below " + std::to_string(kFrameMax));
  send(method_frame(
      amqp::ConnectionTuneOk{
          .channel_max = tune.channel_max, .frame_max = kFrameMax, .heartbeat = 0},
      kZero));
  call<amqp::ConnectionOpenOk>(amqp::ConnectionOpen{.virtual_host = endpoint.virtual_host}, kZero);
  call<amqp::ChannelOpenOk>(amqp::ChannelOpen{});
}

void Connection::close(Clock::time_point deadline) noexcept {
  try {
    constexpr amqp::ChannelNumber kZero{0};
    std::string frame =
        method_frame(amqp::ConnectionClose{.reply_code = 200, .reply_text = "Goodbye"}, kZero);
    bool is_closed = false;
    while (!is_closed && Clock::now() < deadline) {
      frame.erase(0, frame.empty() ? 0 : socket_.send(frame).bytes);
      receive_within(std::chrono::milliseconds(100), [&](unsigned char type, std::uint16_t,
                                                         std::string_view payload) {
        if (type == kMethodType && method_of(payload) == kMethod<amqp::ConnectionCloseOk>)
          is_closed = true;
      });
    }
  } catch (const std::exception&) {
    // It is closed then.
  }
}

std::uint32_t ready_count(Connection& connection, const std::string& queue) {
  return connection.call<amqp::QueueDeclareOk>(amqp::QueueDeclare{.queue = queue, .passive = true})
      .fields()
      .message_count;
}

}  // namespace harrier::perf

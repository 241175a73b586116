#include "bench/load/flow.h"

#include <algorithm>
#include <exception>
#include <thread>

#include <unistd.h>

namespace harrier::bench {
namespace {

constexpr std::size_t kBatchBytes = 64 << 10;
constexpr auto kNever = std::numeric_limits<std::uint64_t>::max();

void append_ack(std::string& out, std::uint64_t tag, bool multiple) {
  // Frame of 21 octets: basic.ack, delivery-tag, bits.
  char frame[21] = {1, 0, 1, 0, 0, 0, 13, 0, 60, 0, 80};
  for (int i = 0; i < 8; ++i)
    frame[11 + i] = static_cast<char>(tag >> (56 - 8 * i));
  frame[19] = multiple ? 1 : 0;
  frame[20] = static_cast<char>(test::kFrameEnd);
  out.append(frame, sizeof frame);
}

}  // namespace

std::string publish_frames(const std::string& queue, std::size_t body_bytes) {
  test::Properties properties;
  properties.delivery_mode = 2;
  std::string frames = test::method_frame(1, test::basic_publish("", queue)) +
                       test::header_frame(1, body_bytes, properties);
  for (std::size_t left = body_bytes; left > 0;) {
    const std::size_t piece = std::min<std::size_t>(left, kFrameMax - 8);
    frames += test::body_frame(1, std::string(piece, 'x'));
    left -= piece;
  }
  return frames;
}

// ---- Publisher

Publisher::Publisher(std::uint16_t port, const Publishing& publishing)
    : connection_(port), publishing_(publishing), window_(publishing.window) {
  const std::string one = publish_frames(publishing.queue, publishing.body_bytes);
  frames_size_ = one.size();
  batch_messages_ = std::clamp<std::uint64_t>(kBatchBytes / frames_size_, 1, publishing.window);
  for (std::uint64_t i = 0; i < batch_messages_; ++i)
    batch_ += one;
  connection_.call(test::confirm_select(), test::kConfirmSelectOk);
}

std::uint64_t Publisher::run(const Goal& goal, const std::atomic<std::uint64_t>* delivered) {
  const auto begin = progress_ = Clock::now();
  // Below a quarter of the window a batch is not worth a system call, unless the window is small.
  const std::uint64_t worth_sending =
      std::min(batch_messages_, std::max<std::uint64_t>(1, publishing_.window / 4));
  std::uint64_t sent = 0;
  confirmed_ = 0;
  tenths_.clear();
  while (sent < goal.messages && Clock::now() - begin < goal.duration) {
    const std::uint64_t messages = std::min(batch_messages_, goal.messages - sent);
    const bool too_far = delivered != nullptr &&
                         window_.published() + messages > delivered->load() + publishing_.ahead;
    if (too_far) {
      if (Clock::now() - progress_ > kPatience) throw LoadError("the consumer came to a stop");
      take_confirms(Wait::kNone);
      ::usleep(200);
    } else if (window_.room() >= std::min(worth_sending, messages)) {
      const std::uint64_t count = std::min(messages, window_.room());
      connection_.send(std::string_view(batch_).substr(0, count * frames_size_));
      window_.publish(count);
      sent += count;
      take_confirms(Wait::kNone);
    } else {
      take_confirms(Wait::kBriefly);
    }
    note_tenths(goal.messages);
  }
  while (window_.unanswered() > 0)
    take_confirms(Wait::kBriefly);
  note_tenths(goal.messages);
  return sent;
}

void Publisher::take_confirms(Wait wait) {
  if (!connection_.receive(wait)) {
    if (wait == Wait::kBriefly && Clock::now() - progress_ > kPatience)
      throw LoadError("no confirm for " + std::to_string(kPatience.count()) + " s");
    return;
  }
  connection_.scan([&](char type, std::string_view payload) {
    if (type != test::kMethodFrame || payload.size() < 13) return;
    const std::uint64_t method = big_endian(payload.substr(0, 4));
    if (method == (60u << 16 | 120u)) throw LoadError("the broker refused a message (basic.nack)");
    if (method != (60u << 16 | 80u)) return;
    confirmed_ += window_.answer(big_endian(payload.substr(4, 8)), (payload[12] & 1) != 0);
  });
  progress_ = Clock::now();
}

void Publisher::note_tenths(std::uint64_t goal) {
  if (goal == kNever) return;
  while (tenths_.size() < 10 && confirmed_ >= goal * (tenths_.size() + 1) / 10)
    tenths_.push_back(Clock::now());
}

// ---- Consumer

Consumer::Consumer(std::uint16_t port, const Consuming& consuming)
    : connection_(port), consuming_(consuming) {
  if (consuming.ack_every > consuming.prefetch && consuming.prefetch > 0)
    throw LoadError("acknowledging later than the prefetch would wait for ever");
  connection_.call(test::basic_qos(consuming.prefetch), test::kBasicQosOk);
  // Not call(): deliveries may follow consume-ok at once, and none may be dropped.
  connection_.send(test::basic_consume(consuming.queue, {.tag = "c"}));
}

void Consumer::run_until(const std::atomic<std::uint64_t>& goal) {
  auto progress = Clock::now();
  while (true) {
    if (take_deliveries() > 0) progress = Clock::now();
    const std::uint64_t delivered = delivered_.load(std::memory_order_relaxed);
    if (delivered >= goal.load()) break;
    if (connection_.receive(Wait::kNone)) continue;
    // Nothing more has come: what is pending may be what the broker waits for.
    acknowledge_pending();
    if (!connection_.receive(Wait::kBriefly) && Clock::now() - progress > kPatience &&
        goal.load() != kNever)
      throw LoadError("no delivery for " + std::to_string(kPatience.count()) + " s at " +
                      std::to_string(delivered));
  }
  acknowledge_pending();
  // A round trip on the channel: the broker has read every acknowledgement.
  connection_.call(test::basic_qos(consuming_.prefetch), test::kBasicQosOk);
}

std::uint64_t Consumer::take_deliveries() {
  std::uint64_t tag = delivered_.load(std::memory_order_relaxed);
  const std::uint64_t before = tag;
  connection_.scan([&](char type, std::string_view payload) {
    // A delivery is complete with the last octet of its body; tags of a channel count up from 1.
    if (type == test::kHeaderFrame) {
      body_left_ = big_endian(payload.substr(4, 8));
    } else if (type == test::kBodyFrame) {
      body_bytes_ += payload.size();
      body_left_ -= payload.size();
    } else {
      return;
    }
    if (body_left_ > 0) return;
    ++tag;
    if (tag - acked_ < consuming_.ack_every) return;
    append_ack(acks_, tag, consuming_.ack_every > 1);
    acked_ = tag;
  });
  if (!acks_.empty()) connection_.send(acks_);
  acks_.clear();
  delivered_.store(tag, std::memory_order_release);
  return tag - before;
}

void Consumer::acknowledge_pending() {
  const std::uint64_t tag = delivered_.load(std::memory_order_relaxed);
  if (tag == acked_) return;
  append_ack(acks_, tag, true);
  acked_ = tag;
  connection_.send(acks_);
  acks_.clear();
}

Exchanged exchange(Publisher& publisher, Consumer& consumer, const Goal& goal) {
  std::atomic<std::uint64_t> total{kNever};
  std::exception_ptr failure;
  Exchanged result;
  const auto begin = Clock::now();
  std::thread reader([&] {
    try {
      consumer.run_until(total);
    } catch (...) {
      failure = std::current_exception();
    }
    result.consume_s = seconds(Clock::now() - begin);
  });
  std::exception_ptr publish_failure;
  try {
    result.messages = publisher.run(goal, &consumer.delivered());
    result.publish_s = seconds(Clock::now() - begin);
    total = publisher.published();
  } catch (...) {
    publish_failure = std::current_exception();
    total = 0;
  }
  reader.join();
  if (failure) std::rethrow_exception(failure);
  if (publish_failure) std::rethrow_exception(publish_failure);
  return result;
}

}  // namespace harrier::bench

// Whether clients may publish now: the node's reasons to hold publishers, all in one word.
//
// Role:   resource alarms, the store and the operator set and clear their reason; connections ask
//         before they read from a client that publishes. The node passes each change on to its
//         loops (watch), where held connections are released.
// Model:  open while no reason stands, closed else. Reasons are independent, each is set or not.
//         The store's pass within moments and are not told to clients; the others are, as
//         connection.blocked.
// Thread: synchronized by an atomic word; the operator's text by mutex_. watch(): before other
//         threads know the gate.
// Spec:   the texts of connection.blocked are RabbitMQ's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace harrier::server {

enum class HoldReason : std::uint8_t {
  kJournalFull,     // its segments wait for messages to move into run files
  kJournalBacklog,  // more is appended than the disk takes
  kDiskAlarm,
  kMemoryAlarm,
  kOperator,
};
inline constexpr std::array<HoldReason, 5> kHoldReasons = {
    HoldReason::kJournalFull, HoldReason::kJournalBacklog, HoldReason::kDiskAlarm,
    HoldReason::kMemoryAlarm, HoldReason::kOperator};

class PublisherGate {
 public:
  // `changed` is called by whoever changed a reason, on that thread, after the change.
  void watch(std::function<void()> changed) { changed_ = std::move(changed); }

  // Any thread; nothing happens where nothing changes.
  void set(HoldReason reason) {
    if ((reasons_.fetch_or(bit(reason)) & bit(reason)) == 0) tell();
  }
  void clear(HoldReason reason) {
    if ((reasons_.fetch_and(~bit(reason)) & bit(reason)) != 0) tell();
  }
  // kOperator with the text for clients; a second one replaces it.
  void set_operator(std::string text) {
    {
      const std::lock_guard lock(mutex_);
      operator_text_ = std::move(text);
    }
    // Told even where the reason stands already: the text is another.
    reasons_.fetch_or(bit(HoldReason::kOperator));
    tell();
  }

  // One relaxed load: may be late by the time the change takes to reach the loop.
  bool closed() const { return reasons_.load(std::memory_order_relaxed) != 0; }
  bool is_set(HoldReason reason) const { return (reasons_.load() & bit(reason)) != 0; }
  // What connection.blocked says; nothing while only the store holds publishers, or nobody.
  std::optional<std::string> notice() const {
    const std::uint32_t reasons = reasons_.load();
    const auto stands = [reasons](HoldReason reason) { return (reasons & bit(reason)) != 0; };
    if (stands(HoldReason::kOperator)) {
      const std::lock_guard lock(mutex_);
      return operator_text_;
    }
    const bool disk = stands(HoldReason::kDiskAlarm);
    const bool memory = stands(HoldReason::kMemoryAlarm);
    if (!disk && !memory) return std::nullopt;
    return !memory ? "low on disk" : disk ? "low on memory & disk" : "low on memory";
  }

 private:
  static constexpr std::uint32_t bit(HoldReason reason) {
    return std::uint32_t{1} << static_cast<unsigned>(reason);
  }
  void tell() const {
    if (changed_) changed_();
  }

  std::atomic<std::uint32_t> reasons_{0};
  std::function<void()> changed_;
  mutable std::mutex mutex_;
  std::string operator_text_;
};

}  // namespace harrier::server

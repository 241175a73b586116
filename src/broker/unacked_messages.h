// What a channel has delivered and not yet got back, by delivery tag.
//
// Role:       one per channel; takes an entry at each delivery that awaits its acknowledgement and
//             gives it back by tag, or all up to a tag in order.
// Model:      chunks of 64 consecutive tags. A chunk that is not the newest and holds fewer than 4
//             entries moves them to a sorted side list and is freed: one message held for hours
//             costs one entry, not the span of all tags that passed since.
// Cost:       push O(1); take O(1) for dense tags, O(log n) else.
// Thread:     confined(broker).
// Limits:     the number of entries is bounded by prefetch, or unacked_per_channel_max (session).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "amqp/constants.h"
#include "base/time.h"
#include "broker/consumer.h"
#include "broker/queue_entry.h"

namespace harrier::broker {

struct Unacked {
  base::Ref<Queue> queue;
  ConsumerRef consumer;  // none for basic.get
  QueueEntry entry;
  base::MonotonicTime delivered_at{};
};

class UnackedMessages {
 public:
  bool empty() const { return count_ == 0; }
  std::uint64_t count() const { return count_; }

  // REQUIRES tags that only grow.
  void push(amqp::DeliveryTag tag, Unacked unacked);
  // Puts back what take() gave (a transaction was rolled back).
  void restore(amqp::DeliveryTag tag, Unacked unacked);
  std::optional<Unacked> take(amqp::DeliveryTag tag);
  bool contains(amqp::DeliveryTag tag) const;
  // The oldest entry's tag. REQUIRES !empty().
  amqp::DeliveryTag oldest() const;
  std::optional<Unacked> take_oldest() {
    if (empty()) return std::nullopt;
    return take(oldest());
  }
  // Visits restored and isolated entries from the oldest while visit(entry) says true, then all
  // others likewise.
  template <class Visit>
  void visit_oldest(Visit&& visit) const {
    for (const auto& [tag, unacked] : side_)
      if (!visit(unacked)) break;
    for (const auto& chunk : chunks_) {
      for (std::uint64_t left = chunk->present; left != 0; left &= left - 1)
        if (!visit(chunk->entries[static_cast<std::size_t>(std::countr_zero(left))])) return;
    }
  }

  // Bytes held besides the messages, for tests of the bound.
  std::size_t footprint() const;

 private:
  static constexpr std::size_t kChunkEntries = 64;
  static constexpr std::uint32_t kSparse = 4;

  struct Chunk {
    std::uint64_t number = 0;   // tag / 64
    std::uint64_t present = 0;  // bit i: entry i is there
    std::array<Unacked, kChunkEntries> entries;
  };
  // A vector, because a deque takes half a kilobyte before its first entry and every channel has
  // one; that it moves its pointers when the oldest chunk goes is a share of 64 settlements.
  using Chunks = std::vector<std::unique_ptr<Chunk>>;

  Chunks::const_iterator find_chunk(std::uint64_t number) const;
  Unacked take_from(Chunks::const_iterator chunk, std::size_t index);
  void thin_out(Chunks::const_iterator chunk);

  Chunks chunks_;
  std::map<std::uint64_t, Unacked> side_;
  std::uint64_t count_ = 0;
};

}  // namespace harrier::broker

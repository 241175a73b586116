#include "broker/unacked_messages.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "broker/queue.h"

namespace harrier::broker {

using amqp::DeliveryTag;

void UnackedMessages::push(DeliveryTag tag, Unacked unacked) {
  const std::uint64_t number = tag.value / kChunkEntries;
  const std::size_t index = tag.value % kChunkEntries;
  if (chunks_.empty() || chunks_.back()->number != number) {
    CHECK(chunks_.empty() || chunks_.back()->number < number);
    auto chunk = std::make_unique<Chunk>();
    chunk->number = number;
    chunks_.push_back(std::move(chunk));
    // What was the newest chunk may have thinned out while it could not be freed.
    if (chunks_.size() > 1) thin_out(chunks_.end() - 2);
  }
  Chunk& chunk = *chunks_.back();
  DCHECK((chunk.present >> index) == 0);
  chunk.entries[index] = std::move(unacked);
  chunk.present |= std::uint64_t{1} << index;
  ++count_;
}

void UnackedMessages::restore(DeliveryTag tag, Unacked unacked) {
  const bool inserted = side_.emplace(tag.value, std::move(unacked)).second;
  CHECK(inserted);
  ++count_;
}

UnackedMessages::Chunks::const_iterator UnackedMessages::find_chunk(std::uint64_t number) const {
  if (chunks_.empty()) return chunks_.end();
  // Dense tags: the chunk stands as far from the first as its number does.
  const std::uint64_t distance = number - chunks_.front()->number;
  if (distance < chunks_.size() && chunks_[distance]->number == number)
    return chunks_.begin() + static_cast<std::ptrdiff_t>(distance);
  auto found = std::lower_bound(chunks_.begin(), chunks_.end(), number,
                                [](const std::unique_ptr<Chunk>& chunk, std::uint64_t wanted) {
                                  return chunk->number < wanted;
                                });
  return found != chunks_.end() && (*found)->number == number ? found : chunks_.end();
}

bool UnackedMessages::contains(DeliveryTag tag) const {
  if (side_.contains(tag.value)) return true;
  const auto chunk = find_chunk(tag.value / kChunkEntries);
  return chunk != chunks_.end() && ((*chunk)->present >> (tag.value % kChunkEntries) & 1) != 0;
}

std::optional<Unacked> UnackedMessages::take(DeliveryTag tag) {
  const auto chunk = find_chunk(tag.value / kChunkEntries);
  const std::size_t index = tag.value % kChunkEntries;
  if (chunk != chunks_.end() && ((*chunk)->present >> index & 1) != 0)
    return take_from(chunk, index);
  const auto found = side_.find(tag.value);
  if (found == side_.end()) return std::nullopt;
  Unacked unacked = std::move(found->second);
  side_.erase(found);
  --count_;
  return unacked;
}

Unacked UnackedMessages::take_from(Chunks::const_iterator chunk, std::size_t index) {
  Unacked unacked = std::move((*chunk)->entries[index]);
  (*chunk)->present &= ~(std::uint64_t{1} << index);
  --count_;
  thin_out(chunk);
  return unacked;
}

void UnackedMessages::thin_out(Chunks::const_iterator chunk) {
  // The newest chunk takes the next tags.
  if (chunk + 1 == chunks_.end()) return;
  const std::uint64_t present = (*chunk)->present;
  // Without counting them all, which takes a call where the processor's own instruction may not be
  // used.
  std::uint64_t rest = present;
  for (std::uint32_t entry = 1; entry != kSparse; ++entry)
    rest &= rest - 1;
  if (rest != 0) return;
  for (std::uint64_t left = present; left != 0; left &= left - 1) {
    const auto index = static_cast<std::size_t>(std::countr_zero(left));
    side_.emplace((*chunk)->number * kChunkEntries + index, std::move((*chunk)->entries[index]));
  }
  chunks_.erase(chunk);
}

DeliveryTag UnackedMessages::oldest() const {
  CHECK(count_ != 0);
  std::uint64_t tag = side_.empty() ? UINT64_MAX : side_.begin()->first;
  for (const auto& chunk : chunks_) {
    if (chunk->present == 0) continue;
    tag = std::min(tag, chunk->number * kChunkEntries +
                            static_cast<std::uint64_t>(std::countr_zero(chunk->present)));
    break;
  }
  return DeliveryTag(tag);
}

std::size_t UnackedMessages::footprint() const {
  return chunks_.size() * sizeof(Chunk) + side_.size() * (sizeof(Unacked) + 5 * sizeof(void*));
}

}  // namespace harrier::broker

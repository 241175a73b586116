// Concern: records are decoded from whatever the disk has under a checksum that fits.
// Plan: the input is a sequence of records (type, version, size, payload) of one shard, decoded one
// behind the other and applied. What was accepted as a definition must be readable as one.

#include <cstddef>
#include <cstdint>
#include <variant>

#include "base/check.h"
#include "store/record_codec.h"
#include "store/shard_state.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

// Ranges of positions cost their length; a sound journal bounds them, this input does not.
constexpr std::uint64_t kRangeMax = 10'000;

bool is_cheap(const store::StoredChange& change) {
  const auto* requeue = std::get_if<store::StoredRequeue>(&change);
  return requeue == nullptr || requeue->last.value - requeue->first.value < kRangeMax;
}

void check(const store::StoredChange& change) {
  if (const auto* publish = std::get_if<store::StoredPublish>(&change)) {
    CHECK(publish->message);
  } else if (const auto* settle = std::get_if<broker::SettleChange>(&change)) {
    CHECK(settle->first <= settle->last);
  } else if (const auto* definition = std::get_if<store::StoredDefinition>(&change)) {
    if (definition->type == store::RecordType::kQueueDeclared)
      CHECK(store::decode_queue(definition->payload).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  base::ByteReader reader({reinterpret_cast<const char*>(bytes), size});
  store::RecordDecoder decoder;
  store::ShardState state;
  for (std::uint64_t lsn = 1; reader.remaining() > 0; ++lsn) {
    journal::Record record;
    record.lsn = lsn;
    record.type = reader.u8();
    record.version = reader.u8();
    record.payload = reader.take(std::min<std::size_t>(reader.u16(), reader.remaining()));
    const auto change = decoder.decode(record);
    if (!change.ok()) {
      CHECK(!change.error().message.empty());
      return 0;
    }
    if (!change->has_value()) continue;
    CHECK(decoder.first_lsn() >= 1 && decoder.first_lsn() <= lsn);
    check(**change);
    if (is_cheap(**change)) state.apply(**change, decoder.first_lsn());
  }
  for (const store::QueueId id : state.queue_ids())
    CHECK(state.find(id)->young_count() <= state.young_count());
  return 0;
}

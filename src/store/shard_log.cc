#include "store/shard_log.h"

#include "base/check.h"
#include "store/message_codec.h"

namespace harrier::store {
namespace {

// Offsets in the payloads that lengthening a record writes over (record_codec.cc).
constexpr std::size_t kSettleLast = journal::kRecordHeadBytes + 18;
constexpr std::size_t kRequeueLast = journal::kRecordHeadBytes + 17;
constexpr std::size_t kFlagsOffset = 6;

}  // namespace

void ShardLog::begin_record(RecordType type) {
  settle_.reset();
  requeue_.reset();
  last_head_ = chunk_.size();
  chunk_.append_number(std::uint32_t{0});
  chunk_.append_number(static_cast<std::uint8_t>(type));
  chunk_.append_number(kRecordVersion);
  chunk_.append_number(static_cast<std::uint8_t>(groups_ != 0 ? journal::kGroupContinues : 0));
  chunk_.append_number(std::uint8_t{0});
}

void ShardLog::end_record() {
  const std::size_t size = chunk_.size() - last_head_ - journal::kRecordHeadBytes;
  CHECK(size <= journal::kRecordBytesMax);
  base::store_big_endian(chunk_.data() + last_head_, static_cast<std::uint32_t>(size));
  ++records_;
  last_ = last_.next();
  group_has_records_ = groups_ != 0;
  if (chunk_.size() >= chunk_bytes_) seal(false);
}

void ShardLog::begin_group() {
  if (groups_++ != 0) return;
  group_has_records_ = false;
  settle_.reset();
  requeue_.reset();
}

void ShardLog::end_group() {
  CHECK(groups_ > 0);
  if (--groups_ != 0 || !group_has_records_) return;
  settle_.reset();
  requeue_.reset();
  if (records_ != 0) {
    *(chunk_.data() + last_head_ + kFlagsOffset) = 0;
    return;
  }
  // The last record has left already, with the promise of another one.
  begin_record(RecordType::kGroupEnd);
  end_record();
}

void ShardLog::seal(bool waited_for) {
  if (records_ == 0) {
    if (waited_for) journal_.urge();
    return;
  }
  settle_.reset();
  requeue_.reset();
  const std::uint64_t first = last_.value - records_ + 1;
  chunk_ =
      journal_.append(shard_, first, std::exchange(records_, 0), std::move(chunk_), waited_for);
}

void ShardLog::append(std::uint32_t virtual_host, const broker::Change& change) {
  if (const auto* publish = std::get_if<broker::PublishChange>(&change)) {
    append_publish(*publish);
  } else if (const auto* settle = std::get_if<broker::SettleChange>(&change)) {
    append_settle(*settle);
  } else if (const auto* requeue = std::get_if<broker::RequeueChange>(&change)) {
    append_requeue(*requeue);
  } else if (const auto* dispatched = std::get_if<broker::DispatchedChange>(&change)) {
    begin_record(RecordType::kDispatched);
    encode_dispatched(chunk_, *dispatched);
    end_record();
    state_.apply(*dispatched, last_.value);
  } else {
    append_definition_of(virtual_host, change);
  }
}

void ShardLog::append_publish(const broker::PublishChange& change) {
  const std::size_t size = encoded_size(change.message);
  auto places = change.places;
  const bool long_message = size > kPieceBytes;
  const bool pieces = long_message || places.size() > kPlacesPerRecord;
  // The message is young for as long as the first of its records is.
  const std::uint64_t first = last_.value + 1;
  if (pieces) begin_group();
  if (long_message) {
    scratch_.clear();
    encode_message(scratch_, change.message);
    for (base::Bytes left = scratch_.bytes(); !left.empty();) {
      begin_record(RecordType::kMessagePiece);
      chunk_.append(left.substr(0, kPieceBytes));
      end_record();
      left.remove_prefix(std::min(left.size(), kPieceBytes));
    }
  }
  for (; places.size() > kPlacesPerRecord; places = places.subspan(kPlacesPerRecord)) {
    begin_record(RecordType::kPlaces);
    encode_places(chunk_, places.first(kPlacesPerRecord));
    end_record();
  }
  begin_record(RecordType::kPublish);
  encode_places(chunk_, places);
  if (long_message) {
    chunk_.append_number(static_cast<std::uint64_t>(size));
  } else {
    encode_message(chunk_, change.message);
  }
  end_record();
  if (pieces) end_group();
  if (long_message) scratch_.release();
  state_.apply(StoredPublish{broker::MessageRef(&change.message), change.places}, first);
}

void ShardLog::append_settle(const broker::SettleChange& change) {
  if (settle_ && settle_->queue == change.queue && settle_->level == change.level &&
      settle_->reason == change.reason && settle_->last.next() == change.first &&
      settle_->count == settle_->last.value - settle_->first.value + 1 &&
      change.first == change.last) {
    settle_->last = change.last;
    settle_->count += change.count;
    settle_->body_bytes += change.body_bytes;
    char* to = base::store_big_endian(payload(kSettleLast), settle_->last.value);
    to = base::store_big_endian(to, settle_->count);
    base::store_big_endian(to, settle_->body_bytes);
  } else {
    begin_record(RecordType::kSettle);
    encode_settle(chunk_, change);
    end_record();
    if (records_ != 0) settle_ = change;
  }
  state_.apply(change, last_.value);
}

void ShardLog::append_requeue(const broker::RequeueChange& change) {
  const broker::QueuePlace& place = change.place;
  const StoredRequeue single{place.queue, place.level, place.position, place.position,
                             change.delivery_count};
  if (requeue_ && requeue_->queue == place.queue && requeue_->level == place.level &&
      requeue_->delivery_count == change.delivery_count &&
      requeue_->last.next() == place.position) {
    requeue_->last = place.position;
    base::store_big_endian(payload(kRequeueLast), requeue_->last.value);
  } else {
    begin_record(RecordType::kRequeue);
    encode_requeue(chunk_, single);
    end_record();
    if (records_ != 0) requeue_ = single;
  }
  state_.apply(single, last_.value);
}

void ShardLog::append_definition(RecordType type, base::Bytes payload) {
  begin_record(type);
  chunk_.append(payload);
  end_record();
  state_.apply(StoredDefinition{type, payload}, last_.value);
}

void ShardLog::append_definition_of(std::uint32_t virtual_host, const broker::Change& change) {
  base::Buffer payload;
  RecordType type = RecordType::kQueueDeclared;
  if (const auto* queue = std::get_if<broker::QueueDeclaredChange>(&change)) {
    encode_queue(payload, queue->queue, queue->declaration);
  } else if (const auto* deleted = std::get_if<broker::QueueDeletedChange>(&change)) {
    type = RecordType::kQueueDeleted;
    payload.append_number(deleted->queue.value);
  } else if (const auto* exchange = std::get_if<broker::ExchangeDeclaredChange>(&change)) {
    type = RecordType::kExchangeDeclared;
    encode_exchange(payload, virtual_host, exchange->declaration);
  } else if (const auto* gone = std::get_if<broker::ExchangeDeletedChange>(&change)) {
    type = RecordType::kExchangeDeleted;
    encode_exchange_name(payload, virtual_host, gone->exchange);
  } else if (const auto* bound = std::get_if<broker::BoundChange>(&change)) {
    type = RecordType::kBound;
    encode_binding(payload, virtual_host, bound->binding);
  } else {
    type = RecordType::kUnbound;
    encode_binding(payload, virtual_host, std::get<broker::UnboundChange>(change).binding);
  }
  append_definition(type, payload.bytes());
}

}  // namespace harrier::store

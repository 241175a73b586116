// What the two recorders share: a run of entries in one buffer, written by one thread, read by
// another after the hand-over.
//
// Model:     entry = head (size, operation, connection) and the call's arguments in the machine's
//            own byte order; byte strings carry a 32-bit length.
// Thread:    confined to whoever holds the batch; the mailbox between loops hands it over.
// Limits:    none of its own: input credit (server) and output credit bound what is
//            recorded. clear() keeps at most kKeepBytes of memory for the next use.
// Lifetimes: views that a reader gives live until the batch is cleared.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/buffer.h"
#include "base/check.h"
#include "broker/ids.h"

namespace harrier::session {

using base::Bytes;

// The batch that is being filled for one loop in this turn. Asked for every recorded call, so that
// a batch may be sent off and replaced between two calls.
template <class Batch>
class BatchSource {
 public:
  virtual Batch& batch() = 0;

 protected:
  ~BatchSource() = default;
};

class EntryArena {
 public:
  static constexpr std::size_t kKeepBytes = 1 << 20;

  bool empty() const { return buffer_.empty(); }
  std::size_t size() const { return buffer_.size(); }
  Bytes bytes() const { return buffer_.bytes(); }

  // Starts an entry; what is put until finish() belongs to it.
  void start(std::uint8_t operation, broker::ConnectionId connection) {
    start_ = buffer_.size();
    put(std::uint32_t{0});
    put(operation);
    put(connection.value);
  }
  // Answers the size of the entry.
  std::size_t finish() {
    const std::size_t size = buffer_.size() - start_;
    CHECK(size <= UINT32_MAX);
    const auto stored = static_cast<std::uint32_t>(size);
    std::memcpy(buffer_.data() + start_, &stored, sizeof stored);
    return size;
  }
  template <class Number>
  void put(Number number) {
    std::memcpy(buffer_.reserve(sizeof number), &number, sizeof number);
    buffer_.commit(sizeof number);
  }
  void put_bytes(Bytes bytes) {
    CHECK(bytes.size() <= UINT32_MAX);
    put(static_cast<std::uint32_t>(bytes.size()));
    buffer_.append(bytes);
  }
  // For what writes itself to the end of the entry.
  base::Buffer& tail() { return buffer_; }

  void clear() {
    if (buffer_.capacity() > kKeepBytes) {
      buffer_.release();
    } else {
      buffer_.clear();
    }
  }

 private:
  base::Buffer buffer_;
  std::size_t start_ = 0;
};

// Walks over the entries of an arena. Trusts them: nobody but EntryArena wrote them.
class EntryReader {
 public:
  explicit EntryReader(Bytes arena) : next_(arena.data()), end_(arena.data() + arena.size()) {}

  // Moves to the next entry, whatever was left of the last one; false at the end.
  bool next() {
    if (next_ == end_) return false;
    cursor_ = begin_ = next_;
    const auto size = get<std::uint32_t>();
    next_ = begin_ + size;
    operation_ = get<std::uint8_t>();
    connection_.value = get<std::uint64_t>();
    return true;
  }
  std::uint8_t operation() const { return operation_; }
  broker::ConnectionId connection() const { return connection_; }
  std::size_t entry_size() const { return static_cast<std::size_t>(next_ - begin_); }

  template <class Number>
  Number get() {
    Number number;
    std::memcpy(&number, cursor_, sizeof number);
    cursor_ += sizeof number;
    return number;
  }
  Bytes get_bytes() {
    const auto size = get<std::uint32_t>();
    const Bytes bytes(cursor_, size);
    cursor_ += size;
    return bytes;
  }
  // The rest of the entry.
  Bytes tail() {
    const Bytes bytes(cursor_, static_cast<std::size_t>(next_ - cursor_));
    cursor_ = next_;
    return bytes;
  }

 private:
  const char* begin_ = nullptr;
  const char* cursor_ = nullptr;
  const char* next_;
  const char* end_;
  std::uint8_t operation_ = 0;
  broker::ConnectionId connection_;
};

}  // namespace harrier::session

// A growing run of bytes that are appended at the back and consumed at the front.
//
// Role:      a connection's pending output, a batch's arena, an encoder's target. Unlike
//            std::string it never zero-fills what it is about to overwrite.
// Thread:    compatible.
// Limits:    none of its own; the owner bounds it before appending.
// Lifetimes: views into it die with the next append, consume or clear.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace harrier::base {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    storage_ = std::move(other.storage_);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t capacity() const { return capacity_; }
  char* data() { return storage_.get() + begin_; }
  const char* data() const { return storage_.get() + begin_; }
  Bytes bytes() const { return {data(), size()}; }

  // Room for at least `count` bytes at the back; write there, then commit what was written.
  char* reserve(std::size_t count) {
    if (capacity_ - end_ < count) [[unlikely]]
      grow(count);
    return storage_.get() + end_;
  }
  void commit(std::size_t count) {
    DCHECK(count <= capacity_ - end_);
    end_ += count;
  }

  void append(Bytes bytes) {
    if (bytes.empty()) return;
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  template <class Number>
  void append_number(Number number) {
    store_big_endian(reserve(sizeof number), number);
    end_ += sizeof number;
  }

  void consume(std::size_t count) {
    DCHECK(count <= size());
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() { begin_ = end_ = 0; }
  // Gives the memory back; for connections that fall idle.
  void release() { *this = Buffer(); }

 private:
  void grow(std::size_t count);

  std::unique_ptr<char[]> storage_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace harrier::base

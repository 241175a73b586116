// A first-in first-out queue in chunks: no index, no copying when it grows, no memory before it is
// used.
//
// Role:   the ready messages of a queue, pending confirms, work lists. std::deque keeps half a
//         kilobyte per empty queue and frees and allocates a node every few entries.
// Cost:   push_back and pop_front are O(1) without exception: growth never moves entries.
// Thread: compatible.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "base/check.h"

namespace harrier::base {

template <class T, std::size_t kChunkEntries = 128>
class ChunkedQueue {
 public:
  ChunkedQueue() = default;
  ChunkedQueue(ChunkedQueue&& other) noexcept { swap(other); }
  ChunkedQueue& operator=(ChunkedQueue&& other) noexcept {
    ChunkedQueue taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~ChunkedQueue() {
    clear();
    delete spare_;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  T& front() {
    DCHECK(size_ != 0);
    return *first_->at(begin_);
  }
  const T& front() const {
    DCHECK(size_ != 0);
    return *first_->at(begin_);
  }
  T& back() {
    DCHECK(size_ != 0);
    return *last_->at(end_ - 1);
  }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (last_ == nullptr || end_ == kChunkEntries) [[unlikely]]
      add_chunk();
    T* place = new (last_->raw(end_)) T{std::forward<Args>(args)...};
    ++end_;
    ++size_;
    return *place;
  }
  void push_back(T value) { emplace_back(std::move(value)); }

  void pop_front() {
    DCHECK(size_ != 0);
    first_->at(begin_)->~T();
    ++begin_;
    --size_;
    if (size_ == 0) [[unlikely]] {
      // Keep the last chunk in place while in use; forget the positions.
      retire(first_);
      first_ = last_ = nullptr;
      begin_ = end_ = 0;
    } else if (begin_ == kChunkEntries) {
      Chunk* used = first_;
      first_ = used->next;
      begin_ = 0;
      retire(used);
    }
  }

  // Takes out the first entry of which before() is false, and puts those before it together.
  // REQUIRES that there is one. Cost: linear in the entries before it.
  template <class Before>
  T extract(Before&& before) {
    Chunk* chunk = first_;
    std::size_t index = begin_;
    T carried = std::move(*chunk->at(index));
    while (before(std::as_const(carried))) {
      if (++index == kChunkEntries) {
        chunk = chunk->next;
        index = 0;
      }
      DCHECK(chunk != last_ || index != end_);
      std::swap(carried, *chunk->at(index));
    }
    pop_front();
    return carried;
  }

  T take_front() {
    T value = std::move(front());
    pop_front();
    return value;
  }

  void clear() {
    while (size_ != 0)
      pop_front();
  }

  // Calls visit(entry) from the oldest to the newest until it says false.
  template <class Visit>
  void visit_while(Visit&& visit) const {
    visit_while([](const T&) { return false; }, std::forward<Visit>(visit));
  }
  // The same without the first entries, those of which before(entry) is true: whole chunks of them
  // cost one call.
  template <class Before, class Visit>
  void visit_while(Before&& before, Visit&& visit) const {
    Chunk* chunk = first_;
    std::size_t index = begin_, left = size_;
    while (left > kChunkEntries - index && before(std::as_const(*chunk->at(kChunkEntries - 1)))) {
      left -= kChunkEntries - index;
      chunk = chunk->next;
      index = 0;
    }
    for (; left != 0; --left) {
      if (index == kChunkEntries) {
        chunk = chunk->next;
        index = 0;
      }
      const T& entry = *chunk->at(index++);
      if (!before(entry) && !visit(entry)) return;
    }
  }

  void swap(ChunkedQueue& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    std::swap(spare_, other.spare_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(size_, other.size_);
  }

 private:
  struct Chunk {
    Chunk* next = nullptr;
    alignas(T) std::byte storage[sizeof(T) * kChunkEntries];

    void* raw(std::size_t index) { return storage + index * sizeof(T); }
    T* at(std::size_t index) { return std::launder(reinterpret_cast<T*>(raw(index))); }
  };

  void add_chunk() {
    Chunk* chunk = std::exchange(spare_, nullptr);
    if (chunk == nullptr) chunk = new Chunk;
    chunk->next = nullptr;
    if (last_ == nullptr) {
      first_ = chunk;
      begin_ = 0;
    } else {
      last_->next = chunk;
    }
    last_ = chunk;
    end_ = 0;
  }
  // One chunk is kept so that a queue that hovers around a boundary does not allocate.
  void retire(Chunk* chunk) {
    if (spare_ == nullptr) {
      spare_ = chunk;
    } else {
      delete chunk;
    }
  }

  Chunk* first_ = nullptr;
  Chunk* last_ = nullptr;
  Chunk* spare_ = nullptr;
  std::size_t begin_ = 0;  // index of the oldest entry in first_
  std::size_t end_ = 0;    // index behind the newest entry in last_
  std::size_t size_ = 0;
};

}  // namespace harrier::base

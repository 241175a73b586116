// Memory of freed messages, kept for the next ones: most messages die young, and the heap costs
// more than all else that is done to make one.
//
// Role:      Message takes its memory here and gives it back. Large ones go to the heap at once.
// Model:     a list of free blocks for each size class of 32 bytes.
// Thread:    one pool per thread. A block may be given back to another pool than it was taken from.
// Lifetimes: a thread's end frees what its pool keeps.
// Limits:    blocks of up to kSizeMax bytes, kKeptBytes of them per class, 2 MiB in all; more is
//            freed.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace harrier::broker {

class MessagePool {
 public:
  static constexpr std::size_t kSizeMax = 1016;
  static constexpr std::size_t kKeptBytes = 64 << 10;

  // The sanitizers must see who uses memory that is no longer his.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr bool kPools = false;
#else
  static constexpr bool kPools = true;
#endif

  MessagePool() = default;
  MessagePool(const MessagePool&) = delete;
  MessagePool& operator=(const MessagePool&) = delete;
  ~MessagePool() {
    for (std::size_t index = 0; index != kClasses; ++index) {
      while (lists_[index].first != nullptr)
        ::operator delete(pop(index));
    }
  }

  void* take(std::size_t size) {
    if (size > kSizeMax || !kPools) return ::operator new(size);
    const std::size_t index = class_of(size);
    return lists_[index].first != nullptr ? pop(index) : ::operator new(block_size(index));
  }
  // REQUIRES the size that was taken.
  void give_back(void* memory, std::size_t size) {
    if (size > kSizeMax || !kPools) return ::operator delete(memory);
    const std::size_t index = class_of(size);
    List& list = lists_[index];
    if (list.bytes >= kKeptBytes) return ::operator delete(memory);
    list.bytes += block_size(index);
    list.first = new (memory) Block{list.first};
  }
  std::size_t kept_bytes() const {
    std::size_t bytes = 0;
    for (const List& list : lists_)
      bytes += list.bytes;
    return bytes;
  }

 private:
  static constexpr std::size_t kStep = 32;
  // What the heap keeps before every block: with it a block fills whole steps.
  static constexpr std::size_t kHeapHead = 8;

  static constexpr std::size_t kClasses = (kSizeMax + kHeapHead - 1) / kStep + 1;

  struct Block {
    Block* next;
  };
  struct List {
    Block* first = nullptr;
    std::size_t bytes = 0;
  };

  static constexpr std::size_t class_of(std::size_t size) { return (size + kHeapHead - 1) / kStep; }
  static constexpr std::size_t block_size(std::size_t index) {
    return (index + 1) * kStep - kHeapHead;
  }
  void* pop(std::size_t index) {
    List& list = lists_[index];
    list.bytes -= block_size(index);
    return std::exchange(list.first, list.first->next);
  }

  std::array<List, kClasses> lists_;
};

}  // namespace harrier::broker

#include "base/buffer.h"

#include <algorithm>

namespace harrier::base {

void Buffer::grow(std::size_t count) {
  const std::size_t used = size();
  // Sliding is enough when at least half of the storage is consumed: each byte then moves at most
  // once per doubling.
  if (capacity_ - used >= count && used <= capacity_ / 2) {
    std::memmove(storage_.get(), storage_.get() + begin_, used);
  } else {
    const std::size_t capacity = std::max<std::size_t>({512, capacity_ * 2, used + count});
    std::unique_ptr<char[]> storage(new char[capacity]);
    if (used != 0) std::memcpy(storage.get(), data(), used);
    storage_ = std::move(storage);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = used;
}

}  // namespace harrier::base

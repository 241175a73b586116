#include "base/random.h"

#include <string_view>
#include <utility>

#include <openssl/rand.h>

#include "base/check.h"

namespace harrier::base {

std::string RandomSource::token() {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve(22);
  for (int half = 0; half < 2; ++half) {
    std::uint64_t bits = next();
    for (int digit = 0; digit < 11; ++digit, bits >>= 6)
      text.push_back(kAlphabet[bits & 63]);
  }
  return text;
}

std::uint64_t SeededRandom::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
  return mixed ^ (mixed >> 31);
}

std::uint64_t SecureRandom::next() {
  if (used_ == pool_.size()) {
    CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(pool_.data()), sizeof pool_) == 1);
    used_ = 0;
  }
  return std::exchange(pool_[used_++], 0);
}

}  // namespace harrier::base

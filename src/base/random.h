// Randomness as an argument: the core asks a RandomSource, tests give it a seed.
//
// Thread: confined to its owner, one source per loop.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace harrier::base {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual std::uint64_t next() = 0;

  // Uniform in [0, bound); REQUIRES bound > 0. The bias of the modulus is far below what a test can
  // see.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // 22 characters of URL-safe base64 that hold 128 random bits.
  std::string token();
};

// Deterministic (SplitMix64): the same seed gives the same numbers on every machine.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

// The operating system's generator through OpenSSL: for names that must not be guessed.
class SecureRandom final : public RandomSource {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 64> pool_{};
  std::size_t used_ = 64;
};

}  // namespace harrier::base

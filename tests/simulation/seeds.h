// Which seeds a simulation runs: HARRIER_SIM_SEED=n replays one; else a fixed list and a few fresh
// ones. All are printed. HARRIER_FRESH_SEEDS asks for more fresh ones.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

namespace harrier::test {

inline std::vector<std::uint64_t> seeds(std::uint64_t fixed, int fresh) {
  std::vector<std::uint64_t> chosen;
  if (const char* given = std::getenv("HARRIER_SIM_SEED")) {
    chosen = {std::strtoull(given, nullptr, 10)};
  } else {
    for (std::uint64_t seed = 1; seed <= fixed; ++seed)
      chosen.push_back(seed);
    if (const char* wanted = std::getenv("HARRIER_FRESH_SEEDS")) fresh = std::atoi(wanted);
    std::random_device device;
    for (int i = 0; i < fresh; ++i)
      chosen.push_back(device());
  }
  std::cout << "seeds";
  for (const std::uint64_t seed : chosen)
    std::cout << " " << seed;
  std::cout << std::endl;
  return chosen;
}

}  // namespace harrier::test

#include "store/run.h"

#include <charconv>

namespace harrier::store {
namespace {

constexpr std::string_view kSuffix = ".run";
constexpr std::size_t kDigits = 16;

}  // namespace

std::string run_path(RunId run) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string path = std::string(kRunFolder) + '/';
  for (std::size_t digit = kDigits; digit-- > 0;)
    path += kHex[(run.value >> (4 * digit)) & 15];
  return path.append(kSuffix);
}

std::optional<RunId> run_of_file_name(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  RunId run;
  const char* end = name.data() + kDigits;
  const auto [stop, error] = std::from_chars(name.data(), end, run.value, 16);
  // Upper case and signs are someone else's.
  if (error != std::errc() || stop != end) return std::nullopt;
  if (run_path(run).substr(kRunFolder.size() + 1) != name) return std::nullopt;
  return run;
}

}  // namespace harrier::store

// Concern: whatever stands in a configuration is accepted or refused with places, without end,
//          crash or another file being opened; and what was accepted is printed as something that
//          is accepted and printed the same. Plan: the bytes up to a NUL are the file; what
//          follows are variables, NAME=value, divided by NULs, whose names lack the prefix.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "config/changes.h"
#include "config/load_options.h"
#include "config/print_options.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

constexpr std::size_t kVariablesMax = 16;

std::string_view take_until_nul(std::string_view& bytes) {
  const std::string_view piece = bytes.substr(0, bytes.find('\0'));
  bytes.remove_prefix(std::min(bytes.size(), piece.size() + 1));
  return piece;
}

config::Environment environment_of(std::string_view bytes) {
  config::Environment environment;
  while (!bytes.empty() && environment.size() < kVariablesMax) {
    const std::string_view variable = take_until_nul(bytes);
    const std::size_t equals = variable.find('=');
    if (equals == variable.npos || variable.substr(0, equals).ends_with("_FILE")) continue;
    environment.emplace(std::string("HARRIERMQ_").append(variable.substr(0, equals)),
                        variable.substr(equals + 1));
  }
  return environment;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view document = take_until_nul(bytes);
  // The fuzzer is not to read this machine's files.
  for (const char* key : {"password_file", "password_hash_file"})
    if (document.find(key) != document.npos) return 0;
  const auto loaded = config::load_text(document, "fuzz.yaml", environment_of(bytes));
  if (!loaded) {
    CHECK(!loaded.error().message.empty());
    return 0;
  }
  const std::string printed = config::effective_yaml(*loaded);
  const auto again = config::load_text(printed, "printed.yaml", {});
  CHECK(again);
  CHECK(config::effective_yaml(*again) == printed);
  CHECK(config::changes_between(loaded->options, loaded->options).empty());
  return 0;
}

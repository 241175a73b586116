#include "config/row.h"

namespace harrier::config {
namespace {

// "1000000" is hard to read.
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  if (number < 1'000'000) return digits;
  for (std::size_t place = digits.size() - 3; place > 0 && place < digits.size(); place -= 3)
    digits.insert(place, ",");
  return digits;
}

}  // namespace

std::string integer_form(std::int64_t min, std::int64_t max) {
  if (max == kU32Max) return "number, from " + std::to_string(min);
  return "number, " + grouped(min) + "–" + grouped(max);
}

std::string size_form(std::int64_t min, std::int64_t max) {
  return "size, " + (min == 1 ? "1B" : size_text(min)) + "–" + size_text(max);
}

std::string duration_form(std::chrono::milliseconds min, std::chrono::milliseconds max) {
  if (max == kSpanMax && min == std::chrono::milliseconds(0)) return "duration";
  if (max == kSpanMax) return "duration, from " + duration_text(min);
  return "duration, " + (min.count() == 0 ? "" : "from " + duration_text(min) + " ") + "up to " +
         duration_text(max);
}

std::string word_of(Section& section, const char* key) {
  std::string word;
  if (section.has(key)) section.text(key, word);
  return word;
}

std::vector<Key> at_reload(std::vector<Key> keys) {
  for (Key& key : keys)
    key.applies = Applies::kAtReload;
  return keys;
}

}  // namespace harrier::config

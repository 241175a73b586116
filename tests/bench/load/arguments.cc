#include "bench/load/arguments.h"

#include <charconv>

namespace harrier::bench {
namespace {

template <typename Number>
Number parse(const std::string& name, const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw LoadError("--" + name + " wants a number, not '" + text + "'");
  return value;
}

}  // namespace

Arguments::Arguments(int count, char** words) {
  if (count < 2) throw LoadError("a mode is missing");
  mode_ = words[1];
  for (int i = 2; i < count; ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with("--")) throw LoadError("unexpected word " + std::string(word));
    const bool has_value = i + 1 < count && !std::string_view(words[i + 1]).starts_with("--");
    values_[std::string(word.substr(2))] = has_value ? words[++i] : "";
  }
}

std::string Arguments::text(const std::string& name, std::string_view otherwise) {
  asked_.insert(name);
  const auto found = values_.find(name);
  return found == values_.end() ? std::string(otherwise) : found->second;
}

std::uint64_t Arguments::number(const std::string& name, std::uint64_t otherwise) {
  asked_.insert(name);
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : parse<std::uint64_t>(name, found->second);
}

double Arguments::real(const std::string& name, double otherwise) {
  asked_.insert(name);
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : parse<double>(name, found->second);
}

bool Arguments::has(const std::string& name) {
  asked_.insert(name);
  const auto found = values_.find(name);
  if (found == values_.end()) return false;
  if (!found->second.empty()) throw LoadError("--" + name + " takes no value");
  return true;
}

void Arguments::refuse_unknown() const {
  for (const auto& [name, value] : values_) {
    if (!asked_.contains(name)) throw LoadError("unknown option --" + name + " of " + mode_);
  }
}

}  // namespace harrier::bench

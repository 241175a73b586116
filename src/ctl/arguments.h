// What the user gave to one command, by the names in its row.
//
// Thread: immutable once parsed.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace harrier::ctl {

class Arguments {
 public:
  void add(std::string_view name, std::string value) {
    values_[std::string(name)].push_back(std::move(value));
  }
  bool has(std::string_view name) const { return values_.contains(name); }
  // REQUIRES has(name).
  const std::string& text(std::string_view name) const {
    const auto found = values_.find(name);
    CHECK(found != values_.end());
    return found->second.front();
  }
  std::string text_or(std::string_view name, std::string_view fallback) const {
    return has(name) ? text(name) : std::string(fallback);
  }
  const std::vector<std::string>& all(std::string_view name) const {
    static const std::vector<std::string> kNone;
    const auto found = values_.find(name);
    return found == values_.end() ? kNone : found->second;
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace harrier::ctl

// The row of a pattern over names.
//
// Role:   for permissions and defaults of virtual hosts; row.h has the other forms.
// Thread: compatible (pure functions).
#pragma once

#include <span>
#include <string>
#include <utility>

#include "base/pattern.h"
#include "config/row.h"

namespace harrier::config {

// Notes what is wrong with a pattern; braces may hold the names of `variables`.
void check_pattern(Section& section, const char* key, const std::string& pattern,
                   std::span<const base::PatternVariable> variables);

// As the row takes it back: true and false where they say the same.
std::string pattern_text(const std::string& pattern);

// A pattern, or true for every name and false for none. It is checked by the list it stands in,
// which knows what may stand in braces.
template <class Owner>
Key pattern(const char* name, std::string Owner::*member, About about) {
  return leaf<Owner>(
      name, "true, false or a pattern",
      [=](Section& section, Owner& owner) {
        section.text(name, owner.*member, base::Pattern::kSourceMax);
        if (owner.*member == "true") owner.*member = ".*";
        if (owner.*member == "false") owner.*member = "^$";
      },
      [=](const Owner& owner) { return pattern_text(owner.*member); }, std::move(about));
}

}  // namespace harrier::config

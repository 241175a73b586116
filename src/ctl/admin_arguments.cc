#include "ctl/admin_arguments.h"

#include <algorithm>

#include "ctl/printable.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

struct Expected {
  std::vector<std::string> names;  // one of them
  bool needed = true;
  bool json = false;
  std::string preset;
  bool has_preset = false;
};

Expected parse_expected(std::string_view word) {
  Expected expected;
  const std::size_t equals = word.find('=');
  std::string_view name = word.substr(0, equals);
  if (equals != std::string_view::npos) {
    expected.preset = word.substr(equals + 1);
    expected.has_preset = true;
    expected.needed = false;
  }
  if (name.ends_with(':')) {
    expected.json = true;
    name.remove_suffix(1);
  }
  if (name.ends_with('?')) {
    expected.needed = false;
    name.remove_suffix(1);
  }
  for (std::size_t bar = 0; bar != std::string_view::npos; name.remove_prefix(bar + 1)) {
    bar = name.find('|');
    expected.names.emplace_back(name.substr(0, bar));
    if (bar == std::string_view::npos) break;
  }
  return expected;
}

std::vector<Expected> parse_row(std::string_view text) {
  std::vector<Expected> row;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    row.push_back(parse_expected(text.substr(0, space)));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return row;
}

Json value_of(const Expected& expected, const std::string& name, const std::string& text) {
  if (!expected.json) {
    // The API takes both; a broker that asks for a boolean gets one.
    if (text == "true" || text == "false") return text == "true";
    return text;
  }
  try {
    return parse_answer(text, "argument \"" + name + "\"");
  } catch (const Trouble& trouble) {
    throw Trouble(kExitUsage, trouble.what());
  }
}

}  // namespace

Json admin_body(const AdminAction& action, const std::vector<std::string>& words) {
  const std::vector<Expected> row = parse_row(action.arguments);
  Json body = Json::object();
  for (const Expected& expected : row) {
    if (expected.has_preset)
      body[expected.names.front()] = value_of(expected, expected.names.front(), expected.preset);
  }
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      throw Trouble(kExitUsage, "Argument \"" + printable(word) + "\" not in the form name=value");
    const std::string name = word.substr(0, equals);
    const auto found = std::ranges::find_if(row, [&](const Expected& expected) {
      return std::ranges::find(expected.names, name) != expected.names.end();
    });
    if (found == row.end() && name != "vhost")
      throw Trouble(kExitUsage, "Argument \"" + printable(name) + "\" is not recognised");
    body[name] = found == row.end() ? Json(word.substr(equals + 1))
                                    : value_of(*found, name, word.substr(equals + 1));
  }
  for (const Expected& expected : row) {
    const bool given = std::ranges::any_of(
        expected.names, [&](const std::string& name) { return body.contains(name); });
    if (expected.needed && !given)
      throw Trouble(kExitUsage,
                    "mandatory argument \"" + expected.names.front() + "\" is required");
  }
  return body;
}

}  // namespace harrier::ctl

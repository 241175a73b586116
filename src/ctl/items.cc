#include "ctl/items.h"

#include <algorithm>

#include "ctl/printable.h"
#include "ctl/target.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

Item parse_item(std::string_view word) {
  Item item;
  if (word.ends_with('!')) {
    item.as_json_text = true;
    word.remove_suffix(1);
  }
  const std::size_t equals = word.find('=');
  item.name = word.substr(0, equals);
  item.path = equals == std::string_view::npos ? word : word.substr(equals + 1);
  if (item.path.starts_with('\'')) {
    item.constant = item.path.substr(1);
    item.path.clear();
  }
  return item;
}

constexpr std::size_t kColumnsMax = 64;

struct Spec {
  std::vector<Item> items;
  std::size_t usual = 0;
};

Spec parse_spec(std::string_view text) {
  Spec spec;
  bool bar = false;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (word == "|")
      bar = true;
    else if (!word.empty())
      spec.items.push_back(parse_item(word));
    if (!bar) spec.usual = spec.items.size();
  }
  return spec;
}

std::vector<std::string> split_words(const std::vector<std::string>& asked) {
  std::vector<std::string> words;
  for (std::string_view text : asked) {
    while (!text.empty()) {
      const std::size_t comma = text.find_first_of(", \t");
      if (comma != 0) words.emplace_back(text.substr(0, comma));
      text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
  }
  return words;
}

}  // namespace

std::vector<Item> select_items(std::string_view text, const std::vector<std::string>& asked) {
  Spec spec = parse_spec(text);
  const std::vector<std::string> words = split_words(asked);
  if (words.empty()) {
    spec.items.resize(spec.usual);
    return spec.items;
  }
  std::vector<Item> chosen;
  std::string unknown;
  for (const std::string& word : words) {
    const auto found = std::ranges::find(spec.items, word, &Item::name);
    if (found != spec.items.end())
      chosen.push_back(*found);
    else
      unknown += (unknown.empty() ? "" : ",") + word;
  }
  if (!unknown.empty()) throw Trouble(kExitUsage, "Info key(s) " + unknown + " are not supported");
  return chosen;
}

std::string columns_query(const std::vector<Item>& items) {
  std::vector<std::string_view> paths;
  std::string out;
  for (const Item& item : items) {
    if (item.path.empty() || std::ranges::find(paths, item.path) != paths.end()) continue;
    paths.push_back(item.path);
    out += (out.empty() ? "" : ",") + percent_encoded(item.path);
  }
  return out;
}

const Json& member(const Json& object, std::string_view path) {
  static const Json kNull;
  const Json* at = &object;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    if (!at->is_object()) return kNull;
    const auto found = at->find(std::string(path.substr(0, dot)));
    if (found == at->end()) return kNull;
    at = &*found;
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return *at;
}

Table project(const Json& list, const std::vector<Item>& items) {
  if (!list.is_array()) throw Trouble(kExitSoftware, "the broker's answer is no list");
  Table table;
  for (const Item& item : items)
    table.columns.push_back(item.name);
  for (const Json& object : list) {
    if (!object.is_object())
      throw Trouble(kExitSoftware, "the broker's answer is no list of objects");
    std::vector<Json>& row = table.rows.emplace_back();
    for (const Item& item : items) {
      if (item.path.empty()) {
        row.emplace_back(item.constant);
        continue;
      }
      const Json& value = member(object, item.path);
      if (item.as_json_text)
        row.emplace_back(value.dump(-1, ' ', false, Json::error_handler_t::replace));
      else if (value.is_null())
        row.emplace_back("");
      else
        row.push_back(value);
    }
  }
  return table;
}

Table table_of_members(const Json& list) {
  Table table;
  if (!list.is_array()) throw Trouble(kExitSoftware, "the broker's answer is no list");
  std::vector<std::string> names;
  for (const Json& object : list) {
    if (!object.is_object())
      throw Trouble(kExitSoftware, "the broker's answer is no list of objects");
    for (const auto& [name, value] : object.items()) {
      if (names.size() < kColumnsMax && std::ranges::find(names, name) == names.end())
        names.push_back(name);
    }
  }
  for (const std::string& name : names)
    table.columns.push_back(printable(name));
  for (const Json& object : list) {
    std::vector<Json>& row = table.rows.emplace_back();
    for (const std::string& name : names)
      row.push_back(object.contains(name) ? object[name] : Json());
  }
  return table;
}

}  // namespace harrier::ctl

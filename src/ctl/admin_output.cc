#include "ctl/admin_output.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/utf8.h"
#include "ctl/items.h"
#include "ctl/printable.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::array kFirst = {
    "vhost", "name", "type", "routing_key", "source", "destination", "destination_type"};

std::string text_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value)
      out += (out.empty() ? "" : " ") + table_text(item);
    return out;
  }
  if (value.is_object())
    return value.empty() ? ""
                         : printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  return table_text(value);
}

std::vector<std::string> all_columns(const Json& list) {
  std::set<std::string> names;
  for (const Json& object : list) {
    for (const auto& [name, value] : object.items()) {
      const bool plain_list = value.is_array() && std::ranges::none_of(value, [](const Json& item) {
                                return item.is_structured();
                              });
      if (!value.is_structured() || plain_list || value.empty()) names.insert(name);
    }
  }
  std::vector<std::string> columns;
  for (const char* name : kFirst) {
    if (names.erase(name) > 0) columns.emplace_back(name);
  }
  columns.insert(columns.end(), names.begin(), names.end());
  return columns;
}

std::size_t width(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count)
    text.remove_prefix(std::max<std::size_t>(1, base::utf8_character_size(text)));
  return count;
}

std::string ascii_table(const std::vector<std::string>& columns, const Rows& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    widths.push_back(width(columns[i]));
    for (const auto& row : rows)
      widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string rule = "+";
  for (const std::size_t size : widths)
    rule += std::string(size + 2, '-') + "+";
  rule += "\n";
  std::string out = rule + "|";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::size_t spare = widths[i] - width(columns[i]);
    out += std::string(spare / 2 + 1, ' ') + columns[i] + std::string(spare - spare / 2 + 1, ' ') +
           "|";
  }
  out += "\n" + rule;
  for (const auto& row : rows) {
    out += "|";
    for (std::size_t i = 0; i < columns.size(); ++i)
      out += " " + row[i] + std::string(widths[i] - width(row[i]) + 1, ' ') + "|";
    out += "\n";
  }
  return out + rule;
}

std::string one_below_another(const std::vector<std::string>& columns, const Rows& rows) {
  std::size_t widest = 0;
  for (const std::string& column : columns)
    widest = std::max(widest, width(column));
  const std::string rule = "\n" + std::string(80, '-') + "\n\n";
  std::string out = rows.empty() ? "" : rule;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      out += std::string(widest - width(columns[i]), ' ') + columns[i] + ": " + row[i] + "\n";
    out += rule;
  }
  return out;
}

std::string lines(const std::vector<std::string>& columns, const Rows& rows,
                  std::string_view form) {
  std::string out;
  const auto add = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out += form == "tsv" ? "\t" : " ";
      out += form == "kvp" ? columns[i] + "=\"" + cells[i] + "\"" : cells[i];
    }
    out += "\n";
  };
  if (form == "tsv") add(columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (form != "bash") {
      add(rows[i]);
      continue;
    }
    if (i > 0) out += " ";
    if (!rows[i].empty()) out += rows[i].front();
  }
  return form == "bash" ? out + "\n" : out;
}

}  // namespace

std::string admin_render(const Json& list, std::vector<std::string> columns,
                         std::string_view form) {
  if (form == "raw_json" || form == "pretty_json")
    return list.dump(form == "raw_json" ? -1 : 2, ' ', false, Json::error_handler_t::replace) +
           "\n";
  static constexpr std::string_view kForms[] = {"table", "tsv", "long", "kvp", "bash"};
  if (std::ranges::find(kForms, form) == std::end(kForms))
    throw Trouble(kExitUsage, "Format " + printable(form) + " not recognised");
  if (!list.is_array() ||
      std::ranges::any_of(list, [](const Json& item) { return !item.is_object(); }))
    throw Trouble(kExitSoftware, "the broker's answer is no list");
  if (columns.empty()) columns = all_columns(list);
  if (list.empty() || columns.empty()) return form == "table" ? "No items\n" : "";
  Rows rows;
  for (const Json& object : list) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string& column : columns)
      row.push_back(text_of(member(object, column)));
  }
  for (std::string& column : columns)
    column = printable(column);
  if (form == "table") return ascii_table(columns, rows);
  if (form == "long") return one_below_another(columns, rows);
  return lines(columns, rows, form);
}

}  // namespace harrier::ctl

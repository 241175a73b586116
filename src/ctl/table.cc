#include "ctl/table.h"

#include <algorithm>

#include "base/utf8.h"
#include "ctl/printable.h"

namespace harrier::ctl {
namespace {

using Texts = std::vector<std::string>;

std::vector<Texts> texts(const Table& table, bool headers) {
  std::vector<Texts> lines;
  if (headers) lines.push_back(table.columns);
  for (const std::vector<Json>& row : table.rows) {
    Texts& line = lines.emplace_back();
    for (const Json& value : row)
      line.push_back(table_text(value));
  }
  return lines;
}

std::string joined(const Texts& line, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (i > 0) out += separator;
    out += line[i];
  }
  return out + '\n';
}

std::string csv_field(std::string_view text) {
  std::string out = "\"";
  for (const char c : text)
    out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::string json_lines(const Table& table) {
  std::string out = "[\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    Json object = Json::object();
    for (std::size_t column = 0; column < table.columns.size(); ++column)
      object[table.columns[column]] = table.rows[i][column];
    if (i > 0) out += ',';
    out += object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return out + "]\n";
}

// In characters; a wide one counts as one.
std::size_t width(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count)
    text.remove_prefix(std::max<std::size_t>(1, base::utf8_character_size(text)));
  return count;
}

std::string rule(const std::vector<std::size_t>& widths, const char* left, const char* middle,
                 const char* right) {
  std::string out = left;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) out += middle;
    for (std::size_t n = 0; n < widths[i] + 2; ++n)
      out += "─";
  }
  return out + right + "\n";
}

std::string boxes(const std::vector<Texts>& lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const Texts& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], width(line[i]));
  }
  std::string out = rule(widths, "┌", "┬", "┐");
  for (std::size_t n = 0; n < lines.size(); ++n) {
    if (n > 0) out += rule(widths, "├", "┼", "┤");
    for (std::size_t i = 0; i < widths.size(); ++i)
      out += "│ " + lines[n][i] + std::string(widths[i] - width(lines[n][i]) + 1, ' ');
    out += "│\n";
  }
  return out + rule(widths, "└", "┴", "┘");
}

}  // namespace

std::optional<Format> parse_format(std::string_view name) {
  if (name == "table") return Format::kTable;
  if (name == "csv") return Format::kCsv;
  if (name == "json") return Format::kJson;
  if (name == "pretty_table") return Format::kPrettyTable;
  return std::nullopt;
}

std::string render(const Table& table, Format format, bool headers) {
  if (format == Format::kJson) return json_lines(table);
  if (table.rows.empty() || table.columns.empty()) return {};
  const std::vector<Texts> lines = texts(table, headers);
  if (format == Format::kPrettyTable) return boxes(lines);
  std::string out;
  for (Texts line : lines) {
    if (format == Format::kCsv) std::ranges::transform(line, line.begin(), csv_field);
    out += joined(line, format == Format::kCsv ? "," : "\t");
  }
  return out;
}

}  // namespace harrier::ctl

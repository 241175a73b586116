#include "config/yaml_writer.h"

#include <iterator>

namespace harrier::config {
namespace {

constexpr std::size_t kColumns = 100;

std::string sentences_of(const Key& key) {
  std::string text = key.meaning;
  if (!key.reason.empty()) text.append(text.empty() ? "" : " ").append(key.reason);
  std::string facts = key.form;
  if (key.applies == Applies::kAtReload) facts.append("; SIGHUP applies it");
  if (key.is_leaf()) text.append(" [").append(facts).append("]");
  return text;
}

template <class Lines>
void append(Lines& to, Lines from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, const std::string& prefix,
                                 std::size_t width) {
  std::vector<std::string> lines;
  std::string line = prefix;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (line.size() > prefix.size() && line.size() + 1 + word.size() > width) {
      lines.push_back(std::move(line));
      line = prefix;
    }
    if (line.size() > prefix.size()) line.push_back(' ');
    line.append(word);
  }
  if (line.size() > prefix.size()) lines.push_back(std::move(line));
  return lines;
}

std::string YamlWriter::text(const Table& table, const void* owner) const {
  std::string text;
  for (const std::string& line : lines(table, owner, "", 0))
    text.append(line).push_back('\n');
  return text;
}

YamlWriter::Lines YamlWriter::lines(const Table& table, const void* owner, const std::string& path,
                                    std::size_t indent) const {
  Lines result;
  bool after_section = false;
  for (const Key& key : table.keys) {
    const std::string below_path = path.empty() ? key.name : path + "." + key.name;
    // Sections stand apart where there is room for it.
    if (style_.comments && !result.empty() && (indent == 0 || key.is_section() || after_section))
      result.emplace_back();
    after_section = key.is_section();
    add_comment(result, key, indent);
    const std::string start(indent, ' ');
    if (key.is_leaf()) {
      result.push_back(start + leaf_line(key, owner, below_path));
    } else if (key.is_list()) {
      append(result, list_lines(key, owner, below_path, indent));
    } else {
      result.push_back(start + key.name + ":");
      append(result, lines(*key.below, part_of(key, owner), below_path, indent + 2));
    }
  }
  return result;
}

YamlWriter::Lines YamlWriter::list_lines(const Key& key, const void* owner, const std::string& path,
                                         std::size_t indent) const {
  const std::string start(indent, ' ');
  const std::vector<void*> elements = elements_of(key, owner);
  Lines result;
  if (!elements.empty()) {
    result.push_back(start + key.name + ":");
    std::size_t index = 0;
    for (const void* element : elements)
      append(result,
             element_lines(key, element, path + "[" + std::to_string(index++) + "]", indent + 2));
    return result;
  }
  if (style_.comments) {
    for (const std::string& line : element_lines(key, key.sample.get(), path + "[]", 2))
      result.push_back(start + (line.empty() ? "#" : "# " + line));
  }
  result.push_back(start + key.name + ": []");
  return result;
}

YamlWriter::Lines YamlWriter::element_lines(const Key& key, const void* element,
                                            const std::string& path, std::size_t indent) const {
  Lines result = lines(*key.below, element, path, indent + 2);
  for (std::string& line : result) {
    if (line.find_first_not_of(' ') == std::string::npos || line[indent + 2] == '#') continue;
    line[indent] = '-';
    break;
  }
  return result;
}

void YamlWriter::add_comment(Lines& lines, const Key& key, std::size_t indent) const {
  if (style_.comments)
    append(lines, wrapped(sentences_of(key), std::string(indent, ' ') + "# ", kColumns));
}

std::string YamlWriter::leaf_line(const Key& key, const void* owner,
                                  const std::string& path) const {
  const std::string value = key.write(owner);
  if (key.secret && style_.secret_line) return style_.secret_line(key, path, value);
  return key.name + ": " + value;
}

}  // namespace harrier::config

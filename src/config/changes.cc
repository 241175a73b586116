#include "config/changes.h"

#include "config/options_table.h"
#include "config/yaml_writer.h"

namespace harrier::config {
namespace {

std::string list_text(const Key& key, const void* owner) {
  const YamlWriter writer({});
  std::string text;
  for (const void* element : elements_of(key, owner))
    text.append("-\n").append(writer.text(*key.below, element));
  return text;
}

void compare(const Table& table, const void* before, const void* after, const std::string& path,
             std::vector<Change>& changes) {
  for (const Key& key : table.keys) {
    const std::string below = path.empty() ? key.name : path + "." + key.name;
    if (key.is_section()) {
      compare(*key.below, part_of(key, before), part_of(key, after), below, changes);
    } else if (key.is_list()) {
      if (list_text(key, before) != list_text(key, after))
        changes.push_back({below, key.applies, "", ""});
    } else if (const std::string was = key.write(before), is = key.write(after); was != is) {
      changes.push_back({below, key.applies, key.secret ? "" : was, key.secret ? "" : is});
    }
  }
}

}  // namespace

std::vector<Change> changes_between(const Options& before, const Options& after) {
  std::vector<Change> changes;
  compare(options_table(), &before, &after, "", changes);
  return changes;
}

}  // namespace harrier::config

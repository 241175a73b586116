#include "config/changes.h"

#include <algorithm>

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

bool holds_secret(const Table& table) {
  return std::any_of(table.keys.begin(), table.keys.end(), [](const Key& key) {
    return key.secret || (key.below != nullptr && holds_secret(*key.below));
  });
}

// "{name: a, queues_max: 1}": what differs from `sample`.
std::string mapping_text(const Table& table, const void* owner, const void* sample) {
  std::string text;
  const auto add = [&text](const Key& key, const std::string& value) {
    text.append(text.empty() ? "" : ", ").append(key.name).append(": ").append(value);
  };
  for (const Key& key : table.keys) {
    if (key.is_section()) {
      add(key, mapping_text(*key.below, part_of(key, owner), part_of(key, sample)));
    } else if (key.is_list()) {
      std::string elements;
      for (const void* element : elements_of(key, owner))
        elements.append(elements.empty() ? "" : ", ")
            .append(mapping_text(*key.below, element, key.sample.get()));
      if (!elements.empty()) add(key, "[" + elements + "]");
    } else if (const std::string value = key.write(owner); value != key.write(sample)) {
      add(key, value);
    }
  }
  return "{" + text + "}";
}

std::vector<std::string> element_texts(const Key& key, const void* owner) {
  std::vector<std::string> texts;
  for (const void* element : elements_of(key, owner))
    texts.push_back(mapping_text(*key.below, element, key.sample.get()));
  return texts;
}

std::string only_in(const std::vector<std::string>& these, const std::vector<std::string>& others) {
  std::string text;
  for (const std::string& one : these)
    if (std::find(others.begin(), others.end(), one) == others.end())
      text.append(text.empty() ? "" : ", ").append(one);
  return text;
}

Change list_change(const Key& key, const std::string& path, const void* before, const void* after) {
  if (holds_secret(*key.below)) return {path, key.applies, "", ""};
  const auto were = element_texts(key, before), are = element_texts(key, after);
  return {path, key.applies, only_in(were, are), only_in(are, were)};
}

void compare(const Table& table, const void* before, const void* after, const std::string& path,
             std::vector<Change>& changes) {
  for (const Key& key : table.keys) {
    const std::string below = path.empty() ? key.name : path + "." + key.name;
    if (key.is_section()) {
      compare(*key.below, part_of(key, before), part_of(key, after), below, changes);
    } else if (key.is_list()) {
      if (list_text(key, before) != list_text(key, after))
        changes.push_back(list_change(key, below, before, after));
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

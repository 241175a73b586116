#include "config/read_table.h"

namespace harrier::config {
namespace {

void read_element(Section& section, const Key& key, void* owner, void* element) {
  read_table(section, *key.below, element);
  if (key.check_element) key.check_element(section, owner, element);
}

std::string element_path(Section& section, const Key& key, std::size_t index) {
  return section.path_of(key.name.c_str()) + "[" + std::to_string(index) + "]";
}

void read_list(Section& section, const Key& key, void* owner) {
  const auto nodes = section.list(key.name.c_str());
  if (!nodes) {
    // The default's elements may have values from the environment.
    if (section.reading().environment.empty()) return;
    const YAML::Node nothing(YAML::NodeType::Undefined);
    std::size_t index = 0;
    for (void* element : key.elements(owner)) {
      Section below(section.reading(), nothing, element_path(section, key, index++));
      read_element(below, key, owner, element);
    }
    return;
  }
  key.clear(owner);
  std::size_t index = 0;
  for (const YAML::Node& node : *nodes) {
    Section below(section.reading(), node, element_path(section, key, index++));
    read_element(below, key, owner, key.append(owner));
  }
}

}  // namespace

void read_table(Section& section, const Table& table, void* owner) {
  for (const Key& key : table.keys) {
    if (key.is_leaf()) {
      key.read(section, owner);
    } else if (key.is_list()) {
      read_list(section, key, owner);
    } else {
      Section below(section.reading(), section.below(key.name.c_str()),
                    section.path_of(key.name.c_str()));
      read_table(below, *key.below, key.part(owner));
    }
  }
  if (table.check) table.check(section, owner);
}

}  // namespace harrier::config

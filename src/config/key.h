// A row of the table of keys: everything the program knows of one key of the configuration.
//
// Role:   reading, printing, comparing, the reference and the example file all walk the same rows
//         (read_table.h, print_options.h, changes.h, reference.h); row.h makes them. A key is added
//         by adding its row, and nowhere else.
// Model:  a Table describes a mapping and fills an object of one type, its owner. A row is a leaf,
//         which reads and writes a member of it; a section, with a table for a part of the owner;
//         or a list, with a table for each of its elements. The owner's type is known to the
//         functions a row was made with, and to nobody else.
// Thread: compatible; a finished table is immutable.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace harrier::config {

class Section;
struct Table;

// What a row says beside its form.
struct About {
  std::string meaning;
  std::string reason;
};

// What a change of a key takes while the broker runs.
enum class Applies { kAtStart, kAtReload };

struct Key {
  std::string name;
  // How a value is written, with its unit and limits: "size, 4KiB–16MiB".
  std::string form;
  // What it does, with the outcome at a limit; then why the default is what it is. Sentences.
  std::string meaning;
  std::string reason;
  Applies applies = Applies::kAtStart;
  // Never shown; may also be given as `<name>_file`.
  bool secret = false;
  // Without a default that works.
  bool needed = false;

  // A leaf: the section's value to the owner, and the owner's value as YAML in one line.
  std::function<void(Section& section, void* owner)> read;
  std::function<std::string(const void* owner)> write;

  // A section or a list.
  std::shared_ptr<const Table> below;
  // A section: the part of the owner that `below` fills.
  std::function<void*(void* owner)> part;
  // A list: its elements, and an owner for a new one at the end. `sample` is an element of its
  // defaults.
  std::function<std::vector<void*>(void* owner)> elements;
  std::function<void*(void* owner)> append;
  std::function<void(void* owner)> clear;
  // Looks at an element, in its section, with what stands around it.
  std::function<void(Section& section, void* owner, void* element)> check_element;
  std::shared_ptr<const void> sample;

  bool is_list() const { return elements != nullptr; }
  bool is_section() const { return part != nullptr; }
  bool is_leaf() const { return read != nullptr; }

  Key&& at_reload() && {
    applies = Applies::kAtReload;
    return std::move(*this);
  }
  Key&& is_needed() && {
    needed = true;
    return std::move(*this);
  }
};

struct Table {
  std::vector<Key> keys;
  // What holds between the keys of one mapping.
  std::function<void(Section& section, const void* owner)> check;
};

// Of an owner that is only looked at.
inline std::vector<void*> elements_of(const Key& key, const void* owner) {
  return key.elements(const_cast<void*>(owner));  // NOLINT: the rows' functions change nothing
}
inline const void* part_of(const Key& key, const void* owner) {
  return key.part(const_cast<void*>(owner));  // NOLINT: likewise
}

}  // namespace harrier::config

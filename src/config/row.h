// Makes the rows of the table of keys: one function for each form of value.
//
// Role:   a row names the key, the member it fills, its limits, what it means, and why its default
//         is what it is. The default itself is the member's own.
// Thread: compatible.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/key.h"
#include "config/quantity.h"
#include "config/section.h"
#include "config/yaml_text.h"

namespace harrier::config {

inline constexpr std::int64_t kKiB = 1 << 10;
inline constexpr std::int64_t kMiB = 1 << 20;
inline constexpr std::int64_t kGiB = 1 << 30;
inline constexpr std::int64_t kTiB = kGiB << 10;
inline constexpr std::int64_t kU32Max = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::size_t kPathSizeMax = 4096;
inline constexpr std::chrono::milliseconds kSpanMax = std::chrono::hours(24 * 365);

// "size, 4KiB–16MiB", without an end that is the type's own.
std::string integer_form(std::int64_t min, std::int64_t max);
std::string size_form(std::int64_t min, std::int64_t max);
std::string duration_form(std::chrono::milliseconds min, std::chrono::milliseconds max);

// The text of a key that may also be a word or a share; empty if it is not there.
std::string word_of(Section& section, const char* key);

// Any leaf: `read` takes (Section&, Owner&), `write` (const Owner&) and gives YAML in one line.
template <class Owner, class Read, class Write>
Key leaf(const char* name, std::string form, Read read, Write write, About about) {
  Key key;
  key.name = name;
  key.form = std::move(form);
  key.meaning = std::move(about.meaning);
  key.reason = std::move(about.reason);
  key.read = [read](Section& section, void* owner) { read(section, *static_cast<Owner*>(owner)); };
  key.write = [write](const void* owner) { return write(*static_cast<const Owner*>(owner)); };
  return key;
}

template <class Owner, class Number>
Key integer(const char* name, Number Owner::*member, std::int64_t min, std::int64_t max,
            About about) {
  return leaf<Owner>(
      name, integer_form(min, max),
      [=](Section& section, Owner& owner) { section.integer(name, owner.*member, min, max); },
      [=](const Owner& owner) { return std::to_string(owner.*member); }, std::move(about));
}

template <class Owner, class Number>
Key size(const char* name, Number Owner::*member, std::int64_t min, std::int64_t max, About about) {
  return leaf<Owner>(
      name, size_form(min, max),
      [=](Section& section, Owner& owner) { section.size(name, owner.*member, min, max); },
      [=](const Owner& owner) { return size_text(static_cast<std::int64_t>(owner.*member)); },
      std::move(about));
}

template <class Owner, class Duration>
Key duration(const char* name, Duration Owner::*member, std::chrono::milliseconds min,
             std::chrono::milliseconds max, About about) {
  const char* const whole = Duration(1) == std::chrono::seconds(1) ? ", whole seconds" : "";
  return leaf<Owner>(
      name, duration_form(min, max) + whole,
      [=](Section& section, Owner& owner) { section.duration(name, owner.*member, min, max); },
      [=](const Owner& owner) { return span_text(owner.*member); }, std::move(about));
}

template <class Owner>
Key boolean(const char* name, bool Owner::*member, About about) {
  return leaf<Owner>(
      name, "true or false",
      [=](Section& section, Owner& owner) { section.boolean(name, owner.*member); },
      [=](const Owner& owner) { return std::string(owner.*member ? "true" : "false"); },
      std::move(about));
}

template <class Owner>
Key text(const char* name, std::string Owner::*member, About about, std::size_t size_max = 255) {
  return leaf<Owner>(
      name, "text of at most " + std::to_string(size_max) + " bytes",
      [=](Section& section, Owner& owner) { section.text(name, owner.*member, size_max); },
      [=](const Owner& owner) { return yaml_text(owner.*member); }, std::move(about));
}

// A file or directory.
template <class Owner>
Key path(const char* name, std::string Owner::*member, About about) {
  Key key = text(name, member, std::move(about), kPathSizeMax);
  key.form = "path";
  return key;
}

template <class Owner>
Key secret(const char* name, std::string Owner::*member, About about, std::size_t size_max) {
  Key key = leaf<Owner>(
      name, "secret of at most " + std::to_string(size_max) + " bytes",
      [=](Section& section, Owner& owner) { section.secret(name, owner.*member, size_max); },
      [=](const Owner& owner) { return yaml_text(owner.*member); }, std::move(about));
  key.secret = true;
  return key;
}

// Where to listen.
template <class Owner>
Key address(const char* name, std::string Owner::*member, About about) {
  return leaf<Owner>(
      name, "IP address",
      [=](Section& section, Owner& owner) {
        section.text(name, owner.*member);
        if ((owner.*member).empty())
          section.error(name, "an address is needed, for example 127.0.0.1");
      },
      [=](const Owner& owner) { return yaml_text(owner.*member); }, std::move(about));
}

// One of some words.
template <class Owner, class Value>
Key choice(const char* name, Value Owner::*member,
           std::vector<std::pair<const char*, Value>> choices, About about) {
  std::string form;
  for (const auto& [word, value] : choices)
    form.append(form.empty() ? "" : ", ").append(word);
  return leaf<Owner>(
      name, std::move(form),
      [=](Section& section, Owner& owner) { section.choice<Value>(name, owner.*member, choices); },
      [=](const Owner& owner) {
        for (const auto& [word, value] : choices)
          if (value == owner.*member) return yaml_text(word);
        return yaml_text("");
      },
      std::move(about));
}

template <class Owner>
Key text_list(const char* name, std::vector<std::string> Owner::*member, About about) {
  return leaf<Owner>(
      name, "list of texts of at most 255 bytes",
      [=](Section& section, Owner& owner) { section.text_list(name, owner.*member); },
      [=](const Owner& owner) { return yaml_list(owner.*member); }, std::move(about));
}

// `table` fills a member of the owner.
template <class Owner, class Part>
Key section(const char* name, Part Owner::*member, Table table, About about) {
  Key key;
  key.name = name;
  key.meaning = std::move(about.meaning);
  key.reason = std::move(about.reason);
  key.below = std::make_shared<const Table>(std::move(table));
  key.part = [=](void* owner) -> void* { return &(static_cast<Owner*>(owner)->*member); };
  return key;
}

// `table` fills the owner itself.
inline Key section(const char* name, Table table, About about) {
  Key key;
  key.name = name;
  key.meaning = std::move(about.meaning);
  key.reason = std::move(about.reason);
  key.below = std::make_shared<const Table>(std::move(table));
  key.part = [](void* owner) { return owner; };
  return key;
}

// A list of mappings. `check` takes (Section&, Owner&, Element&) once an element is read.
template <class Owner, class Element>
Key list(const char* name, std::vector<Element> Owner::*member, Table table, About about,
         std::function<void(Section&, Owner&, Element&)> check = {}) {
  Key key;
  key.name = name;
  key.form = "list";
  key.meaning = std::move(about.meaning);
  key.reason = std::move(about.reason);
  key.below = std::make_shared<const Table>(std::move(table));
  key.elements = [=](void* owner) {
    std::vector<void*> elements;
    for (Element& element : static_cast<Owner*>(owner)->*member)
      elements.push_back(&element);
    return elements;
  };
  key.append = [=](void* owner) -> void* {
    return &(static_cast<Owner*>(owner)->*member).emplace_back();
  };
  key.clear = [=](void* owner) { (static_cast<Owner*>(owner)->*member).clear(); };
  if (check) {
    key.check_element = [=](Section& section, void* owner, void* element) {
      check(section, *static_cast<Owner*>(owner), *static_cast<Element*>(element));
    };
  }
  key.sample = std::make_shared<const Element>();
  return key;
}

// The rows of a part of the owner that stand among the owner's own. REQUIRES leaves.
template <class Owner, class Part>
std::vector<Key> rows_of(Part Owner::*member, std::vector<Key> keys) {
  for (Key& key : keys) {
    key.read = [member, read = std::move(key.read)](Section& section, void* owner) {
      read(section, &(static_cast<Owner*>(owner)->*member));
    };
    key.write = [member, write = std::move(key.write)](const void* owner) {
      return write(&(static_cast<const Owner*>(owner)->*member));
    };
  }
  return keys;
}

// Each of them takes effect at a reload.
std::vector<Key> at_reload(std::vector<Key> keys);

// `check` takes (Section&, const Owner&) once all keys are read.
template <class Owner>
Table table(std::vector<Key> keys, std::function<void(Section&, const Owner&)> check = {}) {
  Table table{std::move(keys), {}};
  if (check) {
    table.check = [=](Section& section, const void* owner) {
      check(section, *static_cast<const Owner*>(owner));
    };
  }
  return table;
}

}  // namespace harrier::config

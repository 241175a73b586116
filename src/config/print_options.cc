#include "config/print_options.h"

#include <set>

#include "config/options_table.h"
#include "config/secret_file.h"
#include "config/yaml_text.h"
#include "config/yaml_writer.h"

namespace harrier::config {
namespace {

// Of the defaults: they are no secrets.
std::set<std::string> built_in_secrets(const Table& table) {
  std::set<std::string> values{yaml_text("")};
  const Options defaults;
  YamlWriter::Style style;
  style.secret_line = [&](const Key& /*key*/, const std::string& /*path*/,
                          const std::string& value) {
    values.insert(value);
    return std::string();
  };
  (void)YamlWriter(style).text(table, &defaults);
  return values;
}

}  // namespace

std::string effective_yaml(const Loaded& loaded) {
  const Table& table = options_table();
  const std::set<std::string> built_in = built_in_secrets(table);
  YamlWriter::Style style;
  style.secret_line = [&](const Key& key, const std::string& path, const std::string& value) {
    const auto file = loaded.secret_files.find(path);
    if (file != loaded.secret_files.end()) return key.name + "_file: " + yaml_text(file->second);
    if (built_in.contains(value)) return key.name + ": " + value;
    return key.name + ": " + yaml_text(kSecretMask);
  };
  return YamlWriter(style).text(table, &loaded.options);
}

}  // namespace harrier::config

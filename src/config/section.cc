#include "config/section.h"

#include "base/utf8.h"
#include "config/quantity.h"
#include "config/secret_file.h"

namespace harrier::config {
namespace {

// From 1; 0 unknown.
int line_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? 0 : mark.line + 1;
}

std::string place(const Reading& reading, const YAML::Node& node) {
  const int line = line_of(node);
  return line == 0 ? reading.file_name : reading.file_name + ":" + std::to_string(line);
}

}  // namespace

Section::Section(Reading& reading, const YAML::Node& node, std::string path)
    : reading_(reading), node_(node), path_(std::move(path)) {
  if (!node_.IsDefined() || node_.IsNull()) return;
  if (!node_.IsMap()) {
    note(node_, path_, "keys and values are expected here");
    node_.reset();
    return;
  }
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    if (!seen.insert(name).second) note(entry.first, path_of(name.c_str()), "given twice");
  }
}

Section::~Section() {
  if (!node_.IsDefined() || !node_.IsMap()) return;
  for (const auto& entry : node_) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    if (!asked_.contains(name)) note(entry.first, path_of(name.c_str()), "unknown key");
  }
}

std::string Section::path_of(const char* key) const {
  if (key == nullptr) return path_;
  return path_.empty() ? key : path_ + "." + key;
}

std::string Section::origin() const { return place(reading_, node_); }

std::string Section::place_of(const char* key) const {
  const std::string path = path_of(key);
  if (environment_value(path) != nullptr) return variable_of(path) + ": " + path;
  return place(reading_, in_document(key) ? YAML::Node(node_[key]) : node_) + ": " + path;
}

std::string Section::variable_of(const std::string& path) const {
  const std::string name = environment_name(path);
  const auto alias = reading_.environment_aliases.find(name);
  return alias == reading_.environment_aliases.end() ? name : alias->second;
}

void Section::note(const YAML::Node& node, const std::string& path, const std::string& what) {
  std::string text = place(reading_, node) + ": ";
  if (!path.empty()) text.append(path).append(": ");
  reading_.errors.emplace_back(line_of(node), text.append(what));
}

void Section::error(const char* key, const std::string& what) {
  if (key != nullptr && environment_value(path_of(key)) != nullptr) {
    reading_.errors.emplace_back(0, place_of(key) + ": " + what);
  } else {
    note(key != nullptr && in_document(key) ? YAML::Node(node_[key]) : node_, path_of(key), what);
  }
}

bool Section::in_document(const char* key) const {
  const YAML::Node& node = node_;  // const: asking must not create the key
  return node.IsDefined() && node.IsMap() && node[key].IsDefined();
}

bool Section::has(const char* key) const {
  return in_document(key) || environment_value(path_of(key)) != nullptr;
}

const std::string* Section::environment_value(const std::string& path) const {
  if (reading_.environment.empty()) return nullptr;
  const auto entry = reading_.environment.find(environment_name(path));
  return entry == reading_.environment.end() ? nullptr : &entry->second;
}

std::optional<YAML::Node> Section::find(const char* key) {
  asked_.insert(key);
  if (!in_document(key)) return std::nullopt;
  return node_[key];
}

std::optional<std::string> Section::scalar(const char* key, const char* expected) {
  const auto node = find(key);
  const std::string path = path_of(key);
  if (const std::string* value = environment_value(path)) {
    reading_.environment_taken.insert(environment_name(path));
    if (base::is_utf8(*value)) return *value;
    error(key, "not UTF-8");
    return std::nullopt;
  }
  if (!node) return std::nullopt;
  if (node->IsScalar()) return node->Scalar();
  error(key, std::string("expected ") + expected);
  return std::nullopt;
}

void Section::text(const char* key, std::string& target, std::size_t size_max) {
  auto value = scalar(key, "a text");
  if (!value) return;
  if (value->size() > size_max)
    return error(key, "longer than " + std::to_string(size_max) + " bytes");
  target = std::move(*value);
}

std::optional<std::string> Section::secret_file(const char* key) {
  const std::string file_key = std::string(key) + "_file";
  const bool in_environment = environment_value(path_of(key)) != nullptr;
  const bool file_in_environment = environment_value(path_of(file_key.c_str())) != nullptr;
  if (in_environment && file_in_environment) {
    error(key, "given both itself and as a file");
    return std::nullopt;
  }
  if (!in_environment && !file_in_environment && in_document(key) &&
      in_document(file_key.c_str())) {
    error(file_key.c_str(), "given beside " + std::string(key) + ", of which one is enough");
    return std::nullopt;
  }
  const std::optional<std::string> name = scalar(file_key.c_str(), "the path of a file");
  if (!name || in_environment || (!file_in_environment && in_document(key))) return std::nullopt;
  return name;
}

void Section::secret(const char* key, std::string& target, std::size_t size_max) {
  const std::optional<std::string> file = secret_file(key);
  if (!file) {
    text(key, target, size_max);
    if (target == kSecretMask) reading_.masked.push_back(place_of(key));
    return;
  }
  find(key);  // the environment's file wins over what stands there
  auto contents = read_secret(*file, size_max);
  if (!contents) return error((std::string(key) + "_file").c_str(), contents.error().message);
  target = std::move(contents).value();
  reading_.secret_files.insert_or_assign(path_of(key), *file);
}

void Section::boolean(const char* key, bool& target) {
  choice<bool>(key, target, {{"true", true}, {"false", false}});
}

void Section::text_list(const char* key, std::vector<std::string>& target, std::size_t size_max) {
  const auto node = find(key);
  if (!node) return;
  if (!node->IsSequence()) return error(key, "expected a list");
  target.clear();
  for (const auto& item : *node) {
    if (!item.IsScalar() || item.Scalar().size() > size_max) {
      note(item, path_of(key), "expected a text of at most " + std::to_string(size_max) + " bytes");
    } else {
      target.push_back(item.Scalar());
    }
  }
}

void Section::text_map(const char* key, std::vector<std::pair<std::string, std::string>>& target) {
  const auto node = find(key);
  if (!node) return;
  if (!node->IsMap()) return error(key, "expected keys and values");
  target.clear();
  for (const auto& entry : *node) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar() || entry.first.Scalar().size() > 128 ||
        entry.second.Scalar().size() > 1024) {
      note(entry.first, path_of(key),
           "expected a name of at most 128 and a text of at most 1024 bytes");
    } else {
      target.emplace_back(entry.first.Scalar(), entry.second.Scalar());
    }
  }
}

void Section::scalar_map(const char* key, std::vector<std::pair<std::string, Scalar>>& target) {
  const auto node = find(key);
  if (!node) return;
  if (!node->IsMap()) return error(key, "expected keys and values");
  target.clear();
  for (const auto& entry : *node) {
    const YAML::Node& value = entry.second;
    if (!entry.first.IsScalar() || !value.IsScalar() || entry.first.Scalar().size() > 128 ||
        value.Scalar().size() > 1024) {
      note(entry.first, path_of(key), "expected a name and a number, true, false or a text");
      continue;
    }
    const std::string& text = value.Scalar();
    const bool plain = value.Tag() == "?";
    if (const auto number = parse_integer(text); plain && number) {
      target.emplace_back(entry.first.Scalar(), *number);
    } else if (plain && (text == "true" || text == "false")) {
      target.emplace_back(entry.first.Scalar(), text == "true");
    } else {
      target.emplace_back(entry.first.Scalar(), text);
    }
  }
}

std::optional<std::int64_t> Section::read_integer(const char* key, std::int64_t min,
                                                  std::int64_t max) {
  const auto value = scalar(key, "a whole number");
  if (!value) return std::nullopt;
  const auto number = parse_integer(*value);
  if (!number) {
    error(key, "'" + *value + "' is not a whole number");
  } else if (*number < min) {
    error(key, *value + " is below " + std::to_string(min));
  } else if (*number > max) {
    error(key, *value + " is above " + std::to_string(max));
  } else {
    return number;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Section::read_size(const char* key, std::int64_t min,
                                               std::int64_t max) {
  const auto value = scalar(key, "a size such as 16MiB");
  if (!value) return std::nullopt;
  const auto bytes = parse_size(*value);
  if (!bytes) {
    error(key, "'" + *value + "' is not a size such as 16MiB");
  } else if (*bytes < min) {
    error(key, *value + " is below " + size_text(min));
  } else if (*bytes > max) {
    error(key, *value + " is above " + size_text(max));
  } else {
    return bytes;
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> Section::read_duration(const char* key,
                                                                std::chrono::milliseconds min,
                                                                std::chrono::milliseconds max,
                                                                bool whole_seconds) {
  const auto value = scalar(key, "a duration such as 60s");
  if (!value) return std::nullopt;
  const auto span = parse_duration(*value);
  if (!span) {
    error(key, "'" + *value + "' is not a duration such as 60s or 30min");
  } else if (*span < min) {
    error(key, *value + " is below " + duration_text(min));
  } else if (*span > max) {
    error(key, *value + " is above " + duration_text(max));
  } else if (whole_seconds && *span % std::chrono::seconds(1) != std::chrono::milliseconds(0)) {
    error(key, *value + " is not a whole number of seconds");
  } else {
    return span;
  }
  return std::nullopt;
}

YAML::Node Section::below(const char* key) {
  return find(key).value_or(YAML::Node(YAML::NodeType::Undefined));
}

std::optional<std::vector<YAML::Node>> Section::list(const char* key) {
  const auto node = find(key);
  if (!node) return std::nullopt;
  if (!node->IsSequence()) {
    error(key, "expected a list");
    return std::nullopt;
  }
  return std::vector<YAML::Node>(node->begin(), node->end());
}

}  // namespace harrier::config

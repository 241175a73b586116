#include "config/load_options.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "config/options_table.h"
#include "config/rabbitmq_environment.h"
#include "config/read_table.h"

namespace harrier::config {
namespace {

base::Error joined(Reading& reading) {
  std::stable_sort(reading.errors.begin(), reading.errors.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string message;
  for (const auto& [line, text] : reading.errors)
    message.append(message.empty() ? "" : "\n").append(text);
  return {std::move(message)};
}

}  // namespace

base::Result<Loaded> load_text(std::string_view text, const std::string& file_name,
                               Environment environment) {
  Reading reading;
  reading.file_name = file_name;
  reading.environment = std::move(environment);
  RabbitmqEnvironment rabbitmq(reading);
  Loaded loaded;
  try {
    const YAML::Node document = YAML::Load(std::string(text));
    Section top(reading, document, "");
    read_table(top, options_table(), &loaded.options);
    if (reading.errors.empty())
      rabbitmq.define_first({.users = document["users"].IsDefined(),
                             .virtual_hosts = document["virtual_hosts"].IsDefined()},
                            loaded.options);
  } catch (const YAML::Exception& exception) {
    const int line = exception.mark.is_null() ? 0 : exception.mark.line + 1;
    reading.errors.emplace_back(
        line, file_name + ":" + std::to_string(line) + ": not YAML: " + exception.msg);
  }
  if (!reading.errors.empty()) return base::fail(joined(reading));
  for (const auto& [name, value] : reading.environment)
    if (!reading.environment_taken.contains(name))
      loaded.warnings.push_back("the variable " + name + " of the environment stands for no key");
  loaded.warnings.insert(loaded.warnings.end(), rabbitmq.warnings().begin(),
                         rabbitmq.warnings().end());
  loaded.secret_files = std::move(reading.secret_files);
  loaded.masked = std::move(reading.masked);
  return loaded;
}

base::Result<Loaded> load(const std::string& path, Environment environment) {
  if (path.empty()) return load_text("", "defaults", std::move(environment));
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(path + ": cannot be opened: " + std::strerror(errno));
  std::string text(kFileSizeMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return base::fail(path + ": cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileSizeMax) return base::fail(path + ": larger than 1 MiB");
  return load_text(text, path, std::move(environment));
}

base::Result<Options> parse(std::string_view text, const std::string& file_name) {
  auto loaded = load_text(text, file_name, {});
  if (!loaded) return base::fail(loaded.error());
  return std::move(loaded->options);
}

}  // namespace harrier::config

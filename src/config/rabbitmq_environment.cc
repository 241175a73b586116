#include "config/rabbitmq_environment.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "config/secret_file.h"

namespace harrier::config {
namespace {

constexpr std::string_view kPrefix = "RABBITMQ_";
constexpr std::size_t kNameSizeMax = 255;
constexpr std::size_t kPasswordSizeMax = 1024;

struct VariableOfKey {
  const char* name;
  const char* path;
};

// Values that both write in the same way.
constexpr std::array kVariablesOfKeys{
    VariableOfKey{"RABBITMQ_NODE_PORT", "listeners.amqp.port"},
    VariableOfKey{"RABBITMQ_NODE_IP_ADDRESS", "listeners.amqp.bind"},
    VariableOfKey{"RABBITMQ_MNESIA_BASE", "data_dir"},
    VariableOfKey{"RABBITMQ_MNESIA_DIR", "data_dir"},
    VariableOfKey{"RABBITMQ_PRODUCT_NAME", "server_properties.product"},
    VariableOfKey{"RABBITMQ_PRODUCT_VERSION", "server_properties.version"},
    VariableOfKey{"RABBITMQ_VM_MEMORY_HIGH_WATERMARK", "memory.high_watermark"},
};

// RabbitMQ's own that ask for something this broker does not have.
constexpr std::array kWithoutMeaning{
    "RABBITMQ_ADVANCED_CONFIG_FILE",
    "RABBITMQ_CONFIG_FILE",
    "RABBITMQ_CONFIG_FILES",
    "RABBITMQ_CTL_ERL_ARGS",
    "RABBITMQ_DIST_PORT",
    "RABBITMQ_ENABLED_PLUGINS",
    "RABBITMQ_ENABLED_PLUGINS_FILE",
    "RABBITMQ_ERLANG_COOKIE",
    "RABBITMQ_FEATURE_FLAGS",
    "RABBITMQ_IO_THREAD_POOL_SIZE",
    "RABBITMQ_NODENAME",
    "RABBITMQ_NODENAME_FILE",
    "RABBITMQ_PID_FILE",
    "RABBITMQ_PLUGINS_DIR",
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
    "RABBITMQ_SERVER_ERL_ARGS",
    "RABBITMQ_SERVER_START_ARGS",
    "RABBITMQ_USE_LONGNAME",
};

// The level of "debug", "connection.warning,info" or "info,+color": the one that is for all
// categories.
std::string_view general_level(std::string_view words) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(','));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (word.find('.') == word.npos && !word.starts_with('+') && !word.starts_with('-'))
      return word;
  }
  return {};
}

}  // namespace

RabbitmqEnvironment::RabbitmqEnvironment(Reading& reading) : reading_(reading) {
  Environment& all = reading_.environment;
  const auto ours = [](const auto& entry) { return entry.first.starts_with(kPrefix); };
  for (auto& [name, value] : all)
    // Image and compose files set what they leave open to nothing.
    if (name.starts_with(kPrefix) && !value.empty()) variables_.emplace(name, std::move(value));
  std::erase_if(all, ours);
  take_keys();
  take_log();
  take_tls();
  user_ = take_text("RABBITMQ_DEFAULT_USER", kNameSizeMax);
  password_ = take_text("RABBITMQ_DEFAULT_PASS", kPasswordSizeMax);
  virtual_host_ = take_text("RABBITMQ_DEFAULT_VHOST", kNameSizeMax);
  warn_of_strangers();
}

std::optional<std::string> RabbitmqEnvironment::take(const std::string& name) {
  const auto entry = variables_.find(name);
  if (entry == variables_.end()) return std::nullopt;
  std::string value = std::move(entry->second);
  variables_.erase(entry);
  return value;
}

std::optional<RabbitmqEnvironment::Text> RabbitmqEnvironment::take_text(const std::string& name,
                                                                        std::size_t size_max) {
  std::optional<std::string> value = take(name);
  const std::string file_variable = std::string(name).append("_FILE");
  const std::string file = take(file_variable).value_or("");
  if (!file.empty()) {
    if (value) {
      error(file_variable, "given beside " + name + ", of which one is enough");
      return std::nullopt;
    }
    auto contents = read_secret(file, size_max);
    if (!contents) {
      error(file_variable, contents.error().message);
      return std::nullopt;
    }
    value = std::move(contents).value();
  }
  if (!value) return std::nullopt;
  if (value->size() > size_max) {
    error(name, "longer than " + std::to_string(size_max) + " bytes");
  } else if (!base::is_utf8(*value)) {
    error(name, "not UTF-8");
  } else {
    return Text{std::move(*value), file};
  }
  return std::nullopt;
}

void RabbitmqEnvironment::stand_for(const std::string& name, const std::string& path,
                                    std::string value) {
  const std::string own = environment_name(path);
  if (reading_.environment.emplace(own, std::move(value)).second)
    reading_.environment_aliases.emplace(own, name);
}

void RabbitmqEnvironment::take_keys() {
  for (const auto& [name, path] : kVariablesOfKeys)
    if (auto value = take(name)) stand_for(name, path, std::move(*value));
}

void RabbitmqEnvironment::take_log() {
  if (const auto place = take("RABBITMQ_LOGS"); place && *place != "-")
    warnings_.push_back("RABBITMQ_LOGS: the log goes to standard output, not to '" + *place + "'");
  const auto words = take("RABBITMQ_LOG");
  if (!words) return;
  const std::string_view level = general_level(*words);
  if (level.empty()) return;
  const bool severe =
      level == "critical" || level == "alert" || level == "emergency" || level == "none";
  stand_for("RABBITMQ_LOG", "log.level",
            level == "notice" ? "info"
            : severe          ? "error"
                              : std::string(level));
}

void RabbitmqEnvironment::take_tls() {
  const auto certificate = take("RABBITMQ_SSL_CERTFILE");
  const auto key = take("RABBITMQ_SSL_KEYFILE");
  const auto authorities = take("RABBITMQ_SSL_CACERTFILE");
  const auto verify = take("RABBITMQ_SSL_VERIFY");
  const auto must_have = take("RABBITMQ_SSL_FAIL_IF_NO_PEER_CERT");
  const auto depth = take("RABBITMQ_SSL_DEPTH");
  if (!certificate || !key) {
    if (certificate || key || authorities || verify || must_have || depth)
      warnings_.push_back(
          "RABBITMQ_SSL_…: TLS needs RABBITMQ_SSL_CERTFILE and "
          "RABBITMQ_SSL_KEYFILE");
    return;
  }
  const std::string place = "listeners.amqps.";
  stand_for("RABBITMQ_SSL_CERTFILE", place + "enabled", "true");
  stand_for("RABBITMQ_SSL_CERTFILE", place + "certificate_file", *certificate);
  stand_for("RABBITMQ_SSL_KEYFILE", place + "key_file", *key);
  if (authorities) stand_for("RABBITMQ_SSL_CACERTFILE", place + "ca_file", *authorities);
  if (depth) stand_for("RABBITMQ_SSL_DEPTH", place + "depth", *depth);
  if (verify && *verify != "verify_none")
    stand_for("RABBITMQ_SSL_VERIFY", place + "verify",
              *verify != "verify_peer"            ? *verify
              : must_have && *must_have == "true" ? "require"
                                                  : "request");
}

void RabbitmqEnvironment::warn_of_strangers() {
  for (const char* const name : kWithoutMeaning)
    if (take(name)) warnings_.push_back(std::string(name) + " has no meaning for this broker");
}

void RabbitmqEnvironment::error(const std::string& name, const std::string& what) {
  reading_.errors.emplace_back(0, name + ": " + what);
}

void RabbitmqEnvironment::define_first(const Named& named, Options& options) {
  std::vector<std::string>& hosts = options.virtual_hosts;
  if (virtual_host_) {
    if (!named.virtual_hosts) hosts.clear();
    if (std::find(hosts.begin(), hosts.end(), virtual_host_->value) == hosts.end())
      hosts.push_back(virtual_host_->value);
  }
  const bool names_user = user_ || password_;
  // With a document that names its users, a virtual host alone is nobody's.
  if (!names_user && (named.users || !virtual_host_)) return;
  if (!named.users) options.users.clear();
  UserOptions& user = first_user(options);
  if (!password_) return;
  user.password = password_->value;
  user.password_hash.clear();
  if (user.password == "guest")
    warnings_.push_back("RABBITMQ_DEFAULT_PASS: everybody knows this password, and the user '" +
                        user.name + "' may log in from other machines");
  const std::string path = "users[" + std::to_string(&user - options.users.data()) + "].password";
  reading_.secret_files.erase(path);
  if (!password_->file.empty()) reading_.secret_files.emplace(path, password_->file);
  if (user.password == kSecretMask) reading_.masked.push_back("RABBITMQ_DEFAULT_PASS: " + path);
}

UserOptions& RabbitmqEnvironment::first_user(Options& options) const {
  UserOptions user = guest_user();
  if (user_) user.name = user_->value;
  // What everyone knows opens the door to this machine only, unless somebody said it.
  user.loopback_only = !password_;
  if (virtual_host_) {
    user.permissions[0].virtual_host = virtual_host_->value;
  } else if (!options.virtual_hosts.empty()) {
    user.permissions[0].virtual_host = options.virtual_hosts.front();
  }
  for (UserOptions& other : options.users)
    if (other.name == user.name) return other;
  options.users.push_back(std::move(user));
  return options.users.back();
}

}  // namespace harrier::config

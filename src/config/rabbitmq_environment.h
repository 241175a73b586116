// Variables that RabbitMQ and its container image know, RABBITMQ_NODE_PORT and so on, as settings
// of ours.
//
// Role:   load_text() has one variable stand for one key where there is such a key, before the
//         document is read, and puts the default user and virtual host in their places afterwards.
// Model:  a variable HARRIERMQ_… of the same key wins. What has no meaning here is warned of if it
//         is RabbitMQ's, and not mentioned if it is nobody's (Kubernetes makes
//         RABBITMQ_SERVICE_HOST and the like).
// Errors: in Reading::errors; they name the variable that was set.
// Thread: compatible.
// Spec:   ecosystem.md 4.1; docs/reference/configuration.md lists the variables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/section.h"
#include "harrier/options.h"

namespace harrier::config {

class RabbitmqEnvironment {
 public:
  // Takes its variables out of `reading`'s environment and leaves those of our keys there.
  explicit RabbitmqEnvironment(Reading& reading);

  // What the document says of users and virtual hosts: whether it names any.
  struct Named {
    bool users = false;
    bool virtual_hosts = false;
  };
  // RABBITMQ_DEFAULT_USER, _PASS and _VHOST: in the place of the built-in user and virtual host,
  // beside what the document names.
  void define_first(const Named& named, Options& options);

  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::optional<std::string> take(const std::string& name);
  struct Text {
    std::string value;
    std::string file;  // where it was read from; empty: from no file
  };
  // The same, or what is in the file that `name`_FILE names.
  std::optional<Text> take_text(const std::string& name, std::size_t size_max);
  void take_keys();
  void take_log();
  void take_tls();
  void warn_of_strangers();
  // The user of that name, or a new one.
  UserOptions& first_user(Options& options) const;
  void stand_for(const std::string& name, const std::string& path, std::string value);
  void error(const std::string& name, const std::string& what);

  Reading& reading_;
  Environment variables_;
  std::vector<std::string> warnings_;
  std::optional<Text> user_;
  std::optional<Text> password_;
  std::optional<Text> virtual_host_;
};

}  // namespace harrier::config

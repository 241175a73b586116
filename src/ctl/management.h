// The broker's management API: JSON over HttpClient.
//
// Role:   commands ask it through a Session, which knows what a refusal means to them.
// Thread: compatible.
// Errors: what HttpClient throws; Trouble(kExitSoftware) for a body that is no JSON or is nested
//         deeper than kNestingMax, unless it says that it is YAML. An answer of any status is
//         returned.
// Spec:   RabbitMQ's HTTP API; /api/ and the paths in the table of commands.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ctl/http_client.h"

namespace harrier::ctl {

// Members keep their order.
using Json = nlohmann::ordered_json;

struct Answer {
  unsigned status = 0;
  // Null for an empty body; a string for YAML.
  Json body;

  bool ok() const { return status >= 200 && status < 300; }
  // The broker's words for a refusal.
  std::string reason() const;
};

// Throws Trouble(kExitSoftware) with `what` in its text.
Json parse_answer(std::string_view text, std::string_view what);

class Management {
 public:
  static constexpr int kNestingMax = 64;

  explicit Management(HttpClient& client) : client_(client) {}

  // `target` begins with /api. `login` stands in for the one of the address.
  Answer call(std::string_view method, std::string_view target,
              const std::optional<Json>& body = std::nullopt,
              const std::vector<std::pair<std::string, std::string>>& fields = {},
              const std::optional<Login>& login = std::nullopt);

  HttpClient& client() { return client_; }

 private:
  HttpClient& client_;
};

}  // namespace harrier::ctl

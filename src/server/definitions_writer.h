// Definitions as a file: in RabbitMQ's form, or in ours, which loses nothing.
//
// Role:   for exports. parse_definitions() reads both.
// Model:  ours has RabbitMQ's keys and some more: SCRAM keys as password_hash, loopback_only,
//         limits that RabbitMQ does not have, and the octets of tables that JSON cannot say.
// Thread: pure function.
// Cost:   linear; the answer is one text.
// Spec:   docs/operations/definitions.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/definitions_document.h"

namespace harrier::server {

enum class DefinitionsForm : std::uint8_t { kRabbitMq, kOwn };

struct WrittenDefinitions {
  std::string json;
  // What the form cannot say, by name: "user 'ali': …".
  std::vector<std::string> left_out;
};
WrittenDefinitions write_definitions(const DefinitionsDocument& document, DefinitionsForm form);

}  // namespace harrier::server

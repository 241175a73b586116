// One object of a definitions file, being read.
//
// Role:   parse_definitions() asks it for what it knows; what nobody asked for is unknown.
// Model:  of all complaints of a file the first counts: later answers are empty then.
// Thread: confined to its user. Both references outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "amqp/field_table.h"

namespace harrier::server {

struct DefinitionsFindings {
  std::string error;              // empty: none
  std::set<std::string> unknown;  // "queues.colour"
};

class DefinitionsItem {
 public:
  // `place`: "users[2]"; `section`: "users".
  DefinitionsItem(const nlohmann::json& object, std::string_view section, std::string place,
                  DefinitionsFindings& findings);
  // Whatever has not been asked for is reported.
  ~DefinitionsItem();
  DefinitionsItem(const DefinitionsItem&) = delete;
  DefinitionsItem& operator=(const DefinitionsItem&) = delete;

  // nullptr: not there, or null.
  const nlohmann::json* find(const char* key);
  bool has(const char* key) { return find(key) != nullptr; }
  // Of at least one octet.
  std::string name(const char* key);
  // Of 255 octets at most.
  std::string short_text(const char* key, const char* fallback = "");
  std::string text(const char* key, const char* fallback = "");
  // RabbitMQ's tools write "true", too.
  bool flag(const char* key, bool fallback);
  std::int64_t number(const char* key, std::int64_t fallback);
  // nullopt: not there, or negative, which is unlimited.
  std::optional<std::uint64_t> limit(const char* key);
  // A list, or a text with commas.
  std::vector<std::string> words(const char* key);
  // Exactly, when our own form says how: `<key>_hex`.
  amqp::FieldTable table(const char* key);
  // Known, and of no use here.
  void pass(std::initializer_list<const char*> keys);

  const std::string& place() const { return place_; }
  void complain(const std::string& what);

 private:
  const nlohmann::json& object_;
  const std::string section_;
  const std::string place_;
  DefinitionsFindings& findings_;
  std::set<std::string> asked_;
};

}  // namespace harrier::server

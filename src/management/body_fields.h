// The members of a request's body, as lenient as RabbitMQ reads them.
//
// Model:  rabbitmqadmin sends numbers and booleans as texts: both are taken. Null is not there.
//         Members that nobody asks for count for nothing.
// Thread: confined to its handler. REQUIRES that the object outlives it.
// Errors: ApiError 400 that names the member.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "amqp/field_table.h"

namespace harrier::management {

class BodyFields {
 public:
  explicit BodyFields(const nlohmann::json& object) : object_(object) {}

  // 400 in RabbitMQ's words, all that are missing at once.
  void need(std::initializer_list<const char*> names) const;
  // nullptr: not there, or null.
  const nlohmann::json* find(const char* name) const;
  bool has(const char* name) const { return find(name) != nullptr; }
  std::string text(const char* name, const char* fallback = "") const;
  bool flag(const char* name, bool fallback) const;
  std::int64_t number(const char* name, std::int64_t fallback) const;
  // A list of texts, or one text with commas.
  std::vector<std::string> words(const char* name) const;
  // An object as a field table; empty if it is not there.
  amqp::FieldTable table(const char* name) const;

 private:
  const nlohmann::json& object_;
};

}  // namespace harrier::management

// The properties of a message as JSON and back.
//
// Thread: plain value; a pure function.
// Errors: MessageProperties: ApiError 400 that names what is wrong.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "amqp/field_table.h"
#include "amqp/properties.h"
#include "management/body_fields.h"

namespace harrier::management {

// Keeps what a Properties refers to.
class MessageProperties {
 public:
  // Of the member `properties`.
  explicit MessageProperties(const BodyFields& body);
  MessageProperties(const MessageProperties&) = delete;
  MessageProperties& operator=(const MessageProperties&) = delete;

  // Valid while this lives.
  const amqp::Properties& values() const { return values_; }

 private:
  void take_text(const BodyFields& fields, const char* name, amqp::PropertyFlag flag,
                 amqp::Bytes amqp::Properties::*member);

  amqp::Properties values_;
  amqp::FieldTable headers_;
  std::map<std::string, std::string> texts_;
};

// RabbitMQ's names; those that are not set are not there. REQUIRES bytes that a message had.
nlohmann::json json_of_properties(std::string_view property_bytes);

}  // namespace harrier::management

// What stands in definitions files, and in answers of the management API: arguments as field tables
// and back, limits, words.
//
// Role:   arguments of queues, exchanges and bindings, definitions of policies, limits, tags.
// Model:  as RabbitMQ: a whole number is a 64-bit integer, another number a double, null a void.
//         The way back loses which kind of integer it was, and what JSON has not: see is_exact().
// Thread: pure functions.
// Errors: names the key that cannot be in a field table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "amqp/field_table.h"
#include "base/result.h"
#include "broker/tenant_limits.h"

namespace harrier::server {

// RabbitMQ's command line writes some objects as lists of pairs, and empty ones as empty lists:
// those become objects, anything else stays as it is. Of two of one name the last counts.
nlohmann::json object_of(const nlohmann::json& value);
base::Result<amqp::FieldTable> table_of_json(const nlohmann::json& object);
// Octets that are no UTF-8 become U+FFFD when it is written.
nlohmann::json json_of_table(amqp::TableView table);
// Whether `json`, read again, is octet for octet the same table.
bool is_exact(const nlohmann::json& json, amqp::TableView table);

// Whether all its names and strings are UTF-8.
bool is_text(amqp::TableView table);

// "hex": a table that JSON cannot say.
std::string hex_of_table(amqp::TableView table);
base::Result<amqp::FieldTable> table_of_hex(std::string_view hex);

// With RabbitMQ's names, and names like these; what is not limited is not there.
nlohmann::json json_of(const broker::UserLimits& limits);
nlohmann::json json_of(const broker::TenantLimits& limits);

// "a, b": words between commas, without the spaces around them; empty ones are passed over.
std::vector<std::string> words_of(std::string_view text);

}  // namespace harrier::server

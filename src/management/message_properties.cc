#include "management/message_properties.h"

#include "management/api_error.h"
#include "server/definitions_values.h"

namespace harrier::management {
namespace {

using amqp::Properties;
using nlohmann::json;

constexpr std::size_t kShortTextMax = 255;

struct TextProperty {
  const char* name;
  amqp::PropertyFlag flag;
  amqp::Bytes Properties::*member;
};
constexpr TextProperty kTexts[] = {
    {"content_type", amqp::kContentType, &Properties::content_type},
    {"content_encoding", amqp::kContentEncoding, &Properties::content_encoding},
    {"correlation_id", amqp::kCorrelationId, &Properties::correlation_id},
    {"reply_to", amqp::kReplyTo, &Properties::reply_to},
    {"expiration", amqp::kExpiration, &Properties::expiration},
    {"message_id", amqp::kMessageId, &Properties::message_id},
    {"type", amqp::kType, &Properties::type},
    {"user_id", amqp::kUserId, &Properties::user_id},
    {"app_id", amqp::kAppId, &Properties::app_id},
    {"cluster_id", amqp::kClusterId, &Properties::cluster_id}};

}  // namespace

MessageProperties::MessageProperties(const BodyFields& body) {
  const json* const given = body.find("properties");
  const json object = given == nullptr ? json::object() : server::object_of(*given);
  if (!object.is_object()) throw bad_request("'properties' is not an object");
  const BodyFields fields(object);
  for (const TextProperty& property : kTexts)
    take_text(fields, property.name, property.flag, property.member);
  const auto take_number = [&](const char* name, amqp::PropertyFlag flag, std::int64_t max) {
    if (!fields.has(name)) return std::int64_t{0};
    const std::int64_t number = fields.number(name, 0);
    if (number < 0 || number > max)
      throw bad_request("'" + std::string(name) + "' is out of range");
    values_.flags |= static_cast<std::uint16_t>(flag);
    return number;
  };
  values_.delivery_mode =
      static_cast<std::uint8_t>(take_number("delivery_mode", amqp::kDeliveryMode, UINT8_MAX));
  values_.priority = static_cast<std::uint8_t>(take_number("priority", amqp::kPriority, UINT8_MAX));
  values_.timestamp =
      static_cast<std::uint64_t>(take_number("timestamp", amqp::kTimestamp, INT64_MAX));
  if (!fields.has("headers")) return;
  headers_ = fields.table("headers");
  values_.headers = headers_.view();
  values_.flags |= static_cast<std::uint16_t>(amqp::kHeaders);
}

void MessageProperties::take_text(const BodyFields& fields, const char* name,
                                  amqp::PropertyFlag flag, amqp::Bytes Properties::*member) {
  if (!fields.has(name)) return;
  const json& value = *fields.find(name);
  // rabbitmqadmin's users write numbers without quotes: an expiration, say.
  std::string text = value.is_number_integer() ? value.dump() : fields.text(name);
  if (text.size() > kShortTextMax)
    throw bad_request("'" + std::string(name) + "' is longer than 255 octets");
  const std::string& kept = texts_[name] = std::move(text);
  values_.*member = kept;
  values_.flags |= static_cast<std::uint16_t>(flag);
}

json json_of_properties(std::string_view property_bytes) {
  const Properties properties = amqp::parse_properties(property_bytes);
  json object = json::object();
  for (const TextProperty& property : kTexts)
    if (properties.has(property.flag)) object[property.name] = properties.*property.member;
  if (properties.has(amqp::kDeliveryMode)) object["delivery_mode"] = properties.delivery_mode;
  if (properties.has(amqp::kPriority)) object["priority"] = properties.priority;
  if (properties.has(amqp::kTimestamp)) object["timestamp"] = properties.timestamp;
  if (properties.has(amqp::kHeaders)) object["headers"] = server::json_of_table(properties.headers);
  return object;
}

}  // namespace harrier::management

#include "management/message_properties.h"

#include <gtest/gtest.h>

#include "management/api_error.h"

namespace harrier::management {
namespace {

using nlohmann::json;

json round_trip(const json& properties) {
  const json body = {{"properties", properties}};
  const MessageProperties read{BodyFields(body)};
  return json_of_properties(amqp::encode_properties(read.values()));
}

TEST(MessageProperties, ComeBackAsTheyWere) {
  const json all = {{"content_type", "a"},   {"content_encoding", "b"},
                    {"correlation_id", "c"}, {"reply_to", "d"},
                    {"expiration", "5"},     {"message_id", "e"},
                    {"type", "f"},           {"user_id", "g"},
                    {"app_id", "h"},         {"cluster_id", "i"},
                    {"delivery_mode", 2},    {"priority", 255},
                    {"timestamp", 1234567},  {"headers", {{"x", 1}, {"y", {{"z", {true}}}}}}};
  EXPECT_EQ(round_trip(all), all);
  EXPECT_EQ(round_trip(json::object()), json::object());
}

TEST(MessageProperties, RabbitmqadminsTextsAreNumbers) {
  EXPECT_EQ(round_trip({{"delivery_mode", "2"}, {"expiration", 60}}),
            (json{{"delivery_mode", 2}, {"expiration", "60"}}));
}

TEST(MessageProperties, WhatDoesNotFitIsRefused) {
  for (const json& bad : std::vector<json>{{{"priority", 256}},
                                           {{"priority", -1}},
                                           {{"timestamp", -1}},
                                           {{"type", true}},
                                           {{"headers", 1}},
                                           {{"reply_to", std::string(256, 'x')}},
                                           json(1)})
    EXPECT_THROW((void)round_trip(bad), ApiError) << bad;
}

}  // namespace
}  // namespace harrier::management

// What is counted, as JSON: "x", and "x_details": {"rate": …}.
//
// Thread: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "management/time_text.h"
#include "server/measured.h"
#include "server/virtual_host_statistics.h"

namespace harrier::management {

void put(nlohmann::json& object, const char* name, std::uint64_t value, double rate);
inline void put(nlohmann::json& object, const char* name, const server::Measured& measured) {
  put(object, name, measured.total, measured.rate);
}
inline void put(nlohmann::json& object, const char* name, const server::Level& level) {
  put(object, name, level.value, level.rate);
}
// message_stats with all of RabbitMQ's names.
nlohmann::json json_of(const server::MessageStatistics& statistics);
// messages, messages_ready, messages_unacknowledged.
void put_totals(nlohmann::json& object, const server::Level& ready, const server::Level& unacked);

}  // namespace harrier::management

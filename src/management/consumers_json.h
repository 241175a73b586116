// Consumers and channels, for the nouns that show them.
//
// Thread: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "server/channel_view.h"
#include "server/consumer_view.h"

namespace harrier::management {

nlohmann::json json_of(const server::ConsumerView& consumer);
nlohmann::json json_of(const server::ChannelView& channel);
nlohmann::json connection_details(const server::ConnectionEnds& ends);

}  // namespace harrier::management

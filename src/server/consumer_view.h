// A consumer, copied out of its loop.
//
// Thread: plain values.
#pragma once

#include <cstdint>
#include <string>

#include "amqp/field_table.h"
#include "server/channel_view.h"

namespace harrier::server {

struct ConsumerView {
  std::string virtual_host;
  std::string queue;
  // Unique on its channel.
  std::string consumer_tag;
  ChannelKey channel;
  std::string channel_name;
  ConnectionEnds ends;
  std::string user;
  bool ack_required = true;
  bool exclusive = false;
  // False: another one is the single active consumer.
  bool active = true;
  // "up", "single_active" or "waiting".
  std::string_view activity_status;
  std::uint32_t prefetch_count = 0;  // 0: none
  std::int64_t priority = 0;
  amqp::FieldTable arguments;
};

}  // namespace harrier::server

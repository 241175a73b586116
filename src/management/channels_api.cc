// Channels and consumers.
#include "management/consumers_json.h"
#include "management/node_facts.h"
#include "management/route.h"
#include "management/statistics_json.h"
#include "management/walk.h"
#include "server/definitions_values.h"
#include "server/inspection.h"

namespace harrier::management {

using nlohmann::json;
using server::ChannelView;
using server::ConsumerView;
using server::Inspection;

json connection_details(const server::ConnectionEnds& ends) {
  return {{"name", ends.name()}, {"peer_host", ends.peer_host}, {"peer_port", ends.peer_port}};
}

json json_of(const ConsumerView& consumer) {
  return {{"queue", {{"name", consumer.queue}, {"vhost", consumer.virtual_host}}},
          {"consumer_tag", consumer.consumer_tag},
          {"channel_details",
           {{"name", consumer.channel_name},
            {"node", node_name()},
            {"number", consumer.channel.number},
            {"connection_name", consumer.ends.name()},
            {"peer_host", consumer.ends.peer_host},
            {"peer_port", consumer.ends.peer_port},
            {"user", consumer.user}}},
          {"ack_required", consumer.ack_required},
          {"exclusive", consumer.exclusive},
          {"active", consumer.active},
          {"activity_status", std::string(consumer.activity_status)},
          {"prefetch_count", consumer.prefetch_count},
          {"priority", consumer.priority},
          {"arguments", server::json_of_table(consumer.arguments.view())}};
}

json json_of(const ChannelView& channel) {
  json row = {{"name", channel.name},
              {"number", channel.key.number},
              {"node", node_name()},
              {"vhost", channel.virtual_host},
              {"user", channel.user},
              {"user_who_performed_action", channel.user},
              {"state", std::string(channel.state)},
              {"connection_details", connection_details(channel.ends)},
              {"consumer_count", channel.consumers},
              {"prefetch_count", channel.prefetch_count},
              {"global_prefetch_count", channel.global_prefetch_count},
              {"confirm", channel.confirm},
              {"transactional", channel.transactional},
              {"messages_unacknowledged", channel.unacked},
              {"messages_unconfirmed", channel.unconfirmed},
              {"messages_uncommitted", channel.uncommitted},
              {"acks_uncommitted", channel.acks_uncommitted},
              {"pending_raft_commands", 0},
              {"reductions", 0},
              {"garbage_collection", json::object()},
              {"message_stats", json_of(channel.statistics)}};
  if (channel.idle_since) row["idle_since"] = text_of(*channel.idle_since);
  return row;
}

namespace {

// Others than monitors see their own.
bool may_see(const Call& call, const ChannelView& channel) {
  return call.visitor().is_monitor() || channel.user == call.actor().user;
}

http::Response list(const Call& call,
                    const std::function<void(const Inspection::Take<ChannelView>&)>& walk) {
  return list_views<ChannelView>(
      call,
      [&](const Inspection::Take<ChannelView>& take) {
        walk([&](std::vector<ChannelView>& batch) {
          std::erase_if(batch, [&](const ChannelView& view) { return !may_see(call, view); });
          return take(batch);
        });
      },
      [](const ChannelView& view) { return std::string_view(view.name); },
      [](const ChannelView& view) { return json_of(view); });
}

http::Response list_channels(const Call& call) {
  return list(call, [&](const Inspection::Take<ChannelView>& take) {
    call.node().inspection().channels({}, take);
  });
}

http::Response list_channels_of_host(const Call& call) {
  return list(call, [&](const Inspection::Take<ChannelView>& take) {
    call.node().inspection().channels(call.parameter(0), take);
  });
}

http::Response list_channels_of_connection(const Call& call) {
  const Inspection& inspection = call.node().inspection();
  const auto keys = inspection.connections_named(call.parameter(0));
  if (keys.empty()) throw not_found();
  return list(call, [&](const Inspection::Take<ChannelView>& take) {
    for (const server::ConnectionKey& key : keys)
      inspection.channels_of(key, take);
  });
}

http::Response get_channel(const Call& call) {
  const Inspection& inspection = call.node().inspection();
  const auto view = inspection.channel(call.parameter(0));
  if (!view) throw not_found();
  if (!may_see(call, *view)) throw not_authorised();
  json row = json_of(*view);
  row["publishes"] = json::array();
  row["deliveries"] = json::array();
  row["consumer_details"] = json::array();
  inspection.consumers(view->virtual_host, [&](std::vector<ConsumerView>& batch) {
    for (const ConsumerView& consumer : batch)
      if (consumer.channel == view->key) row["consumer_details"].push_back(json_of(consumer));
    return true;
  });
  return object_answer(call, std::move(row));
}

http::Response consumers(const Call& call, const Inspection::Where& where) {
  return list_views<ConsumerView>(
      call,
      [&](const Inspection::Take<ConsumerView>& take) {
        each_host(call, where,
                  [&](const std::string& host) { call.node().inspection().consumers(host, take); });
      },
      [](const ConsumerView& view) { return std::string_view(view.consumer_tag); },
      [](const ConsumerView& view) { return json_of(view); });
}
http::Response list_consumers(const Call& call) { return consumers(call, {}); }
http::Response list_consumers_of_host(const Call& call) {
  return consumers(call, call.parameter(0));
}

}  // namespace

void add_channels_routes(Routes& routes) {
  routes.insert(
      routes.end(),
      {{"GET", "/api/channels", Need::kUser, list_channels,
        "Channels; of others for monitors only.", "", "Channel[]"},
       {"GET", "/api/channels/{channel}", Need::kUser, get_channel, "One channel.", "", "Channel"},
       {"GET", "/api/vhosts/{vhost}/channels", Need::kHost, list_channels_of_host,
        "Those in a virtual host.", "", "Channel[]"},
       {"GET", "/api/connections/{connection}/channels", Need::kUser, list_channels_of_connection,
        "Those of a connection.", "", "Channel[]"},
       {"GET", "/api/consumers", Need::kUser, list_consumers, "Consumers of all virtual hosts.", "",
        "Consumer[]"},
       {"GET", "/api/consumers/{vhost}", Need::kHost, list_consumers_of_host,
        "Those of a virtual host.", "", "Consumer[]"}});
}

}  // namespace harrier::management

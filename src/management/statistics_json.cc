#include "management/statistics_json.h"

namespace harrier::management {

using nlohmann::json;

void put(json& object, const char* name, std::uint64_t value, double rate) {
  object[name] = value;
  object[std::string(name) + "_details"] = {{"rate", rate}};
}

json json_of(const server::MessageStatistics& statistics) {
  json object = json::object();
  put(object, "publish", statistics.publish);
  put(object, "publish_in", statistics.publish_in);
  put(object, "publish_out", statistics.publish_out);
  put(object, "confirm", statistics.confirm);
  put(object, "deliver", statistics.deliver);
  put(object, "deliver_no_ack", statistics.deliver_no_ack);
  put(object, "deliver_get", statistics.deliver_get());
  put(object, "get", statistics.get);
  put(object, "get_no_ack", statistics.get_no_ack);
  put(object, "get_empty", statistics.get_empty);
  put(object, "ack", statistics.ack);
  put(object, "redeliver", statistics.redeliver);
  put(object, "return_unroutable", statistics.return_unroutable);
  put(object, "drop_unroutable", statistics.drop_unroutable);
  return object;
}

void put_totals(json& object, const server::Level& ready, const server::Level& unacked) {
  put(object, "messages", ready.value + unacked.value, ready.rate + unacked.rate);
  put(object, "messages_ready", ready);
  put(object, "messages_unacknowledged", unacked);
}

}  // namespace harrier::management

// What an API says of the node as a whole: its name, versions, where it listens.
//
// Thread: any.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "management/call.h"

namespace harrier::management {

// "harriermq@<host>": in the form of RabbitMQ's, because tools take it apart.
const std::string& node_name();
// 404 unless the path's first parameter is that name.
void check_node(const Call& call);
// Administrators can change it; RabbitMQ keeps it as a global parameter, too.
std::string cluster_name(const Call& call);
// The compiler and its library, where RabbitMQ says Erlang's version.
std::string runtime_version();

struct ListenerPlace {
  std::string protocol;  // "amqp", "amqp/ssl", "http" …
  std::string address;
  std::uint16_t port = 0;
  bool tls = false;
};
std::vector<ListenerPlace> listener_places(const Call& call);

}  // namespace harrier::management

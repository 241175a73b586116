// Variables of the environment that stand for keys: HARRIERMQ_LISTENERS_AMQP_PORT.
//
// Model:  HARRIERMQ_, then the dotted key in capitals, with "_" for each dot and bracket:
//         users[0].name is HARRIERMQ_USERS_0_NAME. No two keys have the same (a test).
//         Variables of RabbitMQ's are rabbitmq_environment.h's.
// Thread: compatible; read_environment() before there is a second thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace harrier::config {

using Environment = std::map<std::string, std::string, std::less<>>;

// The variables of this process that begin with HARRIERMQ_ or RABBITMQ_, without harrierctl's.
Environment read_environment();

std::string environment_name(std::string_view path);

}  // namespace harrier::config

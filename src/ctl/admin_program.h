// rabbitmqadmin: the verbs of RabbitMQ's program of that name, for scripts that call it.
//
// Role:   run_program() calls it when it was called so.
// Thread: compatible.
// Errors: prints them as rabbitmqadmin does, and returns 1, as it does.
#pragma once

#include <string>
#include <vector>

#include "ctl/settings.h"

namespace harrier::ctl {

int run_admin(const std::vector<std::string>& words, Streams& streams);

}  // namespace harrier::ctl

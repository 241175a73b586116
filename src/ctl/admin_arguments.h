// The name=value words of one rabbitmqadmin action, as the body of its request.
//
// Thread: pure function.
// Errors: Trouble(kExitUsage), in rabbitmqadmin's words, for a name that is missing or unknown and
//         for what should be JSON.
#pragma once

#include <string>
#include <vector>

#include "ctl/admin_table.h"
#include "ctl/management.h"

namespace harrier::ctl {

// What was given and what stands in for the rest. A word may begin with a virtual host's `vhost=`,
// whatever the row says.
Json admin_body(const AdminAction& action, const std::vector<std::string>& words);

}  // namespace harrier::ctl

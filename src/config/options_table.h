// The table of keys: every key of the configuration, in reading order.
//
// Role:   the one place that knows a key's name, form, limits, meaning and reason; defaults are
//         those of Options. To add a key, add its row where it belongs.
// Thread: compatible.
#pragma once

#include <string>
#include <vector>

#include "config/key.h"
#include "harrier/options.h"

namespace harrier::config {

// Its owner is Options; made by the first call.
const Table& options_table();

// Its pieces, by owner.
Table listeners_table();  // Options
// UnixListenerOptions; TlsListenerOptions, `place` before the rest.
Table unix_table(About path_about);
Table tls_table(std::vector<Key> place);
Table management_table();   // ManagementOptions
Table http_limits_table();  // HttpLimitOptions
Table auth_table();         // AuthOptions
Table oauth2_table();       // OAuth2Options
Table audit_table();        // AuditOptions
Table tracing_table();      // TracingOptions
Table user_table();         // UserOptions
Key policy_list(const char* name, std::vector<PolicyOptions> Options::*member, About about);
Table definition_file_table();  // DefinitionFileOptions
Table limits_table();           // Options
Table user_limits_table();      // UserLimitOptions
// limits.virtual_hosts and limits.defaults.
Key tenant_list();
Key tenant_default_list();

// Checks between users, policies and virtual hosts.
void check_names(Section& top, const Options& options);

}  // namespace harrier::config

// From Options::auth.oauth2 to what takes tokens.
//
// Thread: pure functions.
// Errors: of the options, or of a file of keys that cannot be used.
#pragma once

#include <memory>

#include "auth/token_policy.h"
#include "base/clock.h"
#include "base/result.h"
#include "harrier/options.h"
#include "server/token_key_refresher.h"

namespace harrier::server {

base::Result<auth::TokenPolicy> token_policy(const OAuth2Options& options);
// Not started. Keys of a file are loaded, those of a URL come when they come.
base::Result<std::unique_ptr<TokenKeyRefresher>> token_keys(const OAuth2Options& options,
                                                            const base::Clock& clock);

}  // namespace harrier::server

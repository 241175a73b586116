#include "server/token_access.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "server/http_client.h"

namespace harrier::server {
namespace {

base::Result<std::string> read_file(const std::string& name, std::size_t size_max) {
  std::ifstream file(name, std::ios::binary);
  if (!file) return base::fail("'" + name + "' cannot be opened: " + std::strerror(errno));
  std::string bytes(size_max + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) return base::fail("'" + name + "' cannot be read");
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() > size_max)
    return base::fail("'" + name + "' is longer than " + std::to_string(size_max) + " bytes");
  return bytes;
}

base::Error about(const char* key, const std::string& what) {
  return {std::string("auth.oauth2.") + key + ": " + what};
}

// One that does not begin with the prefix would never count, without a word.
base::Status<> take_aliases(const OAuth2Options& options, auth::TokenPolicy& policy) {
  for (const auto& [alias, scopes] : options.scope_aliases) {
    for (const std::string& scope : scopes) {
      if (!scope.starts_with(policy.scope_prefix))
        return base::fail(about("scope_aliases", "'" + scope + "' of '" + alias +
                                                     "' does not begin with '" +
                                                     policy.scope_prefix + "'"));
    }
    if (!policy.scope_aliases.emplace(alias, scopes).second)
      return base::fail(about("scope_aliases", "'" + alias + "' stands twice"));
  }
  return base::Done{};
}

}  // namespace

base::Result<auth::TokenPolicy> token_policy(const OAuth2Options& options) {
  if (options.issuer.empty()) return base::fail(about("issuer", "whose tokens are to be taken?"));
  if (options.username_claims.empty())
    return base::fail(about("username_claims", "one claim at least is needed"));
  const auto& known = auth::kTokenAlgorithms;
  for (const std::string& algorithm : options.algorithms) {
    if (std::find(std::begin(known), std::end(known), algorithm) == std::end(known))
      return base::fail(about("algorithms", "'" + algorithm + "' is not known"));
  }
  auth::TokenPolicy policy;
  policy.resource_server_id = options.resource_server_id;
  policy.issuer = options.issuer;
  policy.scope_prefix =
      options.scope_prefix.empty() ? options.resource_server_id + "." : options.scope_prefix;
  policy.username_claims = options.username_claims;
  policy.additional_scopes_claim = options.additional_scopes_claim;
  policy.algorithms = options.algorithms;
  policy.clock_skew = options.clock_skew;
  policy.token_size_max = options.token_size_max;
  if (auto taken = take_aliases(options, policy); !taken)
    return base::fail(std::move(taken).error());
  return policy;
}

base::Result<std::unique_ptr<TokenKeyRefresher>> token_keys(const OAuth2Options& options,
                                                            const base::Clock& clock) {
  if (options.jwks_file.empty() == options.jwks_url.empty())
    return base::fail(about("jwks_file", "exactly one of jwks_file and jwks_url is needed"));
  const FetchSchedule schedule(options.jwks_refresh_interval, options.jwks_refetch_interval);
  if (!options.jwks_file.empty()) {
    auto keys = std::make_unique<TokenKeyRefresher>(
        schedule, clock,
        [name = options.jwks_file, size_max = options.jwks_size_max](const std::atomic<bool>&) {
          return read_file(name, size_max);
        });
    if (auto loaded = keys->load(); !loaded)
      return base::fail(about("jwks_file", loaded.error().message));
    return keys;
  }
  const HttpClient download{options.jwks_url, options.jwks_ca_file, options.jwks_timeout,
                            options.jwks_size_max};
  if (auto fine = download.check(); !fine)
    return base::fail(about("jwks_url", fine.error().message));
  return std::make_unique<TokenKeyRefresher>(
      schedule, clock,
      [download](const std::atomic<bool>& stopping) { return download.get(stopping); });
}

}  // namespace harrier::server

// auth.oauth2.*
#include "config/options_table.h"
#include "config/row.h"

namespace harrier::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using O = OAuth2Options;

constexpr std::size_t kAliasesMax = 1'000;
constexpr std::size_t kAliasScopesMax = 100;

std::vector<Key> identities() {
  return {
      text("resource_server_id", &O::resource_server_id,
           {"The broker's name at the authorization server, which must stand in a token's aud; "
            "empty: no tokens are taken.",
            "Nobody is believed who was not named."}),
      text("issuer", &O::issuer,
           {"Who signs: a token's iss, whole; needed with resource_server_id.",
            "There is none that everybody trusts."},
           kPathSizeMax),
  };
}

// The names with _file are of files that the broker reads: none is a secret in a file.
std::vector<Key> signing_keys() {
  Key url = text("jwks_url", &O::jwks_url,
                 {"Where that set is fetched from, in place of jwks_file: https, or http to this "
                  "machine's own addresses.",
                  "Only the authorization server knows its URL."},
                 kPathSizeMax);
  url.form = "URL";
  return {
      path("jwks_file", &O::jwks_file,
           {"The public keys that tokens are signed with: a file with a JSON Web Key Set; this or "
            "jwks_url is needed with resource_server_id. SIGHUP reads it again.",
            "Most authorization servers have a URL."}),
      std::move(url),
      path("jwks_ca_file", &O::jwks_ca_file,
           {"PEM: authorities that the URL's certificate is checked against; empty: the system's.",
            "Public authorization servers have certificates the system knows."}),
      duration("jwks_refresh_interval", &O::jwks_refresh_interval, seconds(1), hours(24),
               {"How often the keys are read again.",
                "A key that was taken back is not believed for longer."}),
      duration(
          "jwks_refetch_interval", &O::jwks_refetch_interval, seconds(1), hours(1),
          {"After a failure, and when a token names an unknown key, they are read at once, but "
           "not more often than this.",
           "Wrong tokens must not become a load for the authorization server."}),
      duration("jwks_timeout", &O::jwks_timeout, milliseconds(100), seconds(60),
               {"For the whole answer of the URL; beyond, the old keys are kept.",
                "Distant servers take a second."}),
      size("jwks_size_max", &O::jwks_size_max, kKiB, 16 * kMiB,
           {"A longer answer or file is an error; the old keys are kept.",
            "Room for a hundred keys."}),
  };
}

void check_alias(Section& section, O& owner, ScopeAliasOptions& alias) {
  if (alias.alias.empty()) section.error("alias", "an alias needs a name");
  if (alias.scopes.empty()) section.error("scopes", "at least one is needed");
  if (alias.scopes.size() > kAliasScopesMax)
    section.error("scopes", "more than " + std::to_string(kAliasScopesMax));
  // Only once, however many there are.
  if (owner.scope_aliases.size() == kAliasesMax + 1)
    section.error(nullptr, "more than " + std::to_string(kAliasesMax) + " aliases");
}

Key scope_aliases() {
  using A = ScopeAliasOptions;
  return list<O, A>(
      "scope_aliases", &O::scope_aliases,
      table<A>({
          text("alias", &A::alias,
               {"A scope as tokens have it, whole; each once.", "Only who makes tokens knows it."})
              .is_needed(),
          text_list("scopes", &A::scopes,
                    {"What it stands for, at most 100, each with the prefix; none is looked up as "
                     "an alias again. Variables are as in tokens.",
                     "There is none that fits all."})
              .is_needed(),
      }),
      {"Words of an authorization server that cannot make RabbitMQ's scopes, and the scopes they "
       "stand for; at most 1,000.",
       "Most can."},
      check_alias);
}

std::vector<Key> claims() {
  Key algorithms = text_list("algorithms", &O::algorithms,
                             {"Signatures that are taken.",
                              "All that are safe; none of them shares a key with who checks."});
  algorithms.form = "list of RS256, RS384, RS512, ES256, ES384, ES512";
  return {
      text_list("username_claims", &O::username_claims,
                {"The first of these claims that a token has is its user's name.", "RabbitMQ's."}),
      text("scope_prefix", &O::scope_prefix,
           {"Scopes count if they begin with this; empty: resource_server_id and a dot.",
            "RabbitMQ's."}),
      text("additional_scopes_claim", &O::additional_scopes_claim,
           {"Another claim beside scope that holds scopes; empty: none.",
            "Most authorization servers use scope."}),
      scope_aliases(),
      std::move(algorithms),
      duration("clock_skew", &O::clock_skew, milliseconds(0), seconds(60),
               {"How far the clocks may differ.",
                "Clocks are set by the network; otherwise tokens live longer than they say."}),
      size("token_size_max", &O::token_size_max, kKiB, 128 * kKiB,
           {"A longer token is refused; in a login limits.connection.initial_frame_max holds, too.",
            "Many scopes fit."}),
  };
}

}  // namespace

Table oauth2_table() {
  std::vector<Key> keys = identities();
  for (Key& key : signing_keys())
    keys.push_back(std::move(key));
  for (Key& key : claims())
    keys.push_back(std::move(key));
  return table<O>(std::move(keys));
}

}  // namespace harrier::config

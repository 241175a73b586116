// The part of Options that says who may log in, how, and what they may do.
//
// Role:   plain values, as in options.h, which includes this.
// Limits: as there.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harrier/tenant_options.h"

namespace harrier {

// What a user may do inside one virtual host: patterns (PCRE2) that are searched for in the names
// of queues and exchanges. ".*" is in every name, "" matches none.
struct PermissionOptions {
  std::string virtual_host = "/";
  std::string configure = ".*";
  std::string write = ".*";
  std::string read = ".*";

  bool operator==(const PermissionOptions&) const = default;
};

// Which routing keys of a topic exchange a user may publish with (write) and bind with (read).
// In the patterns {username} and {vhost} stand for the names of the user and the virtual host.
struct TopicPermissionOptions {
  std::string virtual_host = "/";
  std::string exchange;
  std::string write = ".*";
  std::string read = ".*";

  bool operator==(const TopicPermissionOptions&) const = default;
};

struct UserOptions {
  std::string name;
  // One of the two. The hash is RabbitMQ's, base64 of a 4-byte salt and the SHA-256 or SHA-512 over
  // salt and password, or SCRAM keys as docs/operations/authentication.md shows them.
  std::string password;
  std::string password_hash;
  std::vector<std::string> tags;
  bool loopback_only = false;
  std::vector<PermissionOptions> permissions;
  // A topic exchange that is not listed takes every key.
  std::vector<TopicPermissionOptions> topic_permissions;
  UserLimitOptions limits;

  bool operator==(const UserOptions&) const = default;
};

// RabbitMQ's first user, only reachable from this machine.
inline UserOptions guest_user() {
  UserOptions guest;
  guest.name = guest.password = "guest";
  guest.tags = {"administrator"};
  guest.loopback_only = true;
  guest.permissions = {PermissionOptions{}};
  return guest;
}

// How much administrators may define.
struct DefinitionLimitOptions {
  std::uint32_t users_max = 100'000;
  std::uint32_t virtual_hosts_max = 10'000;
  // Permissions, topic permissions, parameters: each.
  std::uint32_t rules_max = 1'000'000;
  // Of one definitions file.
  std::uint64_t file_size_max = 64 << 20;

  bool operator==(const DefinitionLimitOptions&) const = default;
};

// A file in RabbitMQ's form, of users, queues and so on.
struct DefinitionFileOptions {
  // Read at the start and by Server::reload(), which adds what is missing. Empty: none.
  std::string load;

  bool operator==(const DefinitionFileOptions&) const = default;
};

// Which name in a client's certificate is the user's.
enum class ExternalNameOption { kDistinguishedName, kCommonName, kSanDns, kSanEmail, kSanUri };

// A word in a token that stands for scopes.
struct ScopeAliasOptions {
  std::string alias;
  std::vector<std::string> scopes;

  bool operator==(const ScopeAliasOptions&) const = default;
};

// Tokens (JWT) in the place of passwords. Off while resource_server_id is empty.
struct OAuth2Options {
  // This broker's name at the authorization server: must be in a token's `aud`.
  std::string resource_server_id;
  // Must be a token's `iss`.
  std::string issuer;
  // The keys that tokens are signed with, as JWKS: one of the two. The URL is https, or http to
  // this machine.
  std::string jwks_file;
  std::string jwks_url;
  // Authorities that the URL's certificate is checked against; empty: the system's.
  std::string jwks_ca_file;
  std::chrono::milliseconds jwks_refresh_interval{300'000};
  // Tokens with unknown keys, and failures, have the keys fetched again after this time at least.
  std::chrono::milliseconds jwks_refetch_interval{10'000};
  std::chrono::milliseconds jwks_timeout{10'000};
  std::uint64_t jwks_size_max = 256 << 10;
  // The first of these claims that a token has is its user's name.
  std::vector<std::string> username_claims{"sub", "client_id"};
  // Scopes that begin otherwise are left out; empty: resource_server_id and a dot.
  std::string scope_prefix;
  // Another claim with scopes.
  std::string additional_scopes_claim;
  // Each alias once.
  std::vector<ScopeAliasOptions> scope_aliases;
  std::vector<std::string> algorithms{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"};
  std::chrono::milliseconds clock_skew{0};
  std::uint64_t token_size_max = 16 << 10;

  bool operator==(const OAuth2Options&) const = default;
};

// How logins are checked.
struct AuthOptions {
  // PLAIN and AMQPLAIN without TLS from other machines.
  bool plain_without_tls = true;
  ExternalNameOption external_name_from = ExternalNameOption::kDistinguishedName;
  std::uint32_t hash_iterations_sha256 = 600'000;
  std::uint32_t hash_iterations_sha512 = 210'000;
  std::uint32_t hash_threads = 1;
  // Passwords that wait for a thread.
  std::uint32_t hash_queue_max = 1024;
  // A password that was right is not hashed again for so long; zero: always.
  std::chrono::milliseconds cache_lifetime{60'000};
  std::uint32_t cache_entries_max = 10'000;
  // The longest wait after wrong passwords; zero: none.
  std::chrono::milliseconds throttle_delay_max{2'000};
  std::uint32_t throttle_entries_max = 10'000;
  // Whether logins are counted by address and user, and for how many of these.
  bool track_attempt_source = false;
  std::uint32_t attempt_sources_max = 10'000;
  OAuth2Options oauth2;

  bool operator==(const AuthOptions&) const = default;
};

}  // namespace harrier

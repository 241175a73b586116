// auth.*
#include "config/options_table.h"
#include "config/row.h"

namespace harrier::config {

using std::chrono::milliseconds;

Table auth_table() {
  using O = AuthOptions;
  using From = ExternalNameOption;
  return table<O>({
      boolean("plain_without_tls", &O::plain_without_tls,
              {"Whether PLAIN and AMQPLAIN, which send the password, are offered without TLS to "
               "other machines.",
               "Many clients know nothing else; the first such login is warned of."})
          .at_reload(),
      choice<O, From>("external_name_from", &O::external_name_from,
                      {{"distinguished_name", From::kDistinguishedName},
                       {"common_name", From::kCommonName},
                       {"san_dns", From::kSanDns},
                       {"san_email", From::kSanEmail},
                       {"san_uri", From::kSanUri}},
                      {"EXTERNAL: the name in a client's certificate that is its user's; san_: the "
                       "first alternative name of that kind.",
                       "RabbitMQ's choice."}),
      integer("hash_iterations_sha256", &O::hash_iterations_sha256, 4096, 10'000'000,
              {"Iterations of PBKDF2 for stored passwords; a login brings a password to them.",
               "OWASP's figure: more makes stolen hashes safer and logins dearer."}),
      integer("hash_iterations_sha512", &O::hash_iterations_sha512, 4096, 10'000'000,
              {"The same for SCRAM-SHA-512.", "OWASP's figure."}),
      integer(
          "hash_threads", &O::hash_threads, 1, 64,
          {"Threads that hash passwords, beside the loops; each hash takes one for about 0.2 s.",
           "The cache makes slow hashes rare."}),
      integer("hash_queue_max", &O::hash_queue_max, 1, 1'000'000,
              {"Passwords that wait for a thread; beyond, the last of the address with the most is "
               "refused.",
               "As many as may be unauthenticated at once."}),
      duration("cache_lifetime", &O::cache_lifetime, milliseconds(0), std::chrono::hours(1),
               {"A password that was right is not hashed again for so long; 0: it always is.",
                "A change of the user ends it at once, so it need not be short."})
          .at_reload(),
      integer("cache_entries_max", &O::cache_entries_max, 1, 10'000'000,
              {"Users of whom that is remembered; beyond, the oldest is forgotten.",
               "About 100 bytes each."})
          .at_reload(),
      duration("throttle_delay_max", &O::throttle_delay_max, milliseconds(0),
               std::chrono::seconds(60),
               {"The longest wait after wrong passwords: after three the next is looked at 0.1 s "
                "later, then twice as long with each; 0: none.",
                "Nobody is locked out; keep it below limits.connection.handshake_timeout."})
          .at_reload(),
      integer("throttle_entries_max", &O::throttle_entries_max, 2, 10'000'000,
              {"Addresses and users whose failures are counted; beyond, the oldest is forgotten.",
               "About 100 bytes each."})
          .at_reload(),
      boolean("track_attempt_source", &O::track_attempt_source,
              {"Whether logins are counted by address, user and protocol, for "
               "/api/auth/attempts/{node}/source and metrics.",
               "As RabbitMQ's: it makes a series of each name that somebody tries."}),
      integer("attempt_sources_max", &O::attempt_sources_max, 1, 1'000'000,
              {"How many of these; logins that would need one more are counted in one row "
               "without address and user, until all are forgotten.",
               "At most about 700 bytes each."}),
      section(
          "oauth2", &O::oauth2, oauth2_table(),
          {"Tokens (OAuth 2, JWT) in the place of passwords; docs/operations/oauth2.md explains "
           "it.",
           ""}),
  });
}

}  // namespace harrier::config

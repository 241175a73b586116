// Who am I, and what passwords become.
#include <algorithm>
#include <array>
#include <vector>

#include "auth/stored_password.h"
#include "base/random.h"
#include "management/body_fields.h"
#include "management/list_answer.h"
#include "management/node_facts.h"
#include "management/route.h"
#include "server/login_sources.h"

namespace harrier::management {
namespace {

using nlohmann::json;

http::Response whoami(const Call& call) {
  const broker::Actor& actor = call.actor();
  return object_answer(
      call,
      {{"name", actor.user}, {"tags", actor.tags}, {"is_internal_user", actor.grant == nullptr}});
}

// In RabbitMQ's form, which every tool can give back.
http::Response hashed(const std::string& password) {
  if (password.empty()) throw bad_request("an empty password is nobody's");
  base::SecureRandom salts;
  return json_answer({{"ok", auth::StoredPassword::of_clear(password, salts).text()}});
}

http::Response hash_password(const Call& call) { return hashed(call.parameter(0)); }

http::Response hash_posted_password(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"password"});
  return hashed(fields.text("password"));
}

// ---- logins since the start, or since somebody asked to forget them

struct Attempts {
  const char* protocol;
  std::uint64_t accepted;
  std::uint64_t refused;
  Counters::Attempts& forgotten;
};

std::array<Attempts, 2> attempts_of(const Call& call) {
  Counters& counters = call.ports().counters;
  std::uint64_t accepted = 0, refused = 0;
  for (const server::LoopView& loop : call.node().loops()) {
    accepted += loop.counters->logins.value();
    refused += loop.counters->logins_refused.value();
  }
  return {{{"amqp091", accepted, refused, counters.forgotten_amqp},
           {"http", counters.logins_accepted, counters.logins_refused, counters.forgotten_http}}};
}

// Somebody else may have forgotten more meanwhile.
std::uint64_t since(std::uint64_t total, std::uint64_t forgotten) {
  return total - std::min(total, forgotten);
}

http::Response list_attempts(const Call& call) {
  check_node(call);
  std::vector<json> list;
  for (const Attempts& attempts : attempts_of(call)) {
    const std::uint64_t accepted = since(attempts.accepted, attempts.forgotten.accepted);
    const std::uint64_t refused = since(attempts.refused, attempts.forgotten.refused);
    list.push_back({{"protocol", attempts.protocol},
                    {"auth_attempts", accepted + refused},
                    {"auth_attempts_failed", refused},
                    {"auth_attempts_succeeded", accepted}});
  }
  return list_answer(call, std::move(list));
}

http::Response forget_attempts(const Call& call) {
  check_node(call);
  for (const Attempts& attempts : attempts_of(call)) {
    attempts.forgotten.accepted = attempts.accepted;
    attempts.forgotten.refused = attempts.refused;
  }
  if (server::LoginSources* const sources = call.node().login_sources()) sources->forget();
  return done_answer();
}

http::Response list_attempts_by_source(const Call& call) {
  check_node(call);
  std::vector<json> list;
  if (const server::LoginSources* const sources = call.node().login_sources())
    for (const server::LoginSource& source : sources->list())
      list.push_back({{"remote_address", source.address},
                      {"username", source.user},
                      {"protocol", source.protocol},
                      {"auth_attempts", source.accepted + source.refused},
                      {"auth_attempts_failed", source.refused},
                      {"auth_attempts_succeeded", source.accepted}});
  return list_answer(call, std::move(list), "username");
}

http::Response auth_settings(const Call&) { return json_answer({{"oauth_enabled", false}}); }

}  // namespace

void add_auth_routes(Routes& routes) {
  routes.insert(
      routes.end(),
      {{"GET", "/api/whoami", Need::kUser, whoami, "Who is logged in.", "", "Whoami"},
       {"GET", "/api/auth", Need::kNothing, auth_settings, "How browsers log in.", "", "Auth"},
       {"POST", "/api/auth/hash_password", Need::kUser, hash_posted_password,
        "A password's hash, for PUT /api/users.", "Password", "Hash"},
       {"GET", "/api/auth/hash_password/{password}", Need::kUser, hash_password,
        "The same; the password then stands in logs of proxies.", "", "Hash"},
       {"GET", "/api/auth/attempts/{node}", Need::kMonitor, list_attempts,
        "Logins by protocol, good and bad.", "", "AuthAttempts[]"},
       {"DELETE", "/api/auth/attempts/{node}", Need::kMonitor, forget_attempts,
        "Counts them from zero again, and forgets where they came from; metrics of the first go "
        "on."},
       {"GET", "/api/auth/attempts/{node}/source", Need::kMonitor, list_attempts_by_source,
        "Logins by address, user and protocol, with `auth.track_attempt_source`; empty without. "
        "What its table does not hold stands together, without address and user.",
        "", "AuthSource[]"},
       {"DELETE", "/api/auth/attempts/{node}/source", Need::kMonitor, forget_attempts,
        "The same as without `/source`, as in RabbitMQ."}});
}

}  // namespace harrier::management

// Who am I, and what passwords become.
#include "auth/stored_password.h"
#include "base/random.h"
#include "management/body_fields.h"
#include "management/route.h"

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
        "The same; the password then stands in logs of proxies.", "", "Hash"}});
}

}  // namespace harrier::management

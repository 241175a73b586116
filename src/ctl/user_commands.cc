// Users, their passwords, tags and limits.
#include "ctl/families.h"
#include "ctl/password_hash.h"
#include "ctl/password_input.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

constexpr std::string_view kNoUser = "User \"{USER}\" does not exist";

std::string password_of(Session& session) {
  if (session.arguments().has("PASSWORD")) return session.arguments().text("PASSWORD");
  return read_password(session.streams());
}

void add_user(Session& session) {
  if (session.ask("GET", "/api/users/{USER}").ok())
    throw Trouble(kExitSoftware, session.text("User \"{USER}\" already exists"));
  const std::string secret = password_of(session);
  if (session.arguments().has("pre-hashed-password"))
    session.send(Json{{"password_hash", secret}, {"tags", ""}});
  else
    session.send(Json{{"password", secret}, {"tags", ""}});
  if (!session.settings().silent && !session.settings().quiet)
    session.say(
        "Done. Don't forget to grant the user permissions to some virtual hosts! See "
        "'{program} help set_permissions' to learn more.");
}

// The API replaces a user as a whole, so what is to stay is sent again.
Json user_as_it_is(Session& session) {
  const Json user = session.get("/api/users/{USER}");
  if (!user.is_object()) throw Trouble(kExitSoftware, "the broker's answer is no user");
  Json body = Json::object();
  for (const char* key : {"password_hash", "hashing_algorithm", "tags"}) {
    if (user.contains(key)) body[key] = user[key];
  }
  return body;
}

void change_password(Session& session) {
  Json body = user_as_it_is(session);
  body.erase("password_hash");
  body.erase("hashing_algorithm");
  body["password"] = password_of(session);
  session.send(body);
}

void clear_password(Session& session) {
  Json body = user_as_it_is(session);
  body["password_hash"] = "";
  session.send(body);
}

void set_user_tags(Session& session) {
  Json body = user_as_it_is(session);
  body["tags"] = session.arguments().all("TAG");
  session.send(body);
}

// 401 is what a wrong password gets, and also a user without a management tag, which is no
// failure here: RabbitMQ tells them apart in the reason.
void authenticate_user(Session& session) {
  const Login login{session.arguments().text("USER"), password_of(session)};
  const Answer answer = session.management().call("GET", "/api/whoami", std::nullopt, {}, login);
  if (answer.status == 401) {
    const std::string reason = answer.reason();
    if (reason != "Not management user" && reason != "Access refused.")
      throw Trouble(kExitNoSuchObject,
                    session.text("Error: failed to authenticate user \"{USER}\"\n"
                                 "user '{USER}' - invalid credentials"));
  } else {
    session.require(answer);
  }
  session.print("Success");
}

void hash_password(Session& session) { session.print(password_hash(password_of(session))); }

void list_user_limits(Session& session) {
  const bool all = session.arguments().has("global");
  session.announce(all ? "Listing limits for all users ..."
                       : "Listing limits for user \"{user}\" ...");
  const Answer answer = session.ask("GET", all ? "/api/user-limits" : "/api/user-limits/{user}");
  if (answer.status == 404)
    throw Trouble(kExitNoSuchUser, session.text("User \"{user}\" does not exist"));
  session.require(answer);
  if (!answer.body.is_array()) throw Trouble(kExitSoftware, "the broker's answer is no list");
  if (all) {
    Table table{.columns = {"user", "limits"}};
    for (const Json& entry : answer.body)
      table.rows.push_back({entry.value("user", ""), entry.value("value", Json()).dump()});
    session.print_table(table);
    return;
  }
  session.print_json(answer.body.empty() ? Json::object()
                                         : answer.body[0].value("value", Json::object()));
}

void set_user_limits(Session& session) { session.send_limits("{\"max-connections\":10}"); }

void clear_user_limits(Session& session) {
  const bool all = session.arguments().text("LIMIT") == "all";
  session.announce(all ? "Clearing all limits for user \"{USER}\" ..."
                       : "Clearing \"{LIMIT}\" limit for user \"{USER}\" ...");
  if (!all) {
    session.send();
    return;
  }
  session.require_names();
  for (const char* pattern :
       {"/api/user-limits/{USER}/max-connections", "/api/user-limits/{USER}/max-channels"}) {
    const Answer answer = session.ask("DELETE", pattern);
    if (answer.status != 404) session.require(answer);
  }
}

std::vector<Command> of_users() {
  return {
      {.name = "list_users",
       .arguments = "[ITEM]...",
       .summary = "Lists user names and tags",
       .call = "GET /api/users",
       .banner = "Listing users ...",
       .items = "user=name tags | password_hash hashing_algorithm limits",
       .run = list_items},
      {.name = "add_user",
       .arguments = "USER [PASSWORD]",
       .summary = "Creates a user; the password is read from standard input if it is left out",
       .call = "PUT /api/users/{USER}",
       .banner = "Adding user \"{USER}\" ...",
       .run = add_user,
       .flags = {{"--pre-hashed-password", "",
                  "the password is a hash, as hash_password makes it"}}},
      {.name = "delete_user",
       .arguments = "USER",
       .summary = "Removes a user with its permissions",
       .call = "DELETE /api/users/{USER}",
       .banner = "Deleting user \"{USER}\" ...",
       .run = send_call,
       .missing = kNoUser,
       .missing_exit = kExitNoSuchUser},
      {.name = "change_password",
       .arguments = "USER [PASSWORD]",
       .summary = "Changes a password, read from standard input if it is left out",
       .call = "PUT /api/users/{USER}",
       .banner = "Changing password for user \"{USER}\" ...",
       .run = change_password},
      {.name = "clear_password",
       .arguments = "USER",
       .summary = "Takes a user's password away: no login with one from then on",
       .call = "PUT /api/users/{USER}",
       .banner = "Clearing password for user \"{USER}\" ...",
       .run = clear_password},
      {.name = "authenticate_user",
       .arguments = "USER [PASSWORD]",
       .summary = "Tries a password; exit code 65 if it is wrong",
       .call = "GET /api/whoami",
       .banner = "Authenticating user \"{USER}\" ...",
       .run = authenticate_user},
      {.name = "set_user_tags",
       .arguments = "USER [TAG]...",
       .summary = "Replaces a user's tags: administrator, monitoring, policymaker, management",
       .call = "PUT /api/users/{USER}",
       .banner = "Setting tags for user \"{USER}\" to [{TAG}] ...",
       .run = set_user_tags},
      {.name = "hash_password",
       .arguments = "[PASSWORD]",
       .summary = "Prints a hash for definitions files; needs no broker",
       .run = hash_password},
  };
}

std::vector<Command> of_limits() {
  return {
      {.name = "list_user_limits",
       .summary = "Lists the limits of a user, or of all",
       .call = "GET /api/user-limits/{user}",
       .run = list_user_limits,
       .flags = {{"--user", "USER", "whose", "guest"}, {"--global", "", "of all users"}}},
      {.name = "set_user_limits",
       .arguments = "USER DEFINITION",
       .summary = "Sets limits: {\"max-connections\":N,\"max-channels\":N}",
       .call = "PUT /api/user-limits/{USER}/{LIMIT}",
       .banner = "Setting user limits to \"{DEFINITION}\" for user \"{USER}\" ...",
       .run = set_user_limits},
      {.name = "clear_user_limits",
       .arguments = "USER LIMIT",
       .summary = "Removes a limit of a user, or `all`",
       .call = "DELETE /api/user-limits/{USER}/{LIMIT}",
       .run = clear_user_limits},
  };
}

}  // namespace

std::vector<Command> user_commands() {
  std::vector<Command> rows = of_users();
  for (Command& row : of_limits())
    rows.push_back(std::move(row));
  for (Command& row : rows)
    row.family = Family::kUsers;
  return rows;
}

}  // namespace harrier::ctl

// Permissions of users in virtual hosts, and on the routing keys of topic exchanges.
#include "ctl/families.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

void set_permissions(Session& session) {
  const Arguments& given = session.arguments();
  session.send(Json{{"configure", given.text("CONFIGURE")},
                    {"write", given.text("WRITE")},
                    {"read", given.text("READ")}});
}

void set_topic_permissions(Session& session) {
  const Arguments& given = session.arguments();
  session.send(Json{{"exchange", given.text("EXCHANGE")},
                    {"write", given.text("WRITE")},
                    {"read", given.text("READ")}});
}

// To have had none is as good.
void clear_permissions(Session& session) {
  const Answer answer = session.ask("DELETE", session.command().call.substr(7));
  if (answer.status == 404)
    session.require_names();
  else
    session.require(answer);
}

void clear_topic_permissions(Session& session) {
  if (!session.arguments().has("EXCHANGE")) {
    clear_permissions(session);
    return;
  }
  const Answer answer = session.ask("DELETE", "/api/topic-permissions/{vhost}/{USER}/{EXCHANGE}");
  if (answer.status == 404)
    session.require_names();
  else
    session.require(answer);
}

}  // namespace

std::vector<Command> permission_commands() {
  std::vector<Command> rows = {
      {.name = "list_permissions",
       .arguments = "[ITEM]...",
       .summary = "Lists the permissions in a virtual host",
       .call = "GET /api/vhosts/{vhost}/permissions",
       .banner = "Listing permissions for vhost \"{vhost}\" ...",
       .items = "user configure write read",
       .run = list_items},
      {.name = "list_user_permissions",
       .arguments = "USER [ITEM]...",
       .summary = "Lists the permissions of a user in all virtual hosts",
       .call = "GET /api/users/{USER}/permissions",
       .banner = "Listing permissions for user \"{USER}\" ...",
       .items = "vhost configure write read",
       .run = list_items},
      {.name = "set_permissions",
       .arguments = "USER CONFIGURE WRITE READ",
       .summary = "Sets what a user may do in a virtual host: three regular expressions over names",
       .call = "PUT /api/permissions/{vhost}/{USER}",
       .banner = "Setting permissions for user \"{USER}\" in vhost \"{vhost}\" ...",
       .run = set_permissions},
      {.name = "clear_permissions",
       .arguments = "USER",
       .summary = "Takes a user's permissions in a virtual host away",
       .call = "DELETE /api/permissions/{vhost}/{USER}",
       .banner = "Clearing permissions for user \"{USER}\" in vhost \"{vhost}\" ...",
       .run = clear_permissions},
      {.name = "list_topic_permissions",
       .arguments = "[ITEM]...",
       .summary = "Lists the topic permissions in a virtual host",
       .call = "GET /api/vhosts/{vhost}/topic-permissions",
       .banner = "Listing topic permissions for vhost \"{vhost}\" ...",
       .items = "user exchange write read",
       .run = list_items},
      {.name = "list_user_topic_permissions",
       .arguments = "USER [ITEM]...",
       .summary = "Lists the topic permissions of a user",
       .call = "GET /api/users/{USER}/topic-permissions",
       .banner = "Listing topic permissions for user \"{USER}\" ...",
       .items = "vhost exchange write read",
       .run = list_items},
      {.name = "set_topic_permissions",
       .arguments = "USER EXCHANGE WRITE READ",
       .summary = "Sets which routing keys a user may publish with and bind to a topic exchange",
       .call = "PUT /api/topic-permissions/{vhost}/{USER}",
       .banner = "Setting topic permissions on \"{EXCHANGE}\" for user \"{USER}\" in vhost "
                 "\"{vhost}\" ...",
       .run = set_topic_permissions},
      {.name = "clear_topic_permissions",
       .arguments = "USER [EXCHANGE]",
       .summary = "Takes topic permissions away: those on an exchange, or all in the virtual host",
       .call = "DELETE /api/topic-permissions/{vhost}/{USER}",
       .banner = "Clearing topic permissions for user \"{USER}\" in vhost \"{vhost}\" ...",
       .run = clear_topic_permissions},
  };
  for (Command& row : rows)
    row.family = Family::kPermissions;
  return rows;
}

}  // namespace harrier::ctl

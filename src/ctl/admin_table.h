// What rabbitmqadmin is told to do: `declare queue name=q durable=true` and its like.
//
// Model:  a row's arguments are words: `name` must be given; `a|b` one of the two; `durable=true`
//         has that value unless given; `node?` may be left out; a `:` before the value or at the
//         end says that it is JSON: `arguments:={}`, `definition:`.
// Thread: immutable.
// Spec:   the verbs and names of RabbitMQ's rabbitmqadmin before 4.3.
#pragma once

#include <span>
#include <string_view>

namespace harrier::ctl {

struct AdminAction {
  std::string_view verb;
  std::string_view kind;
  std::string_view arguments;
  // "PUT /api/queues/{vhost}/{name}"
  std::string_view call;
  // Said when it is done; empty for those that print an answer.
  std::string_view done;
};

struct AdminList {
  std::string_view kind;
  std::string_view path;
  // The usual columns; empty: all that are no lists or objects.
  std::string_view columns;
  // There is a list of one virtual host below the path.
  bool per_virtual_host = false;
};

std::span<const AdminAction> admin_actions();
std::span<const AdminList> admin_lists();

const AdminAction* find_admin_action(std::string_view verb, std::string_view kind);
const AdminList* find_admin_list(std::string_view kind);

}  // namespace harrier::ctl

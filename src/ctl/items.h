// Columns of a list: which of them are there, and where each comes from.
//
// Model:  "user tags | password_hash=password.hash source_kind='exchange definition!": before the
//         bar those shown if none are asked for. `a=b.c` shows member c of member b as a; `a='x`
//         always shows x; a `!` at the end shows the value as JSON text, as RabbitMQ does.
// Thread: pure functions.
// Errors: select_items() throws Trouble(kExitUsage) for a name that is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/table.h"

namespace harrier::ctl {

struct Item {
  std::string name;
  std::string path;
  std::string constant;
  bool as_json_text = false;
};

// `asked`: names, also several in one word with commas between.
std::vector<Item> select_items(std::string_view spec, const std::vector<std::string>& asked);

// The value of ?columns= for them; empty if nothing is needed.
std::string columns_query(const std::vector<Item>& items);

// These two throw Trouble(kExitSoftware) unless `list` is an array of objects.
Table project(const Json& list, const std::vector<Item>& items);

// A column for each member that its objects have, 64 at most: which there are is the API's to say.
Table table_of_members(const Json& list);

// Member "a.b" of an object; null if there is none.
const Json& member(const Json& object, std::string_view path);

}  // namespace harrier::ctl

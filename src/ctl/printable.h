// Text from the broker on its way to a terminal or to a program that reads lines.
//
// Role:   names are chosen by clients of the broker: one with a line break, a tab or an escape
//         sequence must neither forge a row nor speak to the terminal.
// Thread: pure functions.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace harrier::ctl {

// Control characters (C0, DEL, C1), line and direction marks and what is no UTF-8 as \n, \t,
// \x1b, \u2028 …; a backslash stays as it is, since patterns are full of them.
std::string printable(std::string_view text);

// A value as RabbitMQ's tables show it: text as it is, lists and objects as Erlang writes them,
// nothing for null. Printable.
std::string table_text(const nlohmann::ordered_json& value);

}  // namespace harrier::ctl

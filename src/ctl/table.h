// Rows and columns on their way out, in one of the four forms of RabbitMQ's tools.
//
// Thread: pure functions.
// Spec:   table: tab-separated below a header; csv: RFC 4180, every field quoted, LF; json: an
//         array, one object a line; pretty_table: boxes. Names are made printable in all but JSON,
//         which has escapes of its own. Without rows there is no header either, as in RabbitMQ.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/management.h"

namespace harrier::ctl {

enum class Format { kTable, kCsv, kJson, kPrettyTable };

std::optional<Format> parse_format(std::string_view name);

struct Table {
  std::vector<std::string> columns;
  // Each as long as `columns`.
  std::vector<std::vector<Json>> rows;
};

std::string render(const Table& table, Format format, bool headers);

}  // namespace harrier::ctl

// Lists over several virtual hosts, of which a visitor may see some.
//
// Thread: confined to its handler.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "management/list_answer.h"

namespace harrier::management {

// Those of `where`, or all that the visitor may see.
void each_host(const Call& call, const std::optional<std::string>& where,
               const std::function<void(const std::string&)>& each);

// A list of views, which are kept until their rows have been sent. `walk` takes a callback for
// batches; `name` and `row` look at a view.
template <class View, class Walk, class Name, class Row>
http::Response list_views(const Call& call, Walk&& walk, Name&& name, Row row) {
  ListAnswer answer{ListQuery(call)};
  auto views = std::make_shared<std::vector<View>>();
  walk([&](std::vector<View>& batch) {
    for (View& view : batch)
      if (answer.add(name(view), [&] { return row(view); })) views->push_back(std::move(view));
    return true;
  });
  return answer.finish([views, row](std::span<const std::size_t> entries) {
    std::vector<nlohmann::json> rows;
    for (const std::size_t entry : entries)
      rows.push_back(row((*views)[entry]));
    return rows;
  });
}

}  // namespace harrier::management

// A list as an answer: sorted, paged, and made while it is sent.
//
// Role:   handlers collect what the list consists of as entries, which are small, and say how a row
//         is made; rows are made in blocks when the client has taken those before.
// Thread: confined to one worker at a time.
// Limits: memory: an entry each, and kBlock rows.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/message.h"
#include "management/list_query.h"

namespace harrier::management {

class ListAnswer {
 public:
  static constexpr std::size_t kBlock = 128;

  // Makes the rows of these entries; one that has gone meanwhile is left out.
  using Render = std::function<std::vector<nlohmann::json>(std::span<const std::size_t> entries)>;

  explicit ListAnswer(ListQuery query) : query_(std::move(query)) {}

  const ListQuery& query() const { return query_; }
  // An element, if the list has it: false if the filter leaves it out. `key` is asked for if there
  // is an order.
  bool add(std::string_view name, const std::function<nlohmann::json()>& key);
  // The entries are numbered in the order in which they were added.
  http::Response finish(Render render);

 private:
  struct Entry {
    nlohmann::json key;
    std::size_t index = 0;
  };

  void sort();
  http::Response page(const Render& render) const;

  const ListQuery query_;
  std::vector<Entry> entries_;
  std::uint64_t total_ = 0;
};

// Of rows that are there. The filter looks at `name`.
http::Response list_answer(const Call& call, std::vector<nlohmann::json> rows,
                           const char* name = "name");

}  // namespace harrier::management

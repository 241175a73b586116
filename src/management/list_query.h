// How a list is wanted: columns, order, a filter, one page of it.
//
// Model:  without `page` the list is whole and `name` counts for nothing, as in RabbitMQ.
// Thread: immutable.
// Errors: ApiError 400: a page or size that is no number or out of bounds, a pattern that is none.
// Limits: kPageSizeMax, kPatternMax, kColumnsMax: 400.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/pattern.h"

namespace harrier::management {

class Call;

// "name,message_stats.publish_details.rate": a part of each object.
class Columns {
 public:
  static constexpr std::size_t kColumnsMax = 256;

  // Empty: all.
  explicit Columns(std::string_view text);
  bool all() const { return paths_.empty(); }
  // Whether an object's member of this name is wanted, whole or in part.
  bool wants(std::string_view member) const;
  void apply(nlohmann::json& object) const;

 private:
  std::vector<std::vector<std::string>> paths_;
};

class ListQuery {
 public:
  static constexpr std::uint64_t kPageMax = 1'000'000'000;
  static constexpr std::uint64_t kPageSizeMax = 500;
  static constexpr std::size_t kPatternMax = 1024;

  explicit ListQuery(const Call& call);

  const Columns& columns() const { return columns_; }
  bool sorted() const { return !sort_.empty(); }
  // The member that the order goes by, to its first dot; empty if there is none.
  std::string_view sort_member() const {
    return sort_.empty() ? std::string_view() : std::string_view(sort_.front());
  }
  bool reversed() const { return reverse_; }
  // Null if it is not there.
  nlohmann::json key_of(const nlohmann::json& object) const;
  // 0: the whole list.
  std::uint64_t page() const { return page_; }
  std::uint64_t page_size() const { return page_size_; }
  // Whether an object of this name is part of the list.
  bool takes(std::string_view name) const;

 private:
  const Columns columns_;
  std::vector<std::string> sort_;
  bool reverse_ = false;
  std::uint64_t page_ = 0;
  std::uint64_t page_size_ = 100;
  std::string name_;  // in lower case
  std::optional<base::Pattern> pattern_;
};

}  // namespace harrier::management

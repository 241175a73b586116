#include "management/list_answer.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "management/call.h"

namespace harrier::management {
namespace {

using nlohmann::json;

class ListSource final : public http::BodySource {
 public:
  ListSource(std::vector<std::size_t> order, Columns columns, ListAnswer::Render render)
      : order_(std::move(order)), columns_(std::move(columns)), render_(std::move(render)) {}

  Next next(std::string& chunk) override {
    if (!begun_) chunk.push_back('[');
    begun_ = true;
    while (at_ != order_.size() && chunk.size() < kChunk)
      add_block(chunk);
    if (at_ != order_.size()) return Next::kMore;
    chunk.push_back(']');
    return Next::kEnd;
  }

 private:
  void add_block(std::string& chunk) {
    const std::size_t count = std::min(ListAnswer::kBlock, order_.size() - at_);
    for (json& row : render_(std::span(order_).subspan(at_, count))) {
      columns_.apply(row);
      if (std::exchange(some_, true)) chunk.push_back(',');
      chunk.append(text_of(row));
    }
    at_ += count;
  }

  const std::vector<std::size_t> order_;
  const Columns columns_;
  const ListAnswer::Render render_;
  std::size_t at_ = 0;
  bool begun_ = false;
  bool some_ = false;
};

}  // namespace

bool ListAnswer::add(std::string_view name, const std::function<json()>& key) {
  ++total_;
  if (!query_.takes(name)) return false;
  entries_.push_back({query_.sorted() ? query_.key_of(key()) : json(), entries_.size()});
  return true;
}

void ListAnswer::sort() {
  if (!query_.sorted()) return;
  std::stable_sort(entries_.begin(), entries_.end(), [this](const Entry& left, const Entry& right) {
    return query_.reversed() ? right.key < left.key : left.key < right.key;
  });
}

http::Response ListAnswer::finish(Render render) {
  sort();
  if (query_.page() != 0) return page(render);
  std::vector<std::size_t> order;
  order.reserve(entries_.size());
  for (const Entry& entry : entries_)
    order.push_back(entry.index);
  if (order.size() > kBlock) {
    http::Response response;
    response.set("content-type", "application/json");
    response.source =
        std::make_unique<ListSource>(std::move(order), query_.columns(), std::move(render));
    return response;
  }
  json rows = json::array();
  for (json& row : render(order)) {
    query_.columns().apply(row);
    rows.push_back(std::move(row));
  }
  return json_answer(rows);
}

http::Response ListAnswer::page(const Render& render) const {
  const std::uint64_t size = query_.page_size();
  const std::uint64_t pages = (entries_.size() + size - 1) / size;
  if (query_.page() > std::max<std::uint64_t>(pages, 1))
    throw ApiError(400, "page_out_of_range",
                   "Page out of range, page: " + std::to_string(query_.page()) + " page size: " +
                       std::to_string(size) + ", len: " + std::to_string(entries_.size()));
  const std::uint64_t first = (query_.page() - 1) * size;
  std::vector<std::size_t> order;
  for (std::uint64_t at = first; at < std::min<std::uint64_t>(first + size, entries_.size()); ++at)
    order.push_back(entries_[at].index);
  json items = json::array();
  for (json& row : render(order)) {
    query_.columns().apply(row);
    items.push_back(std::move(row));
  }
  return json_answer({{"total_count", total_},
                      {"filtered_count", entries_.size()},
                      {"item_count", items.size()},
                      {"page", query_.page()},
                      {"page_size", size},
                      {"page_count", std::max<std::uint64_t>(pages, 1)},
                      {"items", std::move(items)}});
}

http::Response list_answer(const Call& call, std::vector<json> rows, const char* name) {
  ListAnswer list{ListQuery(call)};
  auto kept = std::make_shared<std::vector<json>>();
  for (json& row : rows) {
    const auto found = row.find(name);
    const std::string text =
        found != row.end() && found->is_string() ? found->get<std::string>() : std::string();
    if (list.add(text, [&row] { return row; })) kept->push_back(std::move(row));
  }
  return list.finish([kept](std::span<const std::size_t> entries) {
    std::vector<json> block;
    for (const std::size_t entry : entries)
      block.push_back((*kept)[entry]);
    return block;
  });
}

}  // namespace harrier::management

#include "management/list_query.h"

#include <algorithm>

#include "management/call.h"

namespace harrier::management {
namespace {

using nlohmann::json;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

const json* value_at(const json& object, const std::vector<std::string>& path) {
  const json* at = &object;
  for (const std::string& member : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(member);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

// What was made by the way is null until something is in it.
bool takes_members(const json& value) { return value.is_object() || value.is_null(); }

}  // namespace

Columns::Columns(std::string_view text) {
  for (const std::string& column : split(text, ','))
    if (auto path = split(column, '.'); !path.empty()) paths_.push_back(std::move(path));
  if (paths_.size() > kColumnsMax) throw bad_request("too many columns");
}

bool Columns::wants(std::string_view member) const {
  return all() || std::any_of(paths_.begin(), paths_.end(),
                              [&](const auto& path) { return path.front() == member; });
}

void Columns::apply(json& object) const {
  if (all() || !object.is_object()) return;
  json picked = json::object();
  for (const auto& path : paths_) {
    const json* const value = value_at(object, path);
    if (value == nullptr) continue;
    json* at = &picked;
    for (std::size_t depth = 0; depth + 1 < path.size() && takes_members(*at); ++depth)
      at = &(*at)[path[depth]];
    // A column inside another that is there whole is there already.
    if (takes_members(*at)) (*at)[path.back()] = *value;
  }
  object = std::move(picked);
}

ListQuery::ListQuery(const Call& call)
    : columns_(call.query("columns")),
      sort_(split(call.query("sort"), '.')),
      reverse_(call.is_set("sort_reverse")) {
  if (call.query("page").empty()) return;
  const std::string_view size = call.query("page_size");
  const auto page = whole_number(call.query("page"));
  const auto page_size =
      size.empty() ? std::optional<std::uint64_t>(page_size_) : whole_number(size);
  if (!page || !page_size) throw bad_request("Pagination parameters are invalid");
  if (*page == 0 || *page > kPageMax || *page_size == 0 || *page_size > kPageSizeMax)
    throw ApiError(400, "invalid_pagination_parameters",
                   "Invalid pagination parameters: page number " + std::to_string(*page) +
                       ", page size " + std::to_string(*page_size));
  page_ = *page;
  page_size_ = *page_size;
  const std::string_view name = call.query("name");
  if (name.size() > kPatternMax) throw bad_request("the pattern is too long");
  if (!call.is_set("use_regex")) {
    name_ = lower_case(name);
  } else if (!name.empty()) {
    // As RabbitMQ: in any case of letters.
    auto pattern = base::Pattern::compile("(?i)" + std::string(name));
    if (!pattern.ok()) throw bad_request("invalid_regexp: " + pattern.error().message);
    pattern_ = std::move(pattern).value();
  }
}

json ListQuery::key_of(const json& object) const {
  const json* const value = value_at(object, sort_);
  return value == nullptr ? json() : *value;
}

bool ListQuery::takes(std::string_view name) const {
  if (page_ == 0) return true;
  if (pattern_) return pattern_->matches(name);
  return name_.empty() || lower_case(name).find(name_) != std::string::npos;
}

}  // namespace harrier::management

#include "management/call.h"

#include <charconv>

#include "auth/strict_json.h"
#include "management/list_query.h"
#include "server/administration.h"

namespace harrier::management {

using nlohmann::json;

json Call::object() const {
  const std::string& body = request_.body;
  // As RabbitMQ, for clients that send what their language calls nothing.
  if (body.empty() || body == "null" || body == "undefined") return json::object();
  auto parsed = auth::parse_strict_json(body, kDepthMax);
  if (!parsed.ok() || !parsed->is_object()) throw bad_request("not_json");
  return std::move(parsed).value();
}

bool Call::may_enter(std::string_view virtual_host) const {
  return node().administration().access()->may_enter(actor(), virtual_host);
}

bool Call::may_see(std::string_view virtual_host) const {
  return visitor_.is_monitor() || may_enter(virtual_host);
}

void Call::check_virtual_host(const std::string& name) const {
  if (!node().has_virtual_host(name)) throw not_found();
}

void Call::look_at_definitions(
    const std::function<void(const server::NodeDefinitions&)>& look) const {
  node().administration().look_at_definitions(look);
}

void Call::apply(std::vector<server::AdministrativeChange> changes) const {
  check(node().administration().apply(std::move(changes), actor()));
}

// ---- answers

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

http::Response json_answer(const json& value, int status) {
  http::Response response;
  response.status = status;
  response.set("content-type", "application/json");
  response.body = text_of(value);
  return response;
}

http::Response object_answer(const Call& call, json object) {
  const Columns columns(call.query("columns"));
  columns.apply(object);
  return json_answer(object);
}

http::Response done_answer(bool created) {
  http::Response response;
  response.status = created ? 201 : 204;
  return response;
}

std::string exchange_named(const std::string& in_path) {
  return in_path == "amq.default" ? std::string() : in_path;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace harrier::management

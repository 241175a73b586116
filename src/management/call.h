// One request on its way through a handler.
//
// Role:   made by Api once the route is known and the visitor may take it.
// Thread: confined to the worker that runs the handler; what it refers to outlives it.
// Errors: members throw ApiError.
// Limits: bodies nest kDepthMax deep; deeper is 400.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/message.h"
#include "management/api_error.h"
#include "management/ports.h"
#include "management/visitor.h"
#include "server/node_definitions.h"

namespace harrier::management {

struct Route;

class Call {
 public:
  static constexpr int kDepthMax = 64;

  Call(const http::Request& request, const Visitor& visitor, const Route& route,
       std::vector<std::string> parameters, Ports& ports)
      : request_(request),
        visitor_(visitor),
        route_(route),
        parameters_(std::move(parameters)),
        ports_(ports) {}

  const http::Request& request() const { return request_; }
  const Visitor& visitor() const { return visitor_; }
  const broker::Actor& actor() const { return visitor_.actor(); }
  const Route& route() const { return route_; }
  Ports& ports() const { return ports_; }
  server::Node& node() const { return ports_.node; }

  // Of the route's path, in order.
  const std::string& parameter(std::size_t index) const { return parameters_.at(index); }
  // A field of the query, or nothing.
  std::string_view query(std::string_view name) const {
    const std::string* const found = request_.target.find(name);
    return found == nullptr ? std::string_view() : std::string_view(*found);
  }
  bool is_set(std::string_view name) const { return query(name) == "true"; }

  // The body: {} if there is none. 400 if it is no JSON object.
  nlohmann::json object() const;

  // Whether the visitor has any permission in it.
  bool may_enter(std::string_view virtual_host) const;
  // The same, or a tag for which looking is enough.
  bool may_see(std::string_view virtual_host) const;
  // 404 if there is no such virtual host.
  void check_virtual_host(const std::string& name) const;
  // What administrators have defined, while `look` runs; a change waits as long.
  void look_at_definitions(const std::function<void(const server::NodeDefinitions&)>& look) const;
  // 404, 400 or 503 if it is not made.
  void apply(std::vector<server::AdministrativeChange> changes) const;
  template <class Change>
  void apply_one(Change change) const {
    std::vector<server::AdministrativeChange> changes;
    changes.emplace_back(std::move(change));
    apply(std::move(changes));
  }

 private:
  const http::Request& request_;
  const Visitor& visitor_;
  const Route& route_;
  const std::vector<std::string> parameters_;
  Ports& ports_;
};

// ---- what paths and queries say
// The default exchange has a name there, as it cannot be empty.
std::string exchange_named(const std::string& in_path);
// Nothing unless all of it is digits.
std::optional<std::uint64_t> whole_number(std::string_view text);

// ---- answers

http::Response json_answer(const nlohmann::json& value, int status = 200);
// Of one object, with the columns that were asked for.
http::Response object_answer(const Call& call, nlohmann::json object);
// 201 or 204, without a body.
http::Response done_answer(bool created = false);
// Octets that are no UTF-8 become U+FFFD.
std::string text_of(const nlohmann::json& value);

}  // namespace harrier::management

// An exchange with named targets, for tests that need no queue: bind, unbind, ask who gets a key.
//
// Thread: compatible.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "amqp/field_table.h"
#include "broker/exchange.h"

namespace harrier::broker {

// A target that is nothing but a target.
class Place final : public RoutingTarget {
 public:
  explicit Place(std::string name) : RoutingTarget(Kind::kQueue, name_), name_(std::move(name)) {}

 private:
  std::string name_;
};

using Names = std::vector<std::string>;

class ExchangeFixture {
 public:
  explicit ExchangeFixture(ExchangeType type)
      : ExchangeFixture(ExchangeDeclaration{.name = "x", .type = type}) {}
  explicit ExchangeFixture(ExchangeDeclaration declaration)
      : exchange_(Exchange::create(std::move(declaration))) {}
  ExchangeFixture(const ExchangeFixture&) = delete;
  ExchangeFixture& operator=(const ExchangeFixture&) = delete;
  ~ExchangeFixture() { unbind_all(); }

  Exchange& exchange() { return *exchange_; }
  Place& place(const std::string& name) {
    std::unique_ptr<Place>& place = places_[name];
    if (!place) place = std::make_unique<Place>(name);
    return *place;
  }

  Binding& bind(const std::string& name, std::string_view key, amqp::TableView arguments = {}) {
    EXPECT_TRUE(exchange_->check_binding(key, arguments).ok());
    return exchange_->add_binding(++last_id_, place(name), key, arguments);
  }
  Binding* find(const std::string& name, std::string_view key, amqp::TableView arguments = {}) {
    return exchange_->find_binding(place(name), key, arguments);
  }
  void unbind(const std::string& name, std::string_view key, amqp::TableView arguments = {}) {
    Binding* binding = find(name, key, arguments);
    ASSERT_NE(binding, nullptr) << name << " " << key;
    exchange_->remove_binding(*binding);
  }
  void unbind_all() {
    for (Binding* binding : exchange_->bindings())
      exchange_->remove_binding(*binding);
  }

  // As the exchange gives them.
  Names match(std::string_view key, amqp::TableView headers = {}) {
    Targets targets;
    exchange_->match(RouteRequest{key, headers}, targets);
    Names names;
    for (const RoutingTarget* target : targets)
      names.push_back(target->name());
    return names;
  }
  // Each once, by name.
  Names matched_names(std::string_view key, amqp::TableView headers = {}) {
    Names names = match(key, headers);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

 private:
  base::Ref<Exchange> exchange_;
  std::map<std::string, std::unique_ptr<Place>> places_;
  std::uint64_t last_id_ = 0;
};

inline std::vector<Binding*> inbound_of(const RoutingTarget& target) {
  return {target.inbound().begin(), target.inbound().end()};
}

// A value of type `x`, `s`, … from its bytes.
inline amqp::FieldTable table_with(std::string_view name, char type, std::string_view bytes) {
  return amqp::FieldTable().add(name, amqp::FieldValue{type, bytes});
}

}  // namespace harrier::broker

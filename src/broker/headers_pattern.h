// What a binding of a headers exchange asks of a message's headers, and the headers it is asked of.
//
// Model:     the argument x-match names one of four matches, `all` if it is absent. Every other
//            argument is a condition: a header of that name with that value, or, if the argument is
//            void, a header of that name with any value. Without "-with-x" arguments whose names
//            begin with "x-" are no conditions.
//            Integers are equal by value whatever their width, so are floats, and long strings and
//            byte arrays by their bytes; anything else must have one type. Of headers that share a
//            name the last counts.
// Lifetimes: both hold views: of the binding's arguments, of the message's headers.
// Thread:    confined(broker).
// Limits:    kHeadersArgumentsMax arguments besides x-match (more: 406).
// Spec:      conformance.md S23.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "amqp/field_table.h"
#include "amqp/protocol_error.h"

namespace harrier::broker {

inline constexpr std::size_t kHeadersArgumentsMax = 64;

enum class HeadersMatch : std::uint8_t { kAll, kAny, kAllWithX, kAnyWithX };
// 406 in RabbitMQ's words for an x-match that it does not know, and for too many arguments.
amqp::Checked<HeadersMatch> check_headers_arguments(amqp::TableView arguments);

// Equal for a condition and each header that fulfils it.
std::uint64_t hash_of_condition(std::string_view name, const amqp::FieldValue& value);
// Equal for a void condition and each header that fulfils it.
std::uint64_t hash_of_presence(std::string_view name);

// A message's headers, to be asked by name.
class HeaderSet {
 public:
  struct Header {
    std::string_view name;
    amqp::FieldValue value;
    std::uint32_t position = 0;
  };

  // Keeps its capacity from one message to the next.
  void load(amqp::TableView headers);
  // Nullptr when there is none.
  const amqp::FieldValue* find(std::string_view name) const;
  const std::vector<Header>& headers() const { return headers_; }

 private:
  bool sorted() const { return headers_.size() > kScanMax; }
  // Up to so many are looked through one by one.
  static constexpr std::size_t kScanMax = 8;

  std::vector<Header> headers_;
};

class HeadersPattern {
 public:
  struct Condition {
    std::string_view name;
    amqp::FieldValue value;
    std::uint64_t hash = 0;

    bool presence_suffices() const { return value.type == 'V'; }
  };

  // REQUIRES that check_headers_arguments accepted them.
  explicit HeadersPattern(amqp::TableView arguments);

  // Whether one fulfilled condition suffices.
  bool any() const { return any_; }
  const std::vector<Condition>& conditions() const { return conditions_; }
  bool matches(const HeaderSet& headers) const;

 private:
  std::vector<Condition> conditions_;
  bool any_ = false;
};

}  // namespace harrier::broker

// What a row of the method table says besides its fields.
//
// Model: each method is a struct with kTraits and with fields(), a tuple of (name, member) in wire
//        order. Decoding, encoding and describing walk fields(); consecutive bools share octets as
//        the specification packs bits.
// Spec:  AMQP 0-9-1 section 4.2.5 (data types); ADR-0004.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>

#include "amqp/constants.h"
#include "amqp/field_table.h"
#include "amqp/protocol_error.h"

namespace harrier::amqp {

using ShortString = std::string_view;
// Distinct from ShortString only by its 32-bit length on the wire.
struct LongString {
  Bytes value;
};

enum class Sender : std::uint8_t { kClient, kServer, kBoth };
// Whether the method travels on channel 0 or on any other.
enum class Level : std::uint8_t { kConnection, kChannel };

struct MethodTraits {
  MethodId id;
  std::string_view name;
  Sender sender = Sender::kClient;
  Level level = Level::kChannel;
  bool has_content = false;

  constexpr bool from_client() const { return sender != Sender::kServer; }
};

template <class Member>
struct NamedField {
  std::string_view name;
  Member member;
};

template <class Member>
constexpr NamedField<Member> named(std::string_view name, Member member) {
  return {name, member};
}

}  // namespace harrier::amqp

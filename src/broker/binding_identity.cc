#include "broker/binding_identity.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "broker/key_map.h"
#include "broker/mix_hash.h"

namespace harrier::broker {
namespace {

using amqp::Field;
using amqp::TableView;

std::uint64_t hash_of(std::string_view text) { return KeyHash{}(text); }

// Both letters mean a signed 64-bit integer.
char type_of(const Field& field) { return field.value.type == 'L' ? 'l' : field.value.type; }

bool same(const Field& a, const Field& b) {
  if (a.name != b.name || type_of(a) != type_of(b)) return false;
  if (a.value.type == 't') return a.value.boolean() == b.value.boolean();
  return a.value.bytes == b.value.bytes;
}

std::uint64_t hash_of(const Field& field) {
  const std::uint64_t value =
      field.value.type == 't' ? field.value.boolean() : hash_of(field.value.bytes);
  return mix_hash(mix_hash(hash_of(field.name), static_cast<unsigned char>(type_of(field))), value);
}

bool same(TableView a, TableView b) {
  if (a.bytes() == b.bytes()) return true;
  const std::vector<Field> ours = amqp::fields_by_name(a);
  const std::vector<Field> theirs = amqp::fields_by_name(b);
  return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
                    [](const Field& x, const Field& y) { return same(x, y); });
}

}  // namespace

bool BindingIdentity::operator==(const BindingIdentity& other) const {
  return &destination == &other.destination && routing_key == other.routing_key &&
         same(arguments, other.arguments);
}

std::size_t BindingIdentity::hash() const {
  std::uint64_t fields = 0;
  // A sum, so that their order does not count.
  for (const Field& field : arguments)
    fields += hash_of(field);
  return mix_hash(hash_of(routing_key),
                  mix_hash(reinterpret_cast<std::uintptr_t>(&destination), fields));
}

}  // namespace harrier::broker

#include "amqp/method_name.h"

#include <cstddef>
#include <utility>
#include <variant>

#include "amqp/methods.h"

namespace harrier::amqp {
namespace {

template <std::size_t... Index>
std::string_view find_name(MethodId id, std::index_sequence<Index...>) {
  std::string_view name;
  const auto look_at = [&](const MethodTraits& traits) {
    if (traits.id == id) name = traits.name;
  };
  (look_at(std::variant_alternative_t<Index, Method>::kTraits), ...);
  return name;
}

}  // namespace

std::string_view method_name(MethodId id) {
  return find_name(id, std::make_index_sequence<std::variant_size_v<Method>>());
}

}  // namespace harrier::amqp

// Numbers that cannot be mistaken for one another.
//
// Model:  StrongId<Tag, Number> holds one number; ids with different tags neither convert nor
//         compare.
// Thread: immutable value.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace harrier::base {

template <class Tag, class Number = std::uint64_t>
struct StrongId {
  using NumberType = Number;

  Number value = 0;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Number number) : value(number) {}

  constexpr auto operator<=>(const StrongId&) const = default;
  // The id that follows this one.
  constexpr StrongId next() const { return StrongId(static_cast<Number>(value + 1)); }
};

}  // namespace harrier::base

template <class Tag, class Number>
struct std::hash<harrier::base::StrongId<Tag, Number>> {
  std::size_t operator()(harrier::base::StrongId<Tag, Number> id) const noexcept {
    return std::hash<Number>{}(id.value);
  }
};

// Seeded values for the codec's tests: strings, tables, properties and methods of every kind.
//
// Lifetimes: what is returned holds views into the RandomValues that made it.
#pragma once

#include <concepts>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "amqp/methods.h"
#include "amqp/properties.h"
#include "base/random.h"

namespace harrier::amqp {

class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : random_(seed) {}

  base::SeededRandom& random() { return random_; }

  std::string_view text(std::size_t size_max) {
    std::string& text = keep(std::string(random_.below(size_max + 1), '\0'));
    for (char& c : text)
      c = static_cast<char>(random_.next());
    return text;
  }

  // A value of any of the nineteen types.
  FieldValue value(std::uint32_t depth_max) {
    static constexpr std::string_view kTypes = "tbBsuIilLfdDTVSxAF";
    const std::size_t count = depth_max == 0 ? kTypes.size() - 2 : kTypes.size();
    FieldValue value;
    value.type = kTypes[random_.below(count)];
    switch (value.type) {
      case 'V': break;
      case 't':
      case 'b':
      case 'B': value.bytes = exactly(1); break;
      case 's':
      case 'u': value.bytes = exactly(2); break;
      case 'I':
      case 'i':
      case 'f': value.bytes = exactly(4); break;
      case 'D': value.bytes = exactly(5); break;
      case 'A': value.bytes = array(depth_max - 1).bytes(); break;
      case 'F': value.bytes = table(depth_max - 1).bytes(); break;
      case 'S':
      case 'x': value.bytes = text(40); break;
      default: value.bytes = exactly(8); break;
    }
    return value;
  }
  TableView table(std::uint32_t depth_max) {
    FieldTable& table = tables_.emplace_back();
    for (std::uint64_t left = random_.below(6); left != 0; --left)
      table.add(text(random_.below(10) == 0 ? 255 : 12), value(depth_max));
    return table.view();
  }
  ArrayView array(std::uint32_t depth_max) {
    FieldArray& array = arrays_.emplace_back();
    for (std::uint64_t left = random_.below(6); left != 0; --left)
      array.add(value(depth_max));
    return array;
  }

  Properties properties() {
    Properties properties;
    properties.flags = static_cast<std::uint16_t>(random_.next() & ~std::uint64_t{3});
    for (Bytes* property :
         {&properties.content_type, &properties.content_encoding, &properties.correlation_id,
          &properties.reply_to, &properties.expiration, &properties.message_id, &properties.type,
          &properties.user_id, &properties.app_id, &properties.cluster_id})
      *property = text(255);
    properties.headers = table(3);
    properties.delivery_mode = static_cast<std::uint8_t>(random_.next());
    properties.priority = static_cast<std::uint8_t>(random_.next());
    properties.timestamp = random_.next();
    return properties;
  }

  template <class M>
  M method() {
    M method;
    std::apply([&](const auto&... field) { (fill(method.*(field.member)), ...); }, M::fields());
    return method;
  }

 private:
  std::string& keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  std::string_view exactly(std::size_t size) {
    std::string& text = keep(std::string(size, '\0'));
    for (char& c : text)
      c = static_cast<char>(random_.next());
    return text;
  }

  void fill(bool& field) { field = random_.below(2) == 1; }
  template <std::unsigned_integral T>
  void fill(T& field) {
    field = static_cast<T>(random_.next());
  }
  void fill(DeliveryTag& field) { field = DeliveryTag(random_.next()); }
  void fill(ShortString& field) { field = text(255); }
  void fill(LongString& field) { field.value = text(1000); }
  void fill(TableView& field) { field = table(4); }

  base::SeededRandom random_;
  // Deques: what a view points to must not move.
  std::deque<std::string> texts_;
  std::deque<FieldTable> tables_;
  std::deque<FieldArray> arrays_;
};

// Names the alternative: a conversion in a visitor makes the compiler try all of them for each of
// them, which takes half a minute.
template <class M>
Method as_method(const M& method) {
  return Method(std::in_place_type<M>, method);
}

// Calls visit(std::type_identity<M>{}) for every method there is. What a visitor does at length
// belongs in a function that is no template.
template <class Visit>
void for_each_method(Visit&& visit) {
  [&]<class... M>(std::type_identity<std::variant<M...>>) {
    (visit(std::type_identity<M>{}), ...);
  }(std::type_identity<Method>{});
}

}  // namespace harrier::amqp

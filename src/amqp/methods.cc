#include "amqp/methods.h"

#include <array>
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"

namespace harrier::amqp {
namespace {

using base::Buffer;
using base::ByteReader;

template <class T>
inline constexpr bool kIsStrongId = false;
template <class Tag, class Number>
inline constexpr bool kIsStrongId<base::StrongId<Tag, Number>> = true;

template <class T>
concept WireNumber = std::unsigned_integral<T> && !std::same_as<T, bool>;
template <class T>
concept WireId = kIsStrongId<T>;

// Class and method number stand before the fields.
constexpr std::size_t kMethodIdSize = 4;
constexpr std::size_t kBitsPerOctet = 8;

// Calls visit(name, field) for each field of `method` in wire order.
template <class M, class Visit>
void each_field(M& method, Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field.name, method.*(field.member)), ...); },
             std::remove_const_t<M>::fields());
}

// Consecutive bools share octets, the first in the lowest bit; any other field ends the octet.
// Reader, writer and sizer below all count them this way.
class FieldReader {
 public:
  FieldReader(Bytes bytes, const TableLimits& limits) : reader_(bytes), limits_(limits) {}

  void read(bool& field) {
    if (bit_ == 0) octet_ = reader_.u8();
    field = (octet_ >> bit_ & 1) != 0;
    bit_ = (bit_ + 1) % kBitsPerOctet;
  }
  template <WireNumber T>
  void read(T& field) {
    bit_ = 0;
    field = reader_.number<T>();
  }
  template <WireId T>
  void read(T& field) {
    bit_ = 0;
    field.value = reader_.number<typename T::NumberType>();
  }
  void read(ShortString& field) {
    bit_ = 0;
    field = reader_.short_string();
  }
  void read(LongString& field) {
    bit_ = 0;
    field.value = reader_.long_string();
  }
  void read(TableView& field) {
    bit_ = 0;
    const Bytes contents = reader_.long_string();
    if (contents.empty()) return;
    auto table = validate_table(contents, limits_);
    if (table.ok()) {
      field = *table;
    } else {
      bad_table_ = std::move(table).error();
    }
  }

  bool ok() const { return reader_.ok() && reader_.remaining() == 0 && !bad_table_; }
  // REQUIRES !ok().
  ProtocolError error(const MethodTraits& traits) const {
    if (bad_table_)
      return protocol_error(bad_table_->code, std::string(traits.name) + ": " + bad_table_->detail,
                            traits.id);
    if (!reader_.ok()) return undecodable(traits, "it ends inside its fields");
    return undecodable(traits, std::to_string(reader_.remaining()) + " bytes follow its fields");
  }

 private:
  static ProtocolError undecodable(const MethodTraits& traits, const std::string& why) {
    return protocol_error(ReplyCode::kFrameError,
                          "cannot decode " + std::string(traits.name) + ": " + why, traits.id);
  }

  ByteReader reader_;
  const TableLimits& limits_;
  std::size_t bit_ = 0;
  std::uint8_t octet_ = 0;
  std::optional<ProtocolError> bad_table_;
};

class FieldSizer {
 public:
  void add(bool) {
    if (bit_ == 0) ++size_;
    bit_ = (bit_ + 1) % kBitsPerOctet;
  }
  template <WireNumber T>
  void add(T) {
    add_other(sizeof(T));
  }
  template <WireId T>
  void add(T) {
    add_other(sizeof(typename T::NumberType));
  }
  void add(ShortString field) { add_other(1 + field.size()); }
  void add(LongString field) { add_other(4 + field.value.size()); }
  void add(TableView field) { add_other(4 + field.bytes().size()); }

  std::size_t size() const { return size_; }

 private:
  void add_other(std::size_t size) {
    bit_ = 0;
    size_ += size;
  }

  std::size_t bit_ = 0;
  std::size_t size_ = 0;
};

// Writes without asking for room: the caller reserved what FieldSizer said.
class FieldWriter {
 public:
  explicit FieldWriter(char* at) : at_(at) {}

  void write(bool field) {
    if (bit_ == 0) *at_++ = 0;
    at_[-1] = static_cast<char>(at_[-1] | (field ? 1 << bit_ : 0));
    bit_ = (bit_ + 1) % kBitsPerOctet;
  }
  template <WireNumber T>
  void write(T field) {
    bit_ = 0;
    at_ = base::store_big_endian(at_, field);
  }
  template <WireId T>
  void write(T field) {
    write(field.value);
  }
  void write(ShortString field) {
    CHECK(field.size() <= 255);
    write(static_cast<std::uint8_t>(field.size()));
    write_bytes(field);
  }
  void write(LongString field) {
    write(static_cast<std::uint32_t>(field.value.size()));
    write_bytes(field.value);
  }
  void write(TableView field) { write(LongString{field.bytes()}); }

  const char* position() const { return at_; }

 private:
  void write_bytes(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }

  char* at_;
  std::size_t bit_ = 0;
};

template <class M>
std::size_t size_of_fields(const M& method) {
  FieldSizer sizer;
  each_field(method, [&](std::string_view, const auto& field) { sizer.add(field); });
  return sizer.size();
}

template <class M>
Checked<Method> decode_fields(Bytes bytes, const TableLimits& limits) {
  // Filled in place, which spares moving a Method for every frame.
  Checked<Method> result(std::in_place, std::in_place_type<M>);
  FieldReader reader(bytes, limits);
  each_field(*std::get_if<M>(&*result), [&](std::string_view, auto& field) { reader.read(field); });
  if (!reader.ok()) [[unlikely]]
    result = base::fail(reader.error(M::kTraits));
  return result;
}

// The row of a method: what the variant's alternatives have in common.
struct Row {
  const MethodTraits* traits;
  Checked<Method> (*decode)(Bytes, const TableLimits&);
};

template <class Variant>
struct RowsOf;
template <class... M>
struct RowsOf<std::variant<M...>> {
  static constexpr std::array<Row, sizeof...(M)> kRows{Row{&M::kTraits, &decode_fields<M>}...};
};
// By index of the alternative.
constexpr const auto& kRows = RowsOf<Method>::kRows;

// Class numbers are tens, but for confirm, whose 85 does not collide either; methods are below 128.
// A slot holds a row's number plus one, and whoever finds a row there still compares the id.
constexpr std::size_t kClassSlots = 10;
constexpr std::size_t kMethodSlots = 128;

constexpr std::size_t slot_of(MethodId id) {
  return id.class_id / 10 * kMethodSlots + id.method_id;
}

constexpr auto kRowNumbers = [] {
  std::array<std::uint8_t, kClassSlots * kMethodSlots> numbers{};
  for (std::size_t index = 0; index < kRows.size(); ++index) {
    std::uint8_t& number = numbers[slot_of(kRows[index].traits->id)];
    // Two methods in one slot: this is then no constant expression.
    if (number != 0) throw "two methods share a slot";
    number = static_cast<std::uint8_t>(index + 1);
  }
  return numbers;
}();

const Row* find_row(MethodId id) {
  if (id.class_id / 10 >= kClassSlots || id.method_id >= kMethodSlots) return nullptr;
  const std::uint8_t number = kRowNumbers[slot_of(id)];
  if (number == 0) return nullptr;
  const Row& row = kRows[number - 1u];
  return row.traits->id == id ? &row : nullptr;
}

// Long values would fill the log.
constexpr std::size_t kDescribedSizeMax = 64;

void append_quoted(std::string& out, std::string_view text) {
  const std::string_view shown = base::cut_text(text, kDescribedSizeMax);
  out.append("'").append(shown).append(shown.size() < text.size() ? "'..." : "'");
}

class FieldDescriber {
 public:
  explicit FieldDescriber(std::string_view method) : text_(method) {}

  template <class T>
  void add(std::string_view name, const T& field) {
    if (name == "ticket" || name.starts_with("reserved")) return;
    text_.append(" ").append(name).append("=");
    const bool secret = name == "response" || name == "challenge" || name == "new_secret";
    if (secret) {
      text_.append("(hidden)");
    } else {
      append(field);
    }
  }

  std::string take() { return std::move(text_); }

 private:
  void append(bool field) { text_.append(field ? "true" : "false"); }
  template <WireNumber T>
  void append(T field) {
    text_.append(std::to_string(field));
  }
  template <WireId T>
  void append(T field) {
    text_.append(std::to_string(field.value));
  }
  void append(ShortString field) { append_quoted(text_, field); }
  void append(LongString field) { append_quoted(text_, field.value); }
  void append(TableView field) { text_.append(display(field)); }

  std::string text_;
};

}  // namespace

Checked<Method> decode_method(Bytes payload, const TableLimits& limits) {
  if (payload.size() < kMethodIdSize) [[unlikely]]
    return refuse(ReplyCode::kFrameError,
                  "a method frame of " + std::to_string(payload.size()) + " bytes names no method");
  const MethodId id{base::load_big_endian<std::uint16_t>(payload.data()),
                    base::load_big_endian<std::uint16_t>(payload.data() + 2)};
  const Row* row = find_row(id);
  if (row == nullptr) [[unlikely]]
    return refuse(ReplyCode::kCommandInvalid,
                  "unknown method " + std::to_string(id.method_id) + " of class " +
                      std::to_string(id.class_id),
                  id);
  return row->decode(payload.substr(kMethodIdSize), limits);
}

void encode_method(Buffer& out, const Method& method) {
  std::visit(
      [&out](const auto& fields) {
        constexpr MethodId id = std::decay_t<decltype(fields)>::kTraits.id;
        const std::size_t size = kMethodIdSize + size_of_fields(fields);
        char* begin = out.reserve(size);
        FieldWriter writer(base::store_big_endian(begin, id.packed()));
        each_field(fields, [&](std::string_view, const auto& field) { writer.write(field); });
        DCHECK(writer.position() == begin + size);
        out.commit(size);
      },
      method);
}

std::size_t encoded_size(const Method& method) {
  return std::visit([](const auto& fields) { return kMethodIdSize + size_of_fields(fields); },
                    method);
}

const MethodTraits& traits_of(const Method& method) { return *kRows[method.index()].traits; }

const MethodTraits* find_traits(MethodId id) {
  const Row* row = find_row(id);
  return row == nullptr ? nullptr : row->traits;
}

std::string describe(const Method& method) {
  return std::visit(
      [](const auto& fields) {
        FieldDescriber describer(std::decay_t<decltype(fields)>::kTraits.name);
        each_field(fields,
                   [&](std::string_view name, const auto& field) { describer.add(name, field); });
        return describer.take();
      },
      method);
}

}  // namespace harrier::amqp

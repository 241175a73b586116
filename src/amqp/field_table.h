// Field tables and arrays: read in place, written by appending.
//
// Role:      arguments of declares, headers of messages, client and server properties.
// Model:     TableView and ArrayView are views of *validated* bytes (the contents, without the
//            32-bit length); iterating them is unchecked. Bytes from a peer become a view only
//            through validate_table(). FieldTable owns its bytes. A value that nobody touches is
//            re-emitted with the same type letter and the same bytes, since nothing is ever
//            converted.
// Types:     t b B s u I i l L f d D S A F T x V with RabbitMQ's meaning: `s` is
//            int16, `u` uint16, `I` int32, `i` uint32, `l` and `L` int64, `x` a byte array, `D`
//            scale octet and uint32, `T` seconds as uint64.
// Lifetimes: views live as long as the bytes they were made from.
// Limits:    TableLimits; exceeding one is a SYNTAX_ERROR (502) of the peer.
// Thread:    immutable values; a builder is confined to its user.
// Spec:      AMQP 0-9-1 section 4.2.5.5, and RabbitMQ's published errata for the type letters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/constants.h"
#include "amqp/protocol_error.h"

namespace harrier::amqp {

struct TableLimits {
  std::uint32_t depth = 16;       // tables and arrays inside one another
  std::uint32_t elements = 4096;  // fields of one table or items of one array, voids included
};

class TableView;
class ArrayView;

// One value: its type letter and the bytes behind the letter (for S, x, A and F without their
// length).
struct FieldValue {
  char type = 'V';
  Bytes bytes;

  bool is_integer() const;  // b B s u I i l L
  bool is_string() const { return type == 'S'; }
  // REQUIRES is_integer(). An integer of any width, sign kept; these widths are one class to
  // RabbitMQ.
  std::int64_t integer() const;
  // REQUIRES type 't'.
  bool boolean() const;
  // REQUIRES type 'F' / 'A'.
  TableView table() const;
  ArrayView array() const;
  // REQUIRES type 'T': seconds since 1970.
  std::uint64_t timestamp() const;

  // Equal as RabbitMQ compares: integers by value whatever their width, all else by type and bytes;
  // tables and arrays element by element in order.
  friend bool same_value(const FieldValue& a, const FieldValue& b);
  // For error texts, as RabbitMQ words a value: 'text', 5, true. At most 255 bytes.
  std::string display() const;
  // RabbitMQ's name of the type: "longstr", "signedint", "long", "bool" …
  std::string_view type_name() const;
};
bool same_value(const FieldValue& a, const FieldValue& b);

struct Field {
  std::string_view name;
  FieldValue value;
};

class TableView {
 public:
  class Iterator {
   public:
    explicit Iterator(const char* at, const char* end);
    const Field& operator*() const { return field_; }
    const Field* operator->() const { return &field_; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void load();
    const char* at_;
    const char* next_;
    const char* end_;
    Field field_;
  };

  constexpr TableView() = default;
  // REQUIRES that `validated` passed validate_table or came from a FieldTable.
  explicit constexpr TableView(Bytes validated) : bytes_(validated) {}

  bool empty() const { return bytes_.empty(); }
  Bytes bytes() const { return bytes_; }
  Iterator begin() const { return Iterator(bytes_.data(), bytes_.data() + bytes_.size()); }
  Iterator end() const {
    return Iterator(bytes_.data() + bytes_.size(), bytes_.data() + bytes_.size());
  }
  // The first field of that name: a repeated name keeps its first value.
  std::optional<FieldValue> find(std::string_view name) const;
  std::size_t count() const;

 private:
  Bytes bytes_;
};

// In the order of their names, in which RabbitMQ keeps tables; fields of one name in theirs.
std::vector<Field> fields_by_name(TableView table);

class ArrayView {
 public:
  class Iterator {
   public:
    explicit Iterator(const char* at, const char* end);
    const FieldValue& operator*() const { return value_; }
    const FieldValue* operator->() const { return &value_; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void load();
    const char* at_;
    const char* next_;
    const char* end_;
    FieldValue value_;
  };

  constexpr ArrayView() = default;
  explicit constexpr ArrayView(Bytes validated) : bytes_(validated) {}
  Bytes bytes() const { return bytes_; }
  Iterator begin() const { return Iterator(bytes_.data(), bytes_.data() + bytes_.size()); }
  Iterator end() const {
    return Iterator(bytes_.data() + bytes_.size(), bytes_.data() + bytes_.size());
  }
  std::size_t count() const;

 private:
  Bytes bytes_;
};

// For logs: "{name='text', count=5}", at most 255 bytes. Values whose names speak of passwords,
// secrets, tokens or credentials are not shown.
std::string display(TableView table);

// Checks the contents of a table from a peer: lengths against the enclosing value, known type
// letters, depth, element counts. The cost is linear in the bytes; nothing is allocated.
Checked<TableView> validate_table(Bytes contents, const TableLimits& limits = {});

// An owned table.
class FieldTable {
 public:
  FieldTable() = default;
  explicit FieldTable(TableView view) : bytes_(view.bytes()) {}

  operator TableView() const { return TableView(bytes_); }  // NOLINT: a table is its view
  TableView view() const { return TableView(bytes_); }

  // Appends; a name that exists already is not replaced (the first one counts).
  // REQUIRES name.size() <= 255 (CHECK): names from peers already passed that limit on the wire.
  FieldTable& add_string(std::string_view name, std::string_view value);
  FieldTable& add_boolean(std::string_view name, bool value);
  FieldTable& add_long(std::string_view name, std::int64_t value);     // 'l'
  FieldTable& add_integer(std::string_view name, std::int32_t value);  // 'I'
  FieldTable& add_timestamp(std::string_view name, std::uint64_t seconds);
  FieldTable& add_table(std::string_view name, TableView value);
  FieldTable& add_array(std::string_view name, ArrayView value);
  FieldTable& add(std::string_view name, const FieldValue& value);
  // Copies every field of `other` whose name is not `name`.
  static FieldTable without(TableView other, std::string_view name);

 private:
  void add_name(std::string_view name, char type);

  std::string bytes_;
};

// An owned array.
class FieldArray {
 public:
  operator ArrayView() const { return ArrayView(bytes_); }  // NOLINT: an array is its view
  FieldArray& add_string(std::string_view value);
  FieldArray& add_table(TableView value);
  FieldArray& add(const FieldValue& value);
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

}  // namespace harrier::amqp

#include "amqp/field_table.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace harrier::amqp {
namespace {

constexpr std::int8_t kCounted = -1;  // a 32-bit length stands before the bytes
constexpr std::int8_t kUnknown = -2;

// How many bytes follow a type letter.
constexpr auto kWidths = [] {
  std::array<std::int8_t, 256> widths{};
  widths.fill(kUnknown);
  for (unsigned char type : {'V'})
    widths[type] = 0;
  for (unsigned char type : {'t', 'b', 'B'})
    widths[type] = 1;
  for (unsigned char type : {'s', 'u'})
    widths[type] = 2;
  for (unsigned char type : {'I', 'i', 'f'})
    widths[type] = 4;
  for (unsigned char type : {'D'})
    widths[type] = 5;
  for (unsigned char type : {'l', 'L', 'd', 'T'})
    widths[type] = 8;
  for (unsigned char type : {'S', 'x', 'A', 'F'})
    widths[type] = kCounted;
  return widths;
}();

std::int8_t width_of(char type) { return kWidths[static_cast<unsigned char>(type)]; }

// Reads a value of validated bytes and moves `at` behind it.
FieldValue load_value(const char*& at) {
  FieldValue value;
  value.type = *at++;
  const std::int8_t width = width_of(value.type);
  std::size_t size = static_cast<std::size_t>(width);
  if (width == kCounted) {
    size = base::load_big_endian<std::uint32_t>(at);
    at += sizeof(std::uint32_t);
  }
  value.bytes = Bytes(at, size);
  at += size;
  return value;
}

// Walks a table from a peer; recursion is bounded by limits.depth. Each check returns false at the
// first fault and leaves its description in problem().
class TableValidator {
 public:
  explicit TableValidator(const TableLimits& limits) : limits_(limits) {}

  std::string take_problem() { return std::move(problem_); }

  bool check_table(Bytes contents, std::uint32_t depth) {
    if (depth > limits_.depth) return fail_depth();
    base::ByteReader reader(contents);
    for (std::uint32_t count = 0; reader.remaining() != 0; ++count) {
      if (count == limits_.elements) return fail_elements();
      reader.short_string();
      if (!reader.ok()) return fail("the name of a field table entry runs past the table's end");
      if (!check_value(reader, depth)) return false;
    }
    return true;
  }

 private:
  bool check_array(Bytes contents, std::uint32_t depth) {
    if (depth > limits_.depth) return fail_depth();
    base::ByteReader reader(contents);
    for (std::uint32_t count = 0; reader.remaining() != 0; ++count) {
      if (count == limits_.elements) return fail_elements();
      if (!check_value(reader, depth)) return false;
    }
    return true;
  }

  bool check_value(base::ByteReader& reader, std::uint32_t depth) {
    const std::uint8_t type = reader.u8();
    if (!reader.ok()) return fail("a field table entry has no type");
    const std::int8_t width = kWidths[type];
    if (width == kUnknown) [[unlikely]]
      return fail("unknown field table value type " + std::to_string(type));
    const std::size_t size = width == kCounted ? reader.u32() : static_cast<std::size_t>(width);
    const Bytes bytes = reader.take(size);
    if (!reader.ok()) [[unlikely]]
      return fail("a field table value runs past the end of what holds it");
    if (type == 'F') return check_table(bytes, depth + 1);
    if (type == 'A') return check_array(bytes, depth + 1);
    return true;
  }

  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool fail_depth() {
    return fail("field tables are nested deeper than " + std::to_string(limits_.depth));
  }
  bool fail_elements() {
    return fail("a field table or array has more than " + std::to_string(limits_.elements) +
                " elements");
  }

  const TableLimits& limits_;
  std::string problem_;
};

bool same_table(TableView a, TableView b) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    if (left->name != right->name || !same_value(left->value, right->value)) return false;
  }
  return left == a.end() && right == b.end();
}

bool same_array(ArrayView a, ArrayView b) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    if (!same_value(*left, *right)) return false;
  }
  return left == a.end() && right == b.end();
}

}  // namespace

Checked<TableView> validate_table(Bytes contents, const TableLimits& limits) {
  if (contents.empty()) return TableView();
  TableValidator validator(limits);
  if (!validator.check_table(contents, 1))
    return refuse(ReplyCode::kSyntaxError, validator.take_problem());
  return TableView(contents);
}

bool FieldValue::is_integer() const {
  switch (type) {
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
    case 'l':
    case 'L': return true;
    default: return false;
  }
}

std::int64_t FieldValue::integer() const {
  switch (type) {
    case 'b': return static_cast<std::int8_t>(bytes[0]);
    case 'B': return static_cast<std::uint8_t>(bytes[0]);
    case 's': return base::load_big_endian<std::int16_t>(bytes.data());
    case 'u': return base::load_big_endian<std::uint16_t>(bytes.data());
    case 'I': return base::load_big_endian<std::int32_t>(bytes.data());
    case 'i': return base::load_big_endian<std::uint32_t>(bytes.data());
    default: CHECK(type == 'l' || type == 'L');
  }
  return base::load_big_endian<std::int64_t>(bytes.data());
}

bool FieldValue::boolean() const {
  CHECK(type == 't');
  return bytes[0] != 0;
}

TableView FieldValue::table() const {
  CHECK(type == 'F');
  return TableView(bytes);
}

ArrayView FieldValue::array() const {
  CHECK(type == 'A');
  return ArrayView(bytes);
}

std::uint64_t FieldValue::timestamp() const {
  CHECK(type == 'T');
  return base::load_big_endian<std::uint64_t>(bytes.data());
}

bool same_value(const FieldValue& a, const FieldValue& b) {
  if (a.is_integer() && b.is_integer()) return a.integer() == b.integer();
  if (a.type != b.type) return false;
  switch (a.type) {
    case 't': return a.boolean() == b.boolean();
    case 'F': return same_table(a.table(), b.table());
    case 'A': return same_array(a.array(), b.array());
    default: return a.bytes == b.bytes;
  }
}

TableView::Iterator::Iterator(const char* at, const char* end) : at_(at), next_(at), end_(end) {
  load();
}

TableView::Iterator& TableView::Iterator::operator++() {
  at_ = next_;
  load();
  return *this;
}

void TableView::Iterator::load() {
  if (at_ == end_) return;
  const auto name_size = static_cast<unsigned char>(*at_);
  field_.name = std::string_view(at_ + 1, name_size);
  next_ = at_ + 1 + name_size;
  field_.value = load_value(next_);
  DCHECK(next_ <= end_);
}

std::optional<FieldValue> TableView::find(std::string_view name) const {
  for (const Field& field : *this) {
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

std::size_t TableView::count() const {
  std::size_t count = 0;
  for (auto field = begin(); field != end(); ++field)
    ++count;
  return count;
}

std::vector<Field> fields_by_name(TableView table) {
  std::vector<Field> fields;
  for (const Field& field : table)
    fields.push_back(field);
  std::stable_sort(fields.begin(), fields.end(),
                   [](const Field& a, const Field& b) { return a.name < b.name; });
  return fields;
}

ArrayView::Iterator::Iterator(const char* at, const char* end) : at_(at), next_(at), end_(end) {
  load();
}

ArrayView::Iterator& ArrayView::Iterator::operator++() {
  at_ = next_;
  load();
  return *this;
}

void ArrayView::Iterator::load() {
  if (at_ == end_) return;
  value_ = load_value(next_);
  DCHECK(next_ <= end_);
}

std::size_t ArrayView::count() const {
  std::size_t count = 0;
  for (auto item = begin(); item != end(); ++item)
    ++count;
  return count;
}

}  // namespace harrier::amqp

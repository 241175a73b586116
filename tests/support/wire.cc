#include "support/wire.h"

#include <bit>

namespace harrier::test {
namespace {

void put_big_endian(std::string& out, std::uint64_t value, int width) {
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xFF));
  }
}

// The width of an integer-like value by its letter; 0 for the others.
int integer_width(char tag) {
  switch (tag) {
    case 't':
    case 'b':
    case 'B': return 1;
    case 's':
    case 'u': return 2;
    case 'i':
    case 'I': return 4;
    case 'l':
    case 'L':
    case 'T': return 8;
    default: return 0;
  }
}

std::int64_t sign_extended(char tag, std::uint64_t value) {
  switch (tag) {
    case 'b': return static_cast<std::int8_t>(value);
    case 's': return static_cast<std::int16_t>(value);
    case 'I': return static_cast<std::int32_t>(value);
    default: return static_cast<std::int64_t>(value);
  }
}

Field read_value(Reader& reader, char tag) {
  Field field;
  field.tag = tag;
  if (const int width = integer_width(tag); width != 0) {
    const std::uint64_t value = width == 1   ? reader.octet()
                                : width == 2 ? reader.u16()
                                : width == 4 ? reader.u32()
                                             : reader.u64();
    field.number = sign_extended(tag, value);
    return field;
  }
  switch (tag) {
    case 'D':
      field.scale = reader.octet();
      field.number = reader.u32();
      return field;
    case 'f': field.real = std::bit_cast<float>(reader.u32()); return field;
    case 'd': field.real = std::bit_cast<double>(reader.u64()); return field;
    case 'S':
    case 'x': field.text = reader.longstr(); return field;
    case 'F': field.table = reader.table(); return field;
    case 'A': {
      Reader items(reader.longstr());
      while (items.left() > 0)
        field.items.push_back(items.field());
      return field;
    }
    case 'V': return field;
    default: throw WireError(std::string("unknown field type '") + tag + "'");
  }
}

void read_string(Reader& reader, std::uint16_t flags, int bit, std::optional<std::string>& out) {
  if ((flags & (1u << bit)) != 0) out = reader.shortstr();
}

void put_string(Writer& writer, const std::optional<std::string>& value) {
  if (value) writer.shortstr(*value);
}

}  // namespace

std::string to_string(MethodId id) {
  return std::to_string(id.class_id) + "." + std::to_string(id.method_id);
}

bool operator==(const Field& a, const Field& b) {
  return a.tag == b.tag && a.number == b.number && a.scale == b.scale && a.real == b.real &&
         a.text == b.text && a.table == b.table && a.items == b.items;
}
bool operator==(const Entry& a, const Entry& b) { return a.name == b.name && a.value == b.value; }

Field num(char tag, std::int64_t value) {
  Field field;
  field.tag = tag;
  field.number = value;
  return field;
}
Field str(std::string_view text) {
  Field field;
  field.tag = 'S';
  field.text = text;
  return field;
}
Field bytes(std::string_view octets) {
  Field field = str(octets);
  field.tag = 'x';
  return field;
}
Field boolean(bool value) { return num('t', value ? 1 : 0); }
Field i32(std::int64_t value) { return num('I', value); }
Field i64(std::int64_t value) { return num('l', value); }
Field timestamp(std::uint64_t seconds) { return num('T', static_cast<std::int64_t>(seconds)); }
Field decimal(std::uint8_t scale, std::uint32_t value) {
  Field field = num('D', value);
  field.scale = scale;
  return field;
}
Field f32(float value) {
  Field field;
  field.tag = 'f';
  field.real = value;
  return field;
}
Field f64(double value) {
  Field field;
  field.tag = 'd';
  field.real = value;
  return field;
}
Field nil() { return Field{}; }
Field table(Table entries) {
  Field field;
  field.tag = 'F';
  field.table = std::move(entries);
  return field;
}
Field array(std::vector<Field> items) {
  Field field;
  field.tag = 'A';
  field.items = std::move(items);
  return field;
}
Field strings(std::initializer_list<std::string_view> texts) {
  std::vector<Field> items;
  for (const std::string_view text : texts)
    items.push_back(str(text));
  return array(std::move(items));
}

const Field* find(const Table& table, std::string_view name) {
  for (const Entry& entry : table) {
    if (entry.name == name) return &entry.value;
  }
  return nullptr;
}

const Field& at(const Table& table, std::string_view name) {
  if (const Field* field = find(table, name)) return *field;
  throw WireError("no entry '" + std::string(name) + "' in " + to_string(table));
}

std::string to_string(const Field& field) {
  std::string out(1, field.tag);
  out += ':';
  switch (field.tag) {
    case 'S':
    case 'x': return out + field.text;
    case 'F': return out + to_string(field.table);
    case 'A': {
      out += '[';
      for (const Field& item : field.items)
        out += to_string(item) + " ";
      return out + "]";
    }
    case 'f':
    case 'd': return out + std::to_string(field.real);
    default: return out + std::to_string(field.number);
  }
}

std::string to_string(const Table& table) {
  std::string out = "{";
  for (const Entry& entry : table)
    out += entry.name + "=" + to_string(entry.value) + " ";
  return out + "}";
}

Writer& Writer::octet(unsigned value) {
  out_.push_back(static_cast<char>(value & 0xFF));
  return *this;
}
Writer& Writer::u16(unsigned value) {
  put_big_endian(out_, value, 2);
  return *this;
}
Writer& Writer::u32(std::uint64_t value) {
  put_big_endian(out_, value, 4);
  return *this;
}
Writer& Writer::u64(std::uint64_t value) {
  put_big_endian(out_, value, 8);
  return *this;
}
Writer& Writer::shortstr(std::string_view text) {
  if (text.size() > 255) throw WireError("a short string holds 255 octets");
  octet(static_cast<unsigned>(text.size()));
  return raw(text);
}
Writer& Writer::longstr(std::string_view text) {
  u32(text.size());
  return raw(text);
}
Writer& Writer::table(const Table& entries) {
  Writer inner;
  for (const Entry& entry : entries)
    inner.shortstr(entry.name).field(entry.value);
  return longstr(inner.str());
}
Writer& Writer::field(const Field& value) {
  octet(static_cast<unsigned char>(value.tag));
  if (const int width = integer_width(value.tag); width != 0) {
    put_big_endian(out_, static_cast<std::uint64_t>(value.number), width);
    return *this;
  }
  switch (value.tag) {
    case 'D': return octet(value.scale).u32(static_cast<std::uint64_t>(value.number));
    case 'f': return u32(std::bit_cast<std::uint32_t>(static_cast<float>(value.real)));
    case 'd': return u64(std::bit_cast<std::uint64_t>(value.real));
    case 'S':
    case 'x': return longstr(value.text);
    case 'F': return table(value.table);
    case 'A': {
      Writer inner;
      for (const Field& item : value.items)
        inner.field(item);
      return longstr(inner.str());
    }
    default: return *this;  // 'V', or a letter that a test made up: no value
  }
}
Writer& Writer::bits(std::initializer_list<bool> low_first) {
  unsigned value = 0;
  unsigned bit = 1;
  for (const bool set : low_first) {
    if (set) value |= bit;
    bit <<= 1;
  }
  return octet(value);
}
Writer& Writer::raw(std::string_view octets) {
  out_.append(octets);
  return *this;
}

std::uint64_t Reader::big_endian(std::size_t width) {
  if (left() < width) throw WireError("the frame ended inside a number");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value = (value << 8) | static_cast<unsigned char>(in_[at_++]);
  }
  return value;
}
std::uint8_t Reader::octet() { return static_cast<std::uint8_t>(big_endian(1)); }
std::uint16_t Reader::u16() { return static_cast<std::uint16_t>(big_endian(2)); }
std::uint32_t Reader::u32() { return static_cast<std::uint32_t>(big_endian(4)); }
std::uint64_t Reader::u64() { return big_endian(8); }
std::string Reader::raw(std::size_t count) {
  if (left() < count) throw WireError("the frame ended inside a string");
  std::string out = in_.substr(at_, count);
  at_ += count;
  return out;
}
std::string Reader::shortstr() {
  const std::size_t size = octet();
  return raw(size);
}
std::string Reader::longstr() {
  const std::size_t size = u32();
  return raw(size);
}
Field Reader::field() {
  const char tag = static_cast<char>(octet());
  return read_value(*this, tag);
}
Table Reader::table() {
  Reader entries(longstr());
  Table out;
  while (entries.left() > 0) {
    std::string name = entries.shortstr();
    out.push_back({std::move(name), entries.field()});
  }
  return out;
}

Properties headers(Table entries) {
  Properties properties;
  properties.headers = std::move(entries);
  return properties;
}

std::string encode(const Properties& p) {
  const bool present[] = {p.content_type.has_value(), p.content_encoding.has_value(),
                          p.headers.has_value(),      p.delivery_mode.has_value(),
                          p.priority.has_value(),     p.correlation_id.has_value(),
                          p.reply_to.has_value(),     p.expiration.has_value(),
                          p.message_id.has_value(),   p.timestamp.has_value(),
                          p.type.has_value(),         p.user_id.has_value(),
                          p.app_id.has_value(),       p.cluster_id.has_value()};
  unsigned flags = 0;
  unsigned bit = 15;
  for (const bool set : present) {
    if (set) flags |= 1u << bit;
    --bit;
  }
  Writer writer;
  writer.u16(flags);
  put_string(writer, p.content_type);
  put_string(writer, p.content_encoding);
  if (p.headers) writer.table(*p.headers);
  if (p.delivery_mode) writer.octet(*p.delivery_mode);
  if (p.priority) writer.octet(*p.priority);
  put_string(writer, p.correlation_id);
  put_string(writer, p.reply_to);
  put_string(writer, p.expiration);
  put_string(writer, p.message_id);
  if (p.timestamp) writer.u64(*p.timestamp);
  put_string(writer, p.type);
  put_string(writer, p.user_id);
  put_string(writer, p.app_id);
  put_string(writer, p.cluster_id);
  return writer;
}

Properties decode_properties(Reader& reader) {
  Properties p;
  const std::uint16_t flags = reader.u16();
  read_string(reader, flags, 15, p.content_type);
  read_string(reader, flags, 14, p.content_encoding);
  if ((flags & (1u << 13)) != 0) p.headers = reader.table();
  if ((flags & (1u << 12)) != 0) p.delivery_mode = reader.octet();
  if ((flags & (1u << 11)) != 0) p.priority = reader.octet();
  read_string(reader, flags, 10, p.correlation_id);
  read_string(reader, flags, 9, p.reply_to);
  read_string(reader, flags, 8, p.expiration);
  read_string(reader, flags, 7, p.message_id);
  if ((flags & (1u << 6)) != 0) p.timestamp = reader.u64();
  read_string(reader, flags, 5, p.type);
  read_string(reader, flags, 4, p.user_id);
  read_string(reader, flags, 3, p.app_id);
  read_string(reader, flags, 2, p.cluster_id);
  return p;
}

bool Frame::is(MethodId id) const {
  return type == kMethodFrame && payload.size() >= 4 && method() == id;
}
MethodId Frame::method() const {
  if (type != kMethodFrame) throw WireError("not a method: " + to_string(*this));
  Reader reader(payload);
  const std::uint16_t class_id = reader.u16();
  return {class_id, reader.u16()};
}
Reader Frame::arguments() const { return Reader(payload.substr(4)); }

std::string to_string(const Frame& frame) {
  const std::string where = " on channel " + std::to_string(frame.channel);
  if (frame.type != kMethodFrame) return "frame of type " + std::to_string(frame.type) + where;
  std::string out = "method " + to_string(frame.method()) + where;
  // The two closes carry the reason that a failed test wants to see.
  if (frame.is({10, 50}) || frame.is({20, 40})) {
    Reader reader = frame.arguments();
    out += " (" + std::to_string(reader.u16());
    out += " " + reader.shortstr() + ")";
  }
  return out;
}

std::string frame_bytes(unsigned type, unsigned channel, std::string_view payload, unsigned end) {
  return Writer().octet(type).u16(channel).longstr(payload).octet(end);
}
std::string method_frame(unsigned channel, const Method& method) {
  const std::string payload =
      Writer().u16(method.id.class_id).u16(method.id.method_id).raw(method.arguments);
  return frame_bytes(kMethodFrame, channel, payload);
}
std::string header_frame(unsigned channel, std::uint64_t body_size, const Properties& properties,
                         unsigned class_id) {
  return raw_header_frame(channel, body_size, encode(properties), class_id);
}
std::string raw_header_frame(unsigned channel, std::uint64_t body_size, std::string_view properties,
                             unsigned class_id, unsigned weight) {
  const std::string payload = Writer().u16(class_id).u16(weight).u64(body_size).raw(properties);
  return frame_bytes(kHeaderFrame, channel, payload);
}
std::string body_frame(unsigned channel, std::string_view body) {
  return frame_bytes(kBodyFrame, channel, body);
}
std::string heartbeat_frame(unsigned channel) { return frame_bytes(kHeartbeatFrame, channel, ""); }

}  // namespace harrier::test

// AMQP 0-9-1 bytes, built and read by hand for tests.
//
// Role:   an independent second opinion: nothing here uses src/amqp, so a mistake in our codec
//         cannot cancel itself out. Nothing here checks that what it builds is legal, because most
//         callers want to build what is not.
// Thread: plain values.
// Errors: reading past the end throws WireError, which fails the test that let it through.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace harrier::test {

struct WireError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct MethodId {
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;
  friend bool operator==(const MethodId&, const MethodId&) = default;
};
std::string to_string(MethodId id);

struct Entry;
using Table = std::vector<Entry>;

// One field-table value: the type letter decides which of the other members counts.
struct Field {
  char tag = 'V';
  std::int64_t number = 0;   // t b B s u i I l L T, and the unscaled part of D
  std::uint8_t scale = 0;    // D
  double real = 0;           // f d
  std::string text;          // S x
  Table table;               // F
  std::vector<Field> items;  // A
};
struct Entry {
  std::string name;
  Field value;
};
bool operator==(const Field& a, const Field& b);
bool operator==(const Entry& a, const Entry& b);

Field str(std::string_view text);                              // S
Field bytes(std::string_view octets);                          // x
Field boolean(bool value);                                     // t
Field num(char tag, std::int64_t value);                       // b B s u i I l L T
Field i32(std::int64_t value);                                 // I
Field i64(std::int64_t value);                                 // l
Field timestamp(std::uint64_t seconds);                        // T
Field decimal(std::uint8_t scale, std::uint32_t);              // D
Field f32(float value);                                        // f
Field f64(double value);                                       // d
Field nil();                                                   // V
Field table(Table entries);                                    // F
Field array(std::vector<Field> items);                         // A
Field strings(std::initializer_list<std::string_view> texts);  // A of S

const Field* find(const Table& table, std::string_view name);
// The value of a present entry; WireError when it is missing.
const Field& at(const Table& table, std::string_view name);
std::string to_string(const Table& table);
std::string to_string(const Field& field);

class Writer {
 public:
  Writer& octet(unsigned value);
  Writer& u16(unsigned value);
  Writer& u32(std::uint64_t value);
  Writer& u64(std::uint64_t value);
  Writer& shortstr(std::string_view text);
  Writer& longstr(std::string_view text);
  Writer& table(const Table& entries);
  Writer& field(const Field& value);  // the letter and the value
  Writer& bits(std::initializer_list<bool> low_first);
  Writer& raw(std::string_view octets);
  const std::string& str() const { return out_; }
  operator std::string() const { return out_; }  // NOLINT: a finished writer is its bytes

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string octets) : in_(std::move(octets)) {}
  std::uint8_t octet();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::string shortstr();
  std::string longstr();
  Table table();
  Field field();
  std::string raw(std::size_t count);
  std::string rest() { return raw(left()); }
  std::size_t left() const { return in_.size() - at_; }

 private:
  std::uint64_t big_endian(std::size_t width);
  std::string in_;
  std::size_t at_ = 0;
};

// The fourteen basic properties, in the order of their flag bits.
struct Properties {
  std::optional<std::string> content_type, content_encoding;
  std::optional<Table> headers;
  std::optional<std::uint8_t> delivery_mode, priority;
  std::optional<std::string> correlation_id, reply_to, expiration, message_id;
  std::optional<std::uint64_t> timestamp;
  std::optional<std::string> type, user_id, app_id, cluster_id;
  friend bool operator==(const Properties&, const Properties&) = default;
};
Properties headers(Table entries);
// Flags and values, without the part before them in a content header.
std::string encode(const Properties& properties);
Properties decode_properties(Reader& reader);

inline constexpr std::uint8_t kMethodFrame = 1;
inline constexpr std::uint8_t kHeaderFrame = 2;
inline constexpr std::uint8_t kBodyFrame = 3;
inline constexpr std::uint8_t kHeartbeatFrame = 8;
inline constexpr std::uint8_t kFrameEnd = 0xCE;

struct Frame {
  std::uint8_t type = 0;
  std::uint16_t channel = 0;
  std::string payload;
  bool is(MethodId id) const;
  MethodId method() const;  // WireError unless a method frame
  Reader arguments() const;
};
std::string to_string(const Frame& frame);

// A method without its frame: ids and encoded arguments.
struct Method {
  MethodId id;
  std::string arguments;
};

std::string frame_bytes(unsigned type, unsigned channel, std::string_view payload,
                        unsigned end = kFrameEnd);
std::string method_frame(unsigned channel, const Method& method);
std::string header_frame(unsigned channel, std::uint64_t body_size, const Properties& properties,
                         unsigned class_id = 60);
// A content header whose flags and values are given as bytes.
std::string raw_header_frame(unsigned channel, std::uint64_t body_size, std::string_view properties,
                             unsigned class_id = 60, unsigned weight = 0);
std::string body_frame(unsigned channel, std::string_view body);
std::string heartbeat_frame(unsigned channel = 0);
inline constexpr std::string_view kProtocolHeader{"AMQP\0\0\x09\x01", 8};

}  // namespace harrier::test

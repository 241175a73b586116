// The messages of a producer, encoded before the run: what is sent again and again.
//
// Role:   a producer walks round the ring; a run of neighbours goes out in one system call. Only
//         the first octets of a body change, in place.
// Model:  all routes in turn, as often as fits in `bytes_wanted`, at least once.
//         Body: stamp (8 octets, nanoseconds), then with `check` producer and sequence (8) and the
//         CRC-32C of these sixteen (4); the rest is a pattern.
// Limits: kRingBytesMax; of more routes an even sample is taken.
// Thread: compatible; one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/field_table.h"
#include "base/bytes.h"

namespace harrier::perf {

inline constexpr std::size_t kBatchBytes = 64 << 10;
inline constexpr std::size_t kRingBytesMax = 64 << 20;
inline constexpr std::size_t kStampBytes = 8;
inline constexpr std::size_t kCheckedBytes = 20;

struct Route {
  std::string key;
  amqp::FieldTable headers;
};

struct MessageShape {
  std::string exchange;
  std::vector<Route> routes;  // not empty; taken in turn
  std::size_t body_bytes = 16;
  bool persistent = false;
  bool mandatory = false;
  // Message i has priority i % priorities; 0: none has one.
  unsigned priorities = 0;
  std::string content_type;
  std::string expiration;
};

// What a body says of itself.
struct BodyMark {
  std::uint16_t producer = 0;
  std::uint64_t sequence = 0;  // below 2^48

  std::uint64_t packed() const { return std::uint64_t{producer} << 48 | sequence; }
  // A number whose sum over many marks changes if one is missing, or there twice.
  std::uint64_t mixed() const;
};
void write_mark(char* body, const BodyMark& mark);  // behind the stamp, which must be there
// False if the checksum is wrong. REQUIRES kCheckedBytes.
bool read_mark(std::string_view body, BodyMark& mark);
// The octets that a body has from `offset` on, beyond what is written in place.
void fill_pattern(char* to, std::size_t offset, std::size_t count);
bool matches_pattern(std::string_view piece, std::size_t offset);

class MessageRing {
 public:
  MessageRing(const MessageShape& shape, std::size_t bytes_wanted);

  std::size_t messages() const { return slots_.size() - 1; }
  // All alike: any run may start at the first, and need not be cut at the ring's end.
  bool is_uniform() const { return is_uniform_; }
  // How many of `wanted` messages from `first` lie side by side and within a batch, at least one.
  std::size_t run(std::size_t first, std::size_t wanted) const;
  std::string_view frames(std::size_t first, std::size_t count) const {
    return std::string_view(bytes_).substr(slots_[first].begin,
                                           slots_[first + count].begin - slots_[first].begin);
  }
  char* body(std::size_t message) { return bytes_.data() + slots_[message].body; }
  void stamp(std::size_t message, std::uint64_t stamp) {
    base::store_big_endian(body(message), stamp);
  }

 private:
  struct Slot {
    std::uint32_t begin = 0;
    std::uint32_t body = 0;
  };
  void append(const MessageShape& shape, const Route& route, unsigned priority);

  const bool is_uniform_;
  std::string bytes_;
  std::vector<Slot> slots_;  // and one behind the last
};

}  // namespace harrier::perf

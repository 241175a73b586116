// A request as a site sees it, and what it answers.
//
// Role:   made by Connection, answered by a Site.
// Model:  a body is whole, or comes from a BodySource: chunk by chunk, each asked for when the one
//         before it has left, so that no answer needs more memory than a chunk.
// Thread: plain values; a BodySource is used by one thread at a time, not always the same one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "http/target.h"

namespace harrier::http {

// The other end.
struct Peer {
  // The process at the other end of a Unix domain socket, as the kernel saw it connect.
  struct Process {
    pid_t id = 0;
    uid_t user = 0;
    std::vector<gid_t> groups;
  };
  std::string address;  // of IP; empty for a Unix domain socket
  std::uint16_t port = 0;
  bool loopback = false;
  bool encrypted = false;
  std::optional<Process> process;
};

// Whom a site has recognised; it knows what stands behind it.
class Principal {
 public:
  virtual ~Principal() = default;
};

struct Field {
  std::string name;  // in lower case
  std::string value;
};

struct Request {
  std::string method;  // "GET"
  Target target;
  std::vector<Field> fields;
  std::string body;
  Peer peer;
  std::shared_ptr<const Principal> principal;

  // nullptr: there is none. `name` in lower case; the first of several.
  const std::string* find(std::string_view name) const {
    for (const Field& field : fields)
      if (field.name == name) return &field.value;
    return nullptr;
  }
};

class BodySource {
 public:
  enum class Next : std::uint8_t {
    kMore,  // there may be more
    kEnd,   // that was all
    kWait,  // there is nothing now: to be asked again after a while
  };
  // What a chunk should have; more is no fault.
  static constexpr std::size_t kChunk = 64 << 10;

  virtual ~BodySource() = default;
  // Appends to `chunk`. On a worker's thread.
  virtual Next next(std::string& chunk) = 0;
};

struct Response {
  int status = 200;
  // Without content-length, transfer-encoding, content-encoding, connection and date.
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::unique_ptr<BodySource> source;  // in the place of `body`
  bool compress = true;                // if the client takes it
  bool close = false;                  // the connection behind it

  Response& set(std::string name, std::string value) {
    fields.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

}  // namespace harrier::http

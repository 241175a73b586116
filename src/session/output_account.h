// Whose bytes stand in the output buffer, in order: what was sent is then credited to the right
// one.
//
// Role:   ConnectionSession notes what it appends; when bytes reached the socket, it learns how
//         many of them the broker half gets back as credit and how many replies still pile up.
// Model:  runs of (kind, bytes), oldest first; neighbours of one kind are one run.
// Thread: confined(io).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/chunked_queue.h"

namespace harrier::session {

enum class OutputKind : std::uint8_t {
  kOwn,       // handshake, heartbeat, blocked: nobody's credit
  kDelivery,  // basic.deliver
  kReply,     // everything else the broker half said
};

class OutputAccount {
 public:
  void add(OutputKind kind, std::size_t bytes) {
    if (kind == OutputKind::kReply) reply_bytes_ += bytes;
    if (!runs_.empty() && runs_.back().kind == kind) {
      runs_.back().bytes += bytes;
    } else {
      runs_.push_back({bytes, kind});
    }
  }

  // The oldest `bytes` were sent; answers how many of them are the broker half's.
  std::size_t sent(std::size_t bytes) {
    std::size_t credit = 0;
    while (bytes != 0 && !runs_.empty()) {
      Run& run = runs_.front();
      const std::size_t part = std::min(bytes, run.bytes);
      if (run.kind != OutputKind::kOwn) credit += part;
      if (run.kind == OutputKind::kReply) reply_bytes_ -= part;
      bytes -= part;
      run.bytes -= part;
      if (run.bytes == 0) runs_.pop_front();
    }
    // Whoever has nothing to read holds no memory for it.
    if (runs_.empty()) runs_ = {};
    return credit;
  }

  std::size_t reply_bytes() const { return reply_bytes_; }
  void clear() {
    runs_.clear();
    reply_bytes_ = 0;
  }

 private:
  struct Run {
    std::size_t bytes;
    OutputKind kind;
  };

  base::ChunkedQueue<Run, 16> runs_;
  std::size_t reply_bytes_ = 0;
};

}  // namespace harrier::session

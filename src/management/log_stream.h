// The log as server-sent events.
//
// Role:   the body of GET /api/livelog: a few lines from before, then what comes.
// Model:  asked some four times a second; a comment now and then shows who has gone.
// Thread: confined to one worker at a time.
// Limits: `streams_max` at a time; a client that reads slowly misses lines (LogTail).
// Spec:   WHATWG HTML, "Server-sent events".
#pragma once

#include <memory>

#include "http/message.h"
#include "management/counters.h"

namespace harrier::management {

class LogStream final : public http::BodySource {
 public:
  static constexpr std::uint64_t kBefore = 50;
  static constexpr std::size_t kBatch = 100;
  // Asked so often without a line, it sends a comment.
  static constexpr int kQuietMax = 60;

  // nullptr: there are as many as there may be. REQUIRES that `counters` outlives it.
  static std::unique_ptr<LogStream> open(Counters& counters, std::uint64_t streams_max);
  ~LogStream() override;

  Next next(std::string& chunk) override;

 private:
  explicit LogStream(Counters& counters);

  Counters& counters_;
  std::uint64_t seen_ = 0;
  int quiet_ = 0;
};

}  // namespace harrier::management

// A stretch of a traced message's way through the broker, and the port that takes it.
//
// Role:      MessageTracer makes them; server implements SpanSink.
// Thread:    plain values; a sink serves several loops.
// Spec:      docs/operations/tracing.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "broker/trace_context.h"

namespace harrier::broker {

enum class SpanKind : std::uint8_t {
  kPublish,     // from its arrival until it is as safe as it was to be
  kDeadLetter,  // the same for what the broker publishes as a dead letter
  kWait,        // from its arrival in a queue until it leaves
  kDeliver,     // from its delivery until it is settled or comes back
  kSettle,      // the moment of its end in this queue
};

struct Span {
  SpanKind kind = SpanKind::kPublish;
  TraceId trace{};
  SpanId id{};
  SpanId parent{};
  base::WallTime start{};
  base::WallTime end{};
  std::string virtual_host;
  std::string exchange;      // of kPublish and kDeadLetter
  std::string routing_key;   // likewise
  std::string queue;         // of the others
  std::string_view outcome;  // of kWait, kDeliver and kSettle; of kPublish if no queue took it
  std::uint64_t body_size = 0;
  std::uint32_t queues = 0;  // that took it, of kPublish and kDeadLetter
};

class SpanSink {
 public:
  // Any loop; does not wait.
  virtual void finish(Span span) = 0;
  // So many were given up before they were finished.
  virtual void abandon(std::uint64_t count) = 0;

 protected:
  ~SpanSink() = default;
};

}  // namespace harrier::broker

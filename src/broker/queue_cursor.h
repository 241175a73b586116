// How far somebody has looked at what waits in a queue, who changes nothing by looking.
//
// Model:  the order of delivery: the highest level first, in a level by position. What comes and
//         goes behind it is not seen, what comes before it is. Where the disk has what is next,
//         run() says so (kWait) and has asked for it; take_page() goes on with what it answers.
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "broker/queue.h"

namespace harrier::broker {

class QueueCursor {
 public:
  // False: that is enough. `on_disk`: it had to be read.
  using Visit = std::function<bool(const QueueEntry& entry, bool on_disk)>;
  enum class Step : std::uint8_t {
    kDone,  // at the end
    kMore,  // visit() or the budget said enough
    kWait,
  };

  // Begins at the head, or behind a place.
  QueueCursor() = default;
  QueueCursor(std::uint8_t level, Position after) : level_(level), after_(after), begun_(true) {}

  // Looks at `entries` at most. `page` is called later, in a turn, and has to call take_page().
  Step run(Queue& queue, std::uint64_t entries, base::MonotonicTime now, const Visit& visit,
           std::function<void(PagedIn)> page);
  // False: visit() said enough.
  bool take_page(const PagedIn& page, base::MonotonicTime now, const Visit& visit);

 private:
  std::uint8_t level_ = 0;
  Position after_;
  bool begun_ = false;
};

}  // namespace harrier::broker

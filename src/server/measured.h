// What is counted of an object, and how fast the count grows.
//
// Model:  `rate` is per second, over the last five to ten seconds; 0 for what has been quiet for
//         about ten. Totals are those since the object was made, or since the node started.
// Thread: plain values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace harrier::server {

struct Measured {
  std::uint64_t total = 0;
  double rate = 0;
};

// RabbitMQ's message_stats, by its names. What an object does not have is 0: publish_in and
// publish_out are exchanges', confirm, return_unroutable and drop_unroutable are channels'.
struct MessageStatistics {
  Measured publish;  // of a queue: what was put into it
  Measured publish_in;
  Measured publish_out;
  Measured confirm;
  Measured deliver;  // to consumers that acknowledge
  Measured deliver_no_ack;
  Measured get;  // with acknowledgement
  Measured get_no_ack;
  Measured get_empty;
  Measured ack;
  Measured redeliver;  // of these: again
  Measured return_unroutable;
  Measured drop_unroutable;

  Measured deliver_get() const {
    return {deliver.total + deliver_no_ack.total + get.total + get_no_ack.total,
            deliver.rate + deliver_no_ack.rate + get.rate + get_no_ack.rate};
  }
};

// How values are spread, for a histogram: counts[i] are those of at most upper_bounds[i] and above
// the bound before; the last of counts, above all bounds. In seconds, bytes or records.
struct Distribution {
  std::span<const double> upper_bounds;  // static
  std::vector<std::uint64_t> counts;     // one more than upper_bounds
  double sum = 0;

  std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const std::uint64_t some : counts)
      all += some;
    return all;
  }
};

}  // namespace harrier::server

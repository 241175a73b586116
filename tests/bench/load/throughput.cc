#include "bench/load/flow.h"
#include "bench/load/meter.h"
#include "bench/load/modes.h"

namespace harrier::bench {

void run_throughput(Arguments& arguments) {
  const Target target(arguments);
  Meter meter(arguments);
  const Publishing publishing{.queue = target.queue,
                              .body_bytes = arguments.number("size", 1024),
                              .window = arguments.number("window", 1000),
                              .ahead = arguments.number("ahead", 100'000)};
  const Consuming consuming{.queue = target.queue,
                            .prefetch = static_cast<unsigned>(arguments.number("prefetch", 1000)),
                            .ack_every = arguments.number("ack-every", 1)};
  Goal goal;
  goal.messages = arguments.number("messages", goal.messages);
  goal.duration = seconds_of(arguments.real("seconds", 10));
  Goal warm_up;
  warm_up.messages = arguments.number("warmup-messages", goal.messages / 10);
  warm_up.duration = seconds_of(arguments.real("warmup-seconds", 2));
  arguments.refuse_unknown();

  Connection control(target.port);
  if (declare_queue(control, target.queue, target.queue_version) != 0)
    throw LoadError("queue " + target.queue + " is not empty");
  Consumer consumer(target.port, consuming);
  Publisher publisher(target.port, publishing);
  exchange(publisher, consumer, warm_up);
  const std::uint64_t bytes_before = consumer.body_bytes();
  const std::uint64_t delivered_before = consumer.delivered();
  const Usage begin = meter.begin_phase();
  const Exchanged result = exchange(publisher, consumer, goal);
  const Usage used = meter.end_phase(begin);
  const std::uint32_t left = ready_count(control, target.queue);
  control.call(test::queue_delete(target.queue), test::kQueueDeleteOk);

  const auto messages = static_cast<double>(result.messages);
  JsonLine line = begin_line(arguments, target.label);
  line.count("queue_version", target.queue_version).count("size", publishing.body_bytes);
  line.count("window", publishing.window).count("prefetch", consuming.prefetch);
  line.count("ack_every", consuming.ack_every);
  line.count("messages", result.messages);  // each of them confirmed
  line.count("delivered", consumer.delivered() - delivered_before);
  line.count("body_bytes_delivered", consumer.body_bytes() - bytes_before);
  line.count("left_in_queue", left);
  line.real("publish_s", result.publish_s).real("consume_s", result.consume_s);
  line.real("confirmed_per_s", messages / result.publish_s);
  line.real("consumed_per_s", messages / result.consume_s);
  add_usage(line, "", used, result.messages, meter.flush_source());
  const Memory memory = meter.memory();
  line.count("rss_bytes", memory.resident_bytes).count("rss_peak_bytes", memory.peak_bytes);
  line.print();
}

}  // namespace harrier::bench

// A backlog far larger than memory should hold: filled, weighed, drained.
#include <cmath>
#include <thread>

#include "bench/load/flow.h"
#include "bench/load/meter.h"
#include "bench/load/modes.h"

namespace harrier::bench {
namespace {

// So few messages wait while the empty queue is measured.
constexpr std::uint64_t kAhead = 10'000;

struct Phase {
  double rate = std::nan("");
  Usage used;
  std::uint64_t messages = 0;
};

struct Filled {
  Phase phase;
  Memory start, before, after;  // start: before the empty queue's run
  double first_tenth_rate = std::nan(""), last_tenth_rate = std::nan("");
};

// The lowest of a second: what was only on its way has been freed or written by then.
Memory settled_memory(const Meter& meter) {
  Memory lowest = meter.memory();
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const Memory now = meter.memory();
    if (now.resident_bytes < lowest.resident_bytes) lowest = now;
  }
  return lowest;
}

class Backlog {
 public:
  Backlog(const Target& target, const Publishing& publishing, const Consuming& consuming)
      : port_(target.port), publishing_(publishing), consuming_(consuming) {}

  Phase pass_through(Meter& meter, std::uint64_t messages) {
    Consumer consumer(port_, consuming_);
    Publisher publisher(port_, publishing_);
    exchange(publisher, consumer, {.messages = messages / 10 + 1});  // warm
    const Usage begin = meter.begin_phase();
    const Exchanged result = exchange(publisher, consumer, {.messages = messages});
    return {static_cast<double>(messages) / result.consume_s, meter.end_phase(begin), messages};
  }

  Filled fill(Meter& meter, std::uint64_t messages) {
    Filled filled;
    filled.before = settled_memory(meter);
    Publisher publisher(port_, publishing_);
    const Usage begin = meter.begin_phase();
    const auto begin_time = Clock::now();
    publisher.run({.messages = messages}, nullptr);
    filled.phase.rate = static_cast<double>(messages) / seconds(Clock::now() - begin_time);
    filled.phase.used = meter.end_phase(begin);
    filled.phase.messages = messages;
    const auto& tenths = publisher.tenths();
    const double tenth = static_cast<double>(messages) / 10;
    filled.first_tenth_rate = tenth / seconds(tenths[0] - begin_time);
    filled.last_tenth_rate = tenth / seconds(tenths[9] - tenths[8]);
    filled.after = settled_memory(meter);
    return filled;
  }

  Phase drain(Meter& meter, std::uint64_t messages) {
    const Usage begin = meter.begin_phase();
    const auto begin_time = Clock::now();
    Consumer consumer(port_, consuming_);
    consumer.run_until(std::atomic<std::uint64_t>{messages});
    const double elapsed_s = seconds(Clock::now() - begin_time);
    if (consumer.body_bytes() != messages * publishing_.body_bytes)
      throw LoadError("drained bodies differ in size from those filled in");
    return {static_cast<double>(messages) / elapsed_s, meter.end_phase(begin), messages};
  }

 private:
  const std::uint16_t port_;
  const Publishing publishing_;
  const Consuming consuming_;
};

void add_phase(JsonLine& line, const std::string& name, const Phase& phase, const Meter& meter) {
  line.real(name + "_per_s", phase.rate);
  add_usage(line, name + "_", phase.used, phase.messages, meter.flush_source());
}

void add_memory(JsonLine& line, const Filled& filled, std::uint64_t messages,
                std::uint64_t cache_bytes) {
  const auto growth = [](std::uint64_t before, std::uint64_t after) {
    return static_cast<double>(after) - static_cast<double>(before);
  };
  const auto count = static_cast<double>(messages);
  const double resident = growth(filled.before.resident_bytes, filled.after.resident_bytes);
  const double anonymous = growth(filled.before.anonymous_bytes, filled.after.anonymous_bytes);
  line.count("rss_start_bytes", filled.start.resident_bytes);
  line.count("rss_before_bytes", filled.before.resident_bytes);
  line.count("rss_after_bytes", filled.after.resident_bytes);
  line.count("rss_peak_bytes", filled.after.peak_bytes);
  line.count("rss_anon_before_bytes", filled.before.anonymous_bytes);
  line.count("rss_anon_after_bytes", filled.after.anonymous_bytes);
  line.real("rss_bytes_per_message", resident / count);
  line.real("rss_anon_bytes_per_message", anonymous / count);
  line.count("cache_bytes", cache_bytes);
  line.real("rss_beyond_cache_bytes_per_message",
            std::max(0.0, resident - static_cast<double>(cache_bytes)) / count);
}

}  // namespace

void run_backlog(Arguments& arguments) {
  const Target target(arguments);
  Meter meter(arguments);
  const std::uint64_t messages = arguments.number("messages", 10'000'000);
  const std::uint64_t empty_messages = arguments.number("empty-messages", messages / 10);
  const std::uint64_t cache_bytes = arguments.number("cache-bytes", 0);
  const bool keep = arguments.has("keep");
  const bool drain_only = arguments.has("drain-only");
  const Publishing publishing{.queue = target.queue,
                              .body_bytes = arguments.number("size", 100),
                              .window = arguments.number("window", 1000),
                              .ahead = kAhead};
  const Consuming consuming{.queue = target.queue,
                            .prefetch = static_cast<unsigned>(arguments.number("prefetch", 1000)),
                            .ack_every = arguments.number("ack-every", 100)};
  arguments.refuse_unknown();
  if (keep && drain_only) throw LoadError("--keep and --drain-only exclude each other");

  Connection control(target.port);
  const std::uint32_t found = declare_queue(control, target.queue, target.queue_version);
  if (found != (drain_only ? messages : 0))
    throw LoadError("queue " + target.queue + " holds " + std::to_string(found) + " messages");
  Backlog backlog(target, publishing, consuming);
  Phase empty, drain;
  Filled fill;
  if (!drain_only) {
    const Memory start = meter.memory();
    if (empty_messages > 0) empty = backlog.pass_through(meter, empty_messages);
    fill = backlog.fill(meter, messages);
    fill.start = start;
  }
  const std::uint32_t backlog_count = ready_count(control, target.queue);
  if (!keep) drain = backlog.drain(meter, messages);
  const std::uint32_t left = ready_count(control, target.queue);
  if (!keep) control.call(test::queue_delete(target.queue), test::kQueueDeleteOk);

  JsonLine line = begin_line(arguments, target.label);
  line.count("queue_version", target.queue_version).count("size", publishing.body_bytes);
  line.count("messages", messages).count("window", publishing.window);
  line.count("prefetch", consuming.prefetch).count("ack_every", consuming.ack_every);
  line.flag("kept", keep).flag("drain_only", drain_only);
  line.count("backlog_count", backlog_count).count("left_in_queue", left);
  add_phase(line, "empty", empty, meter);
  add_phase(line, "fill", fill.phase, meter);
  line.real("fill_first_tenth_per_s", fill.first_tenth_rate);
  line.real("fill_last_tenth_per_s", fill.last_tenth_rate);
  add_phase(line, "drain", drain, meter);
  line.real("fill_to_empty", fill.phase.rate / empty.rate);
  line.real("drain_to_empty", drain.rate / empty.rate);
  add_memory(line, fill, messages, cache_bytes);
  line.print();
}

}  // namespace harrier::bench

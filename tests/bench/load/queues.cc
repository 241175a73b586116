// Many durable queues: what declaring one costs, and what one weighs.
#include "bench/load/flow.h"
#include "bench/load/meter.h"
#include "bench/load/modes.h"

namespace harrier::bench {
namespace {

std::string name_of(const std::string& prefix, std::uint64_t index) {
  std::string digits = std::to_string(index);
  digits.insert(0, 7 - std::min<std::size_t>(7, digits.size()), '0');
  return prefix + "_" + digits;
}

// Sends declares with at most `window` unanswered, `step` apart in the numbering.
void declare(Connection& connection, const std::string& prefix, std::uint64_t queues,
             std::uint64_t step, std::uint64_t window, const test::QueueFlags& flags) {
  const std::uint64_t total = (queues + step - 1) / step;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  auto progress = Clock::now();
  while (answered < total) {
    std::string batch;
    while (sent < total && sent - answered < window && batch.size() < 65536) {
      batch += test::method_frame(1, test::queue_declare(name_of(prefix, sent * step), flags));
      ++sent;
    }
    connection.send(batch);
    const bool may_send = sent < total && sent - answered < window;
    if (connection.receive(may_send ? Wait::kNone : Wait::kBriefly)) {
      connection.scan([&](char type, std::string_view payload) {
        constexpr std::uint64_t kDeclareOk = 50u << 16 | 11u;
        if (type == test::kMethodFrame && big_endian(payload.substr(0, 4)) == kDeclareOk)
          ++answered;
      });
      progress = Clock::now();
    } else if (Clock::now() - progress > kPatience) {
      throw LoadError("no queue.declare-ok for a long time");
    }
  }
}

}  // namespace

void run_queues(Arguments& arguments) {
  const Target target(arguments);
  Meter meter(arguments);
  const std::uint64_t queues = arguments.number("queues", 100'000);
  const std::uint64_t window = arguments.number("window", 1000);
  const bool check = arguments.has("check");
  const std::uint64_t sample = std::min(queues, arguments.number("sample", 1000));
  arguments.refuse_unknown();
  if (queues == 0 || sample == 0) throw LoadError("--queues and --sample must not be 0");

  test::QueueFlags flags{.passive = check, .durable = true};
  if (target.queue_version > 0)
    flags.arguments = {{"x-queue-version", test::i32(target.queue_version)}};
  // Passive declares of what is missing close the channel: then this throws.
  const std::uint64_t step = check ? queues / sample : 1;
  Connection connection(target.port);
  const Memory before = meter.memory();
  const Usage begin = meter.begin_phase();
  const auto begin_time = Clock::now();
  declare(connection, target.queue, queues, step, window, flags);
  const double elapsed_s = seconds(Clock::now() - begin_time);
  const Usage used = meter.end_phase(begin);
  const Memory after = meter.memory();
  const std::uint64_t declared = (queues + step - 1) / step;
  const auto count = static_cast<double>(declared);
  const auto growth = [&](std::uint64_t Memory::*bytes) {
    return (static_cast<double>(after.*bytes) - static_cast<double>(before.*bytes)) / count;
  };

  JsonLine line = begin_line(arguments, target.label);
  line.count("queue_version", target.queue_version).count("queues", queues);
  line.count("declared", declared).flag("check", check).count("window", window);
  line.real("elapsed_s", elapsed_s).real("declares_per_s", count / elapsed_s);
  line.count("rss_before_bytes", before.resident_bytes);
  line.count("rss_after_bytes", after.resident_bytes);
  line.count("rss_peak_bytes", after.peak_bytes);
  line.real("rss_bytes_per_queue", growth(&Memory::resident_bytes));
  line.real("rss_anon_bytes_per_queue", growth(&Memory::anonymous_bytes));
  add_usage(line, "", used, declared, meter.flush_source());
  line.print();
}

}  // namespace harrier::bench

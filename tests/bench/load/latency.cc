// Publishers that each wait for the confirm of one message before they send the next.
#include <memory>

#include <sys/epoll.h>
#include <unistd.h>

#include "bench/load/flow.h"
#include "bench/load/meter.h"
#include "bench/load/modes.h"

namespace harrier::bench {
namespace {

// All publishers on one thread: the wait is the broker's, not that of 64 threads for a processor.
class OneByOne {
 public:
  OneByOne(std::uint16_t port, std::uint64_t publishers, const std::vector<std::string>& queues,
           std::size_t body_bytes)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::uint64_t i = 0; i < publishers; ++i) {
      auto publisher = std::make_unique<OnePublisher>(port);
      publisher->frames = publish_frames(queues[i % queues.size()], body_bytes);
      publisher->connection.call(test::confirm_select(), test::kConfirmSelectOk);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, publisher->connection.socket(), &event);
      publishers_.push_back(std::move(publisher));
    }
  }
  OneByOne(const OneByOne&) = delete;
  OneByOne& operator=(const OneByOne&) = delete;
  ~OneByOne() { ::close(epoll_); }

  // Returns the nanoseconds of each confirm.
  std::vector<std::uint64_t> run(const Goal& goal) {
    const auto begin = Clock::now();
    std::vector<std::uint64_t> times;
    std::uint64_t sent = 0;
    std::uint64_t waiting = 0;
    const auto may_send = [&](Clock::time_point now) {
      return sent < goal.messages && now - begin < goal.duration;
    };
    for (auto& publisher : publishers_) {
      if (!may_send(Clock::now())) break;
      publisher->publish();
      ++sent;
      ++waiting;
    }
    while (waiting > 0) {
      epoll_event events[64];
      const int count =
          ::epoll_wait(epoll_, events, 64, static_cast<int>(kPatience.count()) * 1000);
      if (count == 0) throw LoadError("no confirm for a long time");
      for (int i = 0; i < count; ++i) {
        OnePublisher& publisher = *publishers_[events[i].data.u64];
        if (!publisher.take_confirm()) continue;
        const auto now = Clock::now();
        times.push_back(static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(now - publisher.sent_at).count()));
        --waiting;
        if (!may_send(now)) continue;
        publisher.publish();
        ++sent;
        ++waiting;
      }
    }
    return times;
  }

 private:
  struct OnePublisher {
    explicit OnePublisher(std::uint16_t port) : connection(port) {}
    void publish() {
      ++tag;
      sent_at = Clock::now();
      connection.send(frames);
    }
    bool take_confirm() {
      if (!connection.receive(Wait::kNone)) return false;
      bool confirmed = false;
      connection.scan([&](char type, std::string_view payload) {
        if (type != test::kMethodFrame || payload.size() < 13) return;
        const std::uint64_t method = big_endian(payload.substr(0, 4));
        if (method == (60u << 16 | 120u))
          throw LoadError("the broker refused a message (basic.nack)");
        if (method == (60u << 16 | 80u) && big_endian(payload.substr(4, 8)) == tag)
          confirmed = true;
      });
      return confirmed;
    }

    Connection connection;
    std::string frames;
    std::uint64_t tag = 0;
    Clock::time_point sent_at;
  };

  const int epoll_;
  std::vector<std::unique_ptr<OnePublisher>> publishers_;
};

struct Measured {
  std::vector<std::uint64_t> confirms, raw;  // nanoseconds
  double elapsed_s = 0;                      // of the load alone
  Usage used;
};

// `goal` in so many slices, each after a slice of the raw disk if there is one.
Measured measure(OneByOne& load, Meter& meter, const Goal& goal, int slices, RawFile* raw,
                 Clock::duration raw_duration) {
  Measured measured;
  for (int i = 0; i < slices; ++i) {
    if (raw != nullptr) raw->measure(raw_duration / slices, measured.raw);
    Goal slice = goal;
    slice.duration = goal.duration / slices;
    if (goal.messages != Goal{}.messages)
      slice.messages =
          goal.messages * static_cast<std::uint64_t>(i + 1) / static_cast<std::uint64_t>(slices) -
          measured.confirms.size();
    const Usage begin = meter.begin_phase();
    const auto begin_time = Clock::now();
    const std::vector<std::uint64_t> confirms = load.run(slice);
    measured.elapsed_s += seconds(Clock::now() - begin_time);
    measured.used += meter.end_phase(begin);
    measured.confirms.insert(measured.confirms.end(), confirms.begin(), confirms.end());
  }
  return measured;
}

Measured measure_beside_disk(OneByOne& load, Meter& meter, const Goal& goal,
                             const std::string& directory, Clock::duration raw_duration) {
  constexpr int kSlices = 10;
  RawFile raw(directory);
  return measure(load, meter, goal, kSlices, &raw, raw_duration);
}

}  // namespace

void run_latency(Arguments& arguments) {
  const Target target(arguments);
  Meter meter(arguments);
  const std::uint64_t publishers = arguments.number("publishers", 1);
  const std::uint64_t queue_count = arguments.number("queues", 1);
  const std::size_t body_bytes = arguments.number("size", 1024);
  Goal goal;
  goal.messages = arguments.number("messages", goal.messages);
  goal.duration = seconds_of(arguments.real("seconds", 10));
  const Goal warm_up{arguments.number("warmup-messages", goal.messages / 10),
                     seconds_of(arguments.real("warmup-seconds", 1))};
  // The disk by itself, in slices between those of the load, so that a busy second weighs on both.
  const std::string raw_directory = arguments.text("raw-dir", "");
  const auto raw_duration = seconds_of(arguments.real("raw-seconds", 2));
  arguments.refuse_unknown();

  Connection control(target.port);
  std::vector<std::string> queues;
  for (std::uint64_t i = 0; i < queue_count; ++i) {
    queues.push_back(target.queue + "_" + std::to_string(i));
    if (declare_queue(control, queues.back(), target.queue_version) != 0)
      throw LoadError("queue " + queues.back() + " is not empty");
  }
  OneByOne load(target.port, publishers, queues, body_bytes);
  const std::uint64_t warm_up_messages = load.run(warm_up).size();
  const Measured measured =
      raw_directory.empty() ? measure(load, meter, goal, 1, nullptr, {})
                            : measure_beside_disk(load, meter, goal, raw_directory, raw_duration);
  std::uint64_t left = 0;
  for (const std::string& queue : queues) {
    left += ready_count(control, queue);
    control.call(test::queue_delete(queue), test::kQueueDeleteOk);
  }

  JsonLine line = begin_line(arguments, target.label);
  line.count("queue_version", target.queue_version).count("size", body_bytes);
  line.count("publishers", publishers).count("queues", queue_count);
  line.count("messages", measured.confirms.size()).count("warmup_messages", warm_up_messages);
  line.count("left_in_queue", left);
  line.real("elapsed_s", measured.elapsed_s);
  line.real("confirmed_per_s", static_cast<double>(measured.confirms.size()) / measured.elapsed_s);
  add_distribution(line, "confirm", measured.confirms);
  add_distribution(line, "raw_flush", measured.raw);
  add_usage(line, "", measured.used, measured.confirms.size(), meter.flush_source());
  line.print();
}

}  // namespace harrier::bench

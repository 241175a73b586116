#include "perf/load_loop.h"

#include <algorithm>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace harrier::perf {
namespace {

constexpr int kEventsMax = 256;
constexpr std::uint64_t kWakeIndex = UINT64_MAX;
// How often a producer looks whether the consumers on other threads have caught up.
constexpr std::chrono::microseconds kSoon{100};
constexpr std::chrono::milliseconds kIdle{100};

void watch(int epoll, int descriptor, std::uint32_t events, std::uint64_t index) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = index;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0)
    throw LoadError("cannot watch a socket");
}

}  // namespace

LoadLoop::LoadLoop(Clock::duration spin)
    : spin_(spin),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      counters_(std::make_unique<FlowCounters>()) {
  watch(epoll_, wake_, EPOLLIN, kWakeIndex);
}

LoadLoop::~LoadLoop() {
  join();
  ::close(wake_);
  ::close(epoll_);
}

void LoadLoop::add(std::unique_ptr<Flow> flow) {
  watch(epoll_, flow->connection().descriptor(), EPOLLIN | EPOLLOUT | EPOLLET, flows_.size());
  flows_.push_back({.flow = std::move(flow)});
}

void LoadLoop::start() {
  thread_ = std::thread([this] {
    // Else the kernel rounds our waits up to 50 us, and every schedule with them.
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    try {
      run();
    } catch (...) {
      failure_ = std::current_exception();
      has_failed_.store(true, std::memory_order_release);
    }
  });
}

void LoadLoop::begin(const Phase& phase) {
  while (begins_taken_.load(std::memory_order_acquire) != begins_.load() && !failure())
    std::this_thread::yield();
  phase_ = phase;
  order(begins_);
}

void LoadLoop::join() {
  if (!thread_.joinable()) return;
  quits_ = true;
  order(stops_);
  thread_.join();
}

void LoadLoop::finish(Clock::time_point deadline) {
  join();
  for (const Entry& entry : flows_)
    entry.flow->connection().close(deadline);
  flows_.clear();
}

std::exception_ptr LoadLoop::failure() const {
  return has_failed_.load(std::memory_order_acquire) ? failure_ : nullptr;
}

void LoadLoop::order(std::atomic<unsigned>& what) {
  what.fetch_add(1, std::memory_order_release);
  const std::uint64_t one = 1;
  while (::write(wake_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void LoadLoop::run() {
  while (!quits_.load(std::memory_order_relaxed)) {
    wait(Clock::now());
    take_orders();
    give_turns();
  }
}

void LoadLoop::take_orders() {
  const unsigned begins = begins_.load(std::memory_order_acquire);
  const unsigned stops = stops_.load(std::memory_order_acquire);
  const unsigned syncs = syncs_.load(std::memory_order_acquire);
  if (begins == begins_seen_ && stops == stops_seen_ && syncs == syncs_seen_) return;
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    if (begins != begins_seen_) flows_[i].flow->begin(phase_);
    if (stops != stops_seen_) flows_[i].flow->stop();
    if (syncs != syncs_seen_) flows_[i].flow->sync();
    ready_.push_back(i);
  }
  begins_taken_.store(begins, std::memory_order_release);
  begins_seen_ = begins;
  stops_seen_ = stops;
  syncs_seen_ = syncs;
}

void LoadLoop::wait(Clock::time_point now) {
  Clock::duration limit = kIdle;
  if (!soon_.empty()) limit = kSoon;
  if (!due_.empty()) limit = std::clamp<Clock::duration>(due_.top().first - now - spin_, {}, limit);
  if (!again_.empty()) limit = {};
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(limit);
  timespec timeout{};
  timeout.tv_sec = whole.count();
  timeout.tv_nsec = std::chrono::nanoseconds(limit - whole).count();
  epoll_event events[kEventsMax];
  const int count = ::epoll_pwait2(epoll_, events, kEventsMax, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t index = events[i].data.u64;
    if (index == kWakeIndex) {
      std::uint64_t value;
      while (::read(wake_, &value, sizeof value) < 0 && errno == EINTR) {
      }
      continue;
    }
    if ((events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
      flows_[index].flow->readable();
    if ((events[i].events & EPOLLOUT) != 0) flows_[index].flow->writable();
    ready_.push_back(index);
  }
}

void LoadLoop::give_turns() {
  const auto now = Clock::now();
  // A turn may put its flow into a list again: that is for the next time.
  turns_.clear();
  for (std::vector<std::size_t>* list : {&ready_, &again_, &soon_}) {
    turns_.insert(turns_.end(), list->begin(), list->end());
    list->clear();
  }
  for (const std::size_t index : turns_)
    flows_[index].is_again = flows_[index].is_soon = false;
  for (const std::size_t index : turns_)
    turn(index, now);
  while (!due_.empty() && due_.top().first <= now) {
    const auto [time, index] = due_.top();
    due_.pop();
    if (flows_[index].due != time) continue;  // it has been called since
    flows_[index].due = {};
    turn(index, now);
  }
}

void LoadLoop::turn(std::size_t index, Clock::time_point now) {
  Entry& entry = flows_[index];
  const Next next = entry.flow->turn(now, buffer_);
  switch (next.kind) {
    case Next::Kind::kEvent: break;
    case Next::Kind::kAgain:
      if (!entry.is_again) again_.push_back(index);
      entry.is_again = true;
      break;
    case Next::Kind::kSoon:
      if (!entry.is_soon) soon_.push_back(index);
      entry.is_soon = true;
      break;
    case Next::Kind::kAt:
      if (entry.due == next.time) break;
      entry.due = next.time;
      due_.emplace(next.time, index);
      break;
  }
}

}  // namespace harrier::perf

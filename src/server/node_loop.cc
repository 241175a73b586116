#include "server/node_loop.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace harrier::server {

NodeLoop::NodeLoop(Shared& shared, const base::Clock& clock, std::size_t index)
    : index_(index),
      loop_(clock),
      broker_(loop_),
      hand_over_(shared, broker_, index),
      io_({.loop = loop_,
           .shared = shared,
           .broker = broker_,
           .hand_over = hand_over_,
           .index = index,
           .post = [this](std::function<void()> task) { post(std::move(task)); }}) {}

NodeLoop::~NodeLoop() = default;

void NodeLoop::connect(const std::vector<std::unique_ptr<NodeLoop>>& loops) {
  hand_over_.connect(loops, io_);
}

void NodeLoop::start() { loop_.start(*this); }

void NodeLoop::post(std::function<void()> task) {
  put(std::make_unique<const std::function<void()>>(std::move(task)));
}

namespace {

// Told at most once, perhaps long after whoever waited has given up.
class Told {
 public:
  void tell() {
    const std::lock_guard lock(mutex_);
    told_ = true;
    condition_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return told_; });
  }
  bool wait_for(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return condition_.wait_for(lock, patience, [this] { return told_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool told_ = false;
};

}  // namespace

void NodeLoop::run(const std::function<void()>& task) {
  const auto ended = std::make_shared<Told>();
  post([&task, ended] {
    task();
    ended->tell();
  });
  ended->wait();
}

bool NodeLoop::wait_for_commit(std::size_t shard) {
  const auto committed = std::make_shared<Told>();
  post([this, shard, committed] {
    store_->when_committed(shard, [committed] { committed->tell(); });
  });
  return committed->wait_for(kCommitPatience);
}

void NodeLoop::heed_gate_from_any_thread() {
  // Of many changes the loop needs to see the last.
  if (gate_changed_.exchange(true)) return;
  post([this] {
    gate_changed_.exchange(false);
    io_.heed_gate();
  });
}

void NodeLoop::heed_quota_from_any_thread() {
  if (quota_changed_.exchange(true)) return;
  post([this] {
    quota_changed_.exchange(false);
    io_.heed_quota();
  });
}

void NodeLoop::put(Mail mail) {
  if (mailbox_.put(std::move(mail))) loop_.wake();
}

void NodeLoop::put_all(std::vector<Mail>& mails) {
  if (mailbox_.put_all(mails)) loop_.wake();
}

const session::BrokerSession* NodeLoop::find_session(broker::ConnectionId id) {
  if (IoLoop::loop_of(id) != index_) return hand_over_.find_session(id);
  const Connection* connection = io_.find(id);
  return connection == nullptr ? nullptr : connection->session();
}

void NodeLoop::take_mail() {
  mailbox_.take_all(taken_);
  for (Mail& mail : taken_)
    hand_over_.open(mail);
  taken_.clear();
}

void NodeLoop::handle_deadlines() {
  broker_.handle_deadlines();
  io_.handle_deadlines();
}

base::MonotonicTime NodeLoop::finish_turn() {
  for (int pass = 0; pass < kPasses && (broker_.in_turn() || io_.has_work()); ++pass) {
    broker_.end_turns();
    io_.flush();
  }
  broker_.end_turns();
  if (store_ != nullptr) store_->end_turn();
  hand_over_.send();
  loop_.now();  // a turn in which nobody asked for the time
  io_.counters().turn_us.add(static_cast<std::uint64_t>(loop_.turn_so_far().count()));
  if (io_.has_work()) return base::MonotonicTime::min();
  return std::min(broker_.next_deadline(), io_.next_deadline());
}

}  // namespace harrier::server

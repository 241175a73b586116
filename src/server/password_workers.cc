#include "server/password_workers.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace harrier::server {

void PasswordWorkers::submit(const std::string& address, Work work, Answer answer) {
  Item refused;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    add(address, {std::move(work), std::move(answer)});
    if (waiting_ > limits_.waiting_max) {
      refused = take_last_of_longest();
      ++refused_;
    }
    if (waiting_ > idle_ && threads_.size() < limits_.threads) begin_thread();
  }
  wake_.notify_one();
  if (refused.answer) refused.answer(false);
}

void PasswordWorkers::begin_thread() {
  try {
    threads_.emplace_back([this] { serve(); });
  } catch (const std::system_error& error) {
    // The next work tries again; what waits meanwhile ends with its handshake's time.
    base::log_warning("server", "no thread to hash passwords", {{"error", error.what()}});
  }
}

void PasswordWorkers::add(const std::string& address, Item item) {
  const auto [line, is_new] = lines_.try_emplace(address);
  if (is_new) line->second.turn = turns_.insert(turns_.end(), address);
  line->second.items.push_back(std::move(item));
  ++waiting_;
}

PasswordWorkers::Item PasswordWorkers::take_next() {
  const auto line = lines_.find(turns_.front());
  Item item = std::move(line->second.items.front());
  line->second.items.pop_front();
  turns_.splice(turns_.end(), turns_, turns_.begin());
  drop_if_empty(line);
  return item;
}

PasswordWorkers::Item PasswordWorkers::take_last_of_longest() {
  const auto line =
      std::max_element(lines_.begin(), lines_.end(), [](const auto& one, const auto& other) {
        return one.second.items.size() < other.second.items.size();
      });
  Item item = std::move(line->second.items.back());
  line->second.items.pop_back();
  drop_if_empty(line);
  return item;
}

void PasswordWorkers::drop_if_empty(Lines::iterator line) {
  --waiting_;
  if (!line->second.items.empty()) return;
  turns_.erase(line->second.turn);
  lines_.erase(line);
}

void PasswordWorkers::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    wake_.wait(lock, [this] { return stopping_ || waiting_ != 0; });
    --idle_;
    if (stopping_) return;
    Item item = take_next();
    lock.unlock();
    item.work();
    item.work = {};
    item.answer(true);
    lock.lock();
  }
}

void PasswordWorkers::stop() {
  std::vector<std::thread> threads;
  Lines dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    dropped.swap(lines_);
    turns_.clear();
    waiting_ = 0;
  }
  wake_.notify_all();
  for (std::thread& thread : threads)
    thread.join();
}

std::size_t PasswordWorkers::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

std::uint64_t PasswordWorkers::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

}  // namespace harrier::server

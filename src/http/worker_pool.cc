#include "http/worker_pool.h"

#include <utility>

namespace harrier::http {

void WorkerPool::start() {
  for (std::size_t index = 0; index != thread_count_; ++index)
    threads_.emplace_back([this] { serve(); });
}

void WorkerPool::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(tasks_);
    wake_.notify_all();
  }
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

bool WorkerPool::submit(std::function<void()> task, bool always) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || (!always && tasks_.size() >= waiting_max_)) return false;
  tasks_.push_back(std::move(task));
  wake_.notify_one();
  return true;
}

std::size_t WorkerPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void WorkerPool::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace harrier::http

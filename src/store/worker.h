// Where blocking work of the store runs: the disk, never a loop.
//
// Role:   Worker is the port; WorkerThread the one thread that the product uses for each kind of
//         work, tests run tasks by hand in the order they like.
// Model:  tasks run one after the other in the order they were posted.
// Thread: post(): any.
// Limits: the posters bound themselves: one spill, one checkpoint, one read per queue and level.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace harrier::store {

using StoreTask = std::function<void()>;

class Worker {
 public:
  virtual ~Worker() = default;
  virtual void post(StoreTask task) = 0;
};

class WorkerThread final : public Worker {
 public:
  WorkerThread() : thread_([this] { run(); }) {}
  // Runs what was posted before, then ends.
  ~WorkerThread() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    posted_.notify_one();
    thread_.join();
  }
  void post(StoreTask task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      posted_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      StoreTask task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<StoreTask> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace harrier::store

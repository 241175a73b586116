// The threads on which sites answer.
//
// Role:   owned by Server; fed by its connections.
// Model:  first come, first served. stop() drops what waits and waits for what runs.
// Thread: synchronized by mutex_.
// Limits: threads; waiting_max tasks wait: more are refused.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace harrier::http {

class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t waiting_max)
      : thread_count_(threads), waiting_max_(waiting_max) {}
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void start();
  void stop();
  // False: it will not run. `always`: however many wait; for the rest of what was begun.
  bool submit(std::function<void()> task, bool always = false);
  std::size_t waiting() const;

 private:
  void serve();

  const std::size_t thread_count_;
  const std::size_t waiting_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace harrier::http

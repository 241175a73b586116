// The store's worker and its way back to the loop, taking steps when a test says so.
//
// Thread: confined(test).
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "store/tenant.h"
#include "store/worker.h"

namespace harrier::test {

class ManualWorker final : public store::Worker {
 public:
  void post(store::StoreTask task) override { tasks_.push_back(std::move(task)); }
  bool run_one() {
    if (tasks_.empty()) return false;
    const store::StoreTask task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  bool idle() const { return tasks_.empty(); }
  void clear() { tasks_.clear(); }

 private:
  std::deque<store::StoreTask> tasks_;
};

class ManualPort final : public store::LoopPort {
 public:
  void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  bool run_one() {
    if (tasks.empty()) return false;
    const auto task = std::move(tasks.front());
    tasks.pop_front();
    task();
    return true;
  }
  std::deque<std::function<void()>> tasks;
};

}  // namespace harrier::test

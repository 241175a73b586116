// The threads that hash passwords, so that no loop has to.
//
// Role:   owned by Node, fed by connections whose login needs a slow hash. Knows no passwords: work
//         is a function.
// Model:  what waits stands in one line per address, and lines take turns: an address that sends
//         many logins waits for itself, not others for it. Threads begin when they are first
//         needed.
// Thread: synchronized by mutex_, which guards all members and is not held while work runs or is
//         answered.
// Limits: threads; waiting_max = work that waits. At the limit the last in the longest line, which
//         may be the newcomer, is answered that it will not run.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace harrier::server {

class PasswordWorkers {
 public:
  struct Limits {
    std::size_t threads = 1;
    std::size_t waiting_max = 1024;
  };
  using Work = std::function<void()>;
  // Called once, on any thread and perhaps within submit(): it should only post. Not called any
  // more after stop().
  using Answer = std::function<void(bool ran)>;

  explicit PasswordWorkers(const Limits& limits) : limits_(limits) {}
  PasswordWorkers(const PasswordWorkers&) = delete;
  PasswordWorkers& operator=(const PasswordWorkers&) = delete;
  ~PasswordWorkers() { stop(); }

  // Any thread.
  void submit(const std::string& address, Work work, Answer answer);
  // Waits for what is running; what waits is dropped, and so is what comes later. Idempotent.
  void stop();

  // For metrics, any thread.
  std::size_t waiting() const;
  std::uint64_t refused() const;

 private:
  struct Item {
    Work work;
    Answer answer;
  };
  struct Line {
    std::deque<Item> items;
    std::list<std::string>::iterator turn;
  };
  using Lines = std::map<std::string, Line>;

  void begin_thread();
  void add(const std::string& address, Item item);
  Item take_next();
  Item take_last_of_longest();
  void drop_if_empty(Lines::iterator line);
  void serve();

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Lines lines_;
  std::list<std::string> turns_;  // addresses, whose turn is next in front
  std::size_t waiting_ = 0;
  std::size_t idle_ = 0;
  std::uint64_t refused_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace harrier::server

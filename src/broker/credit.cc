#include "broker/credit.h"

#include "base/check.h"
#include "broker/consumer.h"
#include "broker/queue.h"

namespace harrier::broker {

void Credit::give(std::uint64_t amount) {
  CHECK(amount <= used_);
  used_ -= amount;
  if (closed_ && used_ <= reopen_at_) closed_ = false;
  wake_if_open();
}

void Credit::set_limit(std::uint64_t limit, std::uint64_t reopen_at) {
  limit_ = limit;
  reopen_at_ = reopen_at;
  closed_ = limit_ != 0 && used_ >= limit_;
  wake_if_open();
}

void Credit::park(Consumer& consumer) { parked_.push_back(consumer); }

void Credit::wake_if_open() {
  if (!open()) return;
  while (!parked_.empty()) {
    Consumer& consumer = parked_.front();
    consumer.unlink();
    consumer.queue().consumer_ready(consumer);
  }
}

}  // namespace harrier::broker

// Why a connection is not read: the gate, its virtual host's quota, publish rates.
#include <algorithm>
#include <utility>

#include "server/connection.h"
#include "server/io_loop.h"
#include "server/tenant.h"

namespace harrier::server {

// What is on its way to a close is read: the client's answer must be found.
bool Connection::must_be_held() const { return io_.gate().closed() && session_.publishes(); }

void Connection::hold() {
  if (linked()) return;
  ++io_.counters().held;
  io_.hold(*this);
  tell_blocked();
}

void Connection::release() {
  if (!linked()) return;
  unlink();
  --io_.counters().held;
  if (closed_ || lingering_) return;
  enter();
  tell_blocked();
}

void Connection::heed_gate() {
  if (closed_ || lingering_ || !session_.publishes()) return;
  enter();
  if (linked()) tell_blocked();
}

void Connection::tell_blocked() {
  std::optional<std::string> reason;
  if (linked()) reason = io_.notice();
  if (!reason && held_by_quota_) reason = tenant_->notice();
  session_.set_blocked(reason, io_.loop().now());
}

// ---- its virtual host's quota, and rates

bool Connection::over_quota() const { return tenant_ && tenant_->held() && session_.publishes(); }

void Connection::set_held_by_quota(bool held) {
  if (std::exchange(held_by_quota_, held) == held) return;
  if (held) {
    ++io_.counters().held_by_quota;
    io_.hold_for_quota(id_);
  } else {
    --io_.counters().held_by_quota;
    io_.forget_held_for_quota(id_);
  }
  tell_blocked();
}

void Connection::look_again() {
  if (!closed_ && !lingering_) enter();
}

bool Connection::over_rate() const {
  return next_publish_ > io_.loop().now().monotonic && session_.publishes();
}

void Connection::set_throttled(bool throttled) {
  if (std::exchange(throttled_, throttled) == throttled) return;
  if (throttled) {
    ++io_.counters().throttled;
  } else {
    --io_.counters().throttled;
  }
}

// A rate that was exceeded is exceeded again a moment later: this is how long it is remembered.
std::size_t Connection::read_max() const {
  constexpr base::Milliseconds kRemembered{1000};
  const bool over_share =
      next_publish_ + kRemembered > io_.loop().now().monotonic || (tenant_ && tenant_->refuses());
  return over_share && session_.publishes() ? kReadMaxOverShare : kReadMax;
}

// What has been read is served; who read too much waits before the next.
void Connection::pay_for_published() {
  const broker::Published& published = session_.published();
  if (published.messages == paid_.messages || !account_) return;
  const broker::Published unpaid = published - std::exchange(paid_, published);
  const base::MonotonicTime now = io_.loop().now().monotonic;
  const auto pay = [&](broker::PublishRates& rates, base::Counter& times) {
    const base::MonotonicTime next = rates.take(unpaid, now);
    if (next <= now) return;
    ++times;
    next_publish_ = std::max(next_publish_, next);
  };
  if (own_rates_) pay(*own_rates_, io_.counters().throttled_by_connection);
  pay(account_->publish_rates(), io_.counters().throttled_by_user);
  if (tenant_) pay(tenant_->publish_rates(), io_.counters().throttled_by_virtual_host);
}

// A limit that is gone, or higher, may end the wait.
void Connection::heed_rates() {
  if (!throttled_) return;
  base::MonotonicTime paid = account_->publish_rates().paid_at();
  if (own_rates_) paid = std::max(paid, own_rates_->paid_at());
  if (tenant_) paid = std::max(paid, tenant_->publish_rates().paid_at());
  next_publish_ = std::min(next_publish_, paid);
  look_again();
}

}  // namespace harrier::server

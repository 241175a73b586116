// How fast messages and their bytes may come, for all who share these limits.
//
// Role:   connections take what they have read and are told when they may read on.
// Thread: synchronized, as TokenBucket.
// Time:   takes now.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "base/token_bucket.h"
#include "broker/tenant_limits.h"

namespace harrier::broker {

// What a connection has published: cumulative, or the difference of two.
struct Published {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // of bodies

  Published operator-(const Published& before) const {
    return {messages - before.messages, bytes - before.bytes};
  }
};

class PublishRates {
 public:
  void set(const PublishRateLimits& limits, base::Milliseconds burst) {
    messages_.set_rate(limits.messages.value_or(0), burst);
    bytes_.set_rate(limits.bytes.value_or(0), burst);
  }
  // Answers when whoever published this may publish again; `now` or earlier: at once.
  base::MonotonicTime take(const Published& published, base::MonotonicTime now) {
    return std::max(messages_.take(published.messages, now), bytes_.take(published.bytes, now));
  }
  // From when on nobody needs to wait.
  base::MonotonicTime paid_at() const { return std::max(messages_.paid_at(), bytes_.paid_at()); }

 private:
  base::TokenBucket messages_;
  base::TokenBucket bytes_;
};

}  // namespace harrier::broker

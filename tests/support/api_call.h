// A call of the management API that reached no node: for what looks at the request alone.
#pragma once

#include <string>

#include "management/call.h"
#include "management/route.h"

namespace harrier::test {

class ApiCall {
 public:
  explicit ApiCall(const std::string& target, std::string body = {}) {
    if (auto parsed = http::Target::parse(target)) request_.target = *std::move(parsed);
    request_.method = "GET";
    request_.body = std::move(body);
  }

  const management::Call& call() const { return call_; }

 private:
  static inline const management::Route kRoute{"GET", "/api/x", management::Need::kUser, nullptr,
                                               ""};

  static management::Ports& ports() {
    static const Options options;
    static const base::SystemClock clock;
    static server::Node node(options, clock);
    static management::Counters counters;
    static management::Ports ports{.node = node,
                                   .options = options,
                                   .clock = clock,
                                   .started = clock.now(),
                                   .counters = counters};
    return ports;
  }

  http::Request request_;
  const management::Visitor visitor_{broker::Actor{}};
  const management::Call call_{request_, visitor_, kRoute, {}, ports()};
};

}  // namespace harrier::test

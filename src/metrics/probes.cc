#include "metrics/probes.h"

namespace harrier::metrics {
namespace {

http::Response answer(bool good, const char* yes, const char* no) {
  http::Response response;
  response.status = good ? 200 : 503;
  response.set("content-type", "text/plain; charset=utf-8").set("cache-control", "no-store");
  response.body = good ? yes : no;
  return response;
}

}  // namespace

http::Response livez(const server::Node& node) {
  return answer(node.loops_answer(), "ok\n", "a loop does not turn\n");
}

http::Response readyz(const server::Node& node) {
  return answer(node.serving(), "ok\n", "not serving\n");
}

}  // namespace harrier::metrics

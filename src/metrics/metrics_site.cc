#include "metrics/metrics_site.h"

#include <utility>

#include "metrics/exposition.h"
#include "metrics/probes.h"

namespace harrier::metrics {
namespace {

http::Response text_answer(int status, std::string text) {
  http::Response response;
  response.status = status;
  response.set("server", "HarrierMQ").set("content-type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

}  // namespace

void MetricsSite::admit(const std::shared_ptr<const http::Request>& request, http::Waiter&,
                        Admitted done) {
  const auto answer = [&](http::Response response) { done({std::move(response), nullptr}); };
  const auto& segments = request->target.segments;
  const std::string path = segments.size() == 1 ? segments.front() : std::string();
  const bool known = path == "metrics" || path == "livez" || path == "readyz";
  if (!known) return answer(text_answer(404, "Not found. The metrics are at /metrics.\n"));
  if (request->method != "GET" && request->method != "HEAD")
    return answer(std::move(text_answer(405, "Only GET.\n").set("allow", "GET, HEAD")));
  if (path == "livez") return answer(livez(node_));
  if (path == "readyz") return answer(readyz(node_));
  done({});
}

http::Response MetricsSite::respond(const http::Request&) {
  http::Response response;
  response.set("server", "HarrierMQ").set("content-type", kContentType);
  response.body = text_();
  if (response.body.empty()) response.status = 500;
  return response;
}

http::Response MetricsSite::refuse(http::Fault fault, const http::Request*) {
  return text_answer(status_of(fault), "refused\n");
}

}  // namespace harrier::metrics

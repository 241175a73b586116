#include "metrics/metrics_site.h"

#include <chrono>
#include <utility>

#include "metrics/object_page.h"
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

http::Response page_answer() {
  http::Response response;
  response.set("server", "HarrierMQ").set("content-type", kContentType);
  return response;
}

std::optional<Endpoint> endpoint_of(const std::vector<std::string>& segments) {
  if (segments.empty() || segments.front() != "metrics" || segments.size() > 2) return {};
  if (segments.size() == 1) return Endpoint::kAggregated;
  for (const Endpoint endpoint :
       {Endpoint::kPerObject, Endpoint::kDetailed, Endpoint::kMemoryBreakdown})
    if (segments[1] == name_of(endpoint)) return endpoint;
  return {};
}

// As RabbitMQ: a challenge for who gave no credentials, none for who gave wrong ones.
std::optional<http::Response> refusal_of(MetricsSite::Access access) {
  if (access == MetricsSite::Access::kAllowed) return {};
  http::Response response = text_answer(401, "Not authorised.\n");
  if (access == MetricsSite::Access::kNoCredentials)
    response.set("www-authenticate", "Basic realm=\"RabbitMQ Prometheus\"");
  return response;
}

// Groups that come with others in RabbitMQ: the kind of a queue with anything of queues, the number
// of its consumers with queue_metrics.
void add_implied(Selection& selection) {
  auto& families = selection.families;
  if (families.contains("queue_metrics")) families.insert("queue_consumer_count");
  if (families.contains("queue_coarse_metrics") || families.contains("queue_consumer_count"))
    families.insert("queue_info");
}

}  // namespace

MetricsSite::MetricsSite(server::Node& node, const base::Clock& clock,
                         const MetricsOptions& options, Authorize authorize)
    : node_(node),
      clock_(clock),
      options_(options),
      authorize_(std::move(authorize)),
      exposition_(node, clock),
      per_object_(std::make_shared<std::atomic<std::uint32_t>>(0)),
      detailed_(std::make_shared<std::atomic<std::uint32_t>>(0)) {}

void MetricsSite::admit(const std::shared_ptr<const http::Request>& request, http::Waiter& waiter,
                        Admitted done) {
  const auto answer = [&](http::Response response) { done({std::move(response), nullptr}); };
  const auto& segments = request->target.segments;
  const std::string probe = segments.size() == 1 ? segments.front() : std::string();
  const bool known = endpoint_of(segments) || probe == "livez" || probe == "readyz";
  if (!known && !segments.empty() && segments.front() == "metrics")
    return answer(text_answer(404, "Unknown Registry"));
  if (!known) return answer(text_answer(404, "Not found. The metrics are at /metrics.\n"));
  if (request->method != "GET" && request->method != "HEAD")
    return answer(std::move(text_answer(405, "Only GET.\n").set("allow", "GET, HEAD")));
  if (probe == "livez") return answer(livez(node_));
  if (probe == "readyz") return answer(readyz(node_));
  if (!options_.authentication) return done({});
  if (!node_.ready()) return answer(text_answer(503, "The node is starting.\n"));
  authorize_(request, waiter, [done = std::move(done)](Access access) {
    done({refusal_of(access), nullptr});
  });
}

http::Response MetricsSite::respond(const http::Request& request) {
  Endpoint endpoint = *endpoint_of(request.target.segments);
  if (endpoint == Endpoint::kAggregated && options_.return_per_object_metrics)
    endpoint = Endpoint::kPerObject;
  base::Result<Selection> selection = selection_of(request, endpoint);
  if (!selection) return text_answer(400, selection.error().message + "\n");
  if (endpoint == Endpoint::kPerObject || endpoint == Endpoint::kDetailed)
    return by_object(std::move(*selection));
  return whole(*selection);
}

base::Result<Selection> MetricsSite::selection_of(const http::Request& request,
                                                  Endpoint endpoint) const {
  Selection selection;
  selection.endpoint = endpoint;
  if (endpoint != Endpoint::kDetailed) return selection;
  for (const auto& [name, value] : request.target.query) {
    if (name == "family") selection.families.insert(value);
    if (name == "vhost") selection.virtual_hosts.insert(value);
  }
  const std::string* pattern = request.target.find("queue");
  if (pattern != nullptr && !pattern->empty()) {
    base::Result<base::Pattern> compiled = base::Pattern::compile(*pattern);
    if (!compiled) return base::fail("queue: " + compiled.error().message);
    selection.queues = std::move(*compiled);
  }
  add_implied(selection);
  return selection;
}

http::Response MetricsSite::whole(const Selection& selection) const {
  const base::MonotonicTime began = clock_.now().monotonic;
  http::Response response = page_answer();
  response.body = exposition_.text(selection);
  if (response.body.empty()) return text_answer(500, "The metrics could not be collected.\n");
  const std::chrono::duration<double> took = clock_.now().monotonic - began;
  exposition_.scrapes().count(selection.endpoint, took.count(),
                              static_cast<double>(response.body.size()));
  return response;
}

http::Response MetricsSite::by_object(Selection selection) const {
  std::shared_ptr<void> held = place(selection.endpoint);
  if (held == nullptr) {
    exposition_.scrapes().count_refusal(selection.endpoint);
    return text_answer(503, "Another scrape of this page is under way.\n");
  }
  std::string head = exposition_.text(selection);
  if (head.empty()) return text_answer(500, "The metrics could not be collected.\n");
  http::Response response = page_answer();
  if (!node_.ready()) {
    response.body = std::move(head);  // there are no objects before it has recovered
    return response;
  }
  // The place is given back when the page has gone, whether it was sent to its end or not.
  const auto finished = [this, held, endpoint = selection.endpoint,
                         began = clock_.now().monotonic](std::size_t bytes) {
    const std::chrono::duration<double> took = clock_.now().monotonic - began;
    exposition_.scrapes().count(endpoint, took.count(), static_cast<double>(bytes));
  };
  response.source =
      std::make_unique<ObjectPage>(node_, std::move(selection), std::move(head), finished);
  return response;
}

std::shared_ptr<void> MetricsSite::place(Endpoint endpoint) const {
  const bool detailed = endpoint == Endpoint::kDetailed;
  const Count& count = detailed ? detailed_ : per_object_;
  const std::uint32_t most = detailed ? options_.detailed_scrapes_max : 1;
  if (count->fetch_add(1, std::memory_order_relaxed) >= most) {
    count->fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  return {count.get(), [count](void*) { count->fetch_sub(1, std::memory_order_relaxed); }};
}

http::Response MetricsSite::refuse(http::Fault fault, const http::Request*) {
  return text_answer(status_of(fault), "refused\n");
}

}  // namespace harrier::metrics

// What goes on at the HTTP listeners: those of management and of metrics itself.
#include <utility>

#include "metrics/family.h"

namespace harrier::metrics {
namespace {

using Counted = std::atomic<std::uint64_t>;

double value(const Counted& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}

template <Counted http::Counters::*counter>
void of_server(const NodeReading& node, Samples& samples) {
  if (node.http().server != nullptr) samples.add(value(node.http().server->counters().*counter));
}
template <Counted ApiCounters::*counter>
void of_api(const NodeReading& node, Samples& samples) {
  if (node.http().api != nullptr) samples.add(value(node.http().api->*counter));
}

void collect_answers(const NodeReading& node, Samples& samples) {
  constexpr std::pair<const char*, Counted http::Counters::*> kClasses[] = {
      {"2xx", &http::Counters::answers_2xx},
      {"3xx", &http::Counters::answers_3xx},
      {"4xx", &http::Counters::answers_4xx},
      {"5xx", &http::Counters::answers_5xx}};
  if (node.http().server == nullptr) return;
  for (const auto& [name, counter] : kClasses)
    samples.add(value(node.http().server->counters().*counter), {{"status", name}});
}

using H = http::Counters;

constexpr Family kHttp[] = {
    {"harriermq_http_connections", MetricType::Gauge, "Connections that are open.",
     of_server<&H::connections>},
    {"harriermq_http_connections_accepted_total", MetricType::Counter,
     "Connections accepted, those that were then refused included.", of_server<&H::accepted>},
    {"harriermq_http_connections_refused_total", MetricType::Counter,
     "Connections closed at once, since `limits.http.connections_max` were open.",
     of_server<&H::refused>},
    {"harriermq_http_requests_total", MetricType::Counter, "Requests whose header was read.",
     of_server<&H::requests>},
    {"harriermq_http_answers_total", MetricType::Counter,
     "Answers by the class of their status: `2xx`, `3xx`, `4xx`, `5xx`.", collect_answers,
     "status"},
    {"harriermq_http_overloaded_total", MetricType::Counter,
     "Requests answered with 503, since `limits.http.waiting_max` or `bodies_size_max` was "
     "reached.",
     of_server<&H::overloaded>},
    {"harriermq_http_timeouts_total", MetricType::Counter,
     "Clients that were too slow, and answers that took too long.", of_server<&H::timeouts>},
    {"harriermq_http_requests_waiting", MetricType::Gauge,
     "Requests that wait for a worker now; see `limits.http.workers`.",
     [](const NodeReading& n, Samples& s) {
       if (n.http().server != nullptr) s.add(static_cast<double>(n.http().server->waiting()));
     }},
    {"harriermq_http_body_bytes", MetricType::Gauge,
     "Bytes of bodies of requests that are being read or answered.", of_server<&H::body_bytes>},
    {"harriermq_management_requests_refused_total", MetricType::Counter,
     "Requests of users who had not the right to what they asked for.",
     of_api<&ApiCounters::requests_refused>},
    {"harriermq_management_log_streams", MetricType::Gauge,
     "Clients that follow `/api/livelog` now.", of_api<&ApiCounters::log_streams>}};

}  // namespace

FamilyGroup http_families() {
  return {"HTTP listeners",
          "All of them together: management, its Unix domain socket, and the metrics. Its logins "
          "are `rabbitmq_auth_attempts_*` with the protocol `http`.",
          kHttp};
}

}  // namespace harrier::metrics

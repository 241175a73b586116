// What loops, listeners and TLS do.
#include <chrono>

#include "metrics/family.h"

namespace harrier::metrics {
namespace {

using L = server::LoopCounters;
using A = server::ListenerCounters;

template <auto counter>
void sum_of(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(counter));
}
template <auto counter>
void accepted(const NodeReading& node, Samples& samples) {
  samples.add(node.accepted(counter));
}
// Of each loop; `counter` is a pointer in LoopView.
template <auto counter>
void by_loop(const NodeReading& node, Samples& samples) {
  for (std::size_t i = 0; i != node.loops().size(); ++i)
    samples.add(static_cast<double>((node.loops()[i].*counter)->value()),
                {{"loop", std::to_string(i)}});
}

void collect_turns(const NodeReading& node, Samples& samples) {
  for (std::size_t loop = 0; loop != node.loops().size(); ++loop)
    samples.add_histogram(node.loops()[loop].counters->turn_us, 1e6,
                          {{"loop", std::to_string(loop)}});
}

constexpr Family kLoops[] = {
    {"harriermq_received_bytes_total", MetricType::Counter, "Bytes read from AMQP clients.",
     sum_of<&L::bytes_received>},
    {"harriermq_sent_bytes_total", MetricType::Counter, "Bytes written to AMQP clients.",
     sum_of<&L::bytes_sent>},
    {"harriermq_reads_paused_total", MetricType::Counter,
     "Times a connection was not read: no credit, too much unread output, or publishers held.",
     sum_of<&L::reads_paused>},
    {"harriermq_writes_blocked_total", MetricType::Counter,
     "Times a client's socket took less than there was.", sum_of<&L::writes_blocked>},
    {"harriermq_loop_batches_sent_total", MetricType::Counter,
     "Batches handed from one loop to another.", sum_of<&L::batches_sent>},
    {"harriermq_loop_turns_total", MetricType::Counter, "Turns of each loop.",
     by_loop<&server::LoopView::turns>, "loop"},
    {"harriermq_loop_turn_seconds", MetricType::Histogram,
     "How long the turns of each loop took: for so long everything else on it waited. The rate of "
     "its sum is how much of a processor the loop uses.",
     collect_turns, "loop"},
    {"harriermq_loop_input_borrowed_bytes", MetricType::Gauge,
     "Input credit lent to connections of each loop.",
     by_loop<&server::LoopView::input_bytes_borrowed>, "loop"}};

constexpr Family kListeners[] = {
    {"harriermq_connections_refused_total", MetricType::Counter,
     "Connections refused by `limits.accept`, clients named by a proxy included.",
     [](const NodeReading& n, Samples& s) {
       s.add(n.accepted(&A::refused) + n.sum(&L::proxied_refused));
     }},
    {"harriermq_accept_errors_total", MetricType::Counter,
     "Accepts that the system refused, for want of descriptors for example.",
     accepted<&A::accept_errors>},
    {"harriermq_proxy_headers_total", MetricType::Counter,
     "PROXY protocol headers of trusted proxies: `accepted`, or `refused` because they were wrong, "
     "too late or not there.",
     [](const NodeReading& n, Samples& s) {
       s.add(n.sum(&L::proxy_headers), {{"result", "accepted"}});
       s.add(n.sum(&L::proxy_headers_refused), {{"result", "refused"}});
     },
     "result"},
    {"harriermq_proxy_untrusted_total", MetricType::Counter,
     "Connections closed because they came from no trusted proxy, where one is required.",
     accepted<&A::untrusted>}};

bool has_tls(const NodeReading& node) {
  return node.node().tls_listener_counters() != nullptr && node.node().certificates_expire();
}

constexpr Family kTls[] = {
    {"harriermq_tls_handshakes_total", MetricType::Counter,
     "Handshakes that were `done` or have `failed`, for whatever reason.",
     [](const NodeReading& n, Samples& s) {
       if (!has_tls(n)) return;
       s.add(n.sum(&L::tls_handshakes), {{"result", "done"}});
       s.add(n.sum(&L::tls_handshakes_failed), {{"result", "failed"}});
     },
     "result"},
    {"harriermq_tls_accept_pauses_total", MetricType::Counter,
     "Times clients had to wait for `handshakes_per_second_max`.",
     [](const NodeReading& n, Samples& s) {
       if (has_tls(n))
         s.add(static_cast<double>(n.node().tls_listener_counters()->rate_pauses.value()));
     }},
    {"harriermq_tls_certificate_expires_seconds", MetricType::Gauge,
     "When the first of the certificates in use ends, in seconds since 1970.",
     [](const NodeReading& n, Samples& s) {
       if (!has_tls(n)) return;
       const std::chrono::duration<double> end = n.node().certificates_expire()->time_since_epoch();
       s.add(end.count());
     }}};

}  // namespace

FamilyGroup loop_families() { return {"Loops", "", kLoops}; }
FamilyGroup listener_families() { return {"Listeners", "", kListeners}; }
FamilyGroup tls_families() { return {"TLS", "There with `listeners.amqps.enabled`.", kTls}; }

}  // namespace harrier::metrics

// Who came in, who did not, and what the audit log has of it.
#include "metrics/family.h"
#include "server/token_key_refresher.h"

namespace harrier::metrics {
namespace {

using C = broker::VirtualHostCounters;
using L = server::LoopCounters;

double value(const std::atomic<std::uint64_t>& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}

constexpr char kProtocol[] = "protocol";
constexpr char kAmqp[] = "amqp091";

template <auto counter>
void login_counter(const NodeReading& node, Samples& samples) {
  if (node.logins()) samples.add(value(node.logins()->counters->*counter));
}
const server::TokenKeyRefresher* token_keys(const NodeReading& node) {
  return node.logins() ? node.logins()->token_keys : nullptr;
}
template <auto counter>
void token_counter(const NodeReading& node, Samples& samples) {
  if (token_keys(node) != nullptr) samples.add(value(node.logins()->counters->*counter));
}
template <auto counter>
void key_counter(const NodeReading& node, Samples& samples) {
  if (token_keys(node) != nullptr) samples.add(value(token_keys(node)->counters().*counter));
}
template <auto counter>
void audit_counter(const NodeReading& node, Samples& samples) {
  if (node.node().audit() != nullptr) samples.add(value(node.node().audit()->*counter));
}
template <auto counter>
void sum_of(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(counter));
}

template <bool accepted, bool refused>
void collect_attempts(const NodeReading& node, Samples& samples) {
  samples.add((accepted ? node.sum(&L::logins) : 0) + (refused ? node.sum(&L::logins_refused) : 0),
              {{kProtocol, kAmqp}});
  const ApiCounters* const api = node.http().api;
  if (api == nullptr) return;
  samples.add(
      (accepted ? value(api->logins_accepted) : 0) + (refused ? value(api->logins_refused) : 0),
      {{kProtocol, "http"}});
}

constexpr Family kLogins[] = {
    {"rabbitmq_auth_attempts_total", MetricType::Counter,
     "Logins, both kinds together. With the protocol `http`, each request with credentials.",
     collect_attempts<true, true>, kProtocol, "auth_attempt_metrics"},
    {"rabbitmq_auth_attempts_succeeded_total", MetricType::Counter, "Logins that succeeded.",
     collect_attempts<true, false>, kProtocol, "auth_attempt_metrics"},
    {"rabbitmq_auth_attempts_failed_total", MetricType::Counter, "Logins that were refused.",
     collect_attempts<false, true>, kProtocol, "auth_attempt_metrics"},
    {"harriermq_auth_hashes_total", MetricType::Counter,
     "Passwords hashed slowly, beside the loops.",
     login_counter<&auth::LoginCounters::passwords_hashed>},
    {"harriermq_auth_hashes_waiting", MetricType::Gauge,
     "Hashes that wait for a thread now; see `auth.hash_threads`.",
     [](const NodeReading& n, Samples& s) {
       if (n.logins()) s.add(static_cast<double>(n.logins()->hashes_waiting));
     }},
    {"harriermq_auth_hashes_refused_total", MetricType::Counter,
     "Hashes that found no place to wait (`auth.hash_queue_max`); most were refused logins.",
     [](const NodeReading& n, Samples& s) {
       if (n.logins()) s.add(static_cast<double>(n.logins()->hashes_refused));
     }},
    {"harriermq_auth_cache_hits_total", MetricType::Counter,
     "Passwords that were known from a moment ago.",
     login_counter<&auth::LoginCounters::cache_hits>},
    {"harriermq_auth_throttled_total", MetricType::Counter,
     "Logins that had to wait after wrong passwords.",
     login_counter<&auth::LoginCounters::throttled>},
    {"harriermq_auth_tokens_accepted_total", MetricType::Counter,
     "Tokens that let somebody in or were taken by update-secret. This and the next four only with "
     "`auth.oauth2`.",
     token_counter<&auth::LoginCounters::tokens_accepted>},
    {"harriermq_auth_tokens_refused_total", MetricType::Counter, "Tokens that were not.",
     token_counter<&auth::LoginCounters::tokens_refused>},
    {"harriermq_auth_token_keys", MetricType::Gauge,
     "Keys that tokens may be signed with; 0 until the first reading.",
     [](const NodeReading& n, Samples& s) {
       if (token_keys(n) != nullptr) s.add(static_cast<double>(token_keys(n)->current()->count()));
     }},
    {"harriermq_auth_token_key_fetches_total", MetricType::Counter,
     "Times these keys were read from their file or URL.",
     key_counter<&server::TokenKeyRefresher::Counters::fetches>},
    {"harriermq_auth_token_key_failures_total", MetricType::Counter,
     "Times that failed; the keys of before are kept.",
     key_counter<&server::TokenKeyRefresher::Counters::failures>}};

constexpr Family kAudit[] = {
    {"harriermq_access_refused_total", MetricType::Counter,
     "Commands refused in virtual hosts, since a right was missing; `connection.open` among them.",
     sum_of<&C::access_refused>},
    {"harriermq_limits_reached_total", MetricType::Counter,
     "Commands refused in virtual hosts, since there were too many of something.",
     sum_of<&C::limits_reached>},
    {"harriermq_audit_records_total", MetricType::Counter, "Records written.",
     audit_counter<&audit::AuditCounters::written>},
    {"harriermq_audit_summed_up_total", MetricType::Counter, "Events told as a number, not each.",
     audit_counter<&audit::AuditCounters::summed_up>},
    {"harriermq_audit_lost_total", MetricType::Counter,
     "Events that the log has not: the queue was full, or the disk. Alert on any.",
     audit_counter<&audit::AuditCounters::lost>},
    {"harriermq_audit_failures_total", MetricType::Counter,
     "Times it could not be written. Alert on any.",
     audit_counter<&audit::AuditCounters::failures>},
    {"harriermq_audit_sequence", MetricType::Gauge,
     "The number of its last record: an anchor for `harrier-audit verify` when scraped to another "
     "machine.",
     audit_counter<&audit::AuditCounters::sequence>}};

}  // namespace

FamilyGroup login_families() { return {"Logins", "", kLogins}; }
FamilyGroup audit_families() {
  return {"Audit log",
          "The first two are there always, the others with an [audit "
          "log](../operations/audit.md).",
          kAudit};
}

}  // namespace harrier::metrics

#include "metrics/exposition.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/log.h"
#include "harrier/version.h"
#include "server/token_key_refresher.h"

namespace harrier::metrics {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;
using broker::VirtualHostCounters;
using VirtualHostCounter = base::Counter VirtualHostCounters::*;
using LoopCounter = base::Counter server::LoopCounters::*;

class Families {
 public:
  explicit Families(const server::Node& node)
      : virtual_hosts_(node.virtual_hosts()), loops_(node.loops()) {}

  void gauge(const char* name, const char* help, double value, Labels labels = {}) {
    add(prometheus::MetricType::Gauge, name, help, value, std::move(labels));
  }
  void counter(const char* name, const char* help, double value, Labels labels = {}) {
    add(prometheus::MetricType::Counter, name, help, value, std::move(labels));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

  double sum(VirtualHostCounter counter) const {
    std::uint64_t total = 0;
    for (const auto& host : virtual_hosts_.hosts)
      total += (host.counters->*counter).value();
    return static_cast<double>(total);
  }
  double sum(LoopCounter counter) const {
    std::uint64_t total = 0;
    for (const auto& loop : loops_)
      total += (loop.counters->*counter).value();
    return static_cast<double>(total);
  }
  double settled(broker::SettleReason reason) const {
    std::uint64_t total = 0;
    for (const auto& host : virtual_hosts_.hosts)
      total += host.counters->settled[static_cast<std::size_t>(reason)].value();
    return static_cast<double>(total);
  }
  double refused(broker::LimitKind kind) const {
    std::uint64_t total = 0;
    for (const auto& host : virtual_hosts_.hosts)
      total += host.counters->limit_refusals[static_cast<std::size_t>(kind)].value();
    return static_cast<double>(total);
  }
  const std::vector<server::VirtualHostView>& virtual_hosts() const { return virtual_hosts_.hosts; }
  const std::vector<server::LoopView>& loops() const { return loops_; }

 private:
  // Samples of one family must stand together: the callers add them one after another.
  void add(prometheus::MetricType type, const char* name, const char* help, double value,
           Labels labels) {
    if (families_.empty() || families_.back().name != name)
      families_.push_back({name, help, type, {}});
    prometheus::ClientMetric metric;
    for (auto& [label, text] : labels)
      metric.label.push_back({label, std::move(text)});
    metric.gauge.value = metric.counter.value = value;
    families_.back().metric.push_back(std::move(metric));
  }

  std::vector<prometheus::MetricFamily> families_;
  const server::VirtualHostViews virtual_hosts_;
  const std::vector<server::LoopView> loops_;
};

std::string host_name() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return name;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)));
}

double descriptors_max() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

void add_node(Families& families, double uptime_s, double started_s) {
  const std::string node = "harriermq@" + host_name();
  families.gauge("rabbitmq_identity_info", "Which node this is", 1,
                 {{"rabbitmq_node", node},
                  {"rabbitmq_cluster", node},
                  {"rabbitmq_cluster_permanent_id", node},
                  {"rabbitmq_endpoint", "aggregated"}});
  families.gauge("rabbitmq_build_info", "Versions", 1,
                 {{"rabbitmq_version", std::string(kCompatibleVersion)},
                  {"product_name", "HarrierMQ"},
                  {"product_version", std::string(kVersion)},
                  {"prometheus_plugin_version", std::string(kVersion)},
                  {"prometheus_client_version", "1.0.1"},
                  {"erlang_version", "C++20"}});
  families.gauge("rabbitmq_erlang_uptime_seconds", "Time since the broker started", uptime_s);
  families.gauge("process_start_time_seconds", "Start time since 1970 in UTC", started_s);
  families.gauge("rabbitmq_process_open_fds", "Open file descriptors", open_descriptors());
  families.gauge("rabbitmq_process_max_fds", "Limit of open file descriptors", descriptors_max());
  families.gauge("rabbitmq_process_resident_memory_bytes", "Resident memory", resident_bytes());
}

void add_objects(Families& families) {
  using C = VirtualHostCounters;
  using L = server::LoopCounters;
  families.gauge("rabbitmq_connections", "Connections open", families.sum(&C::connections));
  families.gauge("rabbitmq_channels", "Channels open", families.sum(&C::channels));
  families.gauge("rabbitmq_consumers", "Consumers", families.sum(&C::consumers));
  families.gauge("rabbitmq_queues", "Queues", families.sum(&C::queues));
  families.gauge("harriermq_exchanges", "Exchanges", families.sum(&C::exchanges));
  families.gauge("harriermq_bindings", "Bindings", families.sum(&C::bindings));
  families.gauge("harriermq_policies", "Policies and operator policies",
                 families.sum(&C::policies));
  families.counter("rabbitmq_connections_opened_total", "Connections opened",
                   families.sum(&L::connections_opened));
  families.counter("rabbitmq_connections_closed_total", "Connections closed",
                   families.sum(&L::connections_closed));
  families.counter("rabbitmq_auth_attempts_succeeded_total", "Logins that succeeded",
                   families.sum(&L::logins));
  families.counter("rabbitmq_auth_attempts_failed_total", "Logins refused",
                   families.sum(&L::logins_refused));
  const double ready = families.sum(&C::ready);
  const double unacked = families.sum(&C::unacked);
  families.gauge("rabbitmq_queue_messages_ready", "Messages waiting in queues", ready);
  families.gauge("rabbitmq_queue_messages_unacked", "Messages delivered and not yet acknowledged",
                 unacked);
  families.gauge("rabbitmq_queue_messages", "Messages ready and unacked", ready + unacked);
  families.gauge("harriermq_queue_messages_ready_bytes", "Bodies of messages waiting in queues",
                 families.sum(&C::ready_bytes));
  families.gauge("harriermq_queue_messages_unacked_bytes",
                 "Bodies of messages delivered and not yet acknowledged",
                 families.sum(&C::unacked_bytes));
}

// Of all virtual hosts and users together: how many there are is nobody's to bound.
void add_limits(Families& families) {
  using broker::LimitKind;
  using L = server::LoopCounters;
  const std::initializer_list<std::pair<const char*, LimitKind>> kinds = {
      {"vhost_connections", LimitKind::kVirtualHostConnections},
      {"vhost_channels", LimitKind::kVirtualHostChannels},
      {"vhost_consumers", LimitKind::kVirtualHostConsumers},
      {"vhost_queues", LimitKind::kVirtualHostQueues},
      {"vhost_exchanges", LimitKind::kVirtualHostExchanges},
      {"vhost_bindings", LimitKind::kVirtualHostBindings},
      {"vhost_message_size", LimitKind::kVirtualHostMessageSize},
      {"vhost_stored_bytes", LimitKind::kVirtualHostStoredBytes},
      {"user_connections", LimitKind::kUserConnections},
      {"user_channels", LimitKind::kUserChannels},
      {"user_consumers", LimitKind::kUserConsumers},
      {"connection_consumers", LimitKind::kConnectionConsumers}};
  for (const auto& [name, kind] : kinds)
    families.counter("harriermq_limit_refusals_total",
                     "What limits of virtual hosts and users refused, by limit",
                     families.refused(kind), {{"limit", name}});
  double holding = 0;
  for (const auto& host : families.virtual_hosts())
    if (host.tenant->held()) ++holding;
  families.gauge("harriermq_vhosts_holding_publishers",
                 "Virtual hosts that hold their publishers: stored_bytes_max is reached", holding);
  families.gauge("harriermq_connections_blocked_by_quota",
                 "Connections not read, since their virtual host holds publishers",
                 families.sum(&L::held_by_quota));
  families.gauge("harriermq_connections_throttled",
                 "Connections not read, since they published too fast",
                 families.sum(&L::throttled));
  const std::initializer_list<std::pair<const char*, LoopCounter>> rates = {
      {"connection", &L::throttled_by_connection},
      {"user", &L::throttled_by_user},
      {"vhost", &L::throttled_by_virtual_host}};
  for (const auto& [name, member] : rates)
    families.counter("harriermq_publish_rate_exceeded_total",
                     "Times a connection had to wait for a publish rate, by whose it is",
                     families.sum(member), {{"of", name}});
}

void add_logins(Families& families, const server::Node& node) {
  const auto view = node.logins();
  if (!view) return;
  const auto value = [](const std::atomic<std::uint64_t>& counter) {
    return static_cast<double>(counter.load(std::memory_order_relaxed));
  };
  families.counter("harriermq_auth_cache_hits_total", "Passwords known from a moment ago",
                   value(view->counters->cache_hits));
  families.counter("harriermq_auth_throttled_total", "Logins that had to wait after wrong ones",
                   value(view->counters->throttled));
  families.counter("harriermq_auth_hashes_total", "Passwords hashed slowly",
                   value(view->counters->passwords_hashed));
  families.counter("harriermq_auth_hashes_refused_total", "Hashes that found no place to wait",
                   static_cast<double>(view->hashes_refused));
  families.gauge("harriermq_auth_hashes_waiting", "Hashes that wait for a thread",
                 static_cast<double>(view->hashes_waiting));
  if (view->token_keys == nullptr) return;
  families.counter("harriermq_auth_tokens_accepted_total", "Tokens that let somebody in",
                   value(view->counters->tokens_accepted));
  families.counter("harriermq_auth_tokens_refused_total", "Tokens that did not",
                   value(view->counters->tokens_refused));
  families.gauge("harriermq_auth_token_keys", "Keys that tokens may be signed with",
                 static_cast<double>(view->token_keys->current()->count()));
  families.counter("harriermq_auth_token_key_fetches_total", "Times these keys were asked for",
                   value(view->token_keys->counters().fetches));
  families.counter("harriermq_auth_token_key_failures_total", "Times they were not to be had",
                   value(view->token_keys->counters().failures));
}

void add_audit(Families& families, const server::Node& node) {
  families.counter("harriermq_access_refused_total",
                   "Commands refused in virtual hosts, since a right was missing",
                   families.sum(&VirtualHostCounters::access_refused));
  families.counter("harriermq_limits_reached_total",
                   "Commands refused in virtual hosts, since there were too many of something",
                   families.sum(&VirtualHostCounters::limits_reached));
  const audit::AuditCounters* counters = node.audit();
  if (counters == nullptr) return;
  const auto value = [](const std::atomic<std::uint64_t>& counter) {
    return static_cast<double>(counter.load(std::memory_order_relaxed));
  };
  families.counter("harriermq_audit_records_total", "Records written to the audit log",
                   value(counters->written));
  families.counter("harriermq_audit_summed_up_total", "Events told as a number, not each",
                   value(counters->summed_up));
  families.counter("harriermq_audit_lost_total", "Events that the audit log has not",
                   value(counters->lost));
  families.counter("harriermq_audit_failures_total", "Times the audit log could not be written",
                   value(counters->failures));
  families.gauge("harriermq_audit_sequence", "The number of the audit log's last record",
                 value(counters->sequence));
}

void add_messages(Families& families) {
  using C = VirtualHostCounters;
  const Labels protocol = {{"protocol", "amqp091"}};
  const std::initializer_list<std::tuple<const char*, const char*, VirtualHostCounter>> counters = {
      {"rabbitmq_global_messages_received_total", "Messages published by clients", &C::published},
      {"rabbitmq_global_messages_confirmed_total", "Messages confirmed to publishers",
       &C::confirmed},
      {"rabbitmq_global_messages_unroutable_dropped_total", "Messages no queue took, dropped",
       &C::unroutable_dropped},
      {"rabbitmq_global_messages_unroutable_returned_total", "Messages no queue took, returned",
       &C::unroutable_returned},
      {"rabbitmq_global_messages_delivered_total", "Messages delivered", &C::delivered},
      {"rabbitmq_global_messages_redelivered_total", "Messages delivered again", &C::redelivered},
      {"rabbitmq_global_messages_acknowledged_total", "Messages acknowledged", &C::acknowledged},
      {"harriermq_messages_requeued_total", "Messages put back into their queue", &C::requeued},
      {"harriermq_messages_refused_total", "Messages that full queues refused", &C::refused},
      {"harriermq_messages_dead_lettered_total", "Messages sent to a dead letter exchange",
       &C::dead_lettered},
      {"harriermq_dead_letters_dropped_total", "Dead letters without a place to go",
       &C::dead_letters_dropped}};
  for (const auto& [name, help, member] : counters)
    families.counter(name, help, families.sum(member), protocol);

  families.counter("harriermq_queue_messages_unreadable_total",
                   "Messages left out of their queue: the disk did not give them back",
                   families.sum(&C::unreadable));

  using broker::SettleReason;
  const std::initializer_list<std::pair<const char*, SettleReason>> reasons = {
      {"acknowledged", SettleReason::kAcknowledged},
      {"delivered_without_ack", SettleReason::kDeliveredWithoutAck},
      {"purged", SettleReason::kPurged},
      {"expired", SettleReason::kExpired},
      {"max_length", SettleReason::kMaxLength},
      {"rejected", SettleReason::kRejected},
      {"delivery_limit", SettleReason::kDeliveryLimit}};
  for (const auto& [name, reason] : reasons)
    families.counter("harriermq_messages_settled_total", "Messages that left a queue, by reason",
                     families.settled(reason), {{"reason", name}});
}

void add_loops(Families& families, const server::Node& node) {
  using L = server::LoopCounters;
  const std::initializer_list<std::tuple<const char*, const char*, LoopCounter>> counters = {
      {"harriermq_received_bytes_total", "Bytes read from AMQP clients", &L::bytes_received},
      {"harriermq_sent_bytes_total", "Bytes written to AMQP clients", &L::bytes_sent},
      {"harriermq_reads_paused_total",
       "Times a connection was not read: no credit, or publishers held", &L::reads_paused},
      {"harriermq_writes_blocked_total", "Times a client's socket was full", &L::writes_blocked},
      {"harriermq_loop_batches_sent_total", "Batches handed to another loop", &L::batches_sent}};
  for (const auto& [name, help, member] : counters)
    families.counter(name, help, families.sum(member));
  for (std::size_t i = 0; i != families.loops().size(); ++i)
    families.counter("harriermq_loop_turns_total", "Turns of each loop",
                     static_cast<double>(families.loops()[i].turns->value()),
                     {{"loop", std::to_string(i)}});
  for (std::size_t i = 0; i != families.loops().size(); ++i)
    families.gauge("harriermq_loop_input_borrowed_bytes", "Input credit lent to connections",
                   static_cast<double>(families.loops()[i].input_bytes_borrowed->value()),
                   {{"loop", std::to_string(i)}});
  const auto listeners = [&node](base::Counter server::ListenerCounters::*counter) {
    std::uint64_t total = (node.listener_counters().*counter).value();
    for (const auto* more : {node.tls_listener_counters(), node.unix_listener_counters()})
      if (more != nullptr) total += (more->*counter).value();
    return static_cast<double>(total);
  };
  families.counter(
      "harriermq_connections_refused_total", "Connections refused by limits.accept",
      listeners(&server::ListenerCounters::refused) + families.sum(&L::proxied_refused));
  families.counter("harriermq_accept_errors_total", "Accepts that the system refused",
                   listeners(&server::ListenerCounters::accept_errors));
  families.counter("harriermq_proxy_headers_total", "PROXY headers of trusted proxies",
                   families.sum(&L::proxy_headers), {{"result", "accepted"}});
  families.counter("harriermq_proxy_headers_total", "PROXY headers of trusted proxies",
                   families.sum(&L::proxy_headers_refused), {{"result", "refused"}});
  families.counter("harriermq_proxy_untrusted_total",
                   "Connections refused: from no trusted proxy, where one is required",
                   listeners(&server::ListenerCounters::untrusted));
}

void add_tls(Families& families, const server::Node& node) {
  using L = server::LoopCounters;
  const server::ListenerCounters* listener = node.tls_listener_counters();
  const auto expire = node.certificates_expire();
  if (listener == nullptr || !expire) return;
  families.counter("harriermq_tls_handshakes_total", "TLS handshakes that came to an end",
                   families.sum(&L::tls_handshakes), {{"result", "done"}});
  families.counter("harriermq_tls_handshakes_total", "TLS handshakes that came to an end",
                   families.sum(&L::tls_handshakes_failed), {{"result", "failed"}});
  families.counter("harriermq_tls_accept_pauses_total",
                   "Times clients had to wait for handshakes_per_second_max",
                   static_cast<double>(listener->rate_pauses.value()));
  const std::chrono::duration<double> end = expire->time_since_epoch();
  families.gauge("harriermq_tls_certificate_expires_seconds",
                 "When the first of the certificates in use ends, in seconds since 1970",
                 end.count());
}

void add_alarms(Families& families, const server::Node& node) {
  using server::HoldReason;
  const server::PublisherGate& gate = node.gate();
  const auto value = [](std::uint64_t bytes) { return static_cast<double>(bytes); };
  families.gauge("harriermq_alarm_disk", "1 while too little disk space is free",
                 gate.is_set(HoldReason::kDiskAlarm));
  families.gauge("harriermq_alarm_memory", "1 while too much memory is used",
                 gate.is_set(HoldReason::kMemoryAlarm));
  const std::initializer_list<std::pair<const char*, HoldReason>> reasons = {
      {"journal_full", HoldReason::kJournalFull},
      {"journal_backlog", HoldReason::kJournalBacklog},
      {"disk_alarm", HoldReason::kDiskAlarm},
      {"memory_alarm", HoldReason::kMemoryAlarm},
      {"operator", HoldReason::kOperator}};
  for (const auto& [name, reason] : reasons)
    families.gauge("harriermq_publishers_held", "1 while publishers are held, by reason",
                   gate.is_set(reason), {{"reason", name}});
  families.gauge("harriermq_connections_blocked", "Connections not read, since publishers are held",
                 families.sum(&server::LoopCounters::held));
  families.gauge("harriermq_disk_free_bytes", "Free disk space where data lies, last read",
                 value(node.resource_gauges().disk_free.load()));
  families.gauge("harriermq_disk_free_limit_bytes", "Below it the disk alarm is raised; 0: none",
                 value(node.resource_limits().disk_free));
  families.gauge("harriermq_memory_resident_bytes", "Memory that counts against the watermark",
                 value(node.resource_gauges().memory_resident.load()));
  families.gauge("harriermq_memory_high_watermark_bytes", "From it on the memory alarm is raised",
                 value(node.resource_limits().memory_high_watermark));
}

void add_store(Families& families, const server::StoreView& store) {
  const auto value = [](std::uint64_t number) { return static_cast<double>(number); };
  families.counter("harriermq_journal_flushes_total", "Times the journal was made safe on disk",
                   value(store.flushes));
  families.gauge("harriermq_journal_segments", "Segments of the journal, by state",
                 value(store.journal.segments_used), {{"state", "used"}});
  families.gauge("harriermq_journal_segments", "Segments of the journal, by state",
                 value(store.journal.segments - store.journal.segments_used), {{"state", "free"}});
  const std::initializer_list<std::tuple<const char*, const char*, std::uint64_t>> gauges = {
      {"harriermq_journal_pending_bytes", "Bytes of records not yet written",
       store.journal.pending_bytes},
      {"harriermq_store_resident_bytes", "Memory of messages that count against memory.cache",
       store.resident_bytes},
      {"harriermq_store_runs", "Files with messages outside the journal", store.runs},
      {"harriermq_store_run_bytes", "Bytes of these files", store.run_bytes},
      {"harriermq_store_run_dead_bytes", "Of these, about what merging could give back",
       store.dead_run_bytes},
      {"harriermq_store_checkpoint_generation", "The newest checkpoint; 0: none",
       store.checkpoint_generation},
      {"harriermq_recovery_records", "Records of the journal that the start read back",
       store.recovery.journal.records},
      {"harriermq_recovery_torn_bytes", "Bytes behind the journal's last whole batch at the start",
       store.recovery.journal.torn_bytes},
      {"harriermq_recovery_clean", "1 when the process before ended in an orderly way",
       store.recovery.journal.clean ? 1u : 0u}};
  for (const auto& [name, help, number] : gauges)
    families.gauge(name, help, value(number));
  const std::initializer_list<std::tuple<const char*, const char*, std::uint64_t>> counters = {
      {"harriermq_store_spilled_messages_total", "Messages written to runs",
       store.spilled_messages},
      {"harriermq_store_spilled_bytes_total", "Bytes written to runs", store.spilled_bytes},
      {"harriermq_store_merges_total", "New runs that stand for old ones", store.merges},
      {"harriermq_store_merged_bytes_total", "Bytes of these when they were written",
       store.merged_bytes},
      {"harriermq_store_read_bytes_total", "Bytes read back from runs", store.read_bytes},
      {"harriermq_store_damaged_blocks_total", "Blocks of runs that could not be read",
       store.damaged_blocks},
      {"harriermq_store_checkpoints_total", "Cycles of checkpoints that have ended",
       store.checkpoints}};
  for (const auto& [name, help, number] : counters)
    families.counter(name, help, value(number));
}

}  // namespace

Exposition::Exposition(const server::Node& node, const base::Clock& clock)
    : node_(node), clock_(clock), started_(clock.now()) {}

std::string Exposition::text() const {
  using Seconds = std::chrono::duration<double>;
  try {
    Families families(node_);
    add_node(families, Seconds(clock_.now().monotonic - started_.monotonic).count(),
             Seconds(started_.wall.time_since_epoch()).count());
    add_objects(families);
    add_logins(families, node_);
    add_audit(families, node_);
    add_messages(families);
    add_limits(families);
    add_loops(families, node_);
    add_tls(families, node_);
    add_alarms(families, node_);
    if (const auto store = node_.store()) add_store(families, *store);
    return families.text();
  } catch (const std::exception& exception) {
    base::log_error("metrics", exception.what());
    return {};
  }
}

}  // namespace harrier::metrics

// What there is to say of each virtual host, exchange, user and source of logins.
#include "metrics/object_tables.h"

namespace harrier::metrics {
namespace {

using prometheus::MetricType;
using server::LoginSource;
using server::UserUsage;
using server::VirtualHostView;
using Value = std::optional<double>;
using C = broker::VirtualHostCounters;
using broker::TenantLimits;

template <auto counter>
Value counted(const VirtualHostView& host) {
  return static_cast<double>((host.counters->*counter).value());
}
template <auto total>
Value total_of(const VirtualHostView& host) {
  return static_cast<double>((host.counters->*total)());
}
template <auto counter, auto... more>
Value counted_together(const VirtualHostView& host) {
  return static_cast<double>(
      ((host.counters->*counter).value() + ... + (host.counters->*more).value()));
}
template <auto limit>
Value limited(const VirtualHostView& host) {
  const TenantLimits limits = host.tenant->limits();
  return limits.*limit ? Value(static_cast<double>(*(limits.*limit))) : std::nullopt;
}
template <auto limit>
Value rate_limited(const VirtualHostView& host) {
  const broker::PublishRateLimits rate = host.tenant->limits().publish_rate;
  return rate.*limit ? Value(static_cast<double>(*(rate.*limit))) : std::nullopt;
}

constexpr char kLimit[] = "harriermq_vhost_limit";
constexpr char kLimitHelp[] =
    "How much of each it may have; no sample without a limit. `publish_messages` and "
    "`publish_bytes` are per second.";
constexpr char kUsed[] = "harriermq_vhost_used";
constexpr char kUsedHelp[] = "How much of what can be limited it has.";

constexpr ObjectFamily<VirtualHostView> kHosts[] = {
    {"rabbitmq_cluster_vhost_status", MetricType::Gauge, "1: it is there.", "vhost_status",
     [](const VirtualHostView&) -> Value { return 1; }},
    {kUsed, MetricType::Gauge, kUsedHelp, kVirtualHostGroup, counted<&C::connections>,
     "of=\"connections\""},
    {kUsed, MetricType::Gauge, kUsedHelp, kVirtualHostGroup, counted<&C::channels>,
     "of=\"channels\""},
    {kUsed, MetricType::Gauge, kUsedHelp, kVirtualHostGroup, counted<&C::consumers>,
     "of=\"consumers\""},
    {kUsed, MetricType::Gauge, kUsedHelp, kVirtualHostGroup, counted<&C::queues>, "of=\"queues\""},
    {kUsed, MetricType::Gauge, kUsedHelp, kVirtualHostGroup, counted<&C::exchanges>,
     "of=\"exchanges\""},
    {kUsed, MetricType::Gauge, kUsedHelp, kVirtualHostGroup, counted<&C::bindings>,
     "of=\"bindings\""},
    {kUsed, MetricType::Gauge, kUsedHelp, kVirtualHostGroup,
     counted_together<&C::ready_bytes, &C::unacked_bytes>, "of=\"stored_bytes\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup,
     limited<&TenantLimits::connections_max>, "of=\"connections\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup, limited<&TenantLimits::channels_max>,
     "of=\"channels\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup,
     limited<&TenantLimits::consumers_max>, "of=\"consumers\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup, limited<&TenantLimits::queues_max>,
     "of=\"queues\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup,
     limited<&TenantLimits::exchanges_max>, "of=\"exchanges\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup, limited<&TenantLimits::bindings_max>,
     "of=\"bindings\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup,
     limited<&TenantLimits::stored_bytes_max>, "of=\"stored_bytes\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup,
     rate_limited<&broker::PublishRateLimits::messages>, "of=\"publish_messages\""},
    {kLimit, MetricType::Gauge, kLimitHelp, kVirtualHostGroup,
     rate_limited<&broker::PublishRateLimits::bytes>, "of=\"publish_bytes\""},
    {"harriermq_vhost_holding_publishers", MetricType::Gauge,
     "1 while its publishers are held, since it stores as much as it may.", kVirtualHostGroup,
     [](const VirtualHostView& host) -> Value { return host.tenant->held(); }},
    {"harriermq_vhost_messages_published_total", MetricType::Counter, "Messages published in it.",
     kVirtualHostGroup, counted<&C::published>},
    {"harriermq_vhost_messages_delivered_total", MetricType::Counter,
     "Messages delivered in it, direct replies included.", kVirtualHostGroup,
     total_of<&C::delivered>},
    {"harriermq_vhost_messages_acknowledged_total", MetricType::Counter,
     "Messages acknowledged in it.", kVirtualHostGroup, total_of<&C::acknowledged>},
    {"harriermq_vhost_limits_reached_total", MetricType::Counter,
     "Commands refused in it, since there were too many of something.", kVirtualHostGroup,
     counted<&C::limits_reached>},
    {"harriermq_vhost_access_refused_total", MetricType::Counter,
     "Commands refused in it, since a right was missing.", kVirtualHostGroup,
     counted<&C::access_refused>}};

constexpr ObjectFamily<UserUsage> kAccounts[] = {
    {"harriermq_user_connections", MetricType::Gauge, "Connections it has open.", kUserGroup,
     [](const UserUsage& user) -> Value { return static_cast<double>(user.connections); }},
    {"harriermq_user_channels", MetricType::Gauge, "Channels it has open.", kUserGroup,
     [](const UserUsage& user) -> Value { return static_cast<double>(user.channels); }},
    {"harriermq_user_connections_limit", MetricType::Gauge,
     "How many it may have; no sample without a limit.", kUserGroup,
     [](const UserUsage& user) -> Value {
       if (!user.limits.connections_max) return {};
       return static_cast<double>(*user.limits.connections_max);
     }},
    {"harriermq_user_channels_limit", MetricType::Gauge,
     "How many it may have; no sample without a limit.", kUserGroup,
     [](const UserUsage& user) -> Value {
       if (!user.limits.channels_max) return {};
       return static_cast<double>(*user.limits.channels_max);
     }}};

constexpr char kLoginGroup[] = "auth_attempt_detailed_metrics";

constexpr ObjectFamily<LoginSource> kLogins[] = {
    {"rabbitmq_auth_attempts_detailed_total", MetricType::Counter, "Logins, both kinds together.",
     kLoginGroup,
     [](const LoginSource& source) -> Value {
       return static_cast<double>(source.accepted + source.refused);
     }},
    {"rabbitmq_auth_attempts_detailed_succeeded_total", MetricType::Counter,
     "Logins that succeeded.", kLoginGroup,
     [](const LoginSource& source) -> Value { return static_cast<double>(source.accepted); }},
    {"rabbitmq_auth_attempts_detailed_failed_total", MetricType::Counter,
     "Logins that were refused.", kLoginGroup,
     [](const LoginSource& source) -> Value { return static_cast<double>(source.refused); }}};

constexpr ObjectFamily<BoundExchange> kExchanges[] = {
    {"rabbitmq_exchange_messages_published_total", MetricType::Counter,
     "Messages published to it by clients.", "exchange_metrics",
     [](const BoundExchange& bound) -> Value {
       return static_cast<double>(bound.exchange.statistics.publish_in.total);
     }},
    {"rabbitmq_exchange_messages_unroutable_returned_total", MetricType::Counter,
     "Of these: no queue took them, and they were returned.", "exchange_metrics",
     [](const BoundExchange& bound) -> Value {
       return static_cast<double>(bound.exchange.returned);
     }},
    {"rabbitmq_exchange_messages_unroutable_dropped_total", MetricType::Counter,
     "Of these: no queue took them, and they were dropped.", "exchange_metrics",
     [](const BoundExchange& bound) -> Value {
       return static_cast<double>(bound.exchange.dropped);
     }},
    {"harriermq_exchange_messages_routed_total", MetricType::Counter,
     "Copies that it sent on to queues.", "exchange_metrics",
     [](const BoundExchange& bound) -> Value {
       return static_cast<double>(bound.exchange.statistics.publish_out.total);
     }}};

constexpr ObjectFamily<BoundExchange> kTopology[] = {
    {"rabbitmq_cluster_exchange_bindings", MetricType::Gauge, "Bindings that begin there.",
     "exchange_bindings",
     [](const BoundExchange& bound) -> Value { return static_cast<double>(bound.bindings); }},
    {"rabbitmq_cluster_exchange_name", MetricType::Gauge, "1: it is there.", "exchange_names",
     [](const BoundExchange&) -> Value { return 1; }}};

}  // namespace

ObjectFamilyGroup<VirtualHostView> virtual_host_object_families() {
  return {"Virtual hosts", "", "vhost", kHosts};
}
ObjectFamilyGroup<UserUsage> user_object_families() {
  return {"Users", "Of those who are connected or limited.", "user", kAccounts};
}
ObjectFamilyGroup<LoginSource> login_object_families() {
  return {"Logins by source",
          "With `auth.track_attempt_source` only; they begin again when somebody asks "
          "`/api/auth/attempts` to forget. The series without address and user is what "
          "`auth.attempt_sources_max` left no row for.",
          "remote_address, username, protocol", kLogins};
}
ObjectFamilyGroup<BoundExchange> exchange_object_families() {
  return {"Exchanges", "", "vhost, exchange", kExchanges};
}
ObjectFamilyGroup<BoundExchange> topology_object_families() {
  return {"Topology", "", "vhost, exchange, type", kTopology};
}

}  // namespace harrier::metrics

#include "management/schemas.h"

namespace harrier::management {
namespace {

constexpr Schema kSchemas[] = {
    {"AuditReport",
     "whole:boolean broken:object! torn:object! keyed:boolean records:integer "
     "first_sequence:integer last_sequence:integer last_hash:text lost:integer mended:integer"},
    {"Auth", "oauth_enabled:boolean"},
    {"AuthAttempts",
     "protocol:text auth_attempts:integer auth_attempts_failed:integer "
     "auth_attempts_succeeded:integer"},
    {"AuthSource",
     "remote_address:text username:text protocol:text auth_attempts:integer "
     "auth_attempts_failed:integer auth_attempts_succeeded:integer"},
    {"Binding",
     "source:text vhost:text destination:text destination_type:text routing_key:text "
     "arguments:object properties_key:text"},
    {"BindingPost", "routing_key?:text arguments?:object"},
    {"Browsed", "messages:list ready:integer more:boolean"},
    {"Channel",
     "name:text number:integer node:text vhost:text user:text state:text "
     "connection_details:object consumer_count:integer prefetch_count:integer "
     "global_prefetch_count:integer confirm:boolean transactional:boolean "
     "messages_unacknowledged:integer messages_unconfirmed:integer messages_uncommitted:integer "
     "acks_uncommitted:integer message_stats:object idle_since?:text"},
    {"ClusterName", "name:text"},
    {"Connection",
     "name:text node:text type:text state:text user:text vhost:text protocol:text "
     "auth_mechanism:text user_provided_name:text client_properties:object host:text port:integer "
     "peer_host:text peer_port:integer connected_at:integer frame_max:integer channel_max:integer "
     "timeout:integer channels:integer ssl:boolean ssl_protocol:text ssl_cipher:text "
     "recv_oct:integer recv_oct_details:object send_oct:integer send_oct_details:object "
     "recv_cnt:integer send_cnt:integer send_pend:integer message_stats:object"},
    {"Consumer",
     "queue:object consumer_tag:text channel_details:object ack_required:boolean "
     "exclusive:boolean active:boolean activity_status:text prefetch_count:integer "
     "arguments:object"},
    {"Definitions",
     "rabbit_version?:text rabbitmq_version?:text users?:list vhosts?:list permissions?:list "
     "topic_permissions?:list parameters?:list global_parameters?:list policies?:list queues?:list "
     "exchanges?:list bindings?:list"},
    {"Drain", "timeout?:integer"},
    {"Drained",
     "consumers_cancelled:integer connections_closed:integer unacked_given_back:integer"},
    {"Exchange",
     "name:text vhost:text type:text durable:boolean auto_delete:boolean internal:boolean "
     "arguments:object policy:text! message_stats?:object"},
    {"ExchangePut",
     "type?:text durable?:boolean auto_delete?:boolean internal?:boolean arguments?:object"},
    {"FeatureFlag", "name:text state:text stability:text desc:text provided_by:text"},
    {"Get", "ackmode:text count:integer encoding:text truncate?:integer"},
    {"GlobalParameter", "name:text value:any"},
    {"Hash", "ok:text"},
    {"Health", "status:text reason?:text"},
    {"HostDefinitions",
     "rabbitmq_version?:text metadata?:object description?:text limits?:any parameters?:list "
     "policies?:list queues?:list exchanges?:list bindings?:list"},
    {"LimitValue", "value:integer"},
    {"LogLevel", "level:text"},
    {"Message",
     "payload_bytes:integer redelivered:boolean exchange:text routing_key:text "
     "message_count:integer properties:object payload:text payload_encoding:text"},
    {"Move", "destination:text count?:integer position?:text rate?:integer"},
    {"Moved", "moved:integer end:text"},
    {"Node",
     "name:text type:text running:boolean being_drained:boolean uptime:integer os_pid:text "
     "processors:integer rates_mode:text partitions:list mem_used:integer mem_limit:integer "
     "mem_alarm:boolean disk_free:integer disk_free_limit:integer disk_free_alarm:boolean "
     "fd_used:integer fd_total:integer sockets_used:integer sockets_total:integer "
     "proc_used:integer proc_total:integer run_queue:integer db_dir:text config_files:list "
     "log_files:list enabled_plugins:list applications:list auth_mechanisms:list"},
    {"NodeMemory", "memory:object"},
    {"Overview",
     "management_version:text rabbitmq_version:text product_name:text product_version:text "
     "cluster_name:text node:text erlang_version:text erlang_full_version:text rates_mode:text "
     "disable_stats:boolean enable_queue_totals:boolean default_queue_type:text "
     "exchange_types:list message_stats:object churn_rates:object queue_totals:object "
     "object_totals:object listeners?:list contexts?:list"},
    {"Parameter", "component:text vhost:text name:text value:any"},
    {"ParameterPut", "value:any"},
    {"Password", "password:text"},
    {"Permission", "user:text vhost:text configure:text write:text read:text"},
    {"PermissionPut", "configure:text write:text read:text"},
    {"Policy",
     "vhost:text name:text pattern:text apply-to:text definition:object priority:integer"},
    {"PolicyPut", "pattern:text definition:object priority?:integer apply-to?:text"},
    {"Publish", "routing_key:text properties:object payload:text payload_encoding:text"},
    {"Published", "routed:boolean"},
    {"Queue",
     "name:text vhost:text type:text durable:boolean auto_delete:boolean exclusive:boolean "
     "arguments:object node:text state:text policy:text! operator_policy:text! "
     "effective_policy_definition:object consumers?:integer active_consumers?:integer "
     "consumer_utilisation?:number consumer_capacity?:number memory?:integer messages?:integer "
     "messages_ready?:integer messages_unacknowledged?:integer message_bytes?:integer "
     "message_bytes_ready?:integer message_bytes_unacknowledged?:integer "
     "message_bytes_ram?:integer message_bytes_persistent?:integer messages_persistent?:integer "
     "messages_ram?:integer message_stats?:object idle_since?:text "
     "head_message_timestamp?:integer!"},
    {"QueueAction", "action:text"},
    {"QueuePut", "durable?:boolean auto_delete?:boolean arguments?:object node?:text"},
    {"Quotas", "vhosts:list users:list"},
    {"Redrive", "rate?:integer limit?:integer dry_run?:boolean fallback?:text"},
    {"Redriven",
     "moved:integer by_queue:object source_gone:integer no_history:integer refused:integer "
     "dry_run:boolean end:text"},
    {"Reloaded", "in_effect:list waiting_for_restart:list"},
    {"TopicPermission", "user:text vhost:text exchange:text write:text read:text"},
    {"TopicPermissionPut", "exchange:text write:text read:text"},
    {"User",
     "name:text password_hash:text hashing_algorithm:text tags:texts limits:object "
     "loopback_only:boolean"},
    {"UserLimits", "user:text value:object"},
    {"UserNames", "users:texts"},
    {"UserPut",
     "tags:any password?:text password_hash?:text hashing_algorithm?:text loopback_only?:boolean"},
    {"VirtualHost",
     "name:text description:text tags:texts default_queue_type:text tracing:boolean "
     "metadata:object cluster_state:object messages:integer messages_ready:integer "
     "messages_unacknowledged:integer recv_oct:integer send_oct:integer message_stats:object"},
    {"VirtualHostLimits", "vhost:text value:object"},
    {"VirtualHostPut", "description?:text tags?:any default_queue_type?:text tracing?:boolean"},
    {"Whoami", "name:text tags:texts is_internal_user:boolean"},
};

}  // namespace

std::span<const Schema> schemas() { return kSchemas; }

}  // namespace harrier::management

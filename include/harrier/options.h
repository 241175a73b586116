// Every setting of a broker, with its default. YAML, command line and tests all end up here.
//
// Role:   plain values: config fills them, server reads them once at start.
//         docs/reference/configuration.md says what each means, config/harriermq.yaml holds the
//         same defaults.
// Limits: validate() in src/config checks ranges of what an operator wrote; values set in C++ are
//         the caller's responsibility.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harrier/access_options.h"
#include "harrier/audit_options.h"
#include "harrier/command_options.h"
#include "harrier/listener_options.h"
#include "harrier/management_options.h"
#include "harrier/tenant_options.h"
#include "harrier/tracing_options.h"
#include "harrier/version.h"

namespace harrier {

struct MetricsOptions {
  bool enabled = true;
  std::string bind = "127.0.0.1";
  std::uint16_t port = 15692;  // 0: any free port
  // Basic, by a user with the tag monitoring or administrator.
  bool authentication = false;
  // /metrics is what /metrics/per-object is.
  bool return_per_object_metrics = false;
  // Answers of /metrics/detailed that are made at one time.
  std::uint32_t detailed_scrapes_max = 4;

  bool operator==(const MetricsOptions&) const = default;
};

// What holds for all queues or exchanges of a virtual host whose names match, whatever they were
// declared with; see docs/operations/policies.md.
struct PolicyOptions {
  using Value = std::variant<std::int64_t, bool, std::string>;

  std::string virtual_host = "/";
  std::string name;
  std::string pattern;
  // all, queues, exchanges, classic_queues, quorum_queues or streams.
  std::string apply_to = "all";
  std::int64_t priority = 0;
  std::vector<std::pair<std::string, Value>> definition;
  // Where it was written, for errors: "harriermq.yaml:12". May be empty.
  std::string origin;

  bool operator==(const PolicyOptions&) const = default;
};

// What the broker says of itself in connection.start.
struct ServerPropertyOptions {
  std::string product = "HarrierMQ";
  std::string version{kCompatibleVersion};
  // Further string properties; they replace built-in ones of the same name.
  std::vector<std::pair<std::string, std::string>> extra;

  bool operator==(const ServerPropertyOptions&) const = default;
};

// One client connection: handshake, frames, slow peers.
struct ConnectionLimitOptions {
  std::uint32_t frame_max = 131072;
  std::uint32_t initial_frame_max = 8192;
  std::uint16_t channel_max = 2047;
  std::chrono::seconds heartbeat{60};
  std::uint64_t max_message_size = 16 << 20;
  std::uint64_t assembly_bytes_max = 32 << 20;
  std::uint64_t reply_bytes_max = 1 << 20;
  std::uint32_t table_depth_max = 16;
  std::uint32_t table_elements_max = 4096;
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds close_timeout{10'000};
  std::chrono::milliseconds refusal_delay{3'000};
  std::chrono::milliseconds write_stall_timeout{30'000};
  std::chrono::milliseconds partial_frame_timeout{60'000};
  // Per second: messages, bytes of bodies. 0: not limited.
  std::uint64_t publish_rate_max = 0;
  std::uint64_t publish_byte_rate_max = 0;

  bool operator==(const ConnectionLimitOptions&) const = default;
};

// The channels of one connection.
struct SessionLimitOptions {
  std::uint64_t output_credit_bytes = 1 << 20;
  std::uint64_t direct_reply_bytes_max = 16 << 20;
  std::uint32_t consumers_per_channel_max = 10'000;
  std::uint32_t consumers_per_connection_max = 100'000;
  std::uint32_t unacked_per_channel_max = 1'000'000;
  std::uint32_t transaction_entries_max = 100'000;
  std::uint64_t transaction_bytes_max = 256 << 20;

  bool operator==(const SessionLimitOptions&) const = default;
};

// One virtual host.
struct VirtualHostLimitOptions {
  std::uint32_t queues_max = 100'000;
  std::uint32_t exchanges_max = 10'000;
  std::uint32_t bindings_max = 500'000;
  std::uint32_t policies_max = 1'000;
  std::chrono::milliseconds consumer_timeout{1'800'000};  // zero: never
  std::int64_t default_delivery_limit = 20;               // negative: none
  std::uint32_t slice_entries = 4'096;
  std::uint32_t pending_dead_letters_max = 65'536;

  bool operator==(const VirtualHostLimitOptions&) const = default;
};

// How much may be on its way inside the process; see docs/concurrency.md.
struct FlowLimitOptions {
  std::uint64_t input_bytes_guaranteed = 128 << 10;
  std::uint64_t input_bytes_borrowed_max = 1 << 20;
  std::uint64_t input_pool_bytes = 64 << 20;

  bool operator==(const FlowLimitOptions&) const = default;
};

// What one question to a pattern may cost: of permissions, policies, limits by name, and searches.
struct PatternLimitOptions {
  std::uint32_t match_steps_max = 50'000;
  std::uint32_t match_depth_max = 10'000;
  std::uint64_t match_heap_max = 1 << 20;

  bool operator==(const PatternLimitOptions&) const = default;
};

// Who may connect at all.
struct AcceptLimitOptions {
  std::uint32_t connections_max = 65536;
  std::uint32_t connections_per_address_max = 1024;
  std::uint32_t unauthenticated_max = 1024;
  std::uint32_t unauthenticated_per_address_max = 32;
  std::uint32_t channels_max = 1'000'000;

  bool operator==(const AcceptLimitOptions&) const = default;
};

// The log of changes that survives a crash. Its size is segments × segment_size.
struct JournalOptions {
  std::uint64_t segment_size = 16 << 20;
  std::uint32_t segments = 16;
  // Appended and not yet written; above, publishers are held.
  std::uint64_t pending_max = 16 << 20;

  bool operator==(const JournalOptions&) const = default;
};

struct MemoryOptions {
  // Resident messages of all loops together. 0: decided from the high watermark.
  std::uint64_t cache = 256 << 20;
  // Of the machine's memory or the control group's limit, whichever is less.
  double high_watermark = 0.6;
  // Instead, if not 0.
  std::uint64_t high_watermark_bytes = 0;

  bool operator==(const MemoryOptions&) const = default;
};

// Free space below which publishers are held. Both 0: 2 GiB or 5 %, whichever is more.
struct DiskOptions {
  std::uint64_t free_limit_bytes = 0;
  double free_limit_percent = 0;
  // Kept aside for what frees space on a full disk. 0: nothing.
  std::uint64_t reserve = 64 << 20;

  bool operator==(const DiskOptions&) const = default;
};

// Messages on disk, outside the journal.
struct StorageOptions {
  std::uint64_t read_ahead = 256 << 10;

  bool operator==(const StorageOptions&) const = default;
};

enum class LogLevelOption { kDebug, kInfo, kWarning, kError };
enum class LogFormatOption { kText, kJson };

struct LogOptions {
  LogLevelOption level = LogLevelOption::kInfo;
  LogFormatOption format = LogFormatOption::kText;

  bool operator==(const LogOptions&) const = default;
};

struct Options {
  ListenerOptions amqp;
  TlsListenerOptions amqps;
  UnixListenerOptions unix_socket;
  MetricsOptions metrics;
  ManagementOptions management;
  HttpLimitOptions http;
  // 1: everything on one thread. N: virtual host i lives on loop i mod N, connections on loops 1 to
  // N-1. 0: 1 on a machine of one or two processors, one less than the processors up to 4 on larger
  // ones.
  std::uint32_t loops = 0;
  // Empty: nothing is kept on disk.
  std::string data_dir = "data";
  std::vector<std::string> virtual_hosts = {"/"};
  std::vector<UserOptions> users = {guest_user()};
  AuthOptions auth;
  AuditOptions audit;
  TracingOptions tracing;
  // Set at each start, before clients come.
  std::vector<PolicyOptions> policies;
  std::vector<PolicyOptions> operator_policies;
  DefinitionFileOptions definition_file;
  ServerPropertyOptions server_properties;
  AcceptLimitOptions accept;
  ConnectionLimitOptions connection;
  SessionLimitOptions session;
  VirtualHostLimitOptions virtual_host;
  DefinitionLimitOptions definitions;
  FlowLimitOptions flow;
  PatternLimitOptions patterns;
  CommandLimitOptions commands;
  std::vector<NamedTenantLimitOptions> tenants;
  // The first that fits a virtual host counts.
  std::vector<TenantDefaultOptions> tenant_defaults;
  // How long any publish rate may be exceeded at once.
  std::chrono::milliseconds publish_rate_burst{1'000};
  JournalOptions journal;
  MemoryOptions memory;
  DiskOptions disk;
  StorageOptions storage;
  LogOptions log;
  std::chrono::milliseconds shutdown_timeout{10'000};

  bool operator==(const Options&) const = default;
};

}  // namespace harrier

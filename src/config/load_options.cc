#include "config/load_options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <span>
#include <sstream>
#include <string_view>

#include "base/pattern.h"
#include "config/quantity.h"
#include "config/section.h"

namespace harrier::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kKiB = 1 << 10;
constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kGiB = 1 << 30;
constexpr std::int64_t kTiB = kGiB << 10;
constexpr std::int64_t kU32Max = std::numeric_limits<std::uint32_t>::max();
// RabbitMQ's ceiling, and ours: larger bodies belong into another store.
constexpr std::int64_t kMessageSizeCeiling = 512 * kMiB;
constexpr std::size_t kPathSizeMax = 4096;
constexpr milliseconds kSpanMax = hours(24 * 365);

void read_listener(Section& section, std::string& bind, std::uint16_t& port) {
  section.text("bind", bind);
  section.integer("port", port, 0, 65535);
  if (bind.empty()) section.error("bind", "an address is needed, for example 127.0.0.1");
}

void read_certificate(Section& section, TlsCertificateOptions& certificate) {
  section.text("server_name", certificate.server_name);
  section.text("certificate_file", certificate.certificate_file, kPathSizeMax);
  section.text("key_file", certificate.key_file, kPathSizeMax);
  if (section.listing_keys()) return;
  if (certificate.server_name.empty()) section.error(nullptr, "a certificate needs a server_name");
  if (certificate.certificate_file.empty() || certificate.key_file.empty())
    section.error(nullptr, "a certificate_file and a key_file are needed");
}

void check_tls_listener(Section& section, const TlsListenerOptions& tls) {
  if (tls.enabled && (tls.certificate_file.empty() || tls.key_file.empty()))
    section.error("enabled", "a certificate_file and a key_file are needed");
  if (tls.verify != TlsVerifyOption::kNone && tls.ca_file.empty())
    section.error("verify", "a ca_file is needed: whom else to believe?");
  std::set<std::string> names;
  for (const TlsCertificateOptions& certificate : tls.certificates)
    if (!names.insert(certificate.server_name).second)
      section.error("certificates", "'" + certificate.server_name + "' stands twice");
}

void read_tls_listener(Section& section, TlsListenerOptions& tls) {
  section.boolean("enabled", tls.enabled);
  read_listener(section, tls.bind, tls.port);
  section.text("certificate_file", tls.certificate_file, kPathSizeMax);
  section.text("key_file", tls.key_file, kPathSizeMax);
  section.text("ca_file", tls.ca_file, kPathSizeMax);
  section.choice<TlsVerifyOption>("verify", tls.verify,
                                  {{"none", TlsVerifyOption::kNone},
                                   {"request", TlsVerifyOption::kRequest},
                                   {"require", TlsVerifyOption::kRequire}});
  section.integer("depth", tls.depth, 0, 100);
  section.choice<TlsVersionOption>(
      "min_version", tls.min_version,
      {{"1.2", TlsVersionOption::kTls12}, {"1.3", TlsVersionOption::kTls13}});
  section.text("ciphers", tls.ciphers, 4096);
  section.text("ciphersuites", tls.ciphersuites, 4096);
  section.duration("handshake_timeout", tls.handshake_timeout, milliseconds(1), kSpanMax);
  section.integer("handshakes_per_second_max", tls.handshakes_per_second_max, 1, 1'000'000);
  section.integer("key_updates_per_minute_max", tls.key_updates_per_minute_max, 1, 1'000'000);
  section.list(
      "certificates", [&] { tls.certificates.clear(); },
      [&](Section& s) { read_certificate(s, tls.certificates.emplace_back()); });
  if (!section.listing_keys()) check_tls_listener(section, tls);
}

void read_accept_limits(Section& section, AcceptLimitOptions& limits) {
  section.integer("connections_max", limits.connections_max, 1, 10'000'000);
  section.integer("connections_per_address_max", limits.connections_per_address_max, 1, 10'000'000);
  section.integer("unauthenticated_max", limits.unauthenticated_max, 1, 10'000'000);
  section.integer("unauthenticated_per_address_max", limits.unauthenticated_per_address_max, 1,
                  10'000'000);
}

void read_connection_limits(Section& section, ConnectionLimitOptions& limits) {
  section.size("frame_max", limits.frame_max, 4096, 16 * kMiB);
  section.size("initial_frame_max", limits.initial_frame_max, 4096, kMiB);
  section.integer("channel_max", limits.channel_max, 1, 65535);
  section.duration("heartbeat", limits.heartbeat, seconds(0), seconds(65535));
  section.size("max_message_size", limits.max_message_size, 1, kMessageSizeCeiling);
  section.size("assembly_bytes_max", limits.assembly_bytes_max, 1, 4 * kGiB);
  section.size("reply_bytes_max", limits.reply_bytes_max, 64 * kKiB, kGiB);
  section.integer("table_depth_max", limits.table_depth_max, 1, 64);
  section.integer("table_elements_max", limits.table_elements_max, 1, 1'000'000);
  section.duration("handshake_timeout", limits.handshake_timeout, milliseconds(1), kSpanMax);
  section.duration("close_timeout", limits.close_timeout, milliseconds(1), kSpanMax);
  section.duration("refusal_delay", limits.refusal_delay, milliseconds(0), hours(1));
  section.duration("write_stall_timeout", limits.write_stall_timeout, milliseconds(1), kSpanMax);
  section.duration("partial_frame_timeout", limits.partial_frame_timeout, milliseconds(1),
                   kSpanMax);
  if (limits.assembly_bytes_max < limits.max_message_size)
    section.error("assembly_bytes_max",
                  "below max_message_size: such a message could never arrive");
}

void read_session_limits(Section& section, SessionLimitOptions& limits) {
  section.size("output_credit_bytes", limits.output_credit_bytes, 64 * kKiB, kGiB);
  section.size("direct_reply_bytes_max", limits.direct_reply_bytes_max, 64 * kKiB, 64 * kGiB);
  section.integer("consumers_per_channel_max", limits.consumers_per_channel_max, 1, kU32Max);
  section.integer("unacked_per_channel_max", limits.unacked_per_channel_max, 1, kU32Max);
  section.integer("transaction_entries_max", limits.transaction_entries_max, 1, kU32Max);
  section.size("transaction_bytes_max", limits.transaction_bytes_max, 64 * kKiB, 64 * kGiB);
}

void read_virtual_host_limits(Section& section, VirtualHostLimitOptions& limits) {
  section.integer("queues_max", limits.queues_max, 1, kU32Max);
  section.integer("exchanges_max", limits.exchanges_max, 7, kU32Max);
  section.integer("bindings_max", limits.bindings_max, 1, kU32Max);
  section.integer("policies_max", limits.policies_max, 0, 100'000);
  section.duration("consumer_timeout", limits.consumer_timeout, milliseconds(0), kSpanMax);
  section.integer("default_delivery_limit", limits.default_delivery_limit, -1, kU32Max);
  section.integer("slice_entries", limits.slice_entries, 1, 1'000'000);
  section.integer("pending_dead_letters_max", limits.pending_dead_letters_max, 1, 100'000'000);
}

void read_flow_limits(Section& section, FlowLimitOptions& limits) {
  section.size("input_bytes_guaranteed", limits.input_bytes_guaranteed, 4 * kKiB, kGiB);
  section.size("input_bytes_borrowed_max", limits.input_bytes_borrowed_max, 0, kGiB);
  section.size("input_pool_bytes", limits.input_pool_bytes, 0, 64 * kGiB);
}

void read_limits(Section& section, Options& options) {
  section.section("accept", [&](Section& s) { read_accept_limits(s, options.accept); });
  section.section("connection", [&](Section& s) { read_connection_limits(s, options.connection); });
  section.section("session", [&](Section& s) { read_session_limits(s, options.session); });
  section.section("virtual_host",
                  [&](Section& s) { read_virtual_host_limits(s, options.virtual_host); });
  section.section("flow", [&](Section& s) { read_flow_limits(s, options.flow); });
}

// What other YAML files mean yes or no by. As patterns these would silently be parts of names.
bool is_other_boolean(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto words = std::to_array<std::string_view>({"true", "false", "yes", "no", "on", "off"});
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A pattern, or true for every name and false for none.
void read_pattern(Section& section, const char* key, std::string& pattern,
                  std::span<const base::PatternVariable> variables = {}) {
  section.text(key, pattern, base::Pattern::kSourceMax);
  if (pattern == "true") pattern = ".*";
  if (pattern == "false") pattern = "^$";
  if (is_other_boolean(pattern))
    return section.error(key, "'" + pattern + "' is neither true nor false, nor a pattern: ^" +
                                  pattern + "$ is one");
  const auto expanded = base::expand_pattern(pattern, variables);
  if (!expanded) return section.error(key, expanded.error().message);
  if (const auto compiled = base::Pattern::compile(*expanded); !compiled)
    section.error(key, compiled.error().message);
}

void read_permission(Section& section, PermissionOptions& permission) {
  section.text("virtual_host", permission.virtual_host);
  read_pattern(section, "configure", permission.configure);
  read_pattern(section, "write", permission.write);
  read_pattern(section, "read", permission.read);
}

void read_topic_permission(Section& section, const std::string& user,
                           TopicPermissionOptions& permission) {
  section.text("virtual_host", permission.virtual_host);
  section.text("exchange", permission.exchange);
  const std::array<base::PatternVariable, 2> variables{
      {{"username", user}, {"vhost", permission.virtual_host}}};
  read_pattern(section, "write", permission.write, variables);
  read_pattern(section, "read", permission.read, variables);
  if (permission.exchange.empty() && !section.listing_keys())
    section.error(nullptr, "a topic permission needs an exchange");
}

void read_user(Section& section, UserOptions& user) {
  section.text("name", user.name);
  section.text("password", user.password, 1024);
  section.text("password_hash", user.password_hash, 1024);
  section.text_list("tags", user.tags);
  section.boolean("loopback_only", user.loopback_only);
  section.list(
      "permissions", [&] { user.permissions.clear(); },
      [&](Section& s) { read_permission(s, user.permissions.emplace_back()); });
  section.list(
      "topic_permissions", [&] { user.topic_permissions.clear(); },
      [&](Section& s) {
        read_topic_permission(s, user.name, user.topic_permissions.emplace_back());
      });
  if (section.listing_keys()) return;
  if (user.name.empty()) section.error(nullptr, "a user needs a name");
  if (user.password.empty() == user.password_hash.empty())
    section.error(nullptr, "a user needs either a password or a password_hash");
}

void check_permissions(Section& top, const std::set<std::string>& hosts, const UserOptions& user) {
  const auto check = [&](const std::string& host, bool first, const std::string& where) {
    if (!hosts.contains(host)) {
      top.error("users", "the user '" + user.name + "' has permissions in the virtual host '" +
                             host + "', which virtual_hosts does not list");
    } else if (!first) {
      top.error("users", "the user '" + user.name + "' has permissions " + where + " twice");
    }
  };
  std::set<std::string> entered;
  for (const PermissionOptions& permission : user.permissions) {
    const std::string& host = permission.virtual_host;
    check(host, entered.insert(host).second, "in the virtual host '" + host + "'");
  }
  std::set<std::pair<std::string, std::string>> topics;
  for (const TopicPermissionOptions& permission : user.topic_permissions) {
    const std::string& host = permission.virtual_host;
    check(host, topics.emplace(host, permission.exchange).second,
          "for the exchange '" + permission.exchange + "' in the virtual host '" + host + "'");
  }
}

void read_auth(Section& section, AuthOptions& auth) {
  section.boolean("plain_without_tls", auth.plain_without_tls);
  section.choice<ExternalNameOption>(
      "external_name_from", auth.external_name_from,
      {{"distinguished_name", ExternalNameOption::kDistinguishedName},
       {"common_name", ExternalNameOption::kCommonName},
       {"san_dns", ExternalNameOption::kSanDns},
       {"san_email", ExternalNameOption::kSanEmail},
       {"san_uri", ExternalNameOption::kSanUri}});
  section.integer("hash_iterations_sha256", auth.hash_iterations_sha256, 4096, 10'000'000);
  section.integer("hash_iterations_sha512", auth.hash_iterations_sha512, 4096, 10'000'000);
  section.integer("hash_threads", auth.hash_threads, 1, 64);
  section.integer("hash_queue_max", auth.hash_queue_max, 1, 1'000'000);
  section.duration("cache_lifetime", auth.cache_lifetime, milliseconds(0), hours(1));
  section.integer("cache_entries_max", auth.cache_entries_max, 1, 10'000'000);
  section.duration("throttle_delay_max", auth.throttle_delay_max, milliseconds(0), seconds(60));
  section.integer("throttle_entries_max", auth.throttle_entries_max, 2, 10'000'000);
}

void read_policy(Section& section, PolicyOptions& policy) {
  section.text("virtual_host", policy.virtual_host);
  section.text("name", policy.name);
  section.text("pattern", policy.pattern, base::Pattern::kSourceMax);
  section.choice<std::string>("apply_to", policy.apply_to,
                              {{"all", "all"},
                               {"queues", "queues"},
                               {"exchanges", "exchanges"},
                               {"classic_queues", "classic_queues"},
                               {"quorum_queues", "quorum_queues"},
                               {"streams", "streams"}});
  section.integer("priority", policy.priority, INT32_MIN, INT32_MAX);
  section.scalar_map("definition", policy.definition);
  if (section.listing_keys()) return;
  policy.origin = section.origin();
  if (policy.name.empty()) section.error(nullptr, "a policy needs a name");
  if (!section.has("pattern")) section.error(nullptr, "a policy needs a pattern");
}

void read_policies(Section& top, const char* key, std::vector<PolicyOptions>& policies) {
  top.list(
      key, [&] { policies.clear(); }, [&](Section& s) { read_policy(s, policies.emplace_back()); });
}

void check_policies(Section& top, const char* key, const std::set<std::string>& hosts,
                    const std::vector<PolicyOptions>& policies) {
  std::set<std::pair<std::string, std::string>> names;
  for (const PolicyOptions& policy : policies) {
    if (!names.emplace(policy.virtual_host, policy.name).second)
      top.error(key, "the policy '" + policy.name + "' stands twice");
    if (!hosts.contains(policy.virtual_host))
      top.error(key, "the policy '" + policy.name + "' is for the virtual host '" +
                         policy.virtual_host + "', which virtual_hosts does not list");
  }
}

// Checks between keys that stand far apart.
void check_names(Section& top, const Options& options) {
  std::set<std::string> hosts;
  for (const std::string& name : options.virtual_hosts) {
    if (name.empty()) top.error("virtual_hosts", "a name is empty");
    if (!hosts.insert(name).second) top.error("virtual_hosts", "'" + name + "' stands twice");
  }
  if (hosts.empty()) top.error("virtual_hosts", "at least one is needed");
  check_policies(top, "policies", hosts, options.policies);
  check_policies(top, "operator_policies", hosts, options.operator_policies);
  std::set<std::string> users;
  for (const UserOptions& user : options.users) {
    if (!users.insert(user.name).second)
      top.error("users", "the user '" + user.name + "' stands twice");
    check_permissions(top, hosts, user);
  }
}

bool is_numeric_version(const std::string& version) {
  int parts = 1;
  char last = '.';
  for (char c : version) {
    if (c == '.' ? last == '.' : (c < '0' || c > '9')) return false;
    if (c == '.') ++parts;
    last = c;
  }
  return parts == 3 && last != '.';
}

void read_server_properties(Section& section, ServerPropertyOptions& properties) {
  section.text("product", properties.product);
  section.text("version", properties.version);
  section.text_map("extra", properties.extra);
  if (!is_numeric_version(properties.version))
    section.error("version", "clients expect three numbers, such as 3.13.7");
}

void read_loops(Section& top, Options& options) {
  std::string word;
  if (top.has("loops")) top.text("loops", word);
  if (word == "auto") {
    options.loops = 0;
  } else {
    top.integer("loops", options.loops, 1, 64);
  }
}

// The text of a key that may also be a word or a share; empty if it is not there.
std::string word_of(Section& section, const char* key) {
  std::string word;
  if (section.has(key)) section.text(key, word);
  return word;
}

void read_journal(Section& section, JournalOptions& journal) {
  section.size("segment_size", journal.segment_size, kMiB, 256 * kMiB);
  section.integer("segments", journal.segments, 8, 1024);
  section.size("pending_max", journal.pending_max, 64 * kKiB, kGiB);
  // What is appended must find room while older segments still wait to be free.
  if (journal.pending_max > journal.segment_size * journal.segments / 4)
    section.error("pending_max", "above a quarter of the journal, segments × segment_size");
}

void read_memory(Section& section, MemoryOptions& memory) {
  if (word_of(section, "cache") == "auto") {
    memory.cache = 0;
  } else {
    section.size("cache", memory.cache, 16 * kMiB, 16 * kTiB);
  }
  const std::string word = word_of(section, "high_watermark");
  if (word.find('.') == std::string::npos)
    return section.size("high_watermark", memory.high_watermark_bytes, 64 * kMiB, 16 * kTiB);
  const auto share = parse_decimal(word);
  if (share && *share >= 0.05 && *share <= 0.95) {
    memory.high_watermark = *share;
  } else {
    section.error("high_watermark",
                  "'" + word + "' is neither a share from 0.05 to 0.95 nor a size such as 4GiB");
  }
}

void read_disk(Section& section, DiskOptions& disk) {
  const std::string word = word_of(section, "free_limit");
  if (word == "auto") {
    disk.free_limit_bytes = 0;
    disk.free_limit_percent = 0;
  } else if (word.ends_with('%')) {
    const auto percent = parse_decimal(std::string_view(word).substr(0, word.size() - 1));
    if (percent && *percent > 0 && *percent <= 90) {
      disk.free_limit_percent = *percent;
    } else {
      section.error("free_limit", "'" + word + "' is not above 0% and at most 90%");
    }
  } else {
    section.size("free_limit", disk.free_limit_bytes, kMiB, 1024 * kTiB);
  }
  section.size("reserve", disk.reserve, 0, 64 * kGiB);
}

void read_options(Section& top, Options& options) {
  top.section("listeners", [&](Section& listeners) {
    listeners.section("amqp",
                      [&](Section& s) { read_listener(s, options.amqp.bind, options.amqp.port); });
    listeners.section("amqps", [&](Section& s) { read_tls_listener(s, options.amqps); });
  });
  top.section("metrics", [&](Section& s) {
    s.boolean("enabled", options.metrics.enabled);
    read_listener(s, options.metrics.bind, options.metrics.port);
  });
  read_loops(top, options);
  top.text("data_dir", options.data_dir, kPathSizeMax);
  top.section("journal", [&](Section& s) { read_journal(s, options.journal); });
  top.section("memory", [&](Section& s) { read_memory(s, options.memory); });
  top.section("disk", [&](Section& s) { read_disk(s, options.disk); });
  top.section("storage", [&](Section& s) {
    s.size("read_ahead", options.storage.read_ahead, 4 * kKiB, 64 * kMiB);
  });
  top.duration("shutdown_timeout", options.shutdown_timeout, milliseconds(0), hours(1));
  top.text_list("virtual_hosts", options.virtual_hosts);
  top.list(
      "users", [&] { options.users.clear(); },
      [&](Section& s) { read_user(s, options.users.emplace_back()); });
  top.section("auth", [&](Section& s) { read_auth(s, options.auth); });
  read_policies(top, "policies", options.policies);
  read_policies(top, "operator_policies", options.operator_policies);
  top.section("server_properties",
              [&](Section& s) { read_server_properties(s, options.server_properties); });
  top.section("log", [&](Section& s) {
    s.choice<LogLevelOption>("level", options.log.level,
                             {{"debug", LogLevelOption::kDebug},
                              {"info", LogLevelOption::kInfo},
                              {"warning", LogLevelOption::kWarning},
                              {"error", LogLevelOption::kError}});
    s.choice<LogFormatOption>("format", options.log.format,
                              {{"text", LogFormatOption::kText}, {"json", LogFormatOption::kJson}});
  });
  top.section("limits", [&](Section& s) { read_limits(s, options); });
  if (!top.listing_keys()) check_names(top, options);
}

base::Error joined(Reading& reading) {
  std::stable_sort(reading.errors.begin(), reading.errors.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string message;
  for (const auto& [line, text] : reading.errors)
    message.append(message.empty() ? "" : "\n").append(text);
  return {std::move(message)};
}

}  // namespace

base::Result<Options> parse(std::string_view text, const std::string& file_name) {
  Reading reading;
  reading.file_name = file_name;
  Options options;
  try {
    const YAML::Node document = YAML::Load(std::string(text));
    Section top(reading, document, "");
    read_options(top, options);
  } catch (const YAML::Exception& exception) {
    const int line = exception.mark.is_null() ? 0 : exception.mark.line + 1;
    reading.errors.emplace_back(
        line, file_name + ":" + std::to_string(line) + ": not YAML: " + exception.msg);
  }
  if (!reading.errors.empty()) return base::fail(joined(reading));
  return options;
}

base::Result<Options> load_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(path + ": cannot be opened: " + std::strerror(errno));
  std::string text(kFileSizeMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return base::fail(path + ": cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileSizeMax) return base::fail(path + ": larger than 1 MiB");
  return parse(text, path);
}

std::vector<std::string> key_paths() {
  std::vector<std::string> keys;
  Reading reading;
  reading.keys = &keys;
  Options options;
  {
    Section top(reading, YAML::Node(YAML::NodeType::Undefined), "");
    read_options(top, options);
  }
  return keys;
}

}  // namespace harrier::config

#include "config/load_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Options parsed(std::string_view text) {
  auto options = parse(text, "test.yaml");
  if (!options) {
    ADD_FAILURE() << options.error().message;
    return {};
  }
  return *options;
}

std::string error_of(std::string_view text) {
  const auto options = parse(text, "test.yaml");
  return options ? "accepted" : options.error().message;
}

TEST(LoadOptions, EmptyDocumentIsTheDefaults) {
  EXPECT_EQ(parsed(""), Options{});
  EXPECT_EQ(parsed("# nothing\n"), Options{});
  EXPECT_EQ(parsed("limits:\n"), Options{});
}

TEST(LoadOptions, ReadsListeners) {
  const Options options = parsed(
      "listeners: {amqp: {bind: 0.0.0.0, port: 0}}\n"
      "metrics: {enabled: false, bind: '::1', port: 9000}\n");
  EXPECT_EQ(options.amqp, (ListenerOptions{"0.0.0.0", 0}));
  EXPECT_EQ(options.metrics, (MetricsOptions{false, "::1", 9000}));
}

TEST(LoadOptions, ReadsWhoMaySpeakForOthers) {
  const Options options = parsed(
      "listeners:\n"
      "  amqp: {proxy_protocol: {trusted: [10.0.0.0/8, '::1'], required: true}}\n"
      "  amqps: {proxy_protocol: {trusted: [192.0.2.7]}}\n");
  EXPECT_EQ(options.amqp.proxy_protocol, (ProxyProtocolOptions{{"10.0.0.0/8", "::1"}, true}));
  EXPECT_EQ(options.amqps.proxy_protocol, (ProxyProtocolOptions{{"192.0.2.7"}, false}));
  EXPECT_THAT(
      error_of("listeners:\n"
               "  amqps:\n"
               "    proxy_protocol:\n"
               "      trusted: [10.0.0.1/8]"),
      HasSubstr("test.yaml:4: listeners.amqps.proxy_protocol.trusted: '10.0.0.1/8' has bits "
                "set beyond its prefix"));
  EXPECT_THAT(error_of("listeners: {amqp: {proxy_protocol: {required: true}}}"),
              HasSubstr("listeners.amqp.proxy_protocol.required: with nobody trusted, nobody could "
                        "connect"));
  std::string many;
  for (int i = 0; i != 256; ++i)
    many += "10.0.0.1, ";
  EXPECT_EQ(error_of("listeners: {amqp: {proxy_protocol: {trusted: [" + many + "]}}}"), "accepted");
  EXPECT_THAT(error_of("listeners: {amqp: {proxy_protocol: {trusted: [" + many + "10.0.0.1]}}}"),
              HasSubstr("trusted: more than 256"));
}

TEST(LoadOptions, ReadsTheUnixListener) {
  EXPECT_EQ(parsed("listeners: {unix: {path: /run/h.sock, mode: 0600}}").unix_socket,
            (UnixListenerOptions{"/run/h.sock", 0600}));
  EXPECT_EQ(parsed("listeners: {unix: {mode: '777'}}").unix_socket.mode, 0777u);
  for (const char* mode : {"1000", "0o660", "rw", "''", "-1", "0680", "66 ", "17777777777777"})
    EXPECT_THAT(error_of("listeners: {unix: {mode: \"" + std::string(mode) + "\"}}"),
                HasSubstr("listeners.unix.mode: "));
  const std::string longest(107, 'x');
  EXPECT_EQ(parsed("listeners: {unix: {path: " + longest + "}}").unix_socket.path, longest);
  EXPECT_THAT(error_of("listeners: {unix: {path: " + longest + "x}}"),
              HasSubstr("test.yaml:1: listeners.unix.path: longer than 107 bytes"));
  EXPECT_THAT(error_of("listeners: {unix: {path: \"a\\0b\"}}"), HasSubstr("that is no path"));
}

TEST(LoadOptions, ReadsTheTlsListener) {
  const Options options = parsed(
      "listeners:\n"
      "  amqps: {enabled: true, bind: 0.0.0.0, port: 0, certificate_file: a.pem, key_file: a.key,\n"
      "          ca_file: ca.pem, crl_file: crl.pem, verify: require, depth: 1, min_version: 1.3,\n"
      "          ciphers: C,\n"
      "          ciphersuites: S, handshake_timeout: 2s, handshakes_per_second_max: 7,\n"
      "          key_updates_per_minute_max: 8,\n"
      "          certificates: [{server_name: b, certificate_file: b.pem, key_file: b.key}]}\n");
  const TlsListenerOptions expected{.enabled = true,
                                    .bind = "0.0.0.0",
                                    .port = 0,
                                    .certificate_file = "a.pem",
                                    .key_file = "a.key",
                                    .ca_file = "ca.pem",
                                    .crl_file = "crl.pem",
                                    .verify = TlsVerifyOption::kRequire,
                                    .depth = 1,
                                    .min_version = TlsVersionOption::kTls13,
                                    .ciphers = "C",
                                    .ciphersuites = "S",
                                    .handshake_timeout = milliseconds(2000),
                                    .handshakes_per_second_max = 7,
                                    .key_updates_per_minute_max = 8,
                                    .certificates = {{"b", "b.pem", "b.key"}}};
  EXPECT_EQ(options.amqps, expected);
}

TEST(LoadOptions, TlsNeedsWhatItCannotDoWithout) {
  EXPECT_THAT(error_of("listeners: {amqps: {enabled: true, key_file: a}}"),
              HasSubstr("listeners.amqps.enabled: a certificate_file and a key_file are needed"));
  EXPECT_THAT(error_of("listeners: {amqps: {verify: request}}"),
              HasSubstr("listeners.amqps.verify: a ca_file is needed"));
  EXPECT_THAT(error_of("listeners: {amqps: {crl_file: a}}"),
              HasSubstr("listeners.amqps.crl_file: verify is none: nobody shows a certificate"));
  EXPECT_THAT(error_of("listeners: {amqps: {certificates: [{server_name: a}]}}"),
              HasSubstr("listeners.amqps.certificates[0]: a certificate_file and a key_file"));
  EXPECT_THAT(error_of("listeners: {amqps: {certificates: [\n"
                       "  {server_name: a, certificate_file: b, key_file: c},\n"
                       "  {server_name: a, certificate_file: b, key_file: c}]}}"),
              HasSubstr("listeners.amqps.certificates: 'a' stands twice"));
  EXPECT_THAT(error_of("listeners: {amqps: {min_version: 1.1}}"),
              HasSubstr("'1.1' is none of 1.2, 1.3"));
}

TEST(LoadOptions, ReadsSizesAndDurationsWithUnits) {
  const Options options = parsed(
      "limits:\n"
      "  connection: {max_message_size: 512MiB, assembly_bytes_max: 1GiB, frame_max: 65536,\n"
      "               handshake_timeout: 250ms, heartbeat: 2min}\n"
      "  virtual_host: {consumer_timeout: 0}\n");
  EXPECT_EQ(options.connection.max_message_size, 512u << 20);
  EXPECT_EQ(options.connection.assembly_bytes_max, 1u << 30);
  EXPECT_EQ(options.connection.frame_max, 65536u);
  EXPECT_EQ(options.connection.handshake_timeout, milliseconds(250));
  EXPECT_EQ(options.connection.heartbeat, minutes(2));
  EXPECT_EQ(options.virtual_host.consumer_timeout, milliseconds(0));
}

TEST(LoadOptions, UsersReplaceTheDefaultUser) {
  const Options options = parsed(
      "virtual_hosts: [/, tenant]\n"
      "users:\n"
      "  - name: ada\n"
      "    password: 12345\n"
      "    tags: [monitoring, management]\n"
      "    permissions: [{virtual_host: tenant, configure: false}]\n"
      "  - {name: bob, password_hash: aGFzaA==, loopback_only: true}\n");
  ASSERT_EQ(options.users.size(), 2u);
  EXPECT_EQ(options.users[0].password, "12345");
  EXPECT_THAT(options.users[0].tags, ::testing::ElementsAre("monitoring", "management"));
  EXPECT_EQ(options.users[0].permissions,
            (std::vector<PermissionOptions>{{"tenant", "^$", ".*", ".*"}}));
  EXPECT_FALSE(options.users[0].loopback_only);
  EXPECT_EQ(options.users[1].password_hash, "aGFzaA==");
  EXPECT_TRUE(options.users[1].loopback_only);
  EXPECT_TRUE(options.users[1].permissions.empty());
}

TEST(LoadOptions, PermissionsAreWordsOrPatterns) {
  const Options options = parsed(
      "users:\n"
      "  - name: ada\n"
      "    password: p\n"
      "    permissions: [{configure: true, write: '^a\\.', read: ''}]\n"
      "    topic_permissions: [{exchange: t, write: '^{username}\\.', read: false}]\n");
  EXPECT_EQ(options.users[0].permissions,
            (std::vector<PermissionOptions>{{"/", ".*", "^a\\.", ""}}));
  EXPECT_EQ(options.users[0].topic_permissions,
            (std::vector<TopicPermissionOptions>{{"/", "t", "^{username}\\.", "^$"}}));
}

TEST(LoadOptions, AWrongPatternIsNamedWithItsLine) {
  EXPECT_THAT(error_of("users:\n"
                       "  - name: ada\n"
                       "    password: p\n"
                       "    permissions:\n"
                       "      - read: '('\n"
                       "    topic_permissions:\n"
                       "      - exchange: t\n"
                       "        write: '\\{username}'\n"),
              ::testing::MatchesRegex(
                  "test.yaml:5: users.0..permissions.0..read: the pattern is wrong at byte 1: .*\n"
                  "test.yaml:8: users.0..topic_permissions.0..write: the pattern has a backslash "
                  "before .username."));
}

TEST(LoadOptions, ReadsWordsAndServerProperties) {
  const Options options = parsed(
      "log: {level: debug, format: json}\n"
      "loops: 3\n"
      "server_properties: {product: RabbitMQ, version: 4.0.1, extra: {site: north}}\n");
  EXPECT_EQ(options.log, (LogOptions{LogLevelOption::kDebug, LogFormatOption::kJson}));
  EXPECT_EQ(options.loops, 3u);
  EXPECT_EQ(options.server_properties.product, "RabbitMQ");
  EXPECT_EQ(options.server_properties.version, "4.0.1");
  EXPECT_THAT(options.server_properties.extra,
              ::testing::ElementsAre(::testing::Pair("site", "north")));
  EXPECT_EQ(parsed("loops: auto").loops, 0u);
}

TEST(LoadOptions, ReadsTheAuditLog) {
  const Options options = parsed(
      "audit: {file: a.jsonl, key_file: k, events: [limits], on_failure: stop, size_max: 1MiB,\n"
      "        files_max: 2, queue_max: 3, sync_interval: 0s, repeat_window: 5s,\n"
      "        repeat_events_max: 6, repeat_events_per_address_max: 7}\n");
  const AuditOptions expected{.file = "a.jsonl",
                              .key_file = "k",
                              .events = {"limits"},
                              .on_failure = AuditFailureOption::kStop,
                              .size_max = 1 << 20,
                              .files_max = 2,
                              .queue_max = 3,
                              .sync_interval = milliseconds(0),
                              .repeat_window = milliseconds(5000),
                              .repeat_events_max = 6,
                              .repeat_events_per_address_max = 7};
  EXPECT_EQ(options.audit, expected);
  EXPECT_THAT(error_of("audit: {events: [all]}"), HasSubstr("'all' is none of logins"));
}

TEST(LoadOptions, ReadsDiskAndMemory) {
  const Options options = parsed(
      "data_dir: ''\n"
      "journal: {segment_size: 1MiB, segments: 64, pending_max: 4MiB}\n"
      "memory: {cache: auto, high_watermark: 4GiB}\n"
      "disk: {free_limit: 2.5%, reserve: 0}\n"
      "storage: {read_ahead: 1MiB}\n");
  EXPECT_EQ(options.data_dir, "");
  EXPECT_EQ(options.journal, (JournalOptions{1 << 20, 64, 4 << 20}));
  EXPECT_EQ(options.memory, (MemoryOptions{0, 0.6, std::uint64_t{4} << 30}));
  EXPECT_EQ(options.disk, (DiskOptions{0, 2.5, 0}));
  EXPECT_EQ(options.storage.read_ahead, 1u << 20);
  EXPECT_EQ(parsed("memory: {high_watermark: 0.95, cache: 1GiB}").memory,
            (MemoryOptions{1 << 30, 0.95, 0}));
  EXPECT_EQ(parsed("disk: {free_limit: 50MiB}").disk.free_limit_bytes, 50u << 20);
  EXPECT_EQ(parsed("disk: {free_limit: auto}").disk, DiskOptions{});
}

struct Wrong {
  const char* text;
  const char* error;
};

class LoadOptionsRefuses : public ::testing::TestWithParam<Wrong> {};

TEST_P(LoadOptionsRefuses, NamesFileLineAndKey) {
  EXPECT_THAT(error_of(GetParam().text), HasSubstr(GetParam().error)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, LoadOptionsRefuses,
    ::testing::Values(
        Wrong{"unknown: 1", "test.yaml:1: unknown: unknown key"},
        Wrong{"log:\n  colour: red", "test.yaml:2: log.colour: unknown key"},
        Wrong{"users: [{name: a, password: b, passwort: c}]", "users[0].passwort: unknown key"},
        Wrong{"loops: 1\nloops: 2", "test.yaml:2: loops: given twice"},
        Wrong{"loops: 0", "test.yaml:1: loops: 0 is below 1"},
        Wrong{"loops: -1", "loops: -1 is below 1"}, Wrong{"loops: 65", "loops: 65 is above 64"},
        Wrong{"loops: two", "loops: 'two' is not a whole number"},
        Wrong{"loops: [1]", "loops: expected"},
        Wrong{"listeners: {amqp: {port: 65536}}", "listeners.amqp.port: 65536 is above 65535"},
        Wrong{"listeners: {amqp: {port: -1}}", "listeners.amqp.port: -1 is below 0"},
        Wrong{"listeners: {amqp: {port: 5672.0}}", "'5672.0' is not a whole number"},
        Wrong{"listeners: {amqp: {bind: ''}}", "listeners.amqp.bind: an address is needed"},
        Wrong{"listeners: 5672", "listeners: keys and values are expected here"},
        Wrong{"metrics: {enabled: perhaps}", "metrics.enabled: 'perhaps' is none of true, false"},
        Wrong{"log: {level: loud}", "log.level: 'loud' is none of debug, info, warning, error"},
        Wrong{"limits:\n  connection:\n    frame_max: 4095",
              "test.yaml:3: limits.connection.frame_max: 4095 is below 4KiB"},
        Wrong{"limits: {connection: {frame_max: 128Kib}}", "'128Kib' is not a size such as 16MiB"},
        Wrong{"limits: {connection: {max_message_size: 513MiB}}", "513MiB is above 512MiB"},
        Wrong{"limits: {connection: {max_message_size: 64MiB}}",
              "limits.connection.assembly_bytes_max: below max_message_size"},
        Wrong{"limits: {connection: {channel_max: 0}}", "channel_max: 0 is below 1"},
        Wrong{"limits: {connection: {heartbeat: 60}}",
              "heartbeat: '60' is not a duration such as 60s or 30min"},
        Wrong{"limits: {connection: {heartbeat: 1500ms}}", "not a whole number of seconds"},
        Wrong{"limits: {connection: {handshake_timeout: 0}}", "handshake_timeout: 0 is below 1ms"},
        Wrong{"limits: {connection: {close_timeout: 99999999999999999999s}}", "is not a duration"},
        Wrong{"limits: {virtual_host: {queues_max: 4294967296}}", "4294967296 is above 4294967295"},
        Wrong{"journal: {segment_size: 1023KiB}", "segment_size: 1023KiB is below 1MiB"},
        Wrong{"journal: {segment_size: 257MiB}", "segment_size: 257MiB is above 256MiB"},
        Wrong{"journal: {segments: 7}", "journal.segments: 7 is below 8"},
        Wrong{"journal: {segments: 1025}", "journal.segments: 1025 is above 1024"},
        Wrong{"journal: {pending_max: 65MiB}",
              "journal.pending_max: above a quarter of the journal"},
        Wrong{"journal: {size: 1GiB}", "journal.size: unknown key"},
        Wrong{"memory: {cache: 1MiB}", "memory.cache: 1MiB is below 16MiB"},
        Wrong{"memory: {cache: much}", "memory.cache: 'much' is not a size such as 16MiB"},
        Wrong{"memory: {high_watermark: 0.96}",
              "memory.high_watermark: '0.96' is neither a share from 0.05 to 0.95 nor a size"},
        Wrong{"memory: {high_watermark: 0.0}", "'0.0' is neither a share"},
        Wrong{"memory: {high_watermark: 0.6GiB}", "'0.6GiB' is neither a share"},
        Wrong{"memory: {high_watermark: 1}", "memory.high_watermark: 1 is below 64MiB"},
        Wrong{"memory: {high_watermark: 60%}", "'60%' is not a size such as 16MiB"},
        Wrong{"disk: {free_limit: 0%}", "disk.free_limit: '0%' is not above 0% and at most 90%"},
        Wrong{"disk: {free_limit: 91%}", "'91%' is not above 0% and at most 90%"},
        Wrong{"disk: {free_limit: -5%}", "'-5%' is not above 0% and at most 90%"},
        Wrong{"disk: {free_limit: 0}", "disk.free_limit: 0 is below 1MiB"},
        Wrong{"disk: {reserve: none}", "disk.reserve: 'none' is not a size"},
        Wrong{"storage: {read_ahead: 1KiB}", "storage.read_ahead: 1KiB is below 4KiB"},
        Wrong{"server_properties: {version: 3.13}", "version: clients expect three numbers"},
        Wrong{"server_properties: {version: 3.13.7-rc1}", "clients expect three numbers"},
        Wrong{"server_properties: {extra: [1]}", "extra: expected keys and values"},
        Wrong{"virtual_hosts: []", "virtual_hosts: at least one is needed"},
        Wrong{"virtual_hosts: [/, /]", "virtual_hosts: '/' stands twice"},
        Wrong{"virtual_hosts: [/, '']", "virtual_hosts: a name is empty"},
        Wrong{"users: {name: a}", "users: expected a list"},
        Wrong{"users: [{password: b}]", "users[0]: a user needs a name"},
        Wrong{"users: [{name: a}]", "users[0]: a user needs either a password or a password_hash"},
        Wrong{"users: [{name: a, password: b, password_hash: c}]", "needs either a password or"},
        Wrong{"users: [{name: a, password: b}, {name: a, password: c}]", "'a' stands twice"},
        Wrong{"users: [{name: a, password: b, permissions: [{virtual_host: x}]}]",
              "has permissions in the virtual host 'x', which virtual_hosts does not list"},
        Wrong{
            "users: [{name: a, password: b, topic_permissions: [{exchange: t, virtual_host: x}]}]",
            "has permissions in the virtual host 'x', which virtual_hosts does not list"},
        Wrong{"users: [{name: a, password: b, permissions: [{read: a}, {read: b}]}]",
              "users: the user 'a' has permissions in the virtual host '/' twice"},
        Wrong{"users: [{name: a, password: b, topic_permissions: [{exchange: t}, {exchange: t}]}]",
              "has permissions for the exchange 't' in the virtual host '/' twice"},
        Wrong{"users: [{name: a, password: b, topic_permissions: [{read: a}]}]",
              "users[0].topic_permissions[0]: a topic permission needs an exchange"},
        Wrong{"users: [{name: a, password: b, permissions: [{write: no}]}]",
              "permissions[0].write: 'no' is neither true nor false, nor a pattern: ^no$ is one"},
        Wrong{"users: [{name: a, password: b, permissions: [{write: False}]}]",
              "permissions[0].write: 'False' is neither true nor false, nor a pattern"},
        Wrong{"users: [{name: a, password: b, permissions: [{write: [a]}]}]",
              "users[0].permissions[0].write: expected a text"},
        Wrong{"loops: {", "test.yaml:1: not YAML:"}, Wrong{"a: b: c", "test.yaml:1: not YAML:"},
        Wrong{"- loops", "test.yaml:1: keys and values are expected here"}));

TEST(LoadOptions, ReportsEveryErrorInLineOrder) {
  EXPECT_EQ(error_of("nonsense: 1\nlog: {level: loud}\nloops: 0\n"),
            "test.yaml:1: nonsense: unknown key\n"
            "test.yaml:2: log.level: 'loud' is none of debug, info, warning, error\n"
            "test.yaml:3: loops: 0 is below 1");
}

TEST(LoadOptions, DeepNestingIsAnErrorNotACrash) {
  EXPECT_THAT(error_of(std::string(100'000, '[')), StartsWith("test.yaml:"));
}

TEST(LoadOptions, FileThatDoesNotExist) {
  const auto options = load("/nonexistent/harriermq.yaml", {});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().message,
            "/nonexistent/harriermq.yaml: cannot be opened: No such file or directory");
}

TEST(LoadOptions, DirectoryIsNoFile) { EXPECT_FALSE(load("/tmp", {})); }

// A list of so many aliases, each of so many scopes.
std::string aliases(int count, int scopes, const std::string& name = "a") {
  std::string text = "auth:\n  oauth2:\n    scope_aliases:\n";
  for (int alias = 0; alias != count; ++alias) {
    text += "    - {alias: " + name + std::to_string(alias) + ", scopes: [";
    for (int scope = 0; scope != scopes; ++scope)
      text += "s" + std::to_string(scope) + ", ";
    text += "]}\n";
  }
  return text;
}

TEST(LoadOptions, AliasesOfScopesAreBounded) {
  const auto read = parsed(aliases(1'000, 1)).auth.oauth2.scope_aliases;
  ASSERT_EQ(read.size(), 1'000u);
  EXPECT_EQ(read[7], (ScopeAliasOptions{"a7", {"s0"}}));
  EXPECT_THAT(error_of(aliases(1'001, 1)), HasSubstr("more than 1000 aliases"));
  EXPECT_EQ(error_of(aliases(1, 100)), "accepted");
  EXPECT_THAT(error_of(aliases(1, 101)), HasSubstr("scope_aliases[0].scopes: more than 100"));
  EXPECT_THAT(error_of(aliases(1, 0)), HasSubstr("at least one is needed"));
  EXPECT_EQ(error_of(aliases(1, 1, std::string(254, 'x'))), "accepted");
  EXPECT_THAT(error_of(aliases(1, 1, std::string(255, 'x'))), HasSubstr("scope_aliases[0].alias"));
  EXPECT_THAT(error_of("auth: {oauth2: {scope_aliases: [{scopes: [a]}]}}"),
              HasSubstr("an alias needs a name"));
}

TEST(LoadOptions, LimitsOfPatternsHaveRanges) {
  const Options options = parsed(
      "limits: {patterns: {match_steps_max: 1000, match_depth_max: 100, match_heap_max: 64KiB}}");
  EXPECT_EQ(options.patterns, (PatternLimitOptions{1'000, 100, 64 << 10}));
  for (const char* wrong :
       {"match_steps_max: 999", "match_steps_max: 100000001", "match_depth_max: 99",
        "match_depth_max: 1000001", "match_heap_max: 63KiB", "match_heap_max: 1025MiB"})
    EXPECT_THAT(error_of("limits: {patterns: {" + std::string(wrong) + "}}"),
                HasSubstr("limits.patterns.match_"))
        << wrong;
}

TEST(Tokens, AreOffUntilAResourceServerIsNamed) {
  EXPECT_EQ(parsed("").auth.oauth2.resource_server_id, "");
  const OAuth2Options oauth2 = parsed(
                                   "auth:\n"
                                   "  oauth2:\n"
                                   "    resource_server_id: rabbitmq\n"
                                   "    issuer: https://issuer.example\n"
                                   "    jwks_url: https://issuer.example/keys\n"
                                   "    jwks_refresh_interval: 1h\n"
                                   "    username_claims: [name]\n"
                                   "    algorithms: [ES256]\n"
                                   "    clock_skew: 30s\n"
                                   "    token_size_max: 4KiB\n")
                                   .auth.oauth2;
  EXPECT_EQ(oauth2.resource_server_id, "rabbitmq");
  EXPECT_EQ(oauth2.issuer, "https://issuer.example");
  EXPECT_EQ(oauth2.jwks_url, "https://issuer.example/keys");
  EXPECT_EQ(oauth2.jwks_refresh_interval, minutes(60));
  EXPECT_EQ(oauth2.username_claims, std::vector<std::string>{"name"});
  EXPECT_EQ(oauth2.algorithms, std::vector<std::string>{"ES256"});
  EXPECT_EQ(oauth2.clock_skew, seconds(30));
  EXPECT_EQ(oauth2.token_size_max, 4096u);
}

TEST(Tokens, ClocksDifferByAMinuteAtMost) {
  EXPECT_THAT(error_of("auth: {oauth2: {clock_skew: 61s}}"), HasSubstr("auth.oauth2.clock_skew"));
}

TEST(Policies, AreReadWithTheirPlaceAndTheTypesOfTheirValues) {
  const Options options = parsed(
      "policies:\n"
      "  - name: p\n"
      "    pattern: ^q\n"
      "    apply_to: quorum_queues\n"
      "    priority: -3\n"
      "    definition: {max-length: 5, overflow: drop-head, a: true, b: \"6\", c: \"true\"}\n"
      "operator_policies:\n"
      "  - {name: p, pattern: \"\", definition: {expires: 1}}\n");
  ASSERT_EQ(options.policies.size(), 1u);
  const PolicyOptions& policy = options.policies[0];
  EXPECT_EQ(policy.virtual_host, "/");
  EXPECT_EQ(policy.name, "p");
  EXPECT_EQ(policy.pattern, "^q");
  EXPECT_EQ(policy.apply_to, "quorum_queues");
  EXPECT_EQ(policy.priority, -3);
  EXPECT_THAT(policy.origin, ::testing::EndsWith(":2"));
  using Value = PolicyOptions::Value;
  const std::vector<std::pair<std::string, Value>> expected = {
      {"max-length", std::int64_t{5}},
      {"overflow", std::string("drop-head")},
      {"a", true},
      {"b", std::string("6")},
      {"c", std::string("true")}};
  EXPECT_EQ(policy.definition, expected);
  ASSERT_EQ(options.operator_policies.size(), 1u);
  EXPECT_EQ(options.operator_policies[0].apply_to, "all");
}

TEST(Policies, MistakesAreShownWithTheirLines) {
  const std::string errors = error_of(
      "policies:\n"
      "  - {name: a, pattern: x, apply_to: topics, definition: {expires: 1}}\n"
      "  - {name: a, pattern: x, definition: {expires: [1]}}\n"
      "  - {pattern: x, definition: 5}\n"
      "  - {name: b, virtual_host: elsewhere, when: never}\n");
  for (const char* error :
       {":2: policies[0].apply_to: 'topics' is none of",
        ":2: policies: the policy 'a' stands twice",
        ":3: policies[1].definition: expected a name and a number, true, false or a text",
        ":4: policies[2].definition: expected keys and values",
        ":4: policies[2]: a policy needs a name", ":5: policies[3].when: unknown key",
        ":5: policies[3]: a policy needs a pattern",
        "the policy 'b' is for the virtual host 'elsewhere', which virtual_hosts does not list"})
    EXPECT_THAT(errors, HasSubstr(error));
}

}  // namespace
}  // namespace harrier::config

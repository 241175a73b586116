#include "metrics/exposition.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/frame_client.h"
#include "support/temporary_directory.h"

namespace harrier::metrics {
namespace {

class FixedClock final : public base::Clock {
 public:
  base::Now now() const override { return now_; }
  base::Now now_{base::MonotonicTime(base::Milliseconds(1'000)),
                 base::WallTime(base::Milliseconds(1'700'000'000'000))};
};

class ExpositionTest : public ::testing::Test {
 protected:
  // Not started: the counters exist all the same.
  FixedClock clock_;
  Options options_;
  server::Node node_{options_, clock_};
  Exposition exposition_{node_, clock_};
};

// The families that people's dashboards ask for and that this part of the broker can answer.
TEST_F(ExpositionTest, HasRabbitmqsNames) {
  const std::string text = exposition_.text();
  for (const char* line : {"rabbitmq_connections 0",
                           "rabbitmq_channels 0",
                           "rabbitmq_queues 0",
                           "rabbitmq_consumers 0",
                           "rabbitmq_queue_messages_ready 0",
                           "rabbitmq_queue_messages_unacked 0",
                           "rabbitmq_queue_messages 0",
                           "rabbitmq_connections_opened_total 0",
                           "rabbitmq_connections_closed_total 0",
                           "rabbitmq_global_messages_received_total{protocol=\"amqp091\"} 0",
                           "rabbitmq_global_messages_delivered_total{protocol=\"amqp091\",queue_"
                           "type=\"rabbit_classic_queue\"} 0",
                           "rabbitmq_global_messages_acknowledged_total{protocol=\"amqp091\",queue_"
                           "type=\"rabbit_quorum_queue\"} 0",
                           "rabbitmq_identity_info{rabbitmq_node=",
                           "rabbitmq_build_info{rabbitmq_version=\"3.13.7\"",
                           "harriermq_messages_settled_total{reason=\"expired\"} 0",
                           "harriermq_loop_turns_total{loop=\"0\"} 0",
                           "harriermq_limit_refusals_total{limit=\"vhost_stored_bytes\"} 0",
                           "harriermq_limit_refusals_total{limit=\"user_channels\"} 0",
                           "harriermq_limit_refusals_total{limit=\"user_consumers\"} 0",
                           "harriermq_limit_refusals_total{limit=\"connection_consumers\"} 0",
                           "harriermq_publish_rate_exceeded_total{of=\"vhost\"} 0",
                           "harriermq_connections_throttled 0",
                           "harriermq_vhosts_holding_publishers 0",
                           "harriermq_connections_blocked_by_quota 0",
                           "rabbitmq_queue_messages_unacked_bytes 0",
                           "rabbitmq_alarms_free_disk_space_watermark 0",
                           "rabbitmq_alarms_memory_used_watermark 0",
                           "rabbitmq_alarms_file_descriptor_limit 0",
                           "rabbitmq_auth_attempts_total{protocol=\"amqp091\"} 0",
                           "harriermq_publishers_held{reason=\"journal_full\"} 0",
                           "harriermq_publishers_held{reason=\"operator\"} 0",
                           "harriermq_connections_blocked 0",
                           "harriermq_proxy_headers_total{result=\"accepted\"} 0",
                           "harriermq_proxy_headers_total{result=\"refused\"} 0",
                           "harriermq_proxy_untrusted_total 0",
                           "rabbitmq_disk_space_available_bytes 0",
                           "harriermq_memory_resident_bytes 0"})
    EXPECT_THAT(text, ::testing::HasSubstr(std::string("\n") + line)) << line;
}

TEST_F(ExpositionTest, CountsHttpFromZero) {
  EXPECT_THAT(exposition_.text(), ::testing::Not(::testing::HasSubstr("harriermq_http_")));
  const http::Server server(http::Limits{});
  ApiCounters api;
  exposition_.add_http({&server, &api});
  const std::string text = exposition_.text();
  for (const char* line :
       {"harriermq_http_connections 0", "harriermq_http_connections_accepted_total 0",
        "harriermq_http_connections_refused_total 0", "harriermq_http_requests_total 0",
        "harriermq_http_answers_total{status=\"2xx\"} 0",
        "harriermq_http_answers_total{status=\"3xx\"} 0",
        "harriermq_http_answers_total{status=\"4xx\"} 0",
        "harriermq_http_answers_total{status=\"5xx\"} 0", "harriermq_http_overloaded_total 0",
        "harriermq_http_timeouts_total 0", "harriermq_http_requests_waiting 0",
        "harriermq_http_body_bytes 0", "harriermq_management_requests_refused_total 0",
        "harriermq_management_log_streams 0", "rabbitmq_auth_attempts_total{protocol=\"http\"} 0",
        "rabbitmq_auth_attempts_succeeded_total{protocol=\"http\"} 0",
        "rabbitmq_auth_attempts_failed_total{protocol=\"http\"} 0"})
    EXPECT_THAT(text, ::testing::HasSubstr(std::string("\n") + line + "\n")) << line;
  api.logins_refused = 2;
  EXPECT_THAT(exposition_.text(),
              ::testing::HasSubstr("\nrabbitmq_auth_attempts_total{protocol=\"http\"} 2\n"));
}

TEST_F(ExpositionTest, ShowsWhyPublishersAreHeld) {
  node_.block_publishers("maintenance");
  EXPECT_THAT(exposition_.text(),
              ::testing::HasSubstr("\nharriermq_publishers_held{reason=\"operator\"} 1\n"));
  node_.unblock_publishers();
  EXPECT_THAT(exposition_.text(),
              ::testing::HasSubstr("\nharriermq_publishers_held{reason=\"operator\"} 0\n"));
}

TEST_F(ExpositionTest, UptimeFollowsTheClock) {
  clock_.now_.monotonic += base::Milliseconds(2'500);
  EXPECT_THAT(exposition_.text(), ::testing::HasSubstr("rabbitmq_erlang_uptime_seconds 2.5\n"));
}

TEST_F(ExpositionTest, HasNothingOfTlsThatIsNotServed) {
  EXPECT_THAT(exposition_.text(), ::testing::Not(::testing::HasSubstr("harriermq_tls_")));
}

TEST_F(ExpositionTest, HasNothingOfAStoreThatIsNotThere) {
  EXPECT_THAT(exposition_.text(), ::testing::Not(::testing::HasSubstr("harriermq_journal_")));
  EXPECT_THAT(exposition_.text(),
              ::testing::HasSubstr("\nharriermq_queue_messages_unreadable_total 0\n"));
}

TEST_F(ExpositionTest, CountsLogins) {
  EXPECT_THAT(exposition_.text(), ::testing::Not(::testing::HasSubstr("harriermq_auth_")));
  const base::SystemClock clock;
  Options options;
  options.amqp.port = 0;
  options.data_dir.clear();
  server::Node node(options, clock);
  ASSERT_TRUE(node.start().ok());
  for (int time = 0; time != 2; ++time) {
    test::FrameClient client({"127.0.0.1", node.port()});
    client.open({});
    client.close();
  }
  const std::string text = Exposition(node, clock).text();
  for (const char* line : {"harriermq_auth_cache_hits_total 1", "harriermq_auth_hashes_total 0",
                           "harriermq_auth_hashes_waiting 0", "harriermq_auth_throttled_total 0",
                           "harriermq_auth_hashes_refused_total 0"})
    EXPECT_THAT(text, ::testing::HasSubstr(std::string("\n") + line)) << line;
}

TEST_F(ExpositionTest, CountsTheStore) {
  const test::TemporaryDirectory directory;
  Options options;
  options.data_dir = directory.path();
  options.amqp.port = 0;
  options.journal.segment_size = 1 << 20;
  options.journal.segments = 8;
  options.disk.reserve = 0;
  const base::SystemClock clock;
  server::Node node(options, clock);
  ASSERT_TRUE(node.start().ok());
  const std::string text = Exposition(node, clock).text();
  for (const char* line :
       {"harriermq_journal_flushes_total ", "harriermq_journal_segments{state=\"used\"} 1\n",
        "harriermq_journal_segments{state=\"free\"} 7\n", "harriermq_journal_pending_bytes ",
        "harriermq_store_resident_bytes 0\n", "harriermq_store_runs 0\n",
        "harriermq_store_run_bytes 0\n", "harriermq_store_spilled_messages_total 0\n",
        "harriermq_store_run_dead_bytes 0\n", "harriermq_store_spilled_bytes_total 0\n",
        "harriermq_store_merges_total 0\n", "harriermq_store_merged_bytes_total 0\n",
        "harriermq_store_read_bytes_total 0\n", "harriermq_store_damaged_blocks_total 0\n",
        "harriermq_store_checkpoints_total ", "harriermq_store_checkpoint_generation ",
        "harriermq_recovery_records 0\n", "harriermq_recovery_torn_bytes 0\n",
        "harriermq_recovery_clean "})
    EXPECT_THAT(text, ::testing::HasSubstr(std::string("\n") + line)) << line;
  node.stop();
}

// Queues in whose runs little is alive, until the runs are merged.
TEST_F(ExpositionTest, MergesOfRunsAreCounted) {
  const test::TemporaryDirectory directory;
  Options options;
  options.data_dir = directory.path();
  options.amqp.port = 0;
  options.journal.segment_size = 1 << 20;
  options.journal.segments = 8;
  options.journal.pending_max = 1 << 20;
  options.disk.reserve = 0;
  options.disk.free_limit_bytes = 1;
  const base::SystemClock clock;
  server::Node node(options, clock);
  ASSERT_TRUE(node.start().ok());
  const Exposition exposition(node, clock);
  const auto value = [&](const std::string& name) {
    const std::string text = exposition.text();
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + name.size() + 2));
  };
  EXPECT_EQ(value("harriermq_store_merges_total"), 0);
  test::FrameClient client({.port = node.port()}, {});
  client.open_channel(1);
  for (const char* queue : {"rare", "often"})
    client.declare_queue(1, queue, {.durable = true});
  client.select_confirms(1);
  const test::Properties persistent{.delivery_mode = 2};
  std::uint64_t published = 0;
  double dead_most = 0;
  for (int round = 0; round != 60 && value("harriermq_store_merges_total") == 0; ++round) {
    // More than the journal keeps.
    for (int i = 0; i != 6'000; ++i)
      client.publish(1, "", i % 10 == 0 ? "rare" : "often", std::string(1'000, 'x'), persistent);
    published += 6'000;
    client.confirms(1, published);
    client.purge(1, "often");
    dead_most = std::max(dead_most, value("harriermq_store_run_dead_bytes"));
  }
  EXPECT_GE(value("harriermq_store_merges_total"), 1);
  EXPECT_GE(value("harriermq_store_merged_bytes_total"), 100'000);
  EXPECT_GT(dead_most, 100'000);
  client.close();
  node.stop();
}

// The rules of the text format that scrapers enforce.
TEST_F(ExpositionTest, EachFamilyStandsOnceWithItsSamples) {
  std::istringstream lines(exposition_.text());
  std::set<std::string> families;
  std::map<std::string, std::string> types;
  std::string line, family;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string first, kind, name;
    words >> first;
    if (first == "#") {
      words >> kind >> name;
      if (kind != "TYPE") continue;
      EXPECT_TRUE(families.insert(name).second) << name << " stands twice";
      words >> types[name];
      family = name;
    } else {
      std::string sample = first.substr(0, first.find('{'));
      if (types[family] == "summary" || types[family] == "histogram") {
        EXPECT_TRUE(sample.starts_with(family + "_")) << line;
        sample = family;
      }
      EXPECT_EQ(sample, family) << line;
      EXPECT_EQ(types[family] == "counter", family.ends_with("_total")) << family;
    }
  }
  EXPECT_GT(families.size(), 30u);
}

// What the reference says of labels is what the page has.
TEST_F(ExpositionTest, LabelsAreThoseOfTheReference) {
  std::map<std::string, std::string> labels;
  for (const FamilyGroup& group : family_groups())
    for (const Family& family : group.families)
      EXPECT_TRUE(labels.emplace(family.name, family.labels).second) << family.name;
  for (const prometheus::MetricFamily& family : exposition_.Collect()) {
    for (const prometheus::ClientMetric& metric : family.metric) {
      std::string names;
      for (const auto& label : metric.label)
        names.append(names.empty() ? "" : ", ").append(label.name);
      EXPECT_EQ(names, labels.at(family.name)) << family.name;
    }
  }
}

// Those that RabbitMQ has, too, have no names of ours, and the other way round.
TEST(Families, NamesSayWhoseTheyAre) {
  for (const FamilyGroup& group : family_groups())
    for (const Family& family : group.families)
      EXPECT_THAT(family.name, ::testing::AnyOf(::testing::StartsWith("rabbitmq_"),
                                                ::testing::StartsWith("harriermq_"),
                                                ::testing::StartsWith("telemetry_scrape_"),
                                                ::testing::StartsWith("process_")));
}

}  // namespace
}  // namespace harrier::metrics

#include "metrics/metrics_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/exposition.h"
#include "support/frame_client.h"

namespace harrier::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Access = MetricsSite::Access;

class NoWaiter final : public http::Waiter {
 public:
  void post_from_any_thread(std::function<void()>) override {}
  void after(base::Milliseconds, std::function<void()>) override {}
};

// A running node, and its site asked without a socket.
class MetricsSiteTest : public ::testing::Test {
 protected:
  MetricsSiteTest() {
    Options options;
    options.amqp.port = 0;
    options.data_dir.clear();
    options.loops = 2;
    node_ = std::make_unique<server::Node>(options, clock_);
    EXPECT_TRUE(node_->start().ok());
  }

  MetricsSite site(const MetricsOptions& options = {}) {
    return MetricsSite(*node_, clock_, options,
                       [this](const std::shared_ptr<const http::Request>&, http::Waiter&,
                              const std::function<void(Access)>& told) { told(access_); });
  }
  static std::shared_ptr<http::Request> request(const std::string& target) {
    auto request = std::make_shared<http::Request>();
    request->method = "GET";
    request->target = *http::Target::parse(target);
    return request;
  }
  // Admitted and answered; the body is not made yet if it has a source.
  http::Response begin(MetricsSite& site, const std::string& target) {
    const auto asked = request(target);
    std::optional<http::Response> answer;
    site.admit(asked, waiter_,
               [&](http::Admission admission) { answer = std::move(admission.answer); });
    return answer ? std::move(*answer) : site.respond(*asked);
  }
  static std::string body_of(http::Response& response) {
    std::string body = response.body;
    while (response.source != nullptr) {
      std::string chunk;
      const auto next = response.source->next(chunk);
      body += chunk;
      if (next == http::BodySource::Next::kEnd) break;
    }
    return body;
  }
  std::string page(MetricsSite& site, const std::string& target) {
    http::Response response = begin(site, target);
    EXPECT_EQ(response.status, 200) << target;
    EXPECT_EQ(field(response, "content-type"), kContentType);
    return body_of(response);
  }
  std::string page(const std::string& target) {
    MetricsSite fresh = site();
    return page(fresh, target);
  }
  static std::string field(const http::Response& response, const std::string& name) {
    for (const auto& [have, value] : response.fields)
      if (have == name) return value;
    return {};
  }
  void declare(const std::vector<std::string>& queues) {
    test::FrameClient client({"127.0.0.1", node_->port()});
    client.open({});
    client.open_channel(1);
    for (const std::string& queue : queues)
      client.declare_queue(1, queue, {});
    client.publish(1, "", queues.front(), "body", {});
    client.close();
  }

  base::SystemClock clock_;
  std::unique_ptr<server::Node> node_;
  NoWaiter waiter_;
  Access access_ = Access::kAllowed;
};

TEST_F(MetricsSiteTest, EachPageSaysWhichItIsOnce) {
  for (const auto& [target, endpoint] : std::vector<std::pair<std::string, std::string>>{
           {"/metrics", "aggregated"},
           {"/metrics/", "aggregated"},
           {"/metrics/per-object", "per-object"},
           {"/metrics/detailed", "detailed"},
           {"/metrics/memory-breakdown", "memory-breakdown"}}) {
    const std::string text = page(target);
    EXPECT_THAT(text, HasSubstr("rabbitmq_endpoint=\"" + endpoint + "\"} 1\n"));
    for (const std::string family : {"\nrabbitmq_identity_info{", "\nrabbitmq_build_info{"}) {
      const std::size_t first = text.find(family);
      ASSERT_NE(first, std::string::npos) << target;
      EXPECT_EQ(text.find(family, first + 1), std::string::npos) << target;
    }
  }
}

TEST_F(MetricsSiteTest, UnknownPagesAreNotFound) {
  MetricsSite fresh = site();
  for (const char* target : {"/metrics/x", "/metrics/per-object/x", "/", "/api", "/metricsx"})
    EXPECT_EQ(begin(fresh, target).status, 404) << target;
}

TEST_F(MetricsSiteTest, PerObjectHasAQueuesSeriesAndNoSum) {
  declare({"q \"1\" \\"});
  const std::string text = page("/metrics/per-object");
  EXPECT_THAT(
      text,
      HasSubstr("\nrabbitmq_queue_messages_ready{vhost=\"/\",queue=\"q \\\"1\\\" \\\\\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nrabbitmq_queue_messages_ready ")));
  EXPECT_THAT(text, HasSubstr("\nrabbitmq_queues 1\n"));
  EXPECT_THAT(text,
              HasSubstr("\nrabbitmq_queue_info{vhost=\"/\",queue=\"q \\\"1\\\" \\\\\",queue_type="
                        "\"rabbit_classic_queue\",membership=\"leader\"} 1\n"));
  EXPECT_THAT(page("/metrics"), Not(HasSubstr("vhost=")));
}

TEST_F(MetricsSiteTest, DetailedHasWhatIsAskedForOnly) {
  declare({"one", "two"});
  const std::string text =
      page("/metrics/detailed?family=queue_coarse_metrics&family=vhost_status");
  EXPECT_THAT(text, HasSubstr("\nrabbitmq_detailed_queue_messages{vhost=\"/\",queue=\"one\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nrabbitmq_detailed_queue_messages{vhost=\"/\",queue=\"two\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nrabbitmq_cluster_vhost_status{vhost=\"/\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("consumers")));
  EXPECT_THAT(text, Not(HasSubstr("\nrabbitmq_queue_messages")));
  EXPECT_THAT(page("/metrics/detailed"), Not(HasSubstr("queue_messages")));
}

TEST_F(MetricsSiteTest, DetailedIsNarrowedByQueueAndVirtualHost) {
  declare({"one", "two"});
  const std::string family = "/metrics/detailed?family=queue_coarse_metrics";
  const std::string text = page(family + "&queue=^o");
  EXPECT_THAT(text, HasSubstr("queue=\"one\""));
  EXPECT_THAT(text, Not(HasSubstr("queue=\"two\"")));
  EXPECT_THAT(page(family + "&vhost=none"), Not(HasSubstr("queue=\"one\"")));
  EXPECT_THAT(page(family + "&vhost=none&vhost=%2F"), HasSubstr("queue=\"one\""));
}

TEST_F(MetricsSiteTest, BadPatternIsABadRequest) {
  MetricsSite fresh = site();
  EXPECT_EQ(begin(fresh, "/metrics/detailed?family=queue_metrics&queue=(").status, 400);
  EXPECT_EQ(begin(fresh, "/metrics/detailed?family=queue_metrics&queue=" +
                             std::string(base::Pattern::kSourceMax + 1, 'a'))
                .status,
            400);
}

TEST_F(MetricsSiteTest, OverlappingScrapesAreRefused) {
  MetricsSite fresh = site({.detailed_scrapes_max = 2});
  {
    http::Response first = begin(fresh, "/metrics/per-object");
    EXPECT_EQ(begin(fresh, "/metrics/per-object").status, 503);
    EXPECT_EQ(begin(fresh, "/metrics").status, 200);
    const http::Response one = begin(fresh, "/metrics/detailed");
    const http::Response two = begin(fresh, "/metrics/detailed");
    EXPECT_EQ(begin(fresh, "/metrics/detailed").status, 503);
  }
  // Whether they were sent to their end or not.
  EXPECT_EQ(begin(fresh, "/metrics/per-object").status, 200);
  EXPECT_THAT(page(fresh, "/metrics"),
              HasSubstr("harriermq_scrapes_refused_total{registry=\"per-object\"} 1\n"));
}

TEST_F(MetricsSiteTest, TellsWhatScrapesCost) {
  MetricsSite fresh = site();
  EXPECT_THAT(page(fresh, "/metrics"),
              HasSubstr("telemetry_scrape_duration_seconds_count{registry=\"aggregated\"} 0\n"));
  page(fresh, "/metrics/per-object");
  const std::string text = page(fresh, "/metrics");
  EXPECT_THAT(text,
              HasSubstr("telemetry_scrape_duration_seconds_count{registry=\"aggregated\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("telemetry_scrape_size_bytes_count{registry=\"per-object\"} 1\n"));
}

TEST_F(MetricsSiteTest, PerObjectInThePlaceOfTheSumsIfAskedFor) {
  declare({"one"});
  MetricsSite fresh = site({.return_per_object_metrics = true});
  EXPECT_THAT(page(fresh, "/metrics"), HasSubstr("queue=\"one\""));
}

TEST_F(MetricsSiteTest, AuthenticationIsAskedForIfConfigured) {
  MetricsSite closed = site({.authentication = true});
  EXPECT_EQ(begin(closed, "/metrics").status, 200);
  access_ = Access::kNoCredentials;
  const http::Response challenged = begin(closed, "/metrics");
  EXPECT_EQ(challenged.status, 401);
  EXPECT_THAT(field(challenged, "www-authenticate"), HasSubstr("Basic realm="));
  access_ = Access::kRefused;
  const http::Response refused = begin(closed, "/metrics/per-object");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(field(refused, "www-authenticate"), "");
  EXPECT_EQ(begin(closed, "/livez").status, 200);
  MetricsSite open = site();
  EXPECT_EQ(begin(open, "/metrics").status, 200);
}

// Counters that are there from the start, at 0, for each type of queue.
TEST_F(MetricsSiteTest, EveryCounterIsThereFromTheStart) {
  const std::string text = page("/metrics");
  for (const std::string name :
       {"delivered_total", "delivered_consume_auto_ack_total", "delivered_consume_manual_ack_total",
        "delivered_get_auto_ack_total", "delivered_get_manual_ack_total", "get_empty_total",
        "redelivered_total", "acknowledged_total"})
    for (const std::string type : {"classic", "quorum"})
      EXPECT_THAT(text,
                  HasSubstr("\nrabbitmq_global_messages_" + name +
                            "{protocol=\"amqp091\",queue_type=\"rabbit_" + type + "_queue\"} 0\n"));
  EXPECT_THAT(
      text,
      HasSubstr("\nrabbitmq_message_size_bytes_bucket{protocol=\"amqp091\",le=\"1e+06\"} 0\n"));
  EXPECT_THAT(
      text,
      HasSubstr("\nrabbitmq_message_size_bytes_bucket{protocol=\"amqp091\",le=\"+Inf\"} 0\n"));
}

}  // namespace
}  // namespace harrier::metrics

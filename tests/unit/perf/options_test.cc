#include "perf/options.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

Options parsed(std::vector<std::string> words) {
  ParsedOptions result = parse_options(std::move(words));
  EXPECT_TRUE(result.options) << result.text;
  return result.options.value_or(Options{});
}

std::string refusal(std::vector<std::string> words) {
  const ParsedOptions result = parse_options(std::move(words));
  EXPECT_FALSE(result.options);
  EXPECT_EQ(result.exit_code, kExitUsage);
  return result.text;
}

TEST(Options, NothingIsOneProducerAndOneConsumer) {
  const Options options = parsed({});
  EXPECT_EQ(options.workload, "load");
  EXPECT_EQ(options.producers, 1u);
  EXPECT_EQ(options.consumers, 1u);
  EXPECT_FALSE(options.auto_ack);
  EXPECT_FALSE(options.confirm);
  EXPECT_TRUE(options.auto_delete);
}

TEST(Options, ShortNamesArePerfTests) {
  const Options options = parsed({"-x", "2",   "-y", "3",   "-s", "1024",       "-q", "50",
                                  "-c", "10",  "-A", "5",   "-f", "persistent", "-f", "mandatory",
                                  "-r", "100", "-R", "200", "-z", "7",          "-C", "1000",
                                  "-D", "900", "-u", "q",   "-d", "run",        "-i", "2"});
  EXPECT_EQ(options.producers, 2u);
  EXPECT_EQ(options.consumers, 3u);
  EXPECT_EQ(options.size, 1024u);
  EXPECT_EQ(options.prefetch, 50u);
  EXPECT_EQ(options.confirm, 10u);
  EXPECT_EQ(options.ack_every, 5u);
  EXPECT_TRUE(options.persistent);
  EXPECT_TRUE(options.mandatory);
  EXPECT_EQ(options.producer_rate, 100);
  EXPECT_EQ(options.consumer_rate, 200);
  EXPECT_EQ(options.seconds, 7);
  EXPECT_EQ(options.producer_messages, 1000u);
  EXPECT_EQ(options.consumer_messages, 900u);
  EXPECT_EQ(options.queue, "q");
  EXPECT_EQ(options.id, "run");
  EXPECT_EQ(options.interval_s, 2);
}

TEST(Options, ShortNamesOfSeveralLetters) {
  const Options options =
      parsed({"-qp", "q-%d", "-qpf", "3", "-qpt", "5", "-ad", "false", "-qa",
              "x-max-priority=10,x-queue-type=classic,x-single-active-consumer=true"});
  ASSERT_TRUE(options.queues);
  EXPECT_EQ(options.queues->name(3), "q-3");
  EXPECT_EQ(options.queues->from, 3u);
  EXPECT_EQ(options.queues->to, 5u);
  EXPECT_FALSE(options.auto_delete);
  const amqp::TableView arguments = options.queue_arguments;
  EXPECT_EQ(arguments.count(), 3u);
  EXPECT_EQ(arguments.find("x-max-priority")->integer(), 10);
  EXPECT_EQ(arguments.find("x-queue-type")->bytes, "classic");
  EXPECT_TRUE(arguments.find("x-single-active-consumer")->boolean());
}

TEST(Options, LongNamesAreTheSame) {
  const Options options =
      parsed({"--producers", "2", "--autoack", "--queue-args", "a=1", "--uri=amqp://u:p@h:1/v",
              "--message-properties", "contentType=text/plain,expiration=60000"});
  EXPECT_EQ(options.producers, 2u);
  EXPECT_TRUE(options.auto_ack);
  EXPECT_EQ(options.endpoint.host, "h");
  EXPECT_EQ(options.endpoint.user, "u");
  EXPECT_EQ(options.content_type, "text/plain");
  EXPECT_EQ(options.expiration, "60000");
}

TEST(Options, WorkloadsTakeTheCommonOptionsToo) {
  const Options backlog = parsed({"backlog", "--keep", "-C", "1000", "-h", "amqp://h"});
  EXPECT_EQ(backlog.workload, "backlog");
  EXPECT_TRUE(backlog.keep);
  EXPECT_EQ(backlog.producer_messages, 1000u);
  EXPECT_EQ(backlog.endpoint.host, "h");
  const Options churn = parsed({"-f", "persistent", "churn", "bindings", "--count", "5"});
  EXPECT_TRUE(churn.persistent);
  EXPECT_EQ(churn.churn_kind, "bindings");
  EXPECT_EQ(churn.count, 5u);
  const Options connections = parsed({"churn", "connections", "--with-consumers", "--drop"});
  EXPECT_TRUE(connections.with_consumers);
  EXPECT_TRUE(connections.drop);
  const Options expiry = parsed({"expiry", "-C", "1000", "-r", "500"});
  EXPECT_EQ(expiry.workload, "expiry");
  EXPECT_EQ(expiry.producer_rate, 500);
}

TEST(Options, HelpAndVersionAreNoMistakes) {
  for (const char* word : {"--help", "-?", "--version", "-v"}) {
    const ParsedOptions result = parse_options({word});
    EXPECT_FALSE(result.options);
    EXPECT_EQ(result.exit_code, kExitDone) << word;
    EXPECT_NE(result.text.find("harrier-perf"), std::string::npos);
  }
  EXPECT_NE(parse_options({"churn", "--help"}).text.find("bindings"), std::string::npos);
}

TEST(Options, MistakesAreNamed) {
  EXPECT_NE(refusal({"--no-such"}).find("--no-such"), std::string::npos);
  EXPECT_NE(refusal({"-x", "many"}).find("many"), std::string::npos);
  EXPECT_NE(refusal({"-h", "http://h"}).find("amqp://"), std::string::npos);
  EXPECT_NE(refusal({"-f", "durable"}).find("durable"), std::string::npos);
  EXPECT_NE(refusal({"-qa", "=1"}).find("arguments"), std::string::npos);
  EXPECT_NE(refusal({"-qp", "no-mark"}).find("%d"), std::string::npos);
  EXPECT_NE(refusal({"churn", "everything"}).find("everything"), std::string::npos);
  EXPECT_NE(refusal({"backlog", "--keep", "--drain-only"}).find("--keep"), std::string::npos);
}

TEST(Options, ContradictionsAreRefused) {
  EXPECT_NE(refusal({"-c", "10", "-m", "10"}).find("transactions"), std::string::npos);
  EXPECT_NE(refusal({"-a", "-n", "10"}).find("--autoack"), std::string::npos);
  EXPECT_NE(refusal({"--verify", "-s", "10"}).find("--size"), std::string::npos);
  EXPECT_NE(refusal({"-p"}).find("--queue"), std::string::npos);
  EXPECT_NE(refusal({"-u", "q", "-qp", "q-%d"}).find("exclude"), std::string::npos);
  EXPECT_NE(refusal({"churn", "queues", "--drop"}).find("connections"), std::string::npos);
  EXPECT_NE(refusal({"--keys", "10"}).find("--type"), std::string::npos);
  EXPECT_NE(refusal({"-c", "0"}).find("--confirm"), std::string::npos);
}

}  // namespace
}  // namespace harrier::perf

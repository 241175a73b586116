#include "audit/audit_log.h"

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit_fixture.h"

namespace harrier::audit {
namespace {

using ::testing::HasSubstr;

class StandingClock final : public base::Clock {
 public:
  base::Now now() const override { return {}; }
};

class AuditLogTest : public AuditFiles {
 protected:
  AuditLog::Settings log_settings() const { return {.file = settings()}; }
  // Every line but those about the log itself.
  std::vector<std::string> told() const {
    std::vector<std::string> lines;
    for (std::string& line : lines_of(text_of(path_)))
      if (line.find("\"audit.begin\"") == std::string::npos) lines.push_back(std::move(line));
    return lines;
  }

  const StandingClock clock_;
};

TEST_F(AuditLogTest, WritesWhatCameBeforeItsStartAndAfter) {
  AuditLog log(log_settings(), clock_);
  log.submit(event_named("a"));
  ASSERT_TRUE(log.start("node-1").ok());
  log.submit(event_named("b"));
  log.stop();
  log.submit(event_named("c"));
  const auto lines = told();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], HasSubstr(R"("name":"a")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("node":"node-1")"));
  EXPECT_FALSE(verified().broken);
  EXPECT_EQ(log.counters().written.load(), 3u);
  EXPECT_EQ(log.counters().sequence.load(), 3u);
}

TEST_F(AuditLogTest, OfManyThreadsEachEventIsWrittenOnce) {
  AuditLog::Settings settings = log_settings();
  settings.queue_max = 100'000;
  AuditLog log(settings, clock_);
  ASSERT_TRUE(log.start("").ok());
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t)
    threads.emplace_back([&log, t] {
      for (int i = 0; i != 500; ++i)
        log.submit(event_named(std::to_string(t) + "." + std::to_string(i)));
    });
  for (std::thread& thread : threads)
    thread.join();
  log.stop();
  EXPECT_FALSE(verified().broken);
  EXPECT_EQ(verified().records, 2001u);
}

TEST_F(AuditLogTest, FullQueueIsAGapThatIsTold) {
  AuditLog::Settings settings = log_settings();
  settings.queue_max = 2;
  AuditLog log(settings, clock_);
  for (int i = 0; i != 10; ++i)
    log.submit(event_named(std::to_string(i)));
  EXPECT_EQ(log.counters().lost.load(), 8u);
  ASSERT_TRUE(log.start("").ok());
  log.stop();
  const VerificationReport report = verified();
  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.lost, 8u);
}

TEST_F(AuditLogTest, FloodOfRefusalsIsALineAndANumber) {
  AuditLog log(log_settings(), clock_);
  ASSERT_TRUE(log.start("").ok());
  for (int i = 0; i != 10'000; ++i)
    log.submit(refusal("q", "10.0.0.1:" + std::to_string(i)));
  log.stop();
  const auto lines = told();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], HasSubstr("\"count\":9999"));
  EXPECT_EQ(log.counters().summed_up.load(), 9'999u);
  EXPECT_EQ(log.counters().lost.load(), 0u);
}

TEST_F(AuditLogTest, WhatIsNotAskedForIsLeftOutButNotDeletions) {
  AuditLog::Settings settings = log_settings();
  settings.groups = {Group::kLogins};
  AuditLog log(settings, clock_);
  log.submit(event_named("declared"));
  log.submit(refusal("refused"));
  Event deletion = event_named("deleted");
  deletion.group = Group::kAlways;
  log.submit(deletion);
  ASSERT_TRUE(log.start("").ok());
  log.stop();
  const auto lines = told();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("\"deleted\""));
}

TEST_F(AuditLogTest, MendedLineIsToldWithWhatItWas) {
  write({"a"});
  put_text(path_, text_of(path_) + "{\"seq\":2,\"ti");
  AuditLog log(log_settings(), clock_);
  ASSERT_TRUE(log.start("").ok());
  log.stop();
  const auto lines = told();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], HasSubstr("audit.mended"));
  EXPECT_THAT(lines[1], HasSubstr(R"({\"seq\":2,\"ti)"));
  EXPECT_THAT(lines[1], HasSubstr("\"count\":12"));
  EXPECT_FALSE(verified().broken);
  EXPECT_EQ(verified().mended, 1u);
}

TEST_F(AuditLogTest, BrokenFileIsToldInTheNewOne) {
  put_text(path_, "nonsense\n");
  AuditLog log(log_settings(), clock_);
  ASSERT_TRUE(log.start("").ok());
  log.stop();
  EXPECT_THAT(told().front(), HasSubstr("audit.broken"));
  EXPECT_THAT(told().front(), HasSubstr("audit.jsonl.broken.1"));
}

TEST_F(AuditLogTest, RotationsAndRemovalsAreTold) {
  AuditLog::Settings settings = log_settings();
  settings.file.size_max = 1;
  settings.file.files_max = 1;
  for (int i = 0; i != 3; ++i) {
    AuditLog log(settings, clock_);
    ASSERT_TRUE(log.start("").ok());
    log.submit(event_named(std::to_string(i)));
    log.stop();
  }
  EXPECT_EQ(files().size(), 2u);
  const VerificationReport report = verified(files());
  EXPECT_FALSE(report.broken) << report.broken->what;
  EXPECT_THAT(text_of(path_), HasSubstr("\"audit.removed\""));
  EXPECT_THAT(text_of(path_), HasSubstr("\"audit.rotated\""));
}

TEST_F(AuditLogTest, FailedWritesAreCountedToldAndAGapOnceItWorksAgain) {
  AuditLog::Settings settings = log_settings();
  settings.file.size_max = 1;
  std::promise<void> failed;
  std::atomic<int> calls{0};
  AuditLog log(settings, clock_, [&] {
    if (calls.fetch_add(1) == 0) failed.set_value();
  });
  ASSERT_TRUE(log.start("").ok());
  // The next line needs a new file, whose older one finds its name taken.
  const std::string taken = path_ + ".00000000000000000001";
  put_text(taken, "");
  log.submit(event_named("lost"));
  failed.get_future().wait();
  std::filesystem::remove(taken);
  log.submit(event_named("told"));
  log.stop();
  EXPECT_EQ(log.counters().failures.load(), 1u);
  EXPECT_EQ(log.counters().lost.load(), 1u);
  const VerificationReport report = verified(files());
  EXPECT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.lost, 1u);
  EXPECT_THAT(text_of(path_), HasSubstr("\"told\""));
}

}  // namespace
}  // namespace harrier::audit

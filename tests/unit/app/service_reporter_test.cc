#include "app/service_reporter.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.h"
#include "unit/app/notify_listener.h"

namespace harrier::app {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

class ServiceReporterTest : public ::testing::Test {
 protected:
  ServiceReporterTest() { settings.socket = path; }

  void make() {
    reporter = std::make_unique<ServiceReporter>(settings, [this](milliseconds) {
      ++asked;
      return loops_turn.load();
    });
  }
  // Further questions to the loops, on the reporter's thread.
  void wait_until_asked_again(int times) const {
    const int until = asked + times;
    while (asked < until)
      std::this_thread::yield();
  }
  // The next message that does not feed the watchdog.
  std::string next_but_food() const {
    std::string message = listener.next();
    while (message == "WATCHDOG=1")
      message = listener.next();
    return message;
  }

  harrier::test::TemporaryDirectory folder;
  std::string path = folder.path() + "/notify";
  test::NotifyListener listener{path};
  ServiceReporter::Settings settings;
  std::atomic<bool> loops_turn{true};
  std::atomic<int> asked{0};
  std::unique_ptr<ServiceReporter> reporter;
};

TEST_F(ServiceReporterTest, TellsALifeInOrder) {
  settings.extend_every = std::chrono::hours(1);
  make();
  reporter->starting("Starting");
  EXPECT_EQ(listener.next(), "STATUS=Starting");
  EXPECT_EQ(listener.next(), "EXTEND_TIMEOUT_USEC=60000000");
  reporter->ready("Serving");
  EXPECT_EQ(listener.next(), "READY=1\nSTATUS=Serving");
  reporter->reloading();
  const std::string reloading = listener.next();
  EXPECT_THAT(reloading, StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_THAT(reloading, ::testing::EndsWith("\nSTATUS=Reloading"));
  reporter->ready("Serving");
  EXPECT_EQ(listener.next(), "READY=1\nSTATUS=Serving");
  reporter->stopping("Stopping\nMAINPID=1");
  EXPECT_EQ(listener.next(), "STOPPING=1\nSTATUS=Stopping");
  EXPECT_EQ(asked, 0) << "without a watchdog no loop is woken";
}

TEST_F(ServiceReporterTest, ExtendsForAsLongAsItStarts) {
  settings.extend_every = milliseconds(1);
  make();
  reporter->starting("Starting");
  EXPECT_EQ(listener.next(), "STATUS=Starting");
  for (int times = 0; times != 5; ++times)
    EXPECT_EQ(listener.next(), "EXTEND_TIMEOUT_USEC=60000000");
}

TEST_F(ServiceReporterTest, FeedsTheWatchdogWhileLoopsTurn) {
  settings.watchdog = milliseconds(4);
  make();
  reporter->starting("Starting");
  reporter->ready("Serving");
  std::string message = next_but_food();
  while (message != "READY=1\nSTATUS=Serving")
    message = next_but_food();
  for (int times = 0; times != 5; ++times)
    EXPECT_EQ(listener.next(), "WATCHDOG=1");
}

TEST_F(ServiceReporterTest, DoesNotFeedWhileALoopStandsStill) {
  settings.watchdog = milliseconds(2);
  loops_turn = false;
  make();
  reporter->starting("Starting");
  reporter->ready("Serving");
  wait_until_asked_again(10);
  EXPECT_THAT(listener.come(), Not(Contains("WATCHDOG=1")));
  loops_turn = true;
  EXPECT_EQ(listener.next(), "WATCHDOG=1");
}

TEST_F(ServiceReporterTest, WakesNoLoopWhileItStarts) {
  settings.watchdog = milliseconds(2);
  settings.extend_every = milliseconds(1);
  make();
  reporter->starting("Starting");
  for (int times = 0; times != 5; ++times)
    listener.next();
  EXPECT_EQ(asked, 0);
}

TEST_F(ServiceReporterTest, IsSilentWithoutAServiceManager) {
  settings.socket.clear();
  settings.watchdog = milliseconds(1);
  make();
  reporter->starting("Starting");
  reporter->ready("Serving");
  reporter->stopping("Stopping");
  reporter.reset();
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(listener.come().empty());
}

class ServiceEnvironmentTest : public ::testing::Test {
 protected:
  ServiceEnvironmentTest() {
    ::setenv("NOTIFY_SOCKET", "@x", 1);
    ::setenv("WATCHDOG_USEC", "30000000", 1);
  }
  ~ServiceEnvironmentTest() override {
    for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      ::unsetenv(name);
  }
};

TEST_F(ServiceEnvironmentTest, IsTheManagers) {
  const auto settings = ServiceReporter::from_environment();
  EXPECT_EQ(settings.socket, "@x");
  EXPECT_EQ(settings.watchdog, microseconds(30'000'000));
}

TEST_F(ServiceEnvironmentTest, OfAnotherProcessIsNoWatchdog) {
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(ServiceReporter::from_environment().watchdog.count(), 0);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(ServiceReporter::from_environment().watchdog, microseconds(30'000'000));
}

TEST_F(ServiceEnvironmentTest, WithoutANumberIsNoWatchdog) {
  for (const char* const wrong : {"", "x", "-1", "0", "1s", "99999999999999999999"}) {
    ::setenv("WATCHDOG_USEC", wrong, 1);
    EXPECT_EQ(ServiceReporter::from_environment().watchdog.count(), 0) << wrong;
  }
}

}  // namespace
}  // namespace harrier::app

#include "app/notify_socket.h"

#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temporary_directory.h"
#include "unit/app/notify_listener.h"

namespace harrier::app {
namespace {

TEST(NotifySocket, SendsOneDatagramToAPath) {
  const harrier::test::TemporaryDirectory folder;
  const std::string path = folder.path() + "/notify";
  const test::NotifyListener listener(path);
  auto socket = NotifySocket::open(path);
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_TRUE(socket->send("READY=1\nSTATUS=x").ok());
  EXPECT_EQ(listener.next(), "READY=1\nSTATUS=x");
}

TEST(NotifySocket, SendsToAnAbstractName) {
  const std::string name = "@harriermq-test-" + std::to_string(::getpid());
  const test::NotifyListener listener(name);
  auto socket = NotifySocket::open(name);
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_TRUE(socket->send("WATCHDOG=1").ok());
  EXPECT_EQ(listener.next(), "WATCHDOG=1");
}

TEST(NotifySocket, TakesTheLongestAddressAndNoLonger) {
  EXPECT_TRUE(NotifySocket::open("/" + std::string(106, 'x')).ok());
  EXPECT_FALSE(NotifySocket::open("/" + std::string(107, 'x')).ok());
  EXPECT_TRUE(NotifySocket::open("@" + std::string(107, 'x')).ok());
  EXPECT_FALSE(NotifySocket::open("@" + std::string(108, 'x')).ok());
}

TEST(NotifySocket, RefusesWhatIsNoAddress) {
  for (const char* const address : {"", "/", "@", "relative", "vsock:2:1"})
    EXPECT_FALSE(NotifySocket::open(address).ok()) << address;
}

TEST(NotifySocket, SaysWhenNobodyListens) {
  const harrier::test::TemporaryDirectory folder;
  auto socket = NotifySocket::open(folder.path() + "/nobody");
  ASSERT_TRUE(socket.ok());
  EXPECT_FALSE(socket->send("READY=1").ok());
}

}  // namespace
}  // namespace harrier::app

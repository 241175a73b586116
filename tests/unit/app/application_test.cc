#include "app/application.h"

#include <gtest/gtest.h>

namespace harrier::app {
namespace {

// A service manager decides by these whether another start may help.
TEST(ExitCode, TellsFailuresApart) {
  EXPECT_EQ(exit_code(FailureKind::kCannotListen), 69);
  EXPECT_EQ(exit_code(FailureKind::kUnavailable), 69);
  EXPECT_EQ(exit_code(FailureKind::kBadOptions), 78);
  EXPECT_EQ(exit_code(FailureKind::kCorrupt), 65);
  EXPECT_EQ(exit_code(FailureKind::kInUse), 73);
  EXPECT_EQ(exit_code(FailureKind::kIoFailure), 74);
}

}  // namespace
}  // namespace harrier::app

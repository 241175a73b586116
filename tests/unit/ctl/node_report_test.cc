#include "ctl/node_report.h"

#include <gtest/gtest.h>

#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

TEST(InUnit, RoundsToFourDigitsAndKeepsOne) {
  EXPECT_EQ(in_unit(34681302, "gb"), "0.0347");
  EXPECT_EQ(in_unit(50'000'000, "gb"), "0.05");
  EXPECT_EQ(in_unit(0, "mb"), "0.0");
  EXPECT_EQ(in_unit(1234, "bytes"), "1234.0");
  EXPECT_THROW(in_unit(1, "parsec"), Trouble);
}

TEST(MemoryLines, AreSortedWithTheirPart) {
  const Json memory = Json::parse(
      R"({"code":1000000,"other":3000000,"strategy":"rss","total":{"rss":4000000,"allocated":1}})");
  EXPECT_EQ(memory_lines(memory, "mb", "%"),
            (std::vector<std::string>{"other: 3.0 mb (75.0%)", "code: 1.0 mb (25.0%)"}));
}

TEST(MemoryLines, AreNoneOfWhatIsNoObjectAndNeverDivideByNothing) {
  EXPECT_TRUE(memory_lines("not_available", "mb", "%").empty());
  EXPECT_EQ(memory_lines(Json{{"code", 5}}, "bytes", "%").front(), "code: 5.0 bytes (0.0%)");
}

}  // namespace
}  // namespace harrier::ctl

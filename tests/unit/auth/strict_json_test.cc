#include "auth/strict_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::auth {
namespace {

std::string fault_of(base::Bytes text) {
  const auto parsed = parse_strict_json(text, 4);
  return parsed ? "none" : parsed.error().message;
}

TEST(StrictJson, ReadsWhatIsRight) {
  const auto parsed = parse_strict_json(R"({"a": {"b": [1, 2.5, null, "x"]}, "b": true})", 4);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ((*parsed)["a"]["b"][1], 2.5);
}

TEST(StrictJson, ANameMayComeOncePerObject) {
  EXPECT_EQ(fault_of(R"({"a": 1, "a": 1})"), "JSON that has the same name twice in an object");
  EXPECT_EQ(fault_of(R"({"a": 1, "\u0061": 2})"), "JSON that has the same name twice in an object");
  EXPECT_EQ(fault_of(R"([{"a": {"b": 1, "b": 2}}])"),
            "JSON that has the same name twice in an object");
  EXPECT_EQ(fault_of(R"([{"a": 1}, {"a": {"a": 2}}])"), "none");
}

TEST(StrictJson, IsNoDeeperThanAgreed) {
  EXPECT_EQ(fault_of("[[[[1]]]]"), "none");
  EXPECT_EQ(fault_of("[[[[[1]]]]]"), "JSON that is nested too deeply");
  EXPECT_EQ(fault_of(R"({"a": {"a": {"a": {"a": {}}}}})"), "JSON that is nested too deeply");
  EXPECT_EQ(fault_of(std::string(1'000'000, '[')), "JSON that is nested too deeply");
}

TEST(StrictJson, IsOneWholeText) {
  for (const char* text : {"", " ", "{", "{}x", "{} {}", "{'a': 1}", "{\"a\": 01}", "nul", "[1,]",
                           "// x\n1", "1e400", "\"\xff\"", "\"\xed\xa0\x80\""})
    EXPECT_EQ(fault_of(text), "no JSON") << text;
}

}  // namespace
}  // namespace harrier::auth

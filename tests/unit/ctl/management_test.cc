#include "ctl/management.h"

#include <gtest/gtest.h>

#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

TEST(ParseAnswer, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "<html>", "[1,]", "\xff", "{\"a\":1} x"})
    EXPECT_THROW(parse_answer(text, "it"), Trouble) << text;
}

TEST(ParseAnswer, RefusesDeepNestingAndCountsNoBracketsInText) {
  const int deep = Management::kNestingMax;
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_NO_THROW(parse_answer(nested(deep), "it"));
  EXPECT_THROW(parse_answer(nested(deep + 1), "it"), Trouble);
  EXPECT_NO_THROW(parse_answer("[\"\\\"" + std::string(500, '[') + "\"]", "it"));
}

TEST(Reason, IsTheBrokersWordsAndPrintable) {
  EXPECT_EQ((Answer{400, Json{{"error", "bad_request"}, {"reason", "no\x1b"}}}).reason(),
            "no\\x1b");
  EXPECT_EQ((Answer{404, Json{{"error", "Object Not Found"}}}).reason(), "Object Not Found");
  EXPECT_EQ((Answer{500, {}}).reason(), "HTTP status 500");
  EXPECT_EQ((Answer{400, Json{{"reason", {"invalid_regexp", 1}}}}).reason(), "[invalid_regexp, 1]");
}

}  // namespace
}  // namespace harrier::ctl

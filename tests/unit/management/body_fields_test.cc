#include "management/body_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "management/api_error.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(BodyFields, TakesNumbersAndBooleansAsTexts) {
  const json body = {{"a", "12"}, {"b", -3}, {"c", "true"}, {"d", false}, {"e", nullptr}};
  const BodyFields fields(body);
  EXPECT_EQ(fields.number("a", 0), 12);
  EXPECT_EQ(fields.number("b", 0), -3);
  EXPECT_TRUE(fields.flag("c", false));
  EXPECT_FALSE(fields.flag("d", true));
  EXPECT_EQ(fields.number("e", 7), 7);
  EXPECT_TRUE(fields.flag("nope", true));
}

TEST(BodyFields, RefusesOtherKinds) {
  const json body = {
      {"a", "1x"}, {"b", 1.5}, {"c", "yes"}, {"d", json::array()}, {"e", 18446744073709551615u}};
  const BodyFields fields(body);
  for (const char* name : {"a", "b", "c", "d", "e"})
    EXPECT_THROW((void)fields.number(name, 0), ApiError) << name;
  EXPECT_THROW((void)fields.flag("c", false), ApiError);
  EXPECT_THROW((void)fields.text("b"), ApiError);
  EXPECT_THROW((void)fields.table("b"), ApiError);
  EXPECT_THROW((void)fields.words("b"), ApiError);
}

TEST(BodyFields, ListsAreTextsOrOneTextWithCommas) {
  const json body = {{"a", "x, y,,z "}, {"b", {"x", "y"}}, {"c", ""}, {"d", {1}}};
  const BodyFields fields(body);
  EXPECT_THAT(fields.words("a"), ElementsAre("x", "y", "z"));
  EXPECT_THAT(fields.words("b"), ElementsAre("x", "y"));
  EXPECT_THAT(fields.words("c"), IsEmpty());
  EXPECT_THROW((void)fields.words("d"), ApiError);
}

TEST(BodyFields, AllThatIsMissingIsNamedAtOnce) {
  const json body = {{"a", nullptr}};
  try {
    BodyFields(body).need({"a", "b", "c"});
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status(), 400);
    EXPECT_EQ(error.reason(), "[{key_missing,b},{key_missing,c}]");
  }
}

}  // namespace
}  // namespace harrier::management

#include <gtest/gtest.h>

#include "management/api_error.h"
#include "management/list_query.h"

namespace harrier::management {
namespace {

using nlohmann::json;

json picked(const char* columns, json object) {
  Columns(columns).apply(object);
  return object;
}

const json kObject = {{"name", "q"}, {"a", {{"b", 1}, {"c", {{"d", 2}}}}}, {"n", nullptr}};

TEST(Columns, NoneIsAll) {
  EXPECT_EQ(picked("", kObject), kObject);
  EXPECT_EQ(picked(",", kObject), kObject);
}

TEST(Columns, ArePathsIntoTheObject) {
  EXPECT_EQ(picked("name", kObject), (json{{"name", "q"}}));
  EXPECT_EQ(picked("a.c.d,a.b", kObject), (json{{"a", {{"b", 1}, {"c", {{"d", 2}}}}}}));
  EXPECT_EQ(picked("n", kObject), (json{{"n", nullptr}}));
}

TEST(Columns, ThatAreNotThereAreLeftOut) {
  EXPECT_EQ(picked("nope,name.x,a.b.c", kObject), json::object());
}

TEST(Columns, InsideOneThatIsThereWholeChangeNothing) {
  EXPECT_EQ(picked("a,a.b", kObject), (json{{"a", kObject["a"]}}));
  EXPECT_EQ(picked("a.b,a", kObject), (json{{"a", kObject["a"]}}));
}

TEST(Columns, TellWhichMembersAreWanted) {
  const Columns columns("a.b,name");
  EXPECT_TRUE(columns.wants("a"));
  EXPECT_FALSE(columns.wants("b"));
  EXPECT_TRUE(Columns("").wants("b"));
}

TEST(Columns, AreNotTooMany) {
  std::string text;
  for (std::size_t i = 0; i <= Columns::kColumnsMax; ++i)
    text.append("a,");
  EXPECT_THROW(Columns{text}, ApiError);
}

}  // namespace
}  // namespace harrier::management

#include "ctl/items.h"

#include <gtest/gtest.h>

#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

constexpr std::string_view kSpec = "user=name tags | kind='exchange where=a.b definition!";

std::vector<std::string> names(const std::vector<Item>& items) {
  std::vector<std::string> out;
  for (const Item& item : items)
    out.push_back(item.name);
  return out;
}

TEST(SelectItems, UsualOnesUnlessOthersAreNamed) {
  EXPECT_EQ(names(select_items(kSpec, {})), (std::vector<std::string>{"user", "tags"}));
  EXPECT_EQ(names(select_items(kSpec, {"where", "user"})),
            (std::vector<std::string>{"where", "user"}));
}

TEST(SelectItems, SplitsAtCommasAndSpaces) {
  EXPECT_EQ(names(select_items(kSpec, {"user,tags", "kind where"})),
            (std::vector<std::string>{"user", "tags", "kind", "where"}));
}

TEST(SelectItems, NamesAllThatAreUnknown) {
  try {
    select_items(kSpec, {"user", "x", "y"});
    FAIL();
  } catch (const Trouble& trouble) {
    EXPECT_EQ(trouble.code(), kExitUsage);
    EXPECT_STREQ(trouble.what(), "Info key(s) x,y are not supported");
  }
}

TEST(ColumnsQuery, AsksForEachMemberOnceAndForNoConstant) {
  EXPECT_EQ(columns_query(select_items(kSpec, {"user", "user", "kind", "where"})), "name,a.b");
}

TEST(Project, TakesMembersConstantsAndJsonText) {
  const Json list = Json::parse(R"([{"name":"u","a":{"b":7},"definition":{"x":1}},{"a":3}])");
  const Table table = project(list, select_items(kSpec, {"user", "kind", "where", "definition"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0], (std::vector<Json>{"u", "exchange", 7, "{\"x\":1}"}));
  EXPECT_EQ(table.rows[1], (std::vector<Json>{"", "exchange", "", "null"}));
}

TEST(Project, RefusesWhatIsNoListOfObjects) {
  EXPECT_THROW(project(Json::object(), {}), Trouble);
  EXPECT_THROW(project(Json::array({1}), {}), Trouble);
}

TEST(TableOfMembers, HasAColumnForEachMemberThatAnyHas) {
  const Table table = table_of_members(Json::parse(R"([{"a":1,"b":2},{"b":3,"c":4}])"));
  EXPECT_EQ(table.columns, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(table.rows[1], (std::vector<Json>{nullptr, 3, 4}));
}

}  // namespace
}  // namespace harrier::ctl

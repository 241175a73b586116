#include "management/route.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/target.h"
#include "management/schemas.h"

namespace harrier::management {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RouterTest : public ::testing::Test {
 protected:
  Router::Match find(const char* method, const char* path) const {
    return router_.find(method, http::Target::parse(path)->segments);
  }

  const Router router_{all_routes()};
};

TEST_F(RouterTest, NamesAreDecodedSegments) {
  const auto match = find("GET", "/api/queues/%2F/a%2Fb");
  ASSERT_NE(match.route, nullptr);
  EXPECT_STREQ(match.route->path, "/api/queues/{vhost}/{queue}");
  EXPECT_THAT(match.parameters, ElementsAre("/", "a/b"));
  EXPECT_EQ(match.virtual_host, 0);
}

TEST_F(RouterTest, WordsComeBeforeNames) {
  EXPECT_STREQ(find("GET", "/api/users/without-permissions").route->path,
               "/api/users/without-permissions");
  EXPECT_STREQ(find("GET", "/api/users/x").route->path, "/api/users/{user}");
}

TEST_F(RouterTest, HeadFindsWhatGetDoes) {
  ASSERT_NE(find("HEAD", "/api/users").route, nullptr);
  EXPECT_STREQ(find("HEAD", "/api/users").route->method, "GET");
}

TEST_F(RouterTest, AnotherMethodOfAKnownPathIsTold) {
  const auto match = find("POST", "/api/overview");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_THAT(match.methods, ElementsAre("GET"));
}

TEST_F(RouterTest, UnknownPathsHaveNoMethods) {
  for (const char* path : {"/", "/api", "/api/nope", "/api//overview", "/api/queues/a/b/c/d/e/f"})
    EXPECT_THAT(find("GET", path).methods, IsEmpty()) << path;
}

TEST(Routes, AreDifferent) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const Route& route : all_routes())
    EXPECT_TRUE(seen.emplace(route.method, route.path).second) << route.method << route.path;
}

// A path whose virtual host is checked must have one, and the other way round where others' could
// be seen.
TEST(Routes, ThatNeedAVirtualHostNameIt) {
  for (const Route& route : all_routes()) {
    if (route.need != Need::kHost) continue;
    EXPECT_NE(std::string_view(route.path).find("{vhost}"), std::string_view::npos) << route.path;
  }
}

TEST(Routes, NameSchemasThatExist) {
  std::set<std::string_view> known = {"Any", "Text", "Yaml", "EventStream"};
  for (const Schema& schema : schemas())
    EXPECT_TRUE(known.insert(schema.name).second) << schema.name;
  for (const Route& route : all_routes()) {
    for (std::string_view name : {std::string_view(route.takes), std::string_view(route.gives)}) {
      if (name.ends_with("[]")) name.remove_suffix(2);
      EXPECT_TRUE(name.empty() || known.contains(name)) << route.path << ": " << name;
    }
  }
}

}  // namespace
}  // namespace harrier::management

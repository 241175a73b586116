#include "management/list_answer.h"

#include <gtest/gtest.h>

#include "management/openapi.h"
#include "management/route.h"
#include "support/api_call.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using test::ApiCall;

std::vector<json> numbered(int count) {
  std::vector<json> rows;
  for (int number = 0; number != count; ++number)
    rows.push_back({{"name", "q" + std::to_string(number)}, {"size", (number * 7) % count}});
  return rows;
}

std::string body_of(http::Response response) {
  if (response.source == nullptr) return response.body;
  std::string body;
  for (auto next = http::BodySource::Next::kMore; next != http::BodySource::Next::kEnd;) {
    std::string chunk;
    next = response.source->next(chunk);
    body += chunk;
  }
  return body;
}

json answer(const std::string& target, int count) {
  const ApiCall asked(target);
  return json::parse(body_of(list_answer(asked.call(), numbered(count))));
}

TEST(ListAnswer, IsABareListWithoutAPage) {
  EXPECT_EQ(answer("/api/x", 0), json::array());
  EXPECT_EQ(answer("/api/x?name=nope", 3).size(), 3u);
}

TEST(ListAnswer, LongListsComeInPieces) {
  const ApiCall asked("/api/x");
  EXPECT_EQ(list_answer(asked.call(), numbered(5000)).body, "");
  EXPECT_EQ(answer("/api/x", 5000).size(), 5000u);
}

TEST(ListAnswer, IsSortedByAnyField) {
  const json rows = answer("/api/x?sort=size&sort_reverse=true&columns=size", 10);
  for (int number = 0; number != 10; ++number)
    EXPECT_EQ(rows[static_cast<std::size_t>(number)], (json{{"size", 9 - number}}));
  EXPECT_EQ(answer("/api/x?sort=nope", 3)[0]["name"], "q0");
}

TEST(ListAnswer, PagesAreCountedAfterTheFilter) {
  const json page = answer("/api/x?page=2&page_size=4&name=Q1", 20);
  EXPECT_EQ(page["total_count"], 20);
  EXPECT_EQ(page["filtered_count"], 11);
  EXPECT_EQ(page["page_count"], 3);
  EXPECT_EQ(page["item_count"], 4);
  EXPECT_EQ(page["items"][0]["name"], "q13");
}

TEST(ListAnswer, AnEmptyListHasOnePage) {
  EXPECT_EQ(answer("/api/x?page=1", 0)["page_count"], 1);
  EXPECT_THROW(answer("/api/x?page=2", 0), ApiError);
}

TEST(ListAnswer, NonsenseAboutPagesIsRefused) {
  for (const char* query :
       {"page=0", "page=-1", "page=x", "page=1&page_size=0", "page=1&page_size=501",
        "page=1&page_size=x", "page=1&use_regex=true&name=(", "page=99999999999999999999"})
    EXPECT_THROW(answer(std::string("/api/x?") + query, 3), ApiError) << query;
}

TEST(ListAnswer, PatternsAreLookedForInAnyCase) {
  EXPECT_EQ(answer("/api/x?page=1&use_regex=true&name=%5EQ1%24", 20)["filtered_count"], 1);
  EXPECT_EQ(answer("/api/x?page=1&use_regex=true&name=%5E(%3F!q1)", 20)["filtered_count"], 9);
}

TEST(Openapi, HasEachRouteAndItsPage) {
  const auto document = openapi_document();
  for (const Route& route : all_routes())
    EXPECT_TRUE(document["paths"].contains(route.path)) << route.path;
  EXPECT_NE(http_api_markdown().find("`/api/queues/{vhost}/{queue}`"), std::string::npos);
}

}  // namespace
}  // namespace harrier::management

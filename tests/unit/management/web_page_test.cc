#include "management/web_page.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "management/web_assets.h"

namespace harrier::management {
namespace {

using Fields = std::vector<http::Field>;

// Asked of a site whose prefix has `prefix_segments` segments.
std::optional<http::Response> get(const std::string& path, Fields fields = {},
                                  std::size_t prefix_segments = 0, std::string method = "GET") {
  http::Request request;
  request.method = std::move(method);
  request.target = http::Target::parse(path).value();
  request.fields = std::move(fields);
  const auto& all = request.target.segments;
  return web_page(request, {all.begin() + static_cast<std::ptrdiff_t>(prefix_segments), all.end()});
}

std::string field(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.fields)
    if (key == name) return value;
  return "";
}

TEST(WebPage, TheRootIsTheIndex) {
  const auto answer = get("/");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, find_asset("")->content);
  EXPECT_EQ(field(*answer, "content-type"), "text/html; charset=utf-8");
  EXPECT_FALSE(answer->compress);
}

TEST(WebPage, FilesAreBelowThePrefix) {
  const auto answer = get("/tools/mq/script/app.js", {}, 2);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, find_asset("script/app.js")->content);
}

TEST(WebPage, ThePrefixWithoutItsSlashLeadsToThePage) {
  const auto answer = get("/tools/mq", {}, 2);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 301);
  EXPECT_EQ(field(*answer, "location"), "mq/");
  EXPECT_EQ(get("/tools/mq/", {}, 2)->status, 200);
}

TEST(WebPage, WhatIsNoFileIsLeftToOthers) {
  for (const char* path : {"/api", "/api/overview", "/script", "/script/", "/index.html/",
                           "/nothing", "/..%2Fsecret", "/script/..%2F..%2Fx", "/index.html%00"}) {
    EXPECT_FALSE(get(path)) << path;
  }
}

TEST(WebPage, OnlyGetAndHeadAreForFiles) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"})
    EXPECT_FALSE(get("/", {}, 0, method)) << method;
  EXPECT_TRUE(get("/", {}, 0, "HEAD"));
}

TEST(WebPage, GzipForWhoTakesIt) {
  const WebAsset& index = *find_asset("");
  for (const char* accept : {"gzip", "deflate, gzip;q=0.5", "br, gzip"}) {
    const auto answer = get("/", {{"accept-encoding", accept}});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, index.gzipped) << accept;
    EXPECT_EQ(field(*answer, "content-encoding"), "gzip");
    EXPECT_EQ(field(*answer, "etag"), index.gzipped_etag);
  }
  for (const char* accept : {"", "identity", "gzip;q=0", "br"}) {
    const auto answer = get("/", {{"accept-encoding", accept}});
    EXPECT_EQ(answer->body, index.content) << accept;
    EXPECT_EQ(field(*answer, "content-encoding"), "");
    EXPECT_EQ(field(*answer, "etag"), index.etag);
  }
}

TEST(WebPage, WhatTheClientHasIsNotSentAgain) {
  const std::string etag(find_asset("")->etag);
  for (const std::string& known :
       {etag, "W/" + etag, "\"other\", " + etag, " " + etag + "\t", std::string("*")}) {
    const auto answer = get("/", {{"if-none-match", known}});
    EXPECT_EQ(answer->status, 304) << known;
    EXPECT_TRUE(answer->body.empty());
    EXPECT_EQ(field(*answer, "etag"), etag);
  }
  // Without its quotes, of another representation, or of nothing.
  for (const std::string& known :
       {etag.substr(1, etag.size() - 2), std::string(find_asset("")->gzipped_etag), std::string(""),
        std::string(",,")}) {
    EXPECT_EQ(get("/", {{"if-none-match", known}})->status, 200) << known;
  }
}

}  // namespace
}  // namespace harrier::management

#include "management/web_assets.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace harrier::management {
namespace {

std::string source_of(std::string_view path) {
  const char* const root = std::getenv("HARRIER_SOURCE_DIR");
  EXPECT_NE(root, nullptr) << "set by ctest";
  const auto folder = std::filesystem::path(root == nullptr ? "." : root) / "src/management/web";
  std::ifstream file(folder / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(WebAssets, AreTheFilesByteForByte) {
  ASSERT_GT(web_assets().size(), 30U);
  for (const WebAsset& asset : web_assets()) {
    EXPECT_EQ(asset.content, source_of(asset.path)) << asset.path;
    EXPECT_FALSE(asset.content.empty()) << asset.path;
  }
}

TEST(WebAssets, EachIsFoundByItsPathAndNothingElseIs) {
  for (const WebAsset& asset : web_assets())
    EXPECT_EQ(find_asset(asset.path), &asset);
  for (const char* path : {"/", "index", "index.html/", "script", "script/", "SCRIPT/app.js",
                           "../CMakeLists.txt", "CMakeLists.txt", "script/../index.html", "zzz"}) {
    EXPECT_EQ(find_asset(path), nullptr) << path;
  }
}

TEST(WebAssets, NoPathIsTheIndex) {
  const WebAsset* index = find_asset("");
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->path, "index.html");
  EXPECT_EQ(index->content_type, "text/html; charset=utf-8");
}

TEST(WebAssets, ContentTypeFollowsTheEnding) {
  EXPECT_EQ(find_asset("script/app.js")->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(find_asset("style/base.css")->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(find_asset("favicon.svg")->content_type, "image/svg+xml");
}

TEST(WebAssets, GzippedIsGzipWithoutNameOrTime) {
  for (const WebAsset& asset : web_assets()) {
    ASSERT_GT(asset.gzipped.size(), 18U) << asset.path;
    // Magic, deflate, no flags, time 0.
    EXPECT_EQ(asset.gzipped.substr(0, 8), std::string_view("\x1f\x8b\x08\0\0\0\0\0", 8));
    // The last four bytes are the length of what was packed.
    std::uint32_t length = 0;
    for (int i = 0; i < 4; ++i) {
      const auto byte = static_cast<unsigned char>(asset.gzipped[asset.gzipped.size() - 4 + i]);
      length |= static_cast<std::uint32_t>(byte) << (8 * i);
    }
    EXPECT_EQ(length, asset.content.size()) << asset.path;
  }
}

TEST(WebAssets, EntityTagsAreStrongQuotedAndOfOneRepresentationEach) {
  std::set<std::string_view> seen;
  for (const WebAsset& asset : web_assets()) {
    for (const std::string_view tag : {asset.etag, asset.gzipped_etag}) {
      ASSERT_GT(tag.size(), 2U);
      EXPECT_EQ(tag.front(), '"');
      EXPECT_EQ(tag.back(), '"');
      EXPECT_EQ(tag.substr(1, tag.size() - 2).find('"'), std::string_view::npos);
      EXPECT_TRUE(seen.insert(tag).second) << asset.path << " shares " << tag;
    }
  }
}

// The policy forbids what the page must not need: code or style within its markup, other origins.
TEST(WebAssets, IndexKeepsToItsContentSecurityPolicy) {
  const std::string_view html = find_asset("")->content;
  EXPECT_EQ(html.find(" style="), std::string_view::npos);
  EXPECT_EQ(html.find("<style"), std::string_view::npos);
  EXPECT_EQ(html.find("<script>"), std::string_view::npos);
  EXPECT_EQ(html.find("://"), std::string_view::npos);
  EXPECT_EQ(html.find(" on"), std::string_view::npos);
}

TEST(WebAssets, NoScriptMakesMarkupOfText) {
  for (const WebAsset& asset : web_assets()) {
    for (const char* word : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                             "eval(", "new Function"}) {
      EXPECT_EQ(asset.content.find(word), std::string_view::npos) << asset.path << ": " << word;
    }
  }
}

}  // namespace
}  // namespace harrier::management

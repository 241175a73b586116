#include "http/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string> segments_of(const std::string& text) {
  const auto target = Target::parse(text);
  EXPECT_TRUE(target) << text;
  return target ? target->segments : std::vector<std::string>();
}

TEST(Target, SplitsBeforeItDecodes) {
  EXPECT_THAT(segments_of("/api/queues/%2F/a%2Fb"), ElementsAre("api", "queues", "/", "a/b"));
}

TEST(Target, PlusIsItselfInAPathAndASpaceInAQuery) {
  const auto target = Target::parse("/api/a+b?name=a+b%2B");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("api", "a+b"));
  EXPECT_EQ(*target->find("name"), "a b+");
}

TEST(Target, SlashesInFrontAndOneAtTheEndCountForNothing) {
  EXPECT_THAT(segments_of("//api/users/"), ElementsAre("api", "users"));
  EXPECT_THAT(segments_of("/"), IsEmpty());
  EXPECT_THAT(segments_of("///"), IsEmpty());
}

TEST(Target, NothingBetweenSlashesIsASegmentWithoutAName) {
  EXPECT_THAT(segments_of("/api//users"), ElementsAre("api", "", "users"));
  EXPECT_THAT(segments_of("/api//"), ElementsAre("api", ""));
}

TEST(Target, KeepsFieldsOfOneNameInTheirOrder) {
  const auto target = Target::parse("/m?family=a&family=b&&x");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->query, ElementsAre(Pair("family", "a"), Pair("family", "b"), Pair("x", "")));
  EXPECT_EQ(*target->find("family"), "b");
  EXPECT_EQ(target->find("y"), nullptr);
}

TEST(Target, AbsoluteFormIsAPath) {
  EXPECT_THAT(segments_of("http://host:1/api/a"), ElementsAre("api", "a"));
  EXPECT_THAT(segments_of("http://host"), IsEmpty());
}

TEST(Target, BadEscapesAreRefused) {
  for (const char* text : {"/%", "/%2", "/%zz", "/a?x=%", "/a?%g0=1", "a", ""})
    EXPECT_FALSE(Target::parse(text)) << text;
}

TEST(Target, TooManySegmentsOrFieldsAreRefused) {
  std::string path;
  for (std::size_t i = 0; i != Target::kSegmentsMax; ++i)
    path.append("/a");
  EXPECT_TRUE(Target::parse(path));
  EXPECT_FALSE(Target::parse(path + "/a"));
  std::string query = "/?";
  for (std::size_t i = 0; i != Target::kFieldsMax; ++i)
    query.append("a&");
  EXPECT_TRUE(Target::parse(query));
  EXPECT_FALSE(Target::parse(query + "a"));
}

TEST(PercentEncoded, IsOneSegmentThatDecodesToTheSame) {
  std::string all;
  for (int octet = 0; octet != 256; ++octet)
    all.push_back(static_cast<char>(octet));
  const std::string encoded = percent_encoded(all);
  EXPECT_EQ(encoded.find('/'), std::string::npos);
  EXPECT_EQ(percent_decoded(encoded), all);
}

}  // namespace
}  // namespace harrier::http

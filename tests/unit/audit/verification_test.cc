#include "audit/verification.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit_fixture.h"

namespace harrier::audit {
namespace {

using ::testing::HasSubstr;

class VerificationTest : public AuditFiles {
 protected:
  void SetUp() override {
    write({"a", "b", "c", "d"});
    text_ = text_of(path_);
    lines_ = lines_of(text_);
    ASSERT_EQ(lines_.size(), 4u);
  }
  VerificationReport after(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
      text.append(line).push_back('\n');
    put_text(path_, text);
    return verified();
  }

  std::string text_;
  std::vector<std::string> lines_;
};

TEST_F(VerificationTest, WholeFileIsWhole) {
  const VerificationReport report = verified();
  EXPECT_FALSE(report.broken) << report.broken->what;
  EXPECT_FALSE(report.torn);
  EXPECT_EQ(report.records, 4u);
  EXPECT_EQ(report.first_sequence, 1u);
  EXPECT_EQ(report.last_sequence, 4u);
  EXPECT_EQ(report.without_key, 4u);
}

TEST_F(VerificationTest, EveryChangedByteOfAMiddleLineIsFound) {
  const std::size_t begin = lines_[0].size() + 1;
  for (std::size_t at = begin; at <= begin + lines_[1].size(); ++at) {
    for (const char bit : {'\x01', '\x20', '\x80'}) {
      std::string changed = text_;
      changed[at] = static_cast<char>(changed[at] ^ bit);
      put_text(path_, changed);
      const VerificationReport report = verified();
      ASSERT_TRUE(report.broken) << "byte " << at - begin;
      EXPECT_EQ(report.broken->line, 2u) << "byte " << at - begin;
      EXPECT_EQ(report.broken->file, path_);
    }
  }
}

TEST_F(VerificationTest, LineThatWasTakenOutIsFound) {
  const VerificationReport report = after({lines_[0], lines_[2], lines_[3]});
  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->line, 2u);
  EXPECT_THAT(report.broken->what, HasSubstr("number 3 behind 1"));
}

TEST_F(VerificationTest, LinesThatChangedPlacesAreFound) {
  const VerificationReport report = after({lines_[0], lines_[2], lines_[1], lines_[3]});
  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->line, 2u);
}

TEST_F(VerificationTest, LineThatStandsTwiceIsFound) {
  ASSERT_TRUE(after({lines_[0], lines_[1], lines_[1], lines_[2], lines_[3]}).broken);
}

TEST_F(VerificationTest, LineThatWasMadeAnewDoesNotFitWhatFollows) {
  std::string forged = lines_[1].substr(0, lines_[1].find(",\"hash\""));
  forged.replace(forged.find("\"b\""), 3, "\"x\"");
  Seal().close(forged);
  const VerificationReport report = after({lines_[0], forged, lines_[2], lines_[3]});
  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->line, 3u);
  EXPECT_THAT(report.broken->what, HasSubstr("does not follow"));
}

TEST_F(VerificationTest, LineBetweenLinesIsFound) {
  ASSERT_TRUE(after({lines_[0], "", lines_[1], lines_[2], lines_[3]}).broken);
  ASSERT_TRUE(after({lines_[0], "{}", lines_[1], lines_[2], lines_[3]}).broken);
}

TEST_F(VerificationTest, FirstLineThatNamesAnotherIsFound) {
  std::string forged = lines_[0].substr(0, lines_[0].find(",\"hash\""));
  forged.replace(forged.find("\"prev\":\"0"), 9, "\"prev\":\"1");
  Seal().close(forged);
  ASSERT_TRUE(after({forged}).broken);
}

TEST_F(VerificationTest, MissingBeginningIsShownByItsNumber) {
  const VerificationReport report = after({lines_[2], lines_[3]});
  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.first_sequence, 3u);
}

TEST_F(VerificationTest, CutOffEndIsFoundByAnAnchor) {
  const std::optional<Anchor> anchor = Anchor{4, verified().last_hash};
  EXPECT_FALSE(verified({path_}, Seal(), anchor).broken);
  put_text(path_, text_.substr(0, text_.size() - lines_[3].size() - 1));
  EXPECT_FALSE(verified().broken);
  const VerificationReport report = verified({path_}, Seal(), anchor);
  ASSERT_TRUE(report.broken);
  EXPECT_THAT(report.broken->what, HasSubstr("record 4 is not in these files"));
}

TEST_F(VerificationTest, ReplacedHistoryIsFoundByAnAnchor) {
  const std::optional<Anchor> anchor = Anchor{4, verified().last_hash};
  std::filesystem::remove(path_);
  write({"a", "b", "x", "d", "e"});
  const VerificationReport report = verified({path_}, Seal(), anchor);
  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->line, 4u);
}

TEST_F(VerificationTest, EndThatIsNoWholeLineIsTorn) {
  for (const std::size_t missing : {std::size_t{1}, std::size_t{2}, lines_[3].size()}) {
    put_text(path_, text_.substr(0, text_.size() - missing));
    const VerificationReport report = verified();
    EXPECT_FALSE(report.broken);
    ASSERT_TRUE(report.torn);
    EXPECT_EQ(report.torn->line, 4u);
    EXPECT_EQ(report.records, 3u);
  }
}

TEST_F(VerificationTest, EndlessLineIsABreakNotAHungryReader) {
  put_text(path_, text_ + std::string(ChainFile::kLineMax + 1, '{'));
  const VerificationReport report = verified();
  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->line, 5u);
}

TEST_F(VerificationTest, DeepNestingIsABreak) {
  ASSERT_TRUE(after({std::string(60'000, '[') + lines_[0]}).broken);
}

TEST_F(VerificationTest, NothingIsNotWhole) {
  put_text(path_, "");
  EXPECT_TRUE(verified().broken);
}

TEST_F(VerificationTest, WhatCannotBeReadIsNoReport) {
  EXPECT_FALSE(verify_files({path_ + ".absent"}, Seal()).ok());
  EXPECT_FALSE(verify_files({directory_.path()}, Seal()).ok());
}

// ---- keys

TEST_F(VerificationTest, KeyedLinesNeedTheKey) {
  std::filesystem::remove(path_);
  ChainFile::Settings keyed = settings();
  keyed.seal = Seal("a key of 16 bytes or more");
  write({"a", "b"}, keyed);
  EXPECT_THAT(text_of(path_), HasSubstr("\"hmac\":"));
  EXPECT_TRUE(verified().needs_key);
  EXPECT_FALSE(verified({path_}, keyed.seal).broken);
  EXPECT_TRUE(verified({path_}, Seal("another key of 16 bytes")).broken);
}

TEST_F(VerificationTest, WholeHistoryForgedWithoutTheKeyIsFound) {
  // As the set-up wrote it: no key.
  const VerificationReport report = verified({path_}, Seal("a key of 16 bytes or more"));
  ASSERT_TRUE(report.broken);
  EXPECT_THAT(report.broken->what, HasSubstr("no key"));
}

TEST_F(VerificationTest, LogMayBeginToBeKeyedButNotCease) {
  ChainFile::Settings keyed = settings();
  keyed.seal = Seal("a key of 16 bytes or more");
  write({"e"}, keyed);
  const VerificationReport report = verified({path_}, keyed.seal);
  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.without_key, 4u);
  write({"f"});
  const VerificationReport ceased = verified({path_}, keyed.seal);
  ASSERT_TRUE(ceased.broken);
  EXPECT_EQ(ceased.broken->line, 6u);
}

TEST(Seal, KeyFileMustBePrivateAndLongEnough) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/key";
  EXPECT_FALSE(Seal::from_file(path).ok());
  put_text(path, "fifteen bytes..\n");
  ::chmod(path.c_str(), 0600);
  EXPECT_FALSE(Seal::from_file(path).ok());
  put_text(path, "sixteen bytes...\n");
  EXPECT_TRUE(Seal::from_file(path).ok());
  ::chmod(path.c_str(), 0604);
  EXPECT_FALSE(Seal::from_file(path).ok());
  ::chmod(path.c_str(), 0600);
  put_text(path, std::string(Seal::kKeyMax + 1, 'k'));
  EXPECT_FALSE(Seal::from_file(path).ok());
}

TEST(Anchor, IsANumberAndAHash) {
  EXPECT_TRUE(Anchor::parse("1:" + no_hash()));
  EXPECT_FALSE(Anchor::parse(no_hash()));
  EXPECT_FALSE(Anchor::parse(":" + no_hash()));
  EXPECT_FALSE(Anchor::parse("1x:" + no_hash()));
  EXPECT_FALSE(Anchor::parse("1:" + no_hash() + "0"));
  EXPECT_FALSE(Anchor::parse("99999999999999999999:" + no_hash()));
}

}  // namespace
}  // namespace harrier::audit

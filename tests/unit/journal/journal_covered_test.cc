// What a checkpoint covers counts as committed, though its records may be gone.

#include <gtest/gtest.h>

#include "support/journal_fixture.h"

namespace harrier::test {
namespace {

TEST(JournalCovered, lsns_of_a_checkpoint_are_committed_at_once) {
  FaultyFileSystem files;
  journal::Journal::Start start;
  start.covered[3] = 41;
  journal::RecoveryReport report;
  auto opened = journal::Journal::open(
      files, kTestNode, {.segment_bytes = journal::kSegmentBytesMin, .segments = 4}, start,
      [](std::size_t, const journal::Record&, std::string&) { return true; },
      [](std::uint64_t, std::uint64_t) {}, report);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ((*opened)->committed_lsn(3), 41u);
  EXPECT_EQ(report.last_lsn[3], 41u);
  EXPECT_EQ((*opened)->committed_lsn(4), 0u);
}

}  // namespace
}  // namespace harrier::test

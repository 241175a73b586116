// What an earlier version wrote is read through Store::open(); tests/golden has the same with the
// whole broker, message by message.

#include <cstdlib>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "journal/node_directory.h"
#include "store/recovery.h"
#include "store/survey.h"
#include "support/temporary_directory.h"

namespace harrier::store {
namespace {

TEST(GoldenDirectory, OfVersion1IsReadAndOpened) {
  const char* source = std::getenv("HARRIER_SOURCE_DIR");
  std::string root = source == nullptr ? std::string(__FILE__) : std::string(source);
  if (source == nullptr) root.resize(root.rfind("/tests/"));
  const test::TemporaryDirectory folder;
  const std::string unpack =
      "tar -xzf '" + root + "/tests/golden/v1/golden.tar.gz' -C '" + folder.path() + "'";
  ASSERT_EQ(std::system(unpack.c_str()), 0);
  auto directory = journal::NodeDirectory::open(folder.path() + "/data");
  ASSERT_TRUE(directory.ok()) << directory.error().message;
  journal::FileSystem& files = (*directory)->files();

  const Survey survey =
      survey_directory(files, {(*directory)->uuid(), 0, (*directory)->previous_epoch()}, true);
  for (const Finding& finding : survey.findings)
    EXPECT_EQ(finding.weight, Finding::Weight::kOdd) << finding.file << ": " << finding.what;
  EXPECT_EQ(survey.shards[0]->virtual_hosts().size(), 2u);

  const base::SystemClock clock;
  auto store = Store::open({files, (*directory)->uuid(), (*directory)->epoch(), clock},
                           {.journal = {.segment_bytes = 1 << 20, .segments = 8}}, {});
  ASSERT_TRUE(store.ok()) << store.error().message;
  const RecoverySummary& found = (*store)->recovery();
  EXPECT_EQ(found.queues, 12u);
  EXPECT_FALSE(found.journal.clean);
  EXPECT_GT(found.runs, 0u);
  EXPECT_GT(found.generation, 0u);
}

}  // namespace
}  // namespace harrier::store

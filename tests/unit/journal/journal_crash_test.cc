// The journal through a loss of power at every call that it makes.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "journal/journal.h"
#include "support/faulty_file_system.h"
#include "support/journal_fixture.h"

namespace harrier::journal {
namespace {

using test::FaultyFileSystem;
using test::JournalWriterLog;
using test::open_journal;

const JournalOptions kSmall{.segment_bytes = 32 << 10, .segments = 3};

// What the world outside the journal keeps: what was promised, and the checkpoint.
struct World {
  JournalWriterLog log;
  ShardLsns covered{};
  std::uint64_t first_segment = 1;
  std::uint64_t known_batch = 0;
  std::uint64_t epoch = 0;
  std::string fault;  // what must not have happened
};

// What came back is what was appended, all that was promised is there, nothing is out of order.
void check(World& world, const test::OpenedJournal& opened) {
  for (const auto& [shard, records] : opened.records) {
    std::uint64_t last = 0;
    for (const auto& record : records) {
      if (last != 0 && record.lsn != last + 1) world.fault = "a gap";
      if (record.payload != world.log.payload(shard, record.lsn)) world.fault = "a wrong record";
      last = record.lsn;
    }
  }
  for (std::size_t shard = 0; shard < kShards; ++shard) {
    const std::uint64_t promised = world.log.committed()[shard];
    if (promised <= world.covered[shard]) continue;
    const auto found = opened.records.find(shard);
    if (found == opened.records.end() || found->second.front().lsn > world.covered[shard] + 1 ||
        found->second.back().lsn < promised)
      world.fault =
          "promised and lost: shard " + std::to_string(shard) + " LSN " + std::to_string(promised);
  }
}

// Opens, and goes on from what was recovered. Null if the disk is gone.
std::unique_ptr<Journal> start(FaultyFileSystem& files, World& world) {
  ++world.epoch;  // durable in the node file before the journal is opened
  auto opened = open_journal(files, kSmall,
                             {.first_segment = world.first_segment,
                              .last_batch = world.known_batch,
                              .epoch = world.epoch});
  if (!opened.journal) {
    if (!files.crashed()) world.fault = "refused: " + opened.error;
    return nullptr;
  }
  check(world, opened);
  ShardLsns last = opened.report.last_lsn;
  for (std::size_t shard = 0; shard < kShards; ++shard)
    last[shard] = std::max(last[shard], world.covered[shard]);
  world.log.restart(last);
  return std::move(opened.journal);
}

bool flush(Journal& journal, World& world) {
  return journal.run_flush(world.log.on_committed()).ok();
}

void checkpoint(Journal& journal, World& world) {
  world.covered = world.log.committed();
  world.first_segment = journal.first_segment_needed(world.covered);
  world.known_batch = journal.committed_batch();
  journal.release(world.first_segment);
}

// Flushes of several shards, rolls, recycling, a seal, an orderly end; false when the power went.
bool one_life(FaultyFileSystem& files, World& world) {
  const auto journal = start(files, world);
  if (!journal) return false;
  // Every start takes a fresh segment: after a few crashes room must be made first.
  if (journal->usage().segments_used == kSmall.segments) checkpoint(*journal, world);
  for (std::size_t i = 0; i < 6; ++i) {
    world.log.append(*journal, 1, std::string(3000 + 1000 * i, static_cast<char>('a' + i)));
    world.log.append(*journal, i, "second shard " + std::to_string(i));
    while (journal->usage().pending_bytes > 0) {
      if (!flush(*journal, world)) return false;
    }
    if (i % 2 == 1) checkpoint(*journal, world);
  }
  if (!journal->seal().ok()) return false;
  world.log.append(*journal, 0, "last");
  return journal->close_cleanly(world.log.on_committed()).ok();
}

TEST(JournalCrash, AtEveryCallEverythingPromisedComesBack) {
  std::uint64_t calls = 0;
  {
    FaultyFileSystem files;
    World world;
    ASSERT_TRUE(one_life(files, world));
    ASSERT_TRUE(one_life(files, world));
    calls = files.calls();
  }
  for (std::uint64_t call = 1; call <= calls; ++call) {
    for (const std::uint64_t seed : {0, 1, 2, 3}) {
      SCOPED_TRACE("crash at call " + std::to_string(call) + ", seed " + std::to_string(seed));
      FaultyFileSystem files;
      files.fail_at(call, test::Fault::kCrash);
      World world;
      ASSERT_FALSE(one_life(files, world) && one_life(files, world));
      ASSERT_EQ(world.fault, "");
      ASSERT_TRUE(files.crashed());
      const auto survivor = files.after_crash(seed);
      ASSERT_TRUE(one_life(*survivor, world)) << world.fault;
      ASSERT_EQ(world.fault, "");
      ASSERT_TRUE(start(*survivor, world)) << world.fault;
      ASSERT_EQ(world.fault, "");
    }
  }
}

TEST(JournalCrash, AgainAtEveryCallOfTheRecovery) {
  base::SeededRandom random(7);
  for (std::uint64_t first = 20; first < 130; first += 7) {
    for (std::uint64_t second = 1; second < 40; ++second) {
      const std::uint64_t seed = random.next();
      SCOPED_TRACE("crashes at calls " + std::to_string(first) + " and " + std::to_string(second) +
                   ", seed " + std::to_string(seed));
      FaultyFileSystem files;
      files.fail_at(first, test::Fault::kCrash);
      World world;
      one_life(files, world);
      if (!files.crashed()) one_life(files, world);
      const auto once = files.after_crash(seed);
      once->fail_at(second, test::Fault::kCrash);
      one_life(*once, world);
      ASSERT_EQ(world.fault, "");
      const auto twice = once->after_crash(seed + 1);
      ASSERT_TRUE(one_life(*twice, world)) << world.fault;
      ASSERT_EQ(world.fault, "");
    }
  }
}

TEST(JournalCrash, AnErrorAtEveryCallLosesNothingEither) {
  for (const test::Fault fault :
       {test::Fault::kIoError, test::Fault::kNoSpace, test::Fault::kShortWrite}) {
    for (std::uint64_t call = 1; call < 150; ++call) {
      SCOPED_TRACE("error at call " + std::to_string(call));
      FaultyFileSystem files;
      files.fail_at(call, fault);
      World world;
      const bool lived = one_life(files, world);
      world.fault.clear();  // it may refuse, but must not lose
      // The process ends, the machine goes on; or the power goes as well.
      const auto next = call % 2 == 0 ? files.after_kill() : files.after_crash(call);
      ASSERT_TRUE(one_life(*next, world)) << world.fault;
      ASSERT_EQ(world.fault, "") << lived;
    }
  }
}

TEST(JournalCrash, ManyLivesOnOneDisk) {
  constexpr std::uint64_t kSeed = 4711;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  base::SeededRandom random(kSeed);
  auto files = std::make_unique<FaultyFileSystem>();
  World world;
  for (int life = 0; life < 400; ++life) {
    files->fail_at(files->calls() + 1 + random.below(90), test::Fault::kCrash);
    one_life(*files, world);
    ASSERT_EQ(world.fault, "") << "life " << life;
    files = random.below(3) == 0 ? files->after_kill() : files->after_crash(random.next());
  }
}

}  // namespace
}  // namespace harrier::journal

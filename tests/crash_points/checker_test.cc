// The checker checked: a store with a bug on purpose must be caught.
//
// Role:   each saboteur of support/saboteurs.h does one thing wrong.
// Thread: confined(test).

#include <gtest/gtest.h>

#include "crash_points/durable_world.h"
#include "support/saboteurs.h"

namespace harrier::test {
namespace {

template <class Bug>
DurableOptions with() {
  return with_bug<Bug>(
      {}, std::is_same_v<Bug, Honest> || std::is_same_v<Bug, Drops<broker::DispatchedChange>>);
}

// A disk of which one kind of call does nothing and says that all is well.
class LyingDisk final : public journal::FileSystem {
 public:
  struct Lies {
    bool sync_contents = false;
    bool sync_directory = false;
  };
  LyingDisk(FaultyFileSystem& disk, Lies lies) : disk_(disk), lies_(lies) {}
  journal::IoResult<std::unique_ptr<journal::File>> open(std::string_view path,
                                                         journal::OpenMode mode) override {
    auto file = disk_.open(path, mode);
    if (!file.ok() || !lies_.sync_contents) return file;
    return std::unique_ptr<journal::File>(std::make_unique<LyingFile>(std::move(*file), *this));
  }
  journal::IoStatus rename(std::string_view from, std::string_view to) override {
    return disk_.rename(from, to);
  }
  journal::IoStatus remove(std::string_view path) override { return disk_.remove(path); }
  journal::IoStatus make_directory(std::string_view path) override {
    return disk_.make_directory(path);
  }
  journal::IoResult<std::vector<std::string>> list(std::string_view path) override {
    return disk_.list(path);
  }
  journal::IoStatus sync_directory(std::string_view path) override {
    if (lies_.sync_directory && (path == "checkpoints" || path == "runs")) return base::Done{};
    return disk_.sync_directory(path);
  }
  journal::IoResult<std::uint64_t> free_bytes() override { return disk_.free_bytes(); }

 private:
  class LyingFile final : public journal::File {
   public:
    LyingFile(std::unique_ptr<journal::File> file, LyingDisk& disk)
        : file_(std::move(file)), disk_(disk) {}
    journal::IoStatus write_at(std::uint64_t offset, std::span<const base::Bytes> parts) override {
      return file_->write_at(offset, parts);
    }
    journal::IoResult<std::size_t> read_at(std::uint64_t offset, char* to,
                                           std::size_t size) const override {
      return file_->read_at(offset, to, size);
    }
    journal::IoStatus sync_contents() override {
      // The journal must be made before it can be lied about.
      if (++disk_.syncs_ > 40 && disk_.syncs_ % 4 == 0) return base::Done{};
      return file_->sync_contents();
    }
    journal::IoStatus truncate(std::uint64_t size) override { return file_->truncate(size); }
    journal::IoResult<std::uint64_t> size() const override { return file_->size(); }
    journal::IoStatus drop_cached() override { return file_->drop_cached(); }

   private:
    std::unique_ptr<journal::File> file_;
    LyingDisk& disk_;
  };

  FaultyFileSystem& disk_;
  const Lies lies_;
  std::uint64_t syncs_ = 0;
};

// How many of a few seeds find something wrong.
int caught(const DurableOptions& options, const DurableWorld::Wrap& wrap = nullptr,
           const std::function<void(DurableWorld&)>& before_crash = nullptr) {
  int found = 0;
  for (std::uint64_t seed = 1; seed != 25; ++seed) {
    DurableWorld world(options, seed);
    world.wrap = wrap;
    if (!world.begin()) continue;
    world.declare_everything(0);
    world.declare_everything(1);
    world.run(120 + seed * 7);
    for (int round = 0; round != 2 && !world.over(); ++round) {
      if (before_crash) before_crash(world);
      if (world.over()) break;
      if (!before_crash && round == 0 && seed % 2 == 0) {
        world.restart_cleanly();
      } else {
        world.crash(seed * 3);
      }
      if (!world.over()) world.run(60);
    }
    world.finish();
    if (!world.problems.empty()) ++found;
    if (std::getenv("HARRIER_TEST_LOG") != nullptr)
      for (const std::string& problem : world.problems)
        std::printf("seed %d: %s\n", static_cast<int>(seed), problem.c_str());
  }
  return found;
}

TEST(DurableChecker, FindsNothingInAnHonestStore) { EXPECT_EQ(caught(with<Honest>()), 0); }
TEST(DurableChecker, CatchesALostSettle) {
  EXPECT_GT(caught(with<Drops<broker::SettleChange>>()), 5);
}
TEST(DurableChecker, CatchesALostPublish) {
  EXPECT_GT(caught(with<Drops<broker::PublishChange>>()), 5);
}
TEST(DurableChecker, CatchesALostRequeue) {
  EXPECT_GT(caught(with<Drops<broker::RequeueChange>>()), 2);
}
TEST(DurableChecker, CatchesALostDispatch) {
  EXPECT_GT(caught(with<Drops<broker::DispatchedChange>>()), 0);
}
TEST(DurableChecker, CatchesALostUnbinding) {
  EXPECT_GT(caught(with<Drops<broker::UnboundChange, 1>>()), 0);
}
TEST(DurableChecker, CatchesALostDeletion) {
  EXPECT_GT(caught(with<Drops<broker::QueueDeletedChange, 1>>()), 0);
}
TEST(DurableChecker, CatchesALostDeclaration) {
  EXPECT_GT(caught(with<Drops<broker::QueueDeclaredChange>>()), 5);
}
TEST(DurableChecker, CatchesASettleOfTooMuch) { EXPECT_GT(caught(with<MiscountsSettles>()), 5); }
TEST(DurableChecker, CatchesAPositionUsedTwice) { EXPECT_GT(caught(with<ReusesPositions>()), 5); }
TEST(DurableChecker, CatchesAChangedBody) { EXPECT_GT(caught(with<ChangesBodies>()), 5); }
TEST(DurableChecker, CatchesMessagesOnAnotherLevel) { EXPECT_GT(caught(with<SwapsLevels>()), 2); }
TEST(DurableChecker, CatchesAnEarlyPromise) { EXPECT_GT(caught(with<PromisesEarly>()), 5); }

TEST(DurableChecker, CatchesForgottenGroups) {
  // One that does not fit one batch, or one segment.
  int found = 0;
  for (std::uint64_t n = 1; n != 30; ++n) {
    DurableWorld world(with<ForgetsGroups>(), 3);
    world.leaves_turns_open = false;
    ASSERT_TRUE(world.begin());
    world.declare_everything(0);
    world.broker().settle();
    world.fail_at(world.calls() + n, Fault::kCrash);
    world.transaction(0, 60'000);
    world.broker().settle();
    world.crash(n);
    world.finish();
    if (!world.problems.empty()) ++found;
  }
  EXPECT_GT(found, 0);
}

TEST(DurableChecker, CatchesASyncThatWasSkipped) {
  EXPECT_GT(caught({},
                   [](FaultyFileSystem& disk) {
                     return std::make_unique<LyingDisk>(disk,
                                                        LyingDisk::Lies{.sync_contents = true});
                   }),
            5);
}
TEST(DurableChecker, CatchesALostRename) {
  EXPECT_GT(caught({},
                   [](FaultyFileSystem& disk) {
                     return std::make_unique<LyingDisk>(disk,
                                                        LyingDisk::Lies{.sync_directory = true});
                   }),
            0);
}
TEST(DurableChecker, CatchesARunThatIsGone) {
  EXPECT_GT(caught({}, nullptr,
                   [](DurableWorld& world) {
                     world.broker().spill_everything();
                     world.broker().checkpoint();
                     world.broker().checkpoint();
                     for (const std::string& path : world.files().paths())
                       if (path.starts_with("runs/")) (void)world.files().remove(path);
                     (void)world.files().sync_directory("runs");
                   }),
            5);
}
TEST(DurableChecker, CatchesACheckpointThatIsGone) {
  EXPECT_GT(caught({}, nullptr,
                   [](DurableWorld& world) {
                     world.broker().checkpoint();
                     world.broker().checkpoint();
                     for (const std::string& path : world.files().paths())
                       if (path.starts_with("checkpoints/")) (void)world.files().remove(path);
                     (void)world.files().sync_directory("checkpoints");
                   }),
            5);
}

}  // namespace
}  // namespace harrier::test

#include "server/resource_readings.h"

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

// A kernel made of files.
class ResourceReadingsTest : public ::testing::Test {
 protected:
  ResourceReadingsTest() {
    write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:         1 kB\n");
    write("proc/self/cgroup", "0::/\n");
  }
  ~ResourceReadingsTest() override { std::filesystem::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    const std::string path = root_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  MemoryPaths paths() const { return {.proc = root_ + "/proc", .cgroup = root_ + "/cgroup"}; }
  std::optional<std::uint64_t> limit() const { return memory_limit(paths()); }

  const std::string root_ = ::testing::TempDir() + "readings-" + std::to_string(::getpid()) + "-" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ResourceReadingsTest, WithoutGroupsPhysicalMemoryIsTheLimit) {
  EXPECT_EQ(limit(), 8 * kGiB);
}

TEST_F(ResourceReadingsTest, TheGroupOfVersion2Limits) {
  write("proc/self/cgroup", "0::/system.slice/harriermq.service\n");
  write("cgroup/system.slice/harriermq.service/memory.max", "2147483648\n");
  EXPECT_EQ(limit(), 2 * kGiB);
}

TEST_F(ResourceReadingsTest, MaxIsNoLimit) {
  write("proc/self/cgroup", "0::/a\n");
  write("cgroup/a/memory.max", "max\n");
  EXPECT_EQ(limit(), 8 * kGiB);
}

TEST_F(ResourceReadingsTest, TheLeastOfAllGroupsAboveCounts) {
  write("proc/self/cgroup", "0::/a/b/c\n");
  write("cgroup/a/memory.max", "1073741824\n");
  write("cgroup/a/b/memory.max", "max\n");
  write("cgroup/a/b/c/memory.max", "3221225472\n");
  EXPECT_EQ(limit(), kGiB);
}

// In a container the path in /proc is the host's, the mounted root is the group.
TEST_F(ResourceReadingsTest, TheRootCountsWhereThePathDoesNotExist) {
  write("proc/self/cgroup", "0::/docker/0123abcd\n");
  write("cgroup/memory.max", "1073741824\n");
  EXPECT_EQ(limit(), kGiB);
}

TEST_F(ResourceReadingsTest, TheGroupOfVersion1Limits) {
  write("proc/self/cgroup", "9:cpu,cpuacct:/x\n4:hugetlb,memory:/docker/0123\n0::/\n");
  write("cgroup/memory/docker/0123/memory.limit_in_bytes", "4294967296\n");
  EXPECT_EQ(limit(), 4 * kGiB);
}

TEST_F(ResourceReadingsTest, Version1sNoLimitIsAboveAllMemory) {
  write("proc/self/cgroup", "4:memory:/\n");
  write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(limit(), 8 * kGiB);
}

TEST_F(ResourceReadingsTest, OddLinesAreNoLimit) {
  write("proc/self/cgroup", "\n:\nnonsense\n0:memory\n0::relative\n4:memory:\n");
  write("cgroup/relative/memory.max", "1\n");
  write("cgroup/memory.max", "elephants\n");
  write("cgroup/memory/memory.limit_in_bytes", "-5\n");
  EXPECT_EQ(limit(), 8 * kGiB);
}

TEST_F(ResourceReadingsTest, NothingToReadIsNoLimit) {
  EXPECT_EQ(memory_limit({.proc = "/nonexistent", .cgroup = "/nonexistent"}), std::nullopt);
  EXPECT_EQ(resident_bytes({.proc = "/nonexistent", .cgroup = ""}), std::nullopt);
}

TEST_F(ResourceReadingsTest, ResidentMemoryIsWithoutPagesOfFiles) {
  write("proc/self/statm", "1000 300 100 1 0 500 0\n");
  EXPECT_EQ(resident_bytes(paths()), 200u * static_cast<unsigned>(::sysconf(_SC_PAGESIZE)));
}

TEST_F(ResourceReadingsTest, ThisProcessHasMemory) {
  EXPECT_GT(resident_bytes().value_or(0), 100'000u);
  EXPECT_LT(resident_bytes().value_or(0), memory_limit().value_or(0));
}

TEST_F(ResourceReadingsTest, ADirectoryToBeMadeIsOnTheFileSystemOfItsParent) {
  const auto parent = disk_space(root_);
  ASSERT_TRUE(parent);
  EXPECT_GT(parent->total, parent->free);
  for (const char* below : {"/not", "/not/yet/there", "/not/yet/", "//not//yet//"}) {
    const auto space = disk_space(root_ + below);
    ASSERT_TRUE(space) << below;
    EXPECT_EQ(space->total, parent->total) << below;
  }
  EXPECT_TRUE(disk_space("relative-and-missing"));
  EXPECT_TRUE(disk_space("/missing-at-the-root"));
}

TEST_F(ResourceReadingsTest, AFileInTheWayHasNoSpace) {
  EXPECT_FALSE(disk_space(root_ + "/proc/meminfo/below"));
}

TEST(ResourceLimits, OfTheDiskAreTwoGibibytesOrFivePercent) {
  EXPECT_EQ(disk_free_limit({}, 10 * kGiB), 2 * kGiB);
  EXPECT_EQ(disk_free_limit({}, 100 * kGiB), 5 * kGiB);
  EXPECT_EQ(disk_free_limit({.free_limit_percent = 10}, 100 * kGiB), 10 * kGiB);
  EXPECT_EQ(disk_free_limit({.free_limit_bytes = 7, .free_limit_percent = 10}, 100 * kGiB), 7u);
}

TEST(ResourceLimits, OfMemoryAreAShareOrBytes) {
  EXPECT_EQ(memory_high_watermark({.high_watermark = 0.5}, 8 * kGiB), 4 * kGiB);
  EXPECT_EQ(memory_high_watermark({.high_watermark_bytes = 123}, 8 * kGiB), 123u);
  EXPECT_EQ(memory_high_watermark({}, 0), 0u);
}

TEST(ResourceLimits, OfTheCacheFollowTheWatermarkIfTold) {
  EXPECT_EQ(cache_bytes({}, kGiB), 256u << 20);
  EXPECT_EQ(cache_bytes({.cache = 0}, 4 * kGiB), kGiB);
  EXPECT_EQ(cache_bytes({.cache = 0}, 0), 256u << 20);
}

TEST(ResourceLimits, ABrokerInMemoryWatchesNoDisk) {
  Options options;
  options.data_dir.clear();
  EXPECT_EQ(resource_limits(options).disk_free, 0u);
  options.data_dir = "/tmp";
  EXPECT_GE(resource_limits(options).disk_free, 2 * kGiB);
  EXPECT_GT(resource_limits(options).memory_high_watermark, 0u);
}

}  // namespace
}  // namespace harrier::server

// What a loop pays to append to the journal: its own part, without the flusher's writing and
// syncing, which journal_flush measures.

#include <cstdlib>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "journal/journal.h"
#include "journal/posix_file_system.h"

namespace {

using namespace harrier::journal;  // NOLINT: a program of its own

class AppendBench : public benchmark::Fixture {
 public:
  void SetUp(benchmark::State&) override {
    folder_ = std::filesystem::temp_directory_path() / "journal_bench_XXXXXX";
    CHECK(mkdtemp(folder_.data()) != nullptr);
    files_ = *PosixFileSystem::open_root(folder_);
    RecoveryReport report;
    auto opened = Journal::open(
        *files_, "6ba7b810-9dad-11d1-80b4-00c04fd430c8", {}, {},
        [](std::size_t, const Record&, std::string&) { return true; }, {}, report);
    CHECK(opened.ok());
    journal_ = *std::move(opened);
  }
  void TearDown(benchmark::State&) override {
    journal_.reset();
    files_.reset();
    std::filesystem::remove_all(folder_);
  }

 protected:
  void flush() {
    CHECK(journal_->run_flush([](std::size_t, std::uint64_t) {}).ok());
    journal_->release(journal_->usage().active_segment);
  }

  std::string folder_;
  std::unique_ptr<FileSystem> files_;
  std::unique_ptr<Journal> journal_;
};

// A chunk is what one turn of a loop leaves: so many records of so many bytes.
BENCHMARK_DEFINE_F(AppendBench, append_a_chunk)(benchmark::State& state) {
  constexpr std::uint64_t kChunksPerFlush = 16;
  const auto records = static_cast<std::uint32_t>(state.range(0));
  const auto payload = static_cast<std::uint32_t>(state.range(1));
  std::string record(kRecordHeadBytes + payload, 'x');
  harrier::base::store_big_endian(record.data(), payload);
  harrier::base::Buffer chunk;
  std::uint64_t lsn = 1;
  std::uint64_t chunks = 0;
  for (auto _ : state) {
    for (std::uint32_t i = 0; i != records; ++i)
      chunk.append(record);
    chunk = journal_->append(1, lsn, records, std::move(chunk), true);
    lsn += records;
    if (++chunks % kChunksPerFlush == 0) {
      state.PauseTiming();
      flush();
      state.ResumeTiming();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(lsn - 1));
  state.SetBytesProcessed(static_cast<std::int64_t>((lsn - 1) * record.size()));
}
BENCHMARK_REGISTER_F(AppendBench, append_a_chunk)
    ->ArgNames({"records", "payload"})
    ->Args({1, 128})
    ->Args({64, 128})
    ->Args({64, 1100})
    ->Iterations(20'000);

}  // namespace

// What a flush of the journal costs beside the bare system calls: journal_flush [FOLDER [COUNT]].
//
// Both write 4 KiB over zeros that are on disk and sync, in turn, so that a slow moment of the disk
// hits both.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "journal/journal.h"
#include "journal/posix_file_system.h"
#include "journal/segment_files.h"

namespace {

using namespace harrier::journal;  // NOLINT: a program of its own
using harrier::base::Bytes;

template <class Call>
double microseconds(Call&& call) {
  const auto before = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - before)
      .count();
}

void print(const char* what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&times](double part) {
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  };
  std::printf("%-24s p50 %8.1f us   p90 %8.1f us   p99 %8.1f us\n", what, at(0.5), at(0.9),
              at(0.99));
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory = argc > 1 ? argv[1] : "/tmp";
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2000;
  directory += "/journal_flush_XXXXXX";
  CHECK(mkdtemp(directory.data()) != nullptr);
  auto files = *PosixFileSystem::open_root(directory);
  RecoveryReport report;
  auto journal = Journal::open(
      *files, "6ba7b810-9dad-11d1-80b4-00c04fd430c8", {}, {},
      [](std::size_t, const Record&, std::string&) { return true; }, {}, report);
  CHECK(journal.ok());
  auto raw = *files->open("raw", OpenMode::kCreate);
  CHECK(write_zeros(*raw, 0, 16 << 20).ok() && raw->sync_contents().ok());

  const std::string block(4096, 'x');
  std::string record(kRecordHeadBytes + 3000, 'x');
  harrier::base::store_big_endian(record.data(), std::uint32_t{3000});
  std::vector<double> appended;
  std::vector<double> flushed;
  std::vector<double> written;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Bytes bytes = block;
    written.push_back(microseconds([&] {
      CHECK(raw->write_at(i % 4096 * 4096, {&bytes, 1}).ok() && raw->sync_contents().ok());
    }));
    harrier::base::Buffer chunk;
    chunk.append(record);
    appended.push_back(
        microseconds([&] { (*journal)->append(1, i + 1, 1, std::move(chunk), true); }));
    flushed.push_back(microseconds(
        [&] { CHECK((*journal)->run_flush([](std::size_t, std::uint64_t) {}).ok()); }));
  }
  print("pwrite and fdatasync", written);
  print("Journal::run_flush", flushed);
  print("Journal::append", appended);
  return std::system(("rm -r " + directory).c_str());
}

// What the disk itself takes to make 4 KiB durable: the floor under every confirm.
#include <fcntl.h>
#include <unistd.h>

#include "bench/load/flow.h"
#include "bench/load/modes.h"

namespace harrier::bench {
namespace {

constexpr std::size_t kBlockBytes = 4096;
constexpr std::size_t kFileBytes = 16 << 20;

}  // namespace

RawFile::RawFile(const std::string& directory) {
  std::string path = directory + "/durable_load_raw_XXXXXX";
  file_ = ::mkstemp(path.data());
  if (file_ < 0) throw LoadError("cannot make a file in " + directory);
  ::unlink(path.c_str());
  const std::string zeros(1 << 20, '\0');
  bool good = true;
  for (std::size_t at = 0; at < kFileBytes && good; at += zeros.size())
    good = ::pwrite(file_, zeros.data(), zeros.size(), static_cast<off_t>(at)) ==
           static_cast<ssize_t>(zeros.size());
  if (good && ::fsync(file_) == 0) return;
  ::close(file_);
  throw LoadError("cannot write in " + directory);
}

RawFile::~RawFile() { ::close(file_); }

void RawFile::measure(Clock::duration duration, std::vector<std::uint64_t>& times) {
  const std::string block(kBlockBytes, 'x');
  const auto end = Clock::now() + duration;
  for (auto begin = Clock::now(); begin < end;) {
    const ssize_t written = ::pwrite(file_, block.data(), block.size(), static_cast<off_t>(at_));
    if (written != static_cast<ssize_t>(block.size()) || ::fdatasync(file_) != 0)
      throw LoadError("cannot flush a file");
    const auto now = Clock::now();
    times.push_back(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - begin).count()));
    at_ = (at_ + kBlockBytes) % kFileBytes;
    begin = now;
  }
}

void run_raw_disk(Arguments& arguments) {
  const std::string label = arguments.text("label", "disk");
  const std::string directory = arguments.text("dir", ".");
  const auto duration = seconds_of(arguments.real("seconds", 2));
  arguments.refuse_unknown();
  std::vector<std::uint64_t> times;
  RawFile(directory).measure(duration, times);
  JsonLine line = begin_line(arguments, label);
  line.text("dir", directory);
  add_distribution(line, "raw_flush", times);
  line.print();
}

}  // namespace harrier::bench

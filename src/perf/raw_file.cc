#include "perf/raw_file.h"

#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "perf/interrupt.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr std::size_t kBlockBytes = 4096;

}  // namespace

RawFile::RawFile(const std::string& directory) {
  std::string path = directory + "/harrier-perf-raw-XXXXXX";
  file_ = ::mkstemp(path.data());
  if (file_ < 0) throw LoadError("cannot make a file in " + directory);
  ::unlink(path.c_str());
  const std::string zeros(1 << 20, '\0');
  bool good = true;
  for (std::size_t at = 0; at < kRawFileBytes && good; at += zeros.size())
    good = ::pwrite(file_, zeros.data(), zeros.size(), static_cast<off_t>(at)) ==
           static_cast<ssize_t>(zeros.size());
  if (good && ::fsync(file_) == 0) return;
  ::close(file_);
  throw LoadError("cannot write in " + directory);
}

RawFile::~RawFile() { ::close(file_); }

void RawFile::measure(Clock::duration duration, Histogram& times) {
  const std::string block(kBlockBytes, 'x');
  const auto end = Clock::now() + duration;
  for (auto begin = Clock::now(); begin < end && !is_interrupted();) {
    const ssize_t written = ::pwrite(file_, block.data(), block.size(), static_cast<off_t>(at_));
    if (written != static_cast<ssize_t>(block.size()) || ::fdatasync(file_) != 0)
      throw LoadError("cannot flush a file");
    const auto now = Clock::now();
    times.record(nanoseconds(now - begin));
    at_ = (at_ + kBlockBytes) % kRawFileBytes;
    begin = now;
  }
}

Outcome run_raw_disk(const Options& options) {
  const std::string directory = options.raw_directory.empty() ? "." : options.raw_directory;
  Histogram times;
  RawFile(directory).measure(seconds_of(options.seconds.value_or(2)), times);
  Outcome outcome;
  outcome.figures = begin_figures(options);
  outcome.figures.text("dir", directory);
  outcome.figures.distribution("raw_flush", times);
  if (is_interrupted()) note_interrupt(outcome);
  return outcome;
}

}  // namespace harrier::perf

#include "metrics/process_reading.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <malloc.h>

namespace harrier::metrics {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Linux 6.2 and later count them; before that the directory is read.
double open_descriptors() {
  struct stat status {};
  if (::stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
    return static_cast<double>(status.st_size);
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)));
}

double descriptors_max() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

double thread_count() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    double count = 0;
    if (word == "Threads:" && file >> count) return count;
  }
  return 0;
}

}  // namespace

ProcessReading read_process() {
  ProcessReading reading;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  if (file >> total >> resident) {
    reading.virtual_bytes = total * page;
    reading.resident_bytes = resident * page;
  }
  reading.open_descriptors = open_descriptors();
  reading.descriptors_max = descriptors_max();
  reading.threads = thread_count();
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    reading.user_seconds = seconds(usage.ru_utime);
    reading.system_seconds = seconds(usage.ru_stime);
    reading.major_faults = static_cast<double>(usage.ru_majflt);
    reading.voluntary_switches = static_cast<double>(usage.ru_nvcsw);
    reading.involuntary_switches = static_cast<double>(usage.ru_nivcsw);
  }
  return reading;
}

AllocatorReading read_allocator() {
  const struct mallinfo2 heap = ::mallinfo2();
  AllocatorReading reading;
  reading.arena_bytes = static_cast<double>(heap.arena);
  reading.mapped_bytes = static_cast<double>(heap.hblkhd);
  reading.used_bytes = static_cast<double>(heap.uordblks + heap.hblkhd);
  reading.free_bytes = static_cast<double>(heap.fordblks);
  reading.top_bytes = static_cast<double>(heap.keepcost);
  return reading;
}

}  // namespace harrier::metrics

// The modes of durable_load, one function each: reads its options, runs, prints its line.
//
// Role:   durable_load.cc picks one by the command line.
// Thread: confined(main), with threads of their own inside.
// Errors: LoadError; then nothing was printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/arguments.h"
#include "bench/load/connection.h"
#include "bench/load/figures.h"

namespace harrier::bench {

void run_throughput(Arguments& arguments);
void run_latency(Arguments& arguments);
void run_backlog(Arguments& arguments);
void run_queues(Arguments& arguments);
void run_raw_disk(Arguments& arguments);
void run_await(Arguments& arguments);

// Where the broker is, and what the caller calls it: --port, --label, --queue, --queue-version.
struct Target {
  explicit Target(Arguments& arguments);
  std::uint16_t port;
  std::string label;
  std::string queue;
  unsigned queue_version;
};

// A line that begins with the mode, the label and the time.
JsonLine begin_line(const Arguments& arguments, const std::string& label);

// A zero-filled file in `directory`, in which 4 KiB blocks are rewritten one by one, each followed
// by fdatasync. It has no name, so nothing stays behind. Errors: LoadError.
class RawFile {
 public:
  explicit RawFile(const std::string& directory);
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile();

  // Appends the nanoseconds of each write with its flush.
  void measure(Clock::duration duration, std::vector<std::uint64_t>& times);

 private:
  int file_ = -1;
  std::size_t at_ = 0;
};

Clock::duration seconds_of(double seconds);

}  // namespace harrier::bench

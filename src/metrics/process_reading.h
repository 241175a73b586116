// What the kernel says of this process, for metrics.
//
// Thread: plain value; read_process() from any thread.
// Errors: what the kernel does not tell is 0.
#pragma once

namespace harrier::metrics {

struct ProcessReading {
  double open_descriptors = 0;
  double descriptors_max = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double user_seconds = 0;    // processor time
  double system_seconds = 0;  // likewise
  double threads = 0;
  double major_faults = 0;
  double voluntary_switches = 0;
  double involuntary_switches = 0;
};

ProcessReading read_process();

// What glibc's allocator holds. Asking it locks each of its arenas while their free chunks are
// counted, so it is for the page that asks for nothing else.
struct AllocatorReading {
  double arena_bytes = 0;   // taken from the system for small blocks
  double mapped_bytes = 0;  // taken from the system for large ones, each for itself
  double used_bytes = 0;    // given out, small and large
  double free_bytes = 0;    // of small blocks, kept
  double top_bytes = 0;     // of these, could go back to the system
};

AllocatorReading read_allocator();

}  // namespace harrier::metrics

// Ctrl-C: the run ends in order, with what was measured until then.
//
// Role:   watch_interrupts() once at the start; whoever waits asks is_interrupted(). A second
//         signal ends the process at once.
// Thread: synchronized (an atomic).
#pragma once

namespace harrier::perf {

void watch_interrupts();
bool is_interrupted();

}  // namespace harrier::perf

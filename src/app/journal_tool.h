// The commands of `harrier-journal`: looks at, and mends, a data directory that no broker has
//         open.
//
// Role:   main() parses the command line and calls one of these; what they find out comes from
//         store and journal. Findings go to standard output, one line each, failures to standard
//         error.
// Thread: compatible.
// Spec:   docs/operations/durability.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/application.h"
#include "app/offline_directory.h"

namespace harrier::app {

// verify: nothing but what a crash leaves.
inline constexpr int kExitOdd = 1;

struct LsnRange {
  std::uint64_t first = 0;
  std::uint64_t last = UINT64_MAX;
};
// "a..b", "a..", "..b" or "a".
std::optional<LsnRange> parse_lsn_range(const std::string& text);

struct DumpOptions {
  LsnRange lsns;
  std::optional<unsigned> shard;
  bool bodies = false;
};

int verify_directory(OfflineDirectory& directory, bool deep);
int print_statistics(OfflineDirectory& directory, bool json);
int dump_records(OfflineDirectory& directory, const DumpOptions& options);
// As JSON: in RabbitMQ's form, or in ours, which loses nothing.
int print_definitions(OfflineDirectory& directory, bool for_rabbitmq);
int repair_directory(OfflineDirectory& directory, bool dry_run);

}  // namespace harrier::app

// Settings of the audit log; see docs/operations/audit.md.
//
// Role: part of Options.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace harrier {

enum class AuditFailureOption { kContinue, kStop };

struct AuditOptions {
  // "auto": audit.jsonl in data_dir, if there is one. Empty: no audit log.
  std::string file = "auto";
  // With it, only who has the key can make lines that pass.
  std::string key_file;
  // Besides deletions, purges, the administration's changes and the node's own.
  std::vector<std::string> events = {"logins", "refusals", "definitions", "limits"};
  // When a line cannot be written: go on and count, or end the process.
  AuditFailureOption on_failure = AuditFailureOption::kContinue;
  std::uint64_t size_max = 64 << 20;
  std::uint32_t files_max = 16;
  std::uint32_t queue_max = 4096;
  std::chrono::milliseconds sync_interval{1'000};
  std::chrono::milliseconds repeat_window{60'000};
  std::uint32_t repeat_events_max = 1024;
  std::uint32_t repeat_events_per_address_max = 32;

  bool operator==(const AuditOptions&) const = default;
};

}  // namespace harrier

#include "app/audit_tool.h"

#include <cinttypes>
#include <cstdio>
#include <optional>

#include "app/journal_tool.h"
#include "audit/verification.h"

namespace harrier::app {
namespace {

using audit::VerificationReport;

void print_finding(const char* word, const VerificationReport::Finding& finding) {
  if (finding.line == 0) {
    std::printf("%s: %s\n", word, finding.what.c_str());
  } else {
    std::printf("%s: %s:%" PRIu64 ": the line %s\n", word, finding.file.c_str(), finding.line,
                finding.what.c_str());
  }
}

void print_summary(const VerificationReport& report, const audit::Seal& seal) {
  std::printf("%s%" PRIu64 " records, %" PRIu64 " to %" PRIu64 "\n",
              report.broken ? "whole before that: " : "whole: ", report.records,
              report.first_sequence, report.last_sequence);
  if (report.first_sequence > 1) std::printf("earlier records are not in these files\n");
  if (seal.keyed() && report.without_key != 0)
    std::printf("%" PRIu64 " records are from before there was a key\n", report.without_key);
  if (report.lost != 0) std::printf("%" PRIu64 " events were lost, it says\n", report.lost);
  if (report.mended != 0)
    std::printf("%" PRIu64 " lines were cut off after a crash, it says\n", report.mended);
  std::printf("last: %" PRIu64 ":%s\n", report.last_sequence, report.last_hash.c_str());
}

}  // namespace

int verify_audit_log(const AuditVerification& verification) {
  std::optional<audit::Anchor> anchor;
  if (!verification.anchor.empty()) {
    anchor = audit::Anchor::parse(verification.anchor);
    if (!anchor) {
      std::fprintf(stderr, "--anchor wants a number and a hash, as the last line of verify\n");
      return kExitUsage;
    }
  }
  audit::Seal seal;
  if (!verification.key_file.empty()) {
    auto read = audit::Seal::from_file(verification.key_file);
    if (!read) {
      std::fprintf(stderr, "%s\n", read.error().message.c_str());
      return kExitConfig;
    }
    seal = std::move(read).value();
  }
  const auto report = audit::verify_files(verification.files, seal, anchor);
  if (!report) {
    std::fprintf(stderr, "%s\n", report.error().message.c_str());
    return kExitIoFailure;
  }
  if (report->needs_key) {
    std::fprintf(stderr, "the lines are keyed: --key-file is needed\n");
    return kExitUsage;
  }
  if (report->broken) print_finding("broken", *report->broken);
  if (report->torn) print_finding("torn", *report->torn);
  if (report->records != 0) print_summary(*report, seal);
  if (report->broken) return kExitCorrupt;
  return report->torn ? kExitOdd : kExitOk;
}

}  // namespace harrier::app

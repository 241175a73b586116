#include "app/journal_tool.h"

#include <charconv>
#include <cstdio>
#include <string_view>

#include "store/mend.h"
#include "store/survey.h"

namespace harrier::app {
namespace {

using Weight = store::Finding::Weight;

const char* word_of(Weight weight) {
  switch (weight) {
    case Weight::kOdd: return "odd";
    case Weight::kDamage: return "damage";
    case Weight::kForeign: return "foreign";
    case Weight::kIo: break;
  }
  return "unreadable";
}

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return status == std::errc() && end == text.data() + text.size();
}

void print_lines(const char* prefix, const std::vector<std::string>& lines) {
  for (const std::string& line : lines)
    std::printf("%s%s\n", prefix, line.c_str());
}

}  // namespace

std::optional<LsnRange> parse_lsn_range(const std::string& text) {
  LsnRange range;
  const std::size_t dots = text.find("..");
  const std::string_view first = std::string_view(text).substr(0, dots);
  if (dots == std::string::npos) {
    if (!parse_number(first, range.first)) return std::nullopt;
    range.last = range.first;
    return range;
  }
  const std::string_view last = std::string_view(text).substr(dots + 2);
  if (!first.empty() && !parse_number(first, range.first)) return std::nullopt;
  if (!last.empty() && !parse_number(last, range.last)) return std::nullopt;
  if (range.first > range.last || (first.empty() && last.empty())) return std::nullopt;
  return range;
}

int verify_directory(OfflineDirectory& directory, bool deep) {
  const store::Survey survey = store::survey_directory(directory.files(), directory.node(), deep);
  for (const store::Finding& finding : survey.findings)
    std::printf("%s: %s: %s\n", word_of(finding.weight), finding.file.c_str(),
                finding.what.c_str());
  if (survey.has(Weight::kForeign)) return kExitConfig;
  if (survey.has(Weight::kDamage)) {
    const bool starts = survey.used != nullptr && survey.used->usable &&
                        survey.journal.end.verdict != journal::Verdict::kCorrupt;
    std::printf("damaged; %s\n",
                starts ? "a broker starts all the same, without what is damaged"
                       : "a broker does not start: see harrier-journal repair --dry-run");
    return kExitCorrupt;
  }
  if (survey.has(Weight::kIo)) return kExitIoFailure;
  std::printf("%s: %zu checkpoints, %zu runs, %llu batches in %zu segments\n",
              survey.findings.empty() ? "whole" : "whole, with oddities", survey.checkpoints.size(),
              survey.runs.size(), static_cast<unsigned long long>(survey.journal.batches),
              survey.journal.end.chain.size());
  return survey.findings.empty() ? kExitOk : kExitOdd;
}

int repair_directory(OfflineDirectory& directory, bool dry_run) {
  journal::NodeIdentity node = directory.node();
  ++node.epoch;
  if (!dry_run) {
    if (auto begun = directory.begin_epoch(); !begun.ok()) {
      std::fprintf(stderr, "%s\n", begun.error().message.c_str());
      return begun.error().code;
    }
    node = directory.node();
  }
  const auto mended = store::mend_directory(directory.files(), node, dry_run);
  if (!mended.ok()) {
    std::fprintf(stderr, "%s\n", mended.error().message.c_str());
    return mended.error().kind == store::StoreFailure::kForeign ? kExitConfig : kExitIoFailure;
  }
  if (!mended->damaged) {
    std::puts("nothing to repair");
    return kExitOk;
  }
  print_lines(dry_run ? "would lose: " : "lost: ", mended->losses);
  print_lines(dry_run ? "would move: " : "moved: ", mended->moves);
  std::puts(dry_run ? "nothing was changed" : "repaired; what was damaged is in quarantine/");
  return kExitOk;
}

}  // namespace harrier::app

// audit.*
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "config/options_table.h"
#include "config/row.h"

namespace harrier::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using O = AuditOptions;

constexpr std::string_view kEventWords = "logins, refusals, definitions, limits";

void check_events(Section& section, const O& audit) {
  constexpr auto kKnown =
      std::to_array<std::string_view>({"logins", "refusals", "definitions", "limits"});
  for (const std::string& word : audit.events)
    if (std::find(kKnown.begin(), kKnown.end(), word) == kKnown.end())
      section.error("events", "'" + word + "' is none of " + std::string(kEventWords));
}

std::vector<Key> what_is_told() {
  Key file = path("file", &O::file,
                  {"Where it is written. auto: audit.jsonl in data_dir, none without one; empty: "
                   "there is none.",
                   "What nobody switched on is missed when it is needed."});
  file.form = "auto, or path";
  Key events = text_list("events", &O::events,
                         {"What is told besides deletions, purges, changes of the administration "
                          "and what the node itself does.",
                          "All there is; what is alike is counted, so it stays short."});
  events.form.assign("list of ").append(kEventWords);
  return {
      std::move(file),
      // A path, not a secret that may stand in a file: there is no key `key`.
      path(
          "key_file", &O::key_file,
          {"A file of 16 to 4096 bytes that only the broker and the auditor can read; with it only "
           "who has it can make lines that pass.",
           "Without it the chain shows what was changed, but not a whole chain made anew."}),
      std::move(events),
      choice<O, AuditFailureOption>(
          "on_failure", &O::on_failure,
          {{"continue", AuditFailureOption::kContinue}, {"stop", AuditFailureOption::kStop}},
          {"When a line cannot be written. continue: it is counted as lost, and the number is told "
           "once it works again; stop: the process ends with exit code 74.",
           "Most would rather have the broker than its log."}),
  };
}

std::vector<Key> bounds() {
  return {
      size("size_max", &O::size_max, 64 * kKiB, kTiB,
           {"A larger file is renamed, and another begun.", "Tools open such files at once."}),
      integer("files_max", &O::files_max, 1, 10'000,
              {"Older files that are kept; beyond, the oldest is removed, which is told.",
               "1 GiB in all."}),
      integer("queue_max", &O::queue_max, 1, 1'000'000,
              {"Events that wait for the disk; beyond, they are lost, counted, and their number is "
               "told.",
               "A few seconds of a slow disk."}),
      duration(
          "sync_interval", &O::sync_interval, milliseconds(0), hours(1),
          {"So often, at most, what is written is made safe on disk; a power cut takes no more. "
           "0: each time.",
           "The disk is the messages' first."}),
      duration("repeat_window", &O::repeat_window, seconds(1), hours(1),
               {"Logins and refusals that are alike but for port and time are one line and, when "
                "this time ends, one number.",
                "Nobody fills the disk by being refused."}),
      integer("repeat_events_max", &O::repeat_events_max, 1, 1'000'000,
              {"Different ones that are written in that time; the others are counted together.",
               "A few hundred bytes each."}),
      integer("repeat_events_per_address_max", &O::repeat_events_per_address_max, 1, 1'000'000,
              {"The same for one address.", "One address leaves room for others."}),
  };
}

}  // namespace

Table audit_table() {
  std::vector<Key> keys = what_is_told();
  for (Key& key : bounds())
    keys.push_back(std::move(key));
  return table<O>(std::move(keys), check_events);
}

}  // namespace harrier::config

// Lets whole groups of records through and holds back the one that is not finished.
//
// Role:   replay: a group may span batches, and one whose end never got to the disk, or that a new
//         start of the node cut, never was.
// Thread: confined to its user.
// Limits: holds copies of what is unfinished: at most what is in the journal.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "journal/journal.h"

namespace harrier::journal {

class GroupFilter {
 public:
  explicit GroupFilter(const Journal::Replay& replay) : replay_(replay) {}
  // False with `why` when the replay says so.
  bool add(std::size_t shard, std::uint64_t epoch, const Record& record, std::string& why);
  // Nothing more comes: what is held was never finished.
  void finish();
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Held {
    Record record;  // its payload is set when it is released
    std::size_t size = 0;
  };
  struct Group {
    std::uint64_t epoch = 0;
    std::vector<Held> records;
    std::vector<char> payloads;
  };
  void drop(Group& group);
  bool release(std::size_t shard, Group& group, std::string& why);

  const Journal::Replay& replay_;
  std::array<Group, kShards> groups_;
  std::uint64_t dropped_ = 0;
};

}  // namespace harrier::journal

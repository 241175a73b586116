#include "journal/group_filter.h"

#include <utility>

namespace harrier::journal {

bool GroupFilter::add(std::size_t shard, std::uint64_t epoch, const Record& record,
                      std::string& why) {
  Group& group = groups_[shard];
  if (group.epoch != epoch) drop(group);
  const bool continues = (record.flags & kGroupContinues) != 0;
  if (!continues && group.records.empty()) return replay_(shard, record, why);
  group.epoch = epoch;
  group.records.push_back({record, record.payload.size()});
  group.payloads.insert(group.payloads.end(), record.payload.begin(), record.payload.end());
  return continues || release(shard, group, why);
}

void GroupFilter::finish() {
  for (Group& group : groups_)
    drop(group);
}

void GroupFilter::drop(Group& group) {
  dropped_ += group.records.size();
  group = {};
}

bool GroupFilter::release(std::size_t shard, Group& group, std::string& why) {
  const Group whole = std::exchange(group, {});
  const char* at = whole.payloads.data();
  for (const Held& held : whole.records) {
    Record record = held.record;
    record.payload = {at, held.size};
    at += held.size;
    if (!replay_(shard, record, why)) return false;
  }
  return true;
}

}  // namespace harrier::journal

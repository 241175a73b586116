#include "audit/repeat_filter.h"

#include <utility>

namespace harrier::audit {
namespace {

// Texts with their sizes, so that no two events come to the same.
std::string key_of(const Event& event) {
  std::string key(1, static_cast<char>(event.outcome));
  const auto put = [&key](std::string_view text) {
    key.append(std::to_string(text.size())).append(":").append(text);
  };
  put(address_of(event.peer));
  for (const std::string* text :
       {&event.action, &event.user, &event.virtual_host, &event.kind, &event.name, &event.source,
        &event.routing_key, &event.mechanism, &event.reason})
    put(*text);
  return key;
}

Event summary(std::string peer, std::uint64_t count, const char* reason) {
  Event event;
  event.action = "audit.summary";
  event.outcome = Outcome::kRefused;
  event.peer = std::move(peer);
  event.reason = reason;
  event.count = count;
  return event;
}

}  // namespace

bool RepeatFilter::admit(const Event& event, base::MonotonicTime now) {
  if (open_ && !counted_ && now >= end_) clear();
  if (!open_) {
    open_ = true;
    end_ = now + limits_.window;
  }
  std::string key = key_of(event);
  if (const auto known = index_.find(key); known != index_.end()) {
    ++entries_[known->second].more;
    counted_ = true;
    return false;
  }
  const std::string_view address = address_of(event.peer);
  auto source = sources_.find(address);
  if (source != sources_.end() && source->second.entries >= limits_.per_source_max) {
    ++source->second.beyond;
    counted_ = true;
    return false;
  }
  if (entries_.size() >= limits_.entries_max) {
    ++beyond_;
    counted_ = true;
    return false;
  }
  if (source == sources_.end()) source = sources_.emplace(address, Source()).first;
  ++source->second.entries;
  index_.emplace(std::move(key), entries_.size());
  entries_.push_back({event, 0});
  return true;
}

std::vector<Event> RepeatFilter::take_due(base::Now now, bool anyway) {
  std::vector<Event> events;
  if (!open_ || (!anyway && now.monotonic < end_)) return events;
  for (Entry& entry : entries_) {
    if (entry.more == 0) continue;
    entry.event.count = entry.more;
    entry.event.peer = std::string(address_of(entry.event.peer));
    events.push_back(std::move(entry.event));
  }
  for (const auto& [address, source] : sources_)
    if (source.beyond != 0)
      events.push_back(summary(address, source.beyond, "too many different ones of one address"));
  if (beyond_ != 0) events.push_back(summary({}, beyond_, "too many different ones"));
  for (Event& event : events)
    event.time = now.wall;
  clear();
  return events;
}

void RepeatFilter::clear() {
  entries_.clear();
  index_.clear();
  sources_.clear();
  beyond_ = 0;
  open_ = counted_ = false;
}

}  // namespace harrier::audit

#include "broker/headers_exchange.h"

#include <algorithm>

#include "base/check.h"

namespace harrier::broker {

amqp::CheckedStatus HeadersExchange::check_binding(std::string_view /*routing_key*/,
                                                   amqp::TableView arguments) const {
  const auto match = check_headers_arguments(arguments);
  if (!match.ok()) return base::fail(match.error());
  return base::Done{};
}

void HeadersExchange::match(const RouteRequest& request, Targets& targets) const {
  unconditional_.append_targets(targets);
  if (buckets_.empty()) return;
  ++matches_;
  matched_.clear();
  headers_.load(request.headers);
  for (const HeaderSet::Header& header : headers_.headers()) {
    try_bucket(hash_of_condition(header.name, header.value));
    if (presence_conditions_ != 0) try_bucket(hash_of_presence(header.name));
  }
  std::sort(matched_.begin(), matched_.end(),
            [](const Binding* a, const Binding* b) { return a->id() < b->id(); });
  for (const Binding* binding : matched_)
    targets.push_back(&binding->destination());
}

void HeadersExchange::try_bucket(std::uint64_t hash) const {
  const auto bucket = buckets_.find(hash);
  if (bucket == buckets_.end()) return;
  for (Entry* entry : bucket->second) {
    if (entry->seen_in == matches_) continue;
    entry->seen_in = matches_;
    if (entry->pattern.matches(headers_)) matched_.push_back(&entry->binding);
  }
}

void HeadersExchange::index(Binding& binding) {
  auto entry = std::make_unique<Entry>(binding);
  const HeadersPattern& pattern = entry->pattern;
  if (pattern.any()) {
    for (const auto& condition : pattern.conditions())
      enter(condition, *entry);
  } else if (pattern.conditions().empty()) {
    unconditional_.add(binding);
  } else {
    entry->key_condition = rarest_condition(pattern);
    enter(pattern.conditions()[entry->key_condition], *entry);
  }
  entries_.emplace(&binding, std::move(entry));
}

void HeadersExchange::unindex(Binding& binding) {
  const auto found = entries_.find(&binding);
  CHECK(found != entries_.end());
  Entry& entry = *found->second;
  const HeadersPattern& pattern = entry.pattern;
  if (pattern.any()) {
    for (const auto& condition : pattern.conditions())
      leave(condition, entry);
  } else if (pattern.conditions().empty()) {
    unconditional_.remove(binding);
  } else {
    leave(pattern.conditions()[entry.key_condition], entry);
  }
  entries_.erase(found);
}

std::size_t HeadersExchange::rarest_condition(const HeadersPattern& pattern) const {
  std::size_t rarest = 0;
  std::size_t fewest = SIZE_MAX;
  for (std::size_t i = 0; i < pattern.conditions().size(); ++i) {
    const auto bucket = buckets_.find(pattern.conditions()[i].hash);
    const std::size_t sharing = bucket == buckets_.end() ? 0 : bucket->second.size();
    if (sharing >= fewest) continue;
    fewest = sharing;
    rarest = i;
  }
  return rarest;
}

void HeadersExchange::enter(const HeadersPattern::Condition& condition, Entry& entry) {
  Bucket& bucket = buckets_[condition.hash];
  const auto at = std::lower_bound(
      bucket.begin(), bucket.end(), entry.binding.id(),
      [](const Entry* other, std::uint64_t id) { return other->binding.id() < id; });
  bucket.insert(at, &entry);
  presence_conditions_ += condition.presence_suffices();
}

void HeadersExchange::leave(const HeadersPattern::Condition& condition, Entry& entry) {
  const auto found = buckets_.find(condition.hash);
  CHECK(found != buckets_.end());
  Bucket& bucket = found.value();
  const auto at = std::lower_bound(
      bucket.begin(), bucket.end(), entry.binding.id(),
      [](const Entry* other, std::uint64_t id) { return other->binding.id() < id; });
  CHECK(at != bucket.end() && *at == &entry);
  bucket.erase(at);
  if (bucket.empty()) buckets_.erase(found);
  presence_conditions_ -= condition.presence_suffices();
}

}  // namespace harrier::broker

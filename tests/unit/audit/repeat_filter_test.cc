#include "audit/repeat_filter.h"

#include <gtest/gtest.h>

#include "audit_fixture.h"

namespace harrier::audit {
namespace {

base::Now at(std::int64_t milliseconds) {
  return {base::MonotonicTime(base::Milliseconds(milliseconds)),
          base::WallTime(base::Milliseconds(milliseconds))};
}

constexpr RepeatFilter::Limits kLimits{
    .window = base::Milliseconds(1000), .entries_max = 4, .per_source_max = 2};

TEST(RepeatFilter, FirstIsWrittenTheRestIsOneNumber) {
  RepeatFilter filter(kLimits);
  EXPECT_TRUE(filter.admit(refusal("q", "10.0.0.1:1"), at(0).monotonic));
  EXPECT_EQ(filter.due(), base::kNever);
  for (int port = 2; port != 1002; ++port)
    EXPECT_FALSE(filter.admit(refusal("q", "10.0.0.1:" + std::to_string(port)), at(1).monotonic));
  EXPECT_EQ(filter.due(), at(1000).monotonic);
  EXPECT_TRUE(filter.take_due(at(999)).empty());
  const auto events = filter.take_due(at(1000));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].count, 1000u);
  EXPECT_EQ(events[0].name, "q");
  EXPECT_EQ(events[0].peer, "10.0.0.1");
  EXPECT_EQ(events[0].time, at(1000).wall);
  EXPECT_EQ(filter.due(), base::kNever);
  EXPECT_TRUE(filter.admit(refusal("q"), at(1001).monotonic));
}

TEST(RepeatFilter, WindowWithoutRepeatsEndsByItself) {
  RepeatFilter filter(kLimits);
  EXPECT_TRUE(filter.admit(refusal("q"), at(0).monotonic));
  EXPECT_TRUE(filter.admit(refusal("q"), at(1000).monotonic));
}

TEST(RepeatFilter, WhatDiffersIsWrittenEach) {
  RepeatFilter filter({.entries_max = 100, .per_source_max = 100});
  Event event = refusal("q");
  EXPECT_TRUE(filter.admit(event, at(0).monotonic));
  for (std::string* text :
       {&event.action, &event.user, &event.virtual_host, &event.kind, &event.name, &event.source,
        &event.routing_key, &event.mechanism, &event.reason, &event.peer}) {
    text->insert(0, "x");
    EXPECT_TRUE(filter.admit(event, at(0).monotonic)) << *text;
  }
}

TEST(RepeatFilter, NamesThatShareTheirOctetsAreTwo) {
  RepeatFilter filter(kLimits);
  Event one = refusal("b");
  one.kind = "a1:";
  Event other = refusal("1:b");
  other.kind = "a";
  EXPECT_TRUE(filter.admit(one, at(0).monotonic));
  EXPECT_TRUE(filter.admit(other, at(0).monotonic));
}

TEST(RepeatFilter, OneAddressWithManyNamesIsCountedBeyondItsShare) {
  RepeatFilter filter(kLimits);
  int written = 0;
  for (int i = 0; i != 100; ++i)
    written += filter.admit(refusal(std::to_string(i)), at(0).monotonic) ? 1 : 0;
  EXPECT_EQ(written, 2);
  EXPECT_TRUE(filter.admit(refusal("q", "10.0.0.2:1"), at(0).monotonic)) << "others have theirs";
  const auto events = filter.take_due(at(0), true);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].action, "audit.summary");
  EXPECT_EQ(events[0].peer, "10.0.0.1");
  EXPECT_EQ(events[0].count, 98u);
}

TEST(RepeatFilter, ManyAddressesTogetherAreCountedBeyondTheLimit) {
  RepeatFilter filter(kLimits);
  int written = 0;
  for (int i = 0; i != 100; ++i)
    written +=
        filter.admit(refusal("q", "10.0.0." + std::to_string(i) + ":1"), at(0).monotonic) ? 1 : 0;
  EXPECT_EQ(written, 4);
  const auto events = filter.take_due(at(1000));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].count, 96u);
  EXPECT_EQ(events[0].peer, "");
}

}  // namespace
}  // namespace harrier::audit

#include "metrics/object_table.h"

#include <gtest/gtest.h>

#include "metrics/object_tables.h"

namespace harrier::metrics {
namespace {

using prometheus::MetricType;

struct Thing {
  double size = 0;
  std::optional<double> age = {};
  server::Distribution spread = {};
};

constexpr double kBounds[] = {1, 10};
const ObjectFamily<Thing> kFamilies[] = {
    {"rabbitmq_size", MetricType::Gauge, "Size", "coarse",
     [](const Thing& thing) -> std::optional<double> { return thing.size; }},
    {"rabbitmq_age", MetricType::Gauge, "Age", "fine",
     [](const Thing& thing) { return thing.age; }},
    {"harriermq_kind", MetricType::Counter, "Kind", "fine",
     [](const Thing& thing) -> std::optional<double> { return thing.size; }, "kind=\"a\""},
    {"harriermq_kind", MetricType::Counter, "Kind", "fine",
     [](const Thing& thing) -> std::optional<double> { return thing.size + 1; }, "kind=\"b\""},
    {"harriermq_spread", MetricType::Histogram, "Spread", "fine", nullptr, nullptr,
     [](const Thing& thing) -> const server::Distribution& { return thing.spread; }}};

Selection per_object() { return {.endpoint = Endpoint::kPerObject}; }

std::string all_of(ObjectTable<Thing>& table, std::size_t enough, std::size_t* chunks = nullptr) {
  std::string all;
  for (bool more = true; more;) {
    std::string chunk;
    more = table.write(chunk, enough);
    all += chunk;
    if (chunks != nullptr) ++*chunks;
  }
  return all;
}

constexpr char kTwoThings[] =
    "# HELP rabbitmq_size Size\n# TYPE rabbitmq_size gauge\n"
    "rabbitmq_size{n=\"1\"} 5\nrabbitmq_size{n=\"2\"} 7\n"
    "# HELP rabbitmq_age Age\n# TYPE rabbitmq_age gauge\n"
    "rabbitmq_age{n=\"2\"} 0.5\n"
    "# HELP harriermq_kind Kind\n# TYPE harriermq_kind counter\n"
    "harriermq_kind{n=\"1\",kind=\"a\"} 5\nharriermq_kind{n=\"2\",kind=\"a\"} 7\n"
    "harriermq_kind{n=\"1\",kind=\"b\"} 6\nharriermq_kind{n=\"2\",kind=\"b\"} 8\n"
    "# HELP harriermq_spread Spread\n# TYPE harriermq_spread histogram\n"
    "harriermq_spread_bucket{n=\"1\",le=\"1.0\"} 2\n"
    "harriermq_spread_bucket{n=\"1\",le=\"10.0\"} 2\n"
    "harriermq_spread_bucket{n=\"1\",le=\"+Inf\"} 3\n"
    "harriermq_spread_sum{n=\"1\"} 22\nharriermq_spread_count{n=\"1\"} 3\n";

void add_two(ObjectTable<Thing>& table) {
  table.add("n=\"1\"", {5, {}, {kBounds, {2, 0, 1}, 22}});
  table.add("n=\"2\"", {7, 0.5, {kBounds, {}, 0}});
}

TEST(ObjectTable, SamplesOfAFamilyStandTogether) {
  ObjectTable<Thing> table(kFamilies, per_object());
  add_two(table);
  EXPECT_EQ(all_of(table, SIZE_MAX), kTwoThings);
}

// Wherever a chunk ends, HELP and TYPE stand once.
TEST(ObjectTable, IsTheSameInSmallPieces) {
  for (const std::size_t enough : {1u, 40u, 100u, 300u}) {
    ObjectTable<Thing> table(kFamilies, per_object());
    add_two(table);
    std::size_t chunks = 0;
    EXPECT_EQ(all_of(table, enough, &chunks), kTwoThings) << enough;
    EXPECT_GE(chunks, 2u) << enough;
  }
}

TEST(ObjectTable, ObjectThatComesTwiceStandsOnce) {
  ObjectTable<Thing> table(kFamilies, per_object());
  add_two(table);
  table.add("n=\"1\"", {6, {}, {}});
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(all_of(table, SIZE_MAX), kTwoThings);
}

TEST(ObjectTable, DetailedHasWhatWasAskedForByItsOwnName) {
  ObjectTable<Thing> table(kFamilies, {.endpoint = Endpoint::kDetailed, .families = {"coarse"}});
  table.add("n=\"1\"", {5, {}, {}});
  EXPECT_EQ(all_of(table, SIZE_MAX),
            "# HELP rabbitmq_detailed_size Size\n# TYPE rabbitmq_detailed_size gauge\n"
            "rabbitmq_detailed_size{n=\"1\"} 5\n");
}

TEST(ObjectTable, NothingIsWantedOfADetailedPageWithoutFamilies) {
  EXPECT_FALSE(ObjectTable<Thing>(kFamilies, {.endpoint = Endpoint::kDetailed}).wanted());
}

TEST(NameOn, DetailedPagesHaveNamesOfTheirOwn) {
  EXPECT_EQ(name_on(Endpoint::kPerObject, "rabbitmq_queues"), "rabbitmq_queues");
  EXPECT_EQ(name_on(Endpoint::kDetailed, "rabbitmq_queues"), "rabbitmq_detailed_queues");
  EXPECT_EQ(name_on(Endpoint::kDetailed, "rabbitmq_cluster_x"), "rabbitmq_cluster_x");
  EXPECT_EQ(name_on(Endpoint::kDetailed, "harriermq_x"), "harriermq_x");
}

TEST(Selection, NarrowsByVirtualHostAndPattern) {
  Selection selection{.endpoint = Endpoint::kDetailed, .virtual_hosts = {"a"}};
  EXPECT_TRUE(selection.wants_virtual_host("a"));
  EXPECT_FALSE(selection.wants_virtual_host("b"));
  EXPECT_TRUE(selection.wants_queue("whatever"));
  selection.queues = *base::Pattern::compile("^x");
  EXPECT_TRUE(selection.wants_queue("xy"));
  EXPECT_FALSE(selection.wants_queue("yx"));
}

// Rows of one name are one family: they stand together and say the same.
template <class View>
void expect_well_formed(const ObjectFamilyGroup<View>& group) {
  std::set<std::string> names;
  std::string last;
  for (const ObjectFamily<View>& family : group.families) {
    if (family.name != last) {
      EXPECT_TRUE(names.insert(family.name).second) << family.name;
    }
    last = family.name;
    EXPECT_NE(family.value == nullptr, family.distribution == nullptr) << last;
    EXPECT_EQ(family.type == MetricType::Counter, last.ends_with("_total")) << last;
    EXPECT_NE(family.detailed, nullptr) << last;
  }
}

TEST(ObjectFamilies, AreWellFormed) {
  expect_well_formed(queue_object_families());
  expect_well_formed(exchange_object_families());
  expect_well_formed(topology_object_families());
  expect_well_formed(channel_object_families());
  expect_well_formed(connection_object_families());
  expect_well_formed(virtual_host_object_families());
  expect_well_formed(user_object_families());
}

}  // namespace
}  // namespace harrier::metrics

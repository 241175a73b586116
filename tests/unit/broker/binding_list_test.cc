#include "broker/binding_list.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "unit/broker/exchange_fixture.h"

namespace harrier::broker {
namespace {

class BindingListTest : public testing::Test {
 protected:
  Binding& make(std::uint64_t id) {
    places_.emplace_back(std::to_string(id));
    bindings_.push_back(Binding::create(id, *exchange_, places_.back(), "k", {}));
    return *bindings_.back();
  }
  Binding& add(std::uint64_t id) {
    Binding& binding = make(id);
    list_.add(binding);
    return binding;
  }
  static Names targets_of(const BindingList& list) {
    Targets targets;
    list.append_targets(targets);
    Names names;
    for (const RoutingTarget* target : targets)
      names.push_back(target->name());
    return names;
  }

  base::Ref<Exchange> exchange_ = Exchange::create({.name = "x"});
  std::deque<Place> places_;
  std::vector<std::unique_ptr<Binding>> bindings_;
  BindingList list_;
};

TEST_F(BindingListTest, TakesOneWord) { EXPECT_EQ(sizeof(BindingList), sizeof(void*)); }

TEST_F(BindingListTest, IsEmptyAtFirst) {
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(list_.size(), 0u);
  EXPECT_EQ(targets_of(list_), Names{});
}

TEST_F(BindingListTest, GrowsFromOneToManyByAge) {
  add(5);
  EXPECT_EQ(targets_of(list_), Names{"5"});
  add(3);
  EXPECT_EQ(targets_of(list_), (Names{"3", "5"}));
  EXPECT_EQ(list_.front().id(), 3u);
  add(9);
  add(4);
  EXPECT_EQ(targets_of(list_), (Names{"3", "4", "5", "9"}));
  EXPECT_EQ(list_.size(), 4u);
}

TEST_F(BindingListTest, ShrinksFromManyToNone) {
  std::vector<Binding*> added;
  for (std::uint64_t id = 1; id <= 3; ++id)
    added.push_back(&add(id));
  list_.remove(*added[1]);
  EXPECT_EQ(targets_of(list_), (Names{"1", "3"}));
  list_.remove(*added[0]);
  EXPECT_EQ(targets_of(list_), Names{"3"});
  EXPECT_EQ(list_.size(), 1u);
  EXPECT_EQ(&list_.front(), added[2]);
  list_.remove(*added[2]);
  EXPECT_TRUE(list_.empty());
}

TEST_F(BindingListTest, MovesWhatItHolds) {
  add(1);
  add(2);
  BindingList other(std::move(list_));
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(targets_of(other), (Names{"1", "2"}));
  list_ = std::move(other);
  EXPECT_EQ(targets_of(list_), (Names{"1", "2"}));
}

}  // namespace
}  // namespace harrier::broker

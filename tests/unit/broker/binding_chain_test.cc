#include "broker/binding_chain.h"

#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "unit/broker/exchange_fixture.h"

namespace harrier::broker {
namespace {

using Ids = std::vector<std::uint64_t>;

class BindingChainTest : public testing::Test {
 protected:
  Binding& add(std::uint64_t id) {
    bindings_.push_back(Binding::create(id, *exchange_, place_, "k", {}));
    chain_.add(*bindings_.back());
    return *bindings_.back();
  }
  Ids ids() const {
    Ids ids;
    for (const Binding* binding : chain_)
      ids.push_back(binding->id());
    return ids;
  }

  base::Ref<Exchange> exchange_ = Exchange::create({.name = "x"});
  Place place_{"q"};
  std::vector<std::unique_ptr<Binding>> bindings_;
  BindingChain chain_;
};

TEST_F(BindingChainTest, IsEmptyAtFirst) {
  EXPECT_TRUE(chain_.empty());
  EXPECT_EQ(ids(), Ids{});
}

TEST_F(BindingChainTest, KeepsAgeWhateverTheOrderOfAdding) {
  for (const std::uint64_t id : {5u, 9u, 1u, 7u, 3u, 10u})
    add(id);
  EXPECT_EQ(ids(), (Ids{1, 3, 5, 7, 9, 10}));
}

TEST_F(BindingChainTest, RemovesTheOldestTheYoungestAndTheMiddle) {
  std::vector<Binding*> added;
  for (std::uint64_t id = 1; id <= 5; ++id)
    added.push_back(&add(id));
  chain_.remove(*added[2]);
  EXPECT_EQ(ids(), (Ids{1, 2, 4, 5}));
  chain_.remove(*added[4]);
  EXPECT_EQ(ids(), (Ids{1, 2, 4}));
  chain_.remove(*added[0]);
  EXPECT_EQ(ids(), (Ids{2, 4}));
  add(9);  // behind the youngest that is left
  add(1);  // before the oldest
  EXPECT_EQ(ids(), (Ids{1, 2, 4, 9}));
}

TEST_F(BindingChainTest, TheLastOneRemovedLeavesAnEmptyChain) {
  Binding& only = add(1);
  chain_.remove(only);
  EXPECT_TRUE(chain_.empty());
  chain_.add(only);
  EXPECT_EQ(ids(), Ids{1});
}

}  // namespace
}  // namespace harrier::broker

#include "base/intrusive_list.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

struct Item : ListNode<Item> {
  explicit Item(int its_number) : number(its_number) {}
  int number;
};

// Empties the list from its front.
std::vector<int> drained(IntrusiveList<Item>& list) {
  std::vector<int> numbers;
  while (!list.empty()) {
    numbers.push_back(list.front().number);
    list.front().unlink();
  }
  return numbers;
}

TEST(IntrusiveList, KeepsTheOrderOfJoining) {
  IntrusiveList<Item> list;
  Item one(1), two(2), three(3);
  for (Item* item : {&one, &two, &three})
    list.push_back(*item);
  EXPECT_TRUE(two.linked());
  EXPECT_EQ(drained(list), (std::vector<int>{1, 2, 3}));
  EXPECT_FALSE(two.linked());
}

TEST(IntrusiveList, AnyMemberMayLeaveAndJoinAgain) {
  IntrusiveList<Item> list;
  Item one(1), two(2), three(3);
  for (Item* item : {&one, &two, &three})
    list.push_back(*item);
  two.unlink();
  two.unlink();
  EXPECT_FALSE(two.linked());
  list.push_back(two);
  EXPECT_EQ(drained(list), (std::vector<int>{1, 3, 2}));
}

TEST(IntrusiveList, RotateMovesTheFrontToTheBack) {
  IntrusiveList<Item> list;
  Item one(1), two(2);
  list.push_back(one);
  list.rotate();
  EXPECT_EQ(&list.front(), &one);
  list.push_back(two);
  list.rotate();
  EXPECT_EQ(drained(list), (std::vector<int>{2, 1}));
}

TEST(IntrusiveListDeathTest, JoiningTwiceIsOurBug) {
  IntrusiveList<Item> list;
  Item one(1);
  list.push_back(one);
  EXPECT_DEATH(list.push_back(one), "CHECK");
  one.unlink();
}

TEST(IntrusiveListDeathTest, DyingInsideAListIsOurBug) {
  EXPECT_DEATH(
      {
        IntrusiveList<Item> list;
        auto item = std::make_unique<Item>(1);
        list.push_back(*item);
        item.reset();
      },
      "CHECK");
}

}  // namespace
}  // namespace harrier::base

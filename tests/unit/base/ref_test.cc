#include "base/ref.h"

#include <utility>

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

struct Tracked : RefCounted<Tracked> {
  explicit Tracked(int* alive_count) : alive(alive_count) { ++*alive; }
  ~Tracked() { --*alive; }
  int* alive;
};

TEST(Ref, LastReferenceDestroysTheObject) {
  int alive = 0;
  {
    Ref<Tracked> first = make_ref<Tracked>(&alive);
    EXPECT_EQ(first->reference_count(), 1u);
    {
      const Ref<Tracked> second = first;
      EXPECT_EQ(first->reference_count(), 2u);
      EXPECT_EQ(first, second);
    }
    EXPECT_EQ(first->reference_count(), 1u);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Ref, MovingTransfersWithoutCounting) {
  int alive = 0;
  Ref<Tracked> from = make_ref<Tracked>(&alive);
  Ref<Tracked> to = std::move(from);
  EXPECT_FALSE(from);  // NOLINT: a moved-from Ref is empty
  EXPECT_EQ(to->reference_count(), 1u);
}

TEST(Ref, AssignmentDropsWhatWasHeld) {
  int first_alive = 0;
  int second_alive = 0;
  Ref<Tracked> ref = make_ref<Tracked>(&first_alive);
  ref = make_ref<Tracked>(&second_alive);
  EXPECT_EQ(first_alive, 0);
  EXPECT_EQ(second_alive, 1);
  ref = nullptr;
  EXPECT_EQ(second_alive, 0);
}

TEST(Ref, SelfAssignmentKeepsTheObject) {
  int alive = 0;
  Ref<Tracked> ref = make_ref<Tracked>(&alive);
  const Ref<Tracked>& same = ref;
  ref = same;
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(ref->reference_count(), 1u);
}

TEST(Ref, NullIsEmpty) {
  const Ref<Tracked> empty;
  const Ref<Tracked> null = nullptr;
  EXPECT_FALSE(empty);
  EXPECT_EQ(empty.get(), nullptr);
  EXPECT_EQ(empty, null);
}

TEST(Ref, RawPointersToALiveObjectShareItsCount) {
  int alive = 0;
  Ref<Tracked> ref = make_ref<Tracked>(&alive);
  const Ref<Tracked> again(ref.get());
  EXPECT_EQ(ref->reference_count(), 2u);
}

struct Pooled : RefCounted<Pooled> {
  explicit Pooled(int* returned_count) : returned(returned_count) {}
  static void destroy(const Pooled* object) {
    ++*object->returned;
    delete object;
  }
  int* returned;
};

TEST(Ref, ATypeMayFreeItselfInItsOwnWay) {
  int returned = 0;
  { const Ref<Pooled> ref = make_ref<Pooled>(&returned); }
  EXPECT_EQ(returned, 1);
}

}  // namespace
}  // namespace harrier::base

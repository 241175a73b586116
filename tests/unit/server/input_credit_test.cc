#include "server/input_credit.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

using broker::ConnectionId;

constexpr FlowLimitOptions kLimits{
    .input_bytes_guaranteed = 100, .input_bytes_borrowed_max = 50, .input_pool_bytes = 60};

TEST(InputPool, GuaranteedBytesNeedNoLoan) {
  InputPool pool(kLimits);
  InputCredit credit;
  pool.charge(credit, 99);
  EXPECT_TRUE(pool.may_read(credit, ConnectionId(1)));
  EXPECT_EQ(pool.borrowed().value(), 0u);
}

TEST(InputPool, BeyondTheGuaranteeAConnectionBorrowsItsShare) {
  InputPool pool(kLimits);
  InputCredit credit;
  pool.charge(credit, 120);
  EXPECT_EQ(pool.borrowed().value(), 20u);
  EXPECT_TRUE(pool.may_read(credit, ConnectionId(1)));
  pool.charge(credit, 30);
  EXPECT_FALSE(pool.may_read(credit, ConnectionId(1)));
  // Its own share is used up: the pool's room does not help it.
  EXPECT_EQ(pool.take_waiting(), std::nullopt);
  pool.give_back(credit, 150);
  EXPECT_EQ(pool.borrowed().value(), 0u);
  EXPECT_TRUE(pool.may_read(credit, ConnectionId(1)));
}

TEST(InputPool, EmptyPoolMakesConnectionsWaitInTurn) {
  InputPool pool(kLimits);
  InputCredit first, second, third;
  pool.charge(first, 145);
  pool.charge(second, 115);
  pool.charge(third, 100);
  EXPECT_FALSE(pool.may_read(third, ConnectionId(3)));
  EXPECT_FALSE(pool.may_read(second, ConnectionId(2)));
  EXPECT_FALSE(pool.may_read(third, ConnectionId(3)));
  EXPECT_EQ(pool.take_waiting(), std::nullopt);

  pool.give_back(first, 145);
  EXPECT_EQ(pool.take_waiting(), ConnectionId(3));
  EXPECT_EQ(pool.take_waiting(), ConnectionId(2));
  EXPECT_EQ(pool.take_waiting(), std::nullopt);
  pool.stop_waiting(third);
  EXPECT_TRUE(pool.may_read(third, ConnectionId(3)));
}

TEST(InputPool, AConnectionThatEndsGivesItsLoanBack) {
  InputPool pool(kLimits);
  InputCredit credit;
  pool.charge(credit, 1000);  // one large message
  EXPECT_EQ(pool.borrowed().value(), 900u);
  pool.forget(credit);
  EXPECT_EQ(pool.borrowed().value(), 0u);
  EXPECT_EQ(credit.in_flight(), 0u);
}

}  // namespace
}  // namespace harrier::server

#include "broker/exchange.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "unit/broker/exchange_fixture.h"

namespace harrier::broker {
namespace {

using amqp::FieldTable;

constexpr ExchangeType kTypes[] = {ExchangeType::kDirect, ExchangeType::kFanout,
                                   ExchangeType::kTopic, ExchangeType::kHeaders};

FieldTable with_alternate(std::string_view name) {
  return std::move(FieldTable().add_string("alternate-exchange", name));
}

TEST(ExchangeType, NamesAreThoseOfTheWire) {
  for (const ExchangeType type : kTypes)
    EXPECT_EQ(exchange_type_named(name_of(type)), type);
  EXPECT_EQ(name_of(ExchangeType::kHeaders), "headers");
}

TEST(ExchangeType, UnknownAndDifferentlySpelledTypesAreNone) {
  for (const char* name : {"", "Direct", "x-random", "match", "direct "})
    EXPECT_EQ(exchange_type_named(name), std::nullopt) << name;
}

TEST(Exchange, CreateGivesTheDeclaredType) {
  for (const ExchangeType type : kTypes) {
    const auto exchange = Exchange::create({.name = "x", .type = type, .durable = true});
    EXPECT_EQ(exchange->type(), type);
    EXPECT_EQ(exchange->name(), "x");
    EXPECT_EQ(exchange->kind(), RoutingTarget::Kind::kExchange);
    EXPECT_TRUE(exchange->declaration().durable);
    EXPECT_FALSE(exchange->has_bindings());
  }
}

TEST(Exchange, AlternateExchangeComesFromTheArguments) {
  const auto exchange = Exchange::create({.name = "x", .arguments = with_alternate("ae")});
  EXPECT_TRUE(exchange->has_alternate_exchange());
  EXPECT_EQ(exchange->alternate_exchange(), "ae");
}

TEST(Exchange, AlternateExchangeIsAbsentByDefault) {
  const auto exchange = Exchange::create({.name = "x"});
  EXPECT_FALSE(exchange->has_alternate_exchange());
  EXPECT_EQ(exchange->alternate_exchange(), "");
}

TEST(Exchange, AlternateExchangeMayBeTheDefaultExchange) {
  const auto exchange = Exchange::create({.name = "x", .arguments = with_alternate("")});
  EXPECT_TRUE(exchange->has_alternate_exchange());
}

TEST(Exchange, AlternateExchangeOfAnotherTypeIsNone) {
  const auto exchange = Exchange::create(
      {.name = "x", .arguments = FieldTable(FieldTable().add_long("alternate-exchange", 1))});
  EXPECT_FALSE(exchange->has_alternate_exchange());
}

class ExchangeEquivalenceTest : public testing::Test {
 protected:
  static ExchangeDeclaration declared(FieldTable arguments = {}) {
    return {.name = "x", .durable = true, .arguments = std::move(arguments)};
  }
  static std::string difference(const ExchangeDeclaration& current,
                                const ExchangeDeclaration& redeclared) {
    const auto status = Exchange::create(current)->check_equivalent(redeclared, "/");
    if (status.ok()) return "";
    EXPECT_EQ(status.error().code, amqp::ReplyCode::kPreconditionFailed);
    return status.error().detail;
  }
};

TEST_F(ExchangeEquivalenceTest, TheSameIsEquivalent) {
  EXPECT_EQ(difference(declared(), declared()), "");
  EXPECT_EQ(difference(declared(with_alternate("ae")), declared(with_alternate("ae"))), "");
}

TEST_F(ExchangeEquivalenceTest, UnknownArgumentsAreNotCompared) {
  EXPECT_EQ(difference(declared(), declared(FieldTable(FieldTable().add_long("nonsense", 1)))), "");
}

TEST_F(ExchangeEquivalenceTest, EachPropertyIsNamed) {
  ExchangeDeclaration other = declared();
  other.type = ExchangeType::kTopic;
  EXPECT_EQ(difference(declared(), other),
            "inequivalent arg 'type' for exchange 'x' in vhost '/': "
            "received 'topic' but current is 'direct'");
  other = declared();
  other.durable = false;
  EXPECT_EQ(difference(declared(), other),
            "inequivalent arg 'durable' for exchange 'x' in vhost '/': "
            "received 'false' but current is 'true'");
  other = declared();
  other.auto_delete = true;
  EXPECT_EQ(difference(declared(), other),
            "inequivalent arg 'auto_delete' for exchange 'x' in vhost '/': "
            "received 'true' but current is 'false'");
  other = declared();
  other.internal = true;
  EXPECT_EQ(difference(declared(), other),
            "inequivalent arg 'internal' for exchange 'x' in vhost '/': "
            "received 'true' but current is 'false'");
}

TEST_F(ExchangeEquivalenceTest, TheFirstDifferenceIsNamed) {
  ExchangeDeclaration other{.name = "x",
                            .type = ExchangeType::kFanout,
                            .durable = false,
                            .auto_delete = true,
                            .internal = true,
                            .arguments = with_alternate("ae")};
  const auto named = [&] { return difference(declared(), other).substr(18, 8); };
  EXPECT_EQ(named(), "type' fo");
  other.type = ExchangeType::kDirect;
  EXPECT_EQ(named(), "durable'");
  other.durable = true;
  EXPECT_EQ(named(), "auto_del");
  other.auto_delete = false;
  EXPECT_EQ(named(), "internal");
  other.internal = false;
  EXPECT_EQ(named(), "alternat");
}

TEST_F(ExchangeEquivalenceTest, AlternateExchangeOnOneSideOnly) {
  EXPECT_EQ(difference(declared(with_alternate("ae")), declared()),
            "inequivalent arg 'alternate-exchange' for exchange 'x' in vhost '/': "
            "received none but current is the value 'ae' of type 'longstr'");
  EXPECT_EQ(difference(declared(), declared(with_alternate("ae"))),
            "inequivalent arg 'alternate-exchange' for exchange 'x' in vhost '/': "
            "received the value 'ae' of type 'longstr' but current is none");
}

TEST_F(ExchangeEquivalenceTest, DifferentAlternateExchanges) {
  EXPECT_EQ(difference(declared(with_alternate("a")), declared(with_alternate("b"))),
            "inequivalent arg 'alternate-exchange' for exchange 'x' in vhost '/': "
            "received 'b' but current is 'a'");
}

TEST_F(ExchangeEquivalenceTest, AlternateExchangeOfAnotherType) {
  const FieldTable number = std::move(FieldTable().add_long("alternate-exchange", 5));
  EXPECT_EQ(difference(declared(with_alternate("a")), declared(number)),
            "inequivalent arg 'alternate-exchange' for exchange 'x' in vhost '/': "
            "received '5' but current is 'a'");
}

class BindingTest : public testing::TestWithParam<ExchangeType> {
 protected:
  ExchangeFixture x_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(EveryType, BindingTest, testing::ValuesIn(kTypes),
                         [](const auto& type) { return std::string(name_of(type.param)); });

TEST_P(BindingTest, StandsInBothEnds) {
  Binding& binding = x_.bind("q", "k");
  EXPECT_EQ(x_.exchange().bindings(), std::vector<Binding*>{&binding});
  EXPECT_EQ(inbound_of(x_.place("q")), std::vector<Binding*>{&binding});
  EXPECT_EQ(&binding.source(), &x_.exchange());
  EXPECT_EQ(&binding.destination(), &x_.place("q"));
  x_.unbind("q", "k");
  EXPECT_FALSE(x_.exchange().has_bindings());
  EXPECT_TRUE(x_.place("q").inbound().empty());
}

TEST_P(BindingTest, IsFoundByDestinationKeyAndArguments) {
  const FieldTable arguments = std::move(FieldTable().add_string("a", "1"));
  Binding& binding = x_.bind("q", "k", arguments);
  EXPECT_EQ(x_.find("q", "k", arguments), &binding);
  EXPECT_EQ(x_.find("q", "k"), nullptr);
  EXPECT_EQ(x_.find("q", "l", arguments), nullptr);
  EXPECT_EQ(x_.find("r", "k", arguments), nullptr);
}

TEST_P(BindingTest, OrderOfArgumentsDoesNotMatter) {
  FieldTable one;
  one.add_string("a", "1").add_long("b", 2);
  FieldTable other;
  other.add_long("b", 2).add_string("a", "1");
  Binding& binding = x_.bind("q", "k", one);
  EXPECT_EQ(x_.find("q", "k", other), &binding);
}

TEST_P(BindingTest, ArgumentsThatDifferInTypeOrValueAreOthers) {
  x_.bind("q", "k", FieldTable().add_long("a", 1));
  EXPECT_EQ(x_.find("q", "k", FieldTable().add_integer("a", 1)), nullptr);
  EXPECT_EQ(x_.find("q", "k", FieldTable().add_long("a", 2)), nullptr);
  EXPECT_EQ(x_.find("q", "k", FieldTable().add_long("b", 1)), nullptr);
}

TEST_P(BindingTest, LettersOfOneMeaningAreTheSame) {
  const std::string_view one("\0\0\0\0\0\0\0\1", 8);
  Binding& binding = x_.bind("q", "k", table_with("a", 'L', one));
  EXPECT_EQ(x_.find("q", "k", table_with("a", 'l', one)), &binding);
}

TEST_P(BindingTest, FieldsOfOneNameKeepTheirOrder) {
  FieldTable one;
  one.add_long("a", 1).add_long("a", 2);
  FieldTable other;
  other.add_long("a", 2).add_long("a", 1);
  x_.bind("q", "k", one);
  EXPECT_EQ(x_.find("q", "k", other), nullptr);
}

TEST_P(BindingTest, AFieldMoreIsAnother) {
  x_.bind("q", "k", FieldTable().add_long("a", 1));
  EXPECT_EQ(x_.find("q", "k", FieldTable().add_long("a", 1).add_long("b", 1)), nullptr);
  EXPECT_EQ(x_.find("q", "k", FieldTable().add_long("a", 1).add_long("a", 1)), nullptr);
}

TEST_P(BindingTest, AnyOctetButZeroIsTrue) {
  Binding& binding = x_.bind("q", "k", table_with("a", 't', "\1"));
  EXPECT_EQ(x_.find("q", "k", table_with("a", 't', "\7")), &binding);
  EXPECT_EQ(x_.find("q", "k", table_with("a", 't', std::string_view("\0", 1))), nullptr);
}

TEST_P(BindingTest, LongestKeyKeepsItsArguments) {
  const std::string key(255, 'k');
  const FieldTable arguments = std::move(FieldTable().add_string("a", std::string(70'000, 'v')));
  const Binding& binding = x_.bind("q", key, arguments);
  EXPECT_EQ(binding.routing_key(), key);
  EXPECT_EQ(binding.arguments().bytes(), arguments.view().bytes());
}

// Lengths are part of the identity, so that no two texts run into one.
TEST_P(BindingTest, NameAndKeyAreNotMixedUp) {
  x_.bind("qk", "");
  EXPECT_EQ(x_.find("q", "k"), nullptr);
  EXPECT_EQ(x_.find("", "qk"), nullptr);
}

TEST_P(BindingTest, QueueAndExchangeOfOneNameAreTwoDestinations) {
  const auto other = Exchange::create({.name = "q"});
  x_.bind("q", "k");
  EXPECT_EQ(x_.exchange().find_binding(*other, "k", {}), nullptr);
  Binding& to_exchange = x_.exchange().add_binding(100, *other, "k", {});
  EXPECT_EQ(x_.exchange().find_binding(*other, "k", {}), &to_exchange);
  EXPECT_NE(x_.find("q", "k"), &to_exchange);
  x_.exchange().remove_binding(to_exchange);
  EXPECT_TRUE(other->inbound().empty());
}

TEST_P(BindingTest, AnExchangeMayBeBoundToItself) {
  Exchange& x = x_.exchange();
  Binding& binding = x.add_binding(1, x, "k", {});
  EXPECT_EQ(inbound_of(x), x.bindings());
  EXPECT_EQ(x_.match("k"), Names{"x"});
  x.remove_binding(binding);
  EXPECT_TRUE(x.inbound().empty());
}

TEST_P(BindingTest, ADestinationRemovesItsBindingsOneByOne) {
  for (const char* key : {"a", "b", "c"})
    x_.bind("q", key);
  x_.bind("r", "a");
  Place& dying = x_.place("q");
  while (!dying.inbound().empty()) {
    Binding& binding = **dying.inbound().begin();
    binding.source().remove_binding(binding);
  }
  EXPECT_EQ(x_.matched_names("a"), Names{"r"});
  EXPECT_EQ(x_.exchange().bindings().size(), 1u);
}

TEST_P(BindingTest, AreListedByAge) {
  for (int i = 20; i > 0; --i)
    x_.bind("q" + std::to_string(i), "k");
  std::uint64_t previous = 0;
  for (const Binding* binding : x_.exchange().bindings()) {
    EXPECT_GT(binding->id(), previous);
    previous = binding->id();
  }
}

// Recovery may bring an old binding back after younger ones.
TEST_P(BindingTest, AnOldBindingAddedLateTakesItsPlace) {
  Exchange& x = x_.exchange();
  x.add_binding(7, x_.place("young"), "k", {});
  x.add_binding(3, x_.place("old"), "k", {});
  EXPECT_EQ(x_.match("k"), (Names{"old", "young"}));
}

TEST_P(BindingTest, AutoDeleteExchangeExpiresWithItsLastBindingOnly) {
  ExchangeFixture x({.name = "x", .type = GetParam(), .auto_delete = true});
  EXPECT_FALSE(x.exchange().expired_by_unbind());  // not before the first
  x.bind("q", "a");
  x.bind("q", "b");
  x.unbind("q", "a");
  EXPECT_FALSE(x.exchange().expired_by_unbind());
  x.unbind("q", "b");
  EXPECT_TRUE(x.exchange().expired_by_unbind());
}

TEST_P(BindingTest, OtherExchangesNeverExpire) {
  x_.bind("q", "a");
  x_.unbind("q", "a");
  EXPECT_FALSE(x_.exchange().expired_by_unbind());
}

TEST_P(BindingTest, InboundBindingsDoNotKeepAnAutoDeleteExchange) {
  ExchangeFixture x({.name = "x", .type = GetParam(), .auto_delete = true});
  Binding& inbound = x_.exchange().add_binding(1, x.exchange(), "k", {});
  x.bind("q", "a");
  x.unbind("q", "a");
  EXPECT_TRUE(x.exchange().expired_by_unbind());
  x_.exchange().remove_binding(inbound);
}

// So many that 32 bits of their hashes, which is what a set keeps of them, are the same for some.
TEST(Exchange, BindingsWhoseHashesCollideStayApart) {
  constexpr int kCount = 300'000;
  ExchangeFixture x(ExchangeType::kDirect);
  Place& place = x.place("q");
  for (int i = 0; i < kCount; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_EQ(x.exchange().find_binding(place, key, {}), nullptr) << key;
    x.bind("q", key);
  }
  for (int i = 0; i < kCount; ++i) {
    const Binding* binding = x.exchange().find_binding(place, std::to_string(i), {});
    ASSERT_NE(binding, nullptr);
    ASSERT_EQ(binding->routing_key(), std::to_string(i));
  }
}

}  // namespace
}  // namespace harrier::broker

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "unit/broker/exchange_fixture.h"

namespace harrier::broker {
namespace {

using amqp::FieldTable;

FieldTable matching(std::string_view x_match) {
  return std::move(FieldTable().add_string("x-match", x_match));
}

class HeadersExchangeTest : public testing::Test {
 protected:
  bool matches(amqp::TableView arguments, amqp::TableView headers) {
    ExchangeFixture x(ExchangeType::kHeaders);
    x.bind("q", "ignored", arguments);
    return !x.match("another", headers).empty();
  }
  std::string refusal(amqp::TableView arguments) {
    const auto status = x_.exchange().check_binding("", arguments);
    if (status.ok()) return "";
    EXPECT_EQ(status.error().scope, amqp::ErrorScope::kChannel);
    return status.error().reply_text();
  }

  ExchangeFixture x_{ExchangeType::kHeaders};
  FieldTable red_ = std::move(FieldTable().add_string("color", "red"));
  FieldTable big_ = std::move(FieldTable().add_string("size", "big"));
  FieldTable big_red_ =
      std::move(FieldTable().add_string("color", "red").add_string("size", "big"));
};

TEST_F(HeadersExchangeTest, AllIsTheDefault) {
  EXPECT_TRUE(matches(big_red_, big_red_));
  EXPECT_FALSE(matches(big_red_, red_));
  EXPECT_FALSE(matches(big_red_, big_));
  EXPECT_FALSE(matches(big_red_, {}));
  EXPECT_TRUE(matches(red_, big_red_));
}

TEST_F(HeadersExchangeTest, AllNamedIsTheDefault) {
  FieldTable all = matching("all");
  all.add_string("color", "red").add_string("size", "big");
  EXPECT_TRUE(matches(all, big_red_));
  EXPECT_FALSE(matches(all, red_));
}

TEST_F(HeadersExchangeTest, AnyNeedsOne) {
  FieldTable any = matching("any");
  any.add_string("color", "red").add_string("size", "big");
  EXPECT_TRUE(matches(any, red_));
  EXPECT_TRUE(matches(any, big_));
  EXPECT_TRUE(matches(any, big_red_));
  EXPECT_FALSE(matches(any, FieldTable().add_string("color", "blue")));
  EXPECT_FALSE(matches(any, {}));
}

TEST_F(HeadersExchangeTest, AllWithoutArgumentsMatchesEverything) {
  EXPECT_TRUE(matches({}, {}));
  EXPECT_TRUE(matches({}, red_));
  EXPECT_TRUE(matches(matching("all"), {}));
  EXPECT_TRUE(matches(matching("all-with-x"), red_));
}

TEST_F(HeadersExchangeTest, AnyWithoutArgumentsMatchesNothing) {
  EXPECT_FALSE(matches(matching("any"), {}));
  EXPECT_FALSE(matches(matching("any"), red_));
  EXPECT_FALSE(matches(matching("any-with-x"), red_));
}

TEST_F(HeadersExchangeTest, NamesWithXAreIgnored) {
  FieldTable all;
  all.add_string("x-tenant", "a").add_string("color", "red");
  EXPECT_TRUE(matches(all, red_));
  FieldTable only_x;
  only_x.add_string("x-tenant", "a");
  EXPECT_TRUE(matches(only_x, {}));
  FieldTable any = matching("any");
  any.add_string("x-tenant", "a");
  EXPECT_FALSE(matches(any, FieldTable().add_string("x-tenant", "a")));
  // An x in itself is no prefix.
  EXPECT_FALSE(matches(FieldTable().add_string("xy", "a"), {}));
}

TEST_F(HeadersExchangeTest, NamesWithXCountWhenAskedTo) {
  FieldTable all = matching("all-with-x");
  all.add_string("x-tenant", "a").add_string("color", "red");
  EXPECT_FALSE(matches(all, red_));
  EXPECT_TRUE(matches(all, FieldTable(red_).add_string("x-tenant", "a")));
  FieldTable any = matching("any-with-x");
  any.add_string("x-tenant", "a");
  EXPECT_TRUE(matches(any, FieldTable().add_string("x-tenant", "a")));
  EXPECT_FALSE(matches(any, FieldTable().add_string("x-tenant", "b")));
}

TEST_F(HeadersExchangeTest, XMatchIsNeverACondition) {
  FieldTable any = matching("any-with-x");
  EXPECT_FALSE(matches(any, matching("any-with-x")));
}

TEST_F(HeadersExchangeTest, VoidAsksForPresence) {
  const FieldTable present = table_with("color", 'V', "");
  EXPECT_TRUE(matches(present, red_));
  EXPECT_TRUE(matches(present, FieldTable().add_long("color", 7)));
  EXPECT_TRUE(matches(present, present));
  EXPECT_FALSE(matches(present, big_));
  FieldTable any = matching("any");
  any.add("color", {'V', ""}).add_string("size", "small");
  EXPECT_TRUE(matches(any, red_));
  EXPECT_FALSE(matches(any, big_));
}

TEST_F(HeadersExchangeTest, VoidHeaderIsNoValue) {
  EXPECT_FALSE(matches(red_, table_with("color", 'V', "")));
}

TEST_F(HeadersExchangeTest, IntegersAreEqualWhateverTheirWidth) {
  const FieldTable wanted = std::move(FieldTable().add_long("n", 5));
  EXPECT_TRUE(matches(wanted, FieldTable().add_integer("n", 5)));
  EXPECT_TRUE(matches(wanted, table_with("n", 'b', "\x05")));
  EXPECT_TRUE(matches(wanted, table_with("n", 'u', std::string_view("\0\5", 2))));
  EXPECT_FALSE(matches(wanted, FieldTable().add_integer("n", 6)));
  EXPECT_TRUE(matches(FieldTable().add_long("n", -1), table_with("n", 'b', "\xFF")));
  EXPECT_FALSE(matches(FieldTable().add_long("n", -1), table_with("n", 'B', "\xFF")));
}

TEST_F(HeadersExchangeTest, FloatsAreEqualWhateverTheirWidth) {
  const FieldTable wide = table_with("n", 'd', std::string_view("\x3F\xF8\0\0\0\0\0\0", 8));  // 1.5
  EXPECT_TRUE(matches(wide, table_with("n", 'f', std::string_view("\x3F\xC0\0\0", 4))));
  const FieldTable one = table_with("n", 'd', std::string_view("\x3F\xF0\0\0\0\0\0\0", 8));
  EXPECT_FALSE(matches(one, FieldTable().add_long("n", 1)));
}

TEST_F(HeadersExchangeTest, StringsAndByteArraysAreEqualByTheirBytes) {
  EXPECT_TRUE(matches(red_, table_with("color", 'x', "red")));
  EXPECT_FALSE(matches(red_, table_with("color", 'x', "RED")));
}

TEST_F(HeadersExchangeTest, NumbersAreNotTheirText) {
  EXPECT_FALSE(matches(FieldTable().add_string("n", "5"), FieldTable().add_long("n", 5)));
  EXPECT_FALSE(matches(FieldTable().add_boolean("n", true), FieldTable().add_long("n", 1)));
}

TEST_F(HeadersExchangeTest, BooleansAndTimestampsAndDecimals) {
  EXPECT_TRUE(matches(FieldTable().add_boolean("n", true), table_with("n", 't', "\x02")));
  EXPECT_FALSE(matches(FieldTable().add_boolean("n", true), table_with("n", 't', {"\0", 1})));
  EXPECT_TRUE(matches(FieldTable().add_timestamp("n", 9), FieldTable().add_timestamp("n", 9)));
  EXPECT_FALSE(matches(FieldTable().add_timestamp("n", 9), FieldTable().add_timestamp("n", 8)));
  const FieldTable decimal = table_with("n", 'D', {"\2\0\0\0\7", 5});
  EXPECT_TRUE(matches(decimal, decimal));
  EXPECT_FALSE(matches(decimal, table_with("n", 'D', {"\3\0\0\0\7", 5})));
}

TEST_F(HeadersExchangeTest, TablesAreComparedInside) {
  const auto holding = [](std::int32_t number) {
    return std::move(FieldTable().add_table("t", FieldTable().add_integer("n", number)));
  };
  EXPECT_TRUE(matches(holding(5), holding(5)));
  EXPECT_FALSE(matches(holding(5), holding(6)));
  EXPECT_TRUE(matches(holding(5), FieldTable().add_table("t", FieldTable().add_long("n", 5))));
}

TEST_F(HeadersExchangeTest, TheLastOfRepeatedHeadersCounts) {
  FieldTable headers;
  headers.add_string("color", "blue").add_string("color", "red");
  EXPECT_TRUE(matches(red_, headers));
  EXPECT_FALSE(matches(FieldTable().add_string("color", "blue"), headers));
  // The same when there are so many that they are sorted.
  for (int i = 0; i < 50; ++i)
    headers.add_long("n" + std::to_string(i), i);
  EXPECT_TRUE(matches(red_, headers));
  EXPECT_FALSE(matches(FieldTable().add_string("color", "blue"), headers));
}

TEST_F(HeadersExchangeTest, RepeatedArgumentsMustAllMatch) {
  FieldTable all;
  all.add_string("color", "red").add_string("color", "blue");
  EXPECT_FALSE(matches(all, red_));
  FieldTable any = matching("any");
  any.add_string("color", "red").add_string("color", "red");
  EXPECT_TRUE(matches(any, red_));
}

TEST_F(HeadersExchangeTest, UnknownXMatchIsRefused) {
  EXPECT_EQ(refusal(matching("some")),
            "PRECONDITION_FAILED - Invalid x-match field value <<\"some\">>; "
            "expected all, any, all-with-x, or any-with-x");
  EXPECT_EQ(refusal(matching("")),
            "PRECONDITION_FAILED - Invalid x-match field value <<>>; "
            "expected all, any, all-with-x, or any-with-x");
  EXPECT_EQ(refusal(matching("All")),
            "PRECONDITION_FAILED - Invalid x-match field value <<\"All\">>; "
            "expected all, any, all-with-x, or any-with-x");
}

TEST_F(HeadersExchangeTest, UnprintableXMatchIsShownAsOctets) {
  EXPECT_EQ(refusal(matching("a\x01")),
            "PRECONDITION_FAILED - Invalid x-match field value <<97,1>>; "
            "expected all, any, all-with-x, or any-with-x");
  EXPECT_EQ(refusal(matching("a\"b")),
            "PRECONDITION_FAILED - Invalid x-match field value <<\"a\\\"b\">>; "
            "expected all, any, all-with-x, or any-with-x");
}

TEST_F(HeadersExchangeTest, XMatchOfAnotherTypeIsRefused) {
  EXPECT_EQ(refusal(table_with("x-match", 'b', "\x01")),
            "PRECONDITION_FAILED - Invalid x-match field type byte (value 1); expected longstr");
  EXPECT_EQ(refusal(FieldTable().add_boolean("x-match", true)),
            "PRECONDITION_FAILED - Invalid x-match field type bool (value true); "
            "expected longstr");
  EXPECT_EQ(refusal(table_with("x-match", 'x', "all")),
            "PRECONDITION_FAILED - Invalid x-match field type binary (value <<\"all\">>); "
            "expected longstr");
}

TEST_F(HeadersExchangeTest, SixtyFourArgumentsAreTheMost) {
  FieldTable arguments = matching("any");
  for (int i = 0; i < 64; ++i)
    arguments.add_long("n" + std::to_string(i), i);
  EXPECT_EQ(refusal(arguments), "");
  EXPECT_TRUE(matches(arguments, FieldTable().add_long("n63", 63)));
  arguments.add_string("x-ignored", "");
  EXPECT_EQ(refusal(arguments),
            "PRECONDITION_FAILED - a binding of a headers exchange has at most 64 arguments, "
            "not 65");
}

TEST_F(HeadersExchangeTest, OtherTypesTakeAnyArguments) {
  ExchangeFixture direct(ExchangeType::kDirect);
  EXPECT_TRUE(direct.exchange().check_binding("", matching("some")).ok());
}

TEST_F(HeadersExchangeTest, TargetsComeInOrderOfAge) {
  FieldTable any = matching("any");
  any.add_string("size", "big").add_string("color", "red");
  x_.bind("q4", "", any);
  x_.bind("q2", "", big_);
  x_.bind("q3", "", red_);
  x_.bind("q1", "", big_red_);
  EXPECT_EQ(x_.match("", big_red_), (Names{"q4", "q2", "q3", "q1"}));
}

TEST_F(HeadersExchangeTest, UnbindingLeavesTheOthersOfTheSameCondition) {
  x_.bind("q1", "", red_);
  x_.bind("q2", "", red_);
  x_.bind("q3", "", {});
  x_.unbind("q1", "", red_);
  EXPECT_EQ(x_.matched_names("", red_), (Names{"q2", "q3"}));
  x_.unbind("q3", "", {});
  EXPECT_EQ(x_.matched_names("", red_), Names{"q2"});
  x_.unbind("q2", "", red_);
  EXPECT_EQ(x_.matched_names("", red_), Names{});
}

TEST_F(HeadersExchangeTest, DependsOnHeadersAlone) {
  EXPECT_FALSE(x_.exchange().routes_by_key());
  EXPECT_TRUE(x_.exchange().routes_by_headers());
}

// Values and the words by which the naive matcher compares them: equal words, equal values.
struct Sample {
  amqp::FieldValue value;
  std::string_view words;
};
constexpr Sample kSamples[] = {
    {{'S', "a"}, "text a"},  {{'x', "a"}, "text a"},    {{'S', "b"}, "text b"},
    {{'S', ""}, "text"},     {{'b', "\1"}, "number 1"}, {{'B', "\1"}, "number 1"},
    {{'s', "\1\1"}, "n257"}, {{'u', "\1\1"}, "n257"},   {{'t', "\1"}, "true"},
    {{'t', "\2"}, "true"},   {{'V', ""}, "void"},
};
struct SampleField {
  std::string name;
  const Sample* sample = nullptr;
};
using SampleFields = std::vector<SampleField>;

SampleFields random_fields(base::SeededRandom& random, std::size_t count_max) {
  static constexpr std::string_view kNames[] = {"a", "b", "c", "x-a", "x-b", "x"};
  SampleFields fields(random.below(count_max + 1));
  for (SampleField& field : fields) {
    field.name = kNames[random.below(std::size(kNames))];
    field.sample = &kSamples[random.below(std::size(kSamples))];
  }
  return fields;
}

bool naive_headers_match(std::string_view x_match, const SampleFields& arguments,
                         const SampleFields& headers) {
  const bool any = x_match.starts_with("any");
  for (const SampleField& argument : arguments) {
    if (!x_match.ends_with("-with-x") && argument.name.starts_with("x-")) continue;
    const Sample* header = nullptr;
    for (const SampleField& field : headers) {
      if (field.name == argument.name) header = field.sample;
    }
    const bool fulfilled = header != nullptr && (argument.sample->words == "void" ||
                                                 argument.sample->words == header->words);
    if (fulfilled == any) return any;
  }
  return !any;
}

FieldTable table_of(const SampleFields& fields, FieldTable table = {}) {
  for (const SampleField& field : fields)
    table.add(field.name, field.sample->value);
  return table;
}

TEST_F(HeadersExchangeTest, RandomBindingsMatchLikeTheDefinition) {
  static constexpr std::string_view kMatches[] = {"all", "any", "all-with-x", "any-with-x"};
  struct Bound {
    std::string name;
    std::string_view x_match;
    SampleFields fields;
    Binding* binding;
  };
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRandom random(seed);
    ExchangeFixture x(ExchangeType::kHeaders);
    std::vector<Bound> present;
    for (int step = 0; step < 150; ++step) {
      if (present.empty() || random.below(3) != 0) {
        Bound bound{"q" + std::to_string(step), kMatches[random.below(4)], random_fields(random, 4),
                    nullptr};
        bound.binding = &x.bind(bound.name, "", table_of(bound.fields, matching(bound.x_match)));
        present.push_back(std::move(bound));
      } else {
        const auto victim = present.begin() + static_cast<int>(random.below(present.size()));
        x.exchange().remove_binding(*victim->binding);
        present.erase(victim);
      }
      const SampleFields headers = random_fields(random, random.below(4) == 0 ? 20 : 5);
      Names expected;
      for (const Bound& bound : present) {
        if (naive_headers_match(bound.x_match, bound.fields, headers))
          expected.push_back(bound.name);
      }
      std::sort(expected.begin(), expected.end());
      Names actual = x.match("", table_of(headers));
      std::sort(actual.begin(), actual.end());
      ASSERT_EQ(actual, expected) << "step " << step << " " << amqp::display(table_of(headers));
    }
  }
}

}  // namespace
}  // namespace harrier::broker

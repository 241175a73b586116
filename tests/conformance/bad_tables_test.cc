// Concern: field tables that do not fit themselves, nest too deep or hold too much.
// Plan:    the arguments of queue.declare, as bytes. RabbitMQ ends the socket of most without a
// word.
#include <utility>

#include "conformance/bad_input.h"

namespace harrier::test {
namespace {

using namespace std::string_literals;

class BadTable : public BadInputTest {};
TEST_P(BadTable, ClosesTheConnection) { run(); }

BadInput syntax_error(std::string name, const std::string& table_with_length) {
  return {std::move(name),
          Scope::kConnection,
          502,
          "SYNTAX_ERROR - ",
          declare_with_table(table_with_length),
          Rabbit::kDiffers};
}
// What RabbitMQ cannot decode as a method at all.
BadInput cut_short(std::string name, const std::string& table_with_length) {
  return {std::move(name),
          Scope::kConnection,
          501,
          "FRAME_ERROR - ",
          declare_with_table(table_with_length),
          Rabbit::kSame,
          kQueueDeclare};
}

INSTANTIATE_TEST_SUITE_P(
    Frame, BadTable,
    ::testing::Values(cut_short("NoLength", ""), cut_short("HalfALength", "\0\0"s),
                      cut_short("LongerThanTheFrame", Writer().u32(100).str()),
                      cut_short("LengthOfAllOnes", "\xff\xff\xff\xff"),
                      cut_short("NegativeLengthIfSigned", "\x80\0\0\0"s),
                      cut_short("OneOctetLonger", Writer().u32(1).str()),
                      cut_short("OctetsBehindIt", Writer().u32(0).octet(1).str())),
    name_of);

std::vector<BadInput> cut_values() {
  std::vector<BadInput> cases;
  const std::vector<std::pair<char, std::size_t>> widths = {
      {'t', 1}, {'b', 1}, {'B', 1}, {'s', 2}, {'u', 2}, {'i', 4}, {'I', 4},
      {'l', 8}, {'L', 8}, {'f', 4}, {'d', 8}, {'D', 5}, {'T', 8}};
  for (const auto& [letter, width] : widths) {
    const std::string kind = std::string(letter >= 'a' ? "Small" : "Capital") + letter;
    cases.push_back(syntax_error("ValueOf" + kind + "CutShort",
                                 table_of(std::string(1, letter) + std::string(width - 1, 'x'))));
  }
  for (const char letter : {'S', 'x', 'F', 'A'}) {
    const std::string name(1, letter);
    cases.push_back(syntax_error("Length" + name + "CutShort", table_of(name + "\0\0\0"s)));
    cases.push_back(
        syntax_error("Length" + name + "PastTheTable", table_of(name + "\0\0\0\x0axy"s)));
    cases.push_back(
        syntax_error("Length" + name + "AllOnes", table_of(name + "\xff\xff\xff\xff"s)));
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Value, BadTable, ::testing::ValuesIn(cut_values()), name_of);

std::vector<BadInput> unknown_letters() {
  std::vector<BadInput> cases;
  for (const unsigned letter : {0u, 1u, 32u, 63u, 67u, 77u, 90u, 97u, 110u, 122u, 128u, 255u}) {
    const std::string value = Writer().octet(letter).u64(0).u64(0);
    cases.push_back(syntax_error("UnknownLetter" + std::to_string(letter), table_of(value)));
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Letter, BadTable, ::testing::ValuesIn(unknown_letters()), name_of);

// A table whose only entry is wrong at its name.
std::string raw_table(std::string_view contents) { return Writer().longstr(contents); }

INSTANTIATE_TEST_SUITE_P(
    Entry, BadTable,
    ::testing::Values(syntax_error("NamePastTheEnd", raw_table("\x09"
                                                               "ab")),
                      syntax_error("NameOf255AndNothing", raw_table("\xff")),
                      syntax_error("NameWithoutAValue", raw_table("\x01k")),
                      syntax_error("SecondEntryCut", raw_table("\x01"
                                                               "aV\x05"
                                                               "b")),
                      syntax_error("BadValueInANestedTable", table_of("F"s + table_of("?"))),
                      syntax_error("BadValueInAnArray", table_of("A\0\0\0\x01?"s)),
                      syntax_error("NestedTablePastItsParent", table_of("F\0\0\0\x05\x01"s))),
    name_of);

std::string nested(int levels, char kind) {
  std::string contents;
  for (int level = 0; level < levels; ++level) {
    Writer outer;
    if (kind == 'F') outer.shortstr("n");
    contents = outer.octet(static_cast<unsigned char>(kind)).longstr(contents).str();
  }
  return contents;
}

std::vector<BadInput> too_much() {
  std::string voids;
  for (int i = 0; i < 4097; ++i)
    voids += Writer().shortstr("").octet('V').str();
  return {
      syntax_error("TablesSeventeenDeep", raw_table(nested(17, 'F'))),
      syntax_error("TablesTwoThousandDeep", raw_table(nested(2000, 'F'))),
      syntax_error("ArraysSeventeenDeep", table_of(nested(17, 'A'))),
      syntax_error("ArraysTwentyThousandDeep", table_of(nested(20'000, 'A'))),
      syntax_error("MoreThan4096Entries", raw_table(voids)),
      syntax_error("MoreThan4096Voids",
                   table_of("A"s + Writer().longstr(std::string(4097, 'V')).str())),
      syntax_error("AHundredThousandVoids",
                   table_of("A"s + Writer().longstr(std::string(100'000, 'V')).str())),
  };
}
INSTANTIATE_TEST_SUITE_P(Limit, BadTable, ::testing::ValuesIn(too_much()), name_of);

// The same damage in other tables of the protocol: one case each.
INSTANTIATE_TEST_SUITE_P(
    Elsewhere, BadTable,
    ::testing::Values(
        BadInput{"ExchangeDeclare", Scope::kConnection, 502, "SYNTAX_ERROR - ",
                 method_frame(1, {kExchangeDeclare,
                                  Writer().u16(0).shortstr("x").shortstr("direct").octet(0).raw(
                                      table_of("?"))}),
                 Rabbit::kDiffers},
        BadInput{
            "QueueBind", Scope::kConnection, 502, "SYNTAX_ERROR - ",
            method_frame(1, {kQueueBind,
                             Writer().u16(0).shortstr("q").shortstr("x").shortstr("k").octet(0).raw(
                                 table_of("?"))}),
            Rabbit::kDiffers},
        BadInput{
            "BasicConsume", Scope::kConnection, 502, "SYNTAX_ERROR - ",
            method_frame(1,
                         {kBasicConsume,
                          Writer().u16(0).shortstr("q").shortstr("t").octet(0).raw(table_of("?"))}),
            Rabbit::kDiffers}),
    name_of);

}  // namespace
}  // namespace harrier::test

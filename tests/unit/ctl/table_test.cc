#include "ctl/table.h"

#include <gtest/gtest.h>

namespace harrier::ctl {
namespace {

const Table kTwo{.columns = {"name", "messages"}, .rows = {{"a\tb", 1}, {"say \"x\"", 20}}};
const Table kNone{.columns = {"name"}};

TEST(Render, TableIsTabSeparatedBelowAHeader) {
  EXPECT_EQ(render(kTwo, Format::kTable, true), "name\tmessages\na\\tb\t1\nsay \"x\"\t20\n");
  EXPECT_EQ(render(kTwo, Format::kTable, false), "a\\tb\t1\nsay \"x\"\t20\n");
}

TEST(Render, TableWithoutRowsIsNothing) {
  EXPECT_EQ(render(kNone, Format::kTable, true), "");
  EXPECT_EQ(render(kNone, Format::kCsv, true), "");
  EXPECT_EQ(render(kNone, Format::kPrettyTable, true), "");
  EXPECT_EQ(render(kNone, Format::kJson, true), "[\n]\n");
}

TEST(Render, CsvQuotesEveryField) {
  EXPECT_EQ(render(kTwo, Format::kCsv, true),
            "\"name\",\"messages\"\n\"a\\tb\",\"1\"\n\"say \"\"x\"\"\",\"20\"\n");
}

TEST(Render, JsonHasARowALineAndKeepsTypes) {
  EXPECT_EQ(render(kTwo, Format::kJson, false),
            "[\n{\"name\":\"a\\tb\",\"messages\":1}\n"
            ",{\"name\":\"say \\\"x\\\"\",\"messages\":20}\n]\n");
}

TEST(Render, PrettyTableCountsCharacters) {
  EXPECT_EQ(render(Table{.columns = {"n"}, .rows = {{"üü"}, {"x"}}}, Format::kPrettyTable, true),
            "┌────┐\n│ n  │\n├────┤\n│ üü │\n├────┤\n│ x  │\n└────┘\n");
}

TEST(ParseFormat, KnowsFourNames) {
  EXPECT_EQ(parse_format("csv"), Format::kCsv);
  EXPECT_EQ(parse_format("erlang"), std::nullopt);
}

}  // namespace
}  // namespace harrier::ctl

#include "ctl/printable.h"

#include <gtest/gtest.h>

namespace harrier::ctl {
namespace {

using Json = nlohmann::ordered_json;

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(printable("orders.eu/#1 ü 넀 \\d+ \"x\""), "orders.eu/#1 ü 넀 \\d+ \"x\"");
}

TEST(Printable, EscapesWhatForgesARowOrSpeaksToATerminal) {
  EXPECT_EQ(printable("a\tb\nc\rd"), "a\\tb\\nc\\rd");
  EXPECT_EQ(printable("\x1b[31m\x07"), "\\x1b[31m\\x07");
  EXPECT_EQ(printable(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
}

TEST(Printable, EscapesControlsThatTakeTwoOctets) { EXPECT_EQ(printable("\u009b31m"), "\\x9b31m"); }

TEST(Printable, EscapesWhatTurnsTextAround) {
  EXPECT_EQ(printable("\u202egnp.exe\u2066\u2028"), "\\u202egnp.exe\\u2066\\u2028");
}

TEST(Printable, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(printable("a\xff\xc3"), "a\\xff\\xc3");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

TEST(TableText, ShowsScalarsAsTheyAre) {
  EXPECT_EQ(table_text(Json("x y")), "x y");
  EXPECT_EQ(table_text(Json(12)), "12");
  EXPECT_EQ(table_text(Json(true)), "true");
  EXPECT_EQ(table_text(Json(nullptr)), "");
}

TEST(TableText, ShowsTagsAsRabbitMQDoes) {
  EXPECT_EQ(table_text(Json::array()), "[]");
  EXPECT_EQ(table_text(Json({"administrator", "monitoring"})), "[administrator, monitoring]");
}

TEST(TableText, ShowsArgumentsAsErlangTerms) {
  EXPECT_EQ(table_text(Json::object()), "[]");
  EXPECT_EQ(table_text(Json::parse(R"({"x-max-length":10,"x-list":["a",1,true],"t":{"k":"v"}})")),
            R"([{"x-max-length",10},{"x-list",["a",1,true]},{"t",[{"k","v"}]}])");
}

TEST(TableText, EscapesInsideTerms) {
  EXPECT_EQ(table_text(Json::parse(R"({"a\tb":"say \"hi\""})")), R"([{"a\tb","say \"hi\""}])");
}

}  // namespace
}  // namespace harrier::ctl

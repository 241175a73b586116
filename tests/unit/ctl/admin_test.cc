#include <gtest/gtest.h>

#include "ctl/admin_arguments.h"
#include "ctl/admin_output.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

Json body(std::string_view verb, std::string_view kind, const std::vector<std::string>& words) {
  return admin_body(*find_admin_action(verb, kind), words);
}

std::string refusal(std::string_view verb, std::string_view kind,
                    const std::vector<std::string>& words) {
  try {
    body(verb, kind, words);
  } catch (const Trouble& trouble) {
    return trouble.what();
  }
  return {};
}

TEST(AdminBody, FillsInWhatIsNotGiven) {
  EXPECT_EQ(body("declare", "queue", {"name=q", "durable=false"}),
            Json::parse(R"({"auto_delete":false,"durable":false,"arguments":{},"name":"q"})"));
}

TEST(AdminBody, ParsesJsonWhereJsonIsMeant) {
  EXPECT_EQ(body("declare", "policy",
                 {"name=p", "pattern=^a", "definition={\"max-length\":1}"})["definition"],
            Json({{"max-length", 1}}));
  EXPECT_NE(refusal("declare", "policy", {"name=p", "pattern=a", "definition={x"}), "");
}

TEST(AdminBody, KeepsEqualsSignsOfTheValue) {
  EXPECT_EQ(body("publish", "", {"routing_key=a=b", "payload="})["routing_key"], "a=b");
  EXPECT_EQ(body("publish", "", {"routing_key=a", "payload="})["payload"], "");
}

TEST(AdminBody, TakesOneOfTwoNames) {
  EXPECT_EQ(refusal("declare", "user", {"name=u", "password_hash=h", "tags="}), "");
  EXPECT_EQ(refusal("declare", "user", {"name=u", "tags="}),
            "mandatory argument \"password\" is required");
}

TEST(AdminBody, RefusesInRabbitmqadminsWords) {
  EXPECT_EQ(refusal("declare", "queue", {}), "mandatory argument \"name\" is required");
  EXPECT_EQ(refusal("declare", "queue", {"name=a", "bogus=1"}),
            "Argument \"bogus\" is not recognised");
  EXPECT_EQ(refusal("declare", "queue", {"name"}), "Argument \"name\" not in the form name=value");
}

const Json kList = Json::parse(R"([{"name":"a\tb","messages":1,"tags":["x","y"],"deep":{"z":1}}])");

TEST(AdminRender, TableIsRabbitmqadmins) {
  EXPECT_EQ(admin_render(kList, {"name", "messages"}, "table"),
            "+------+----------+\n| name | messages |\n+------+----------+\n"
            "| a\\tb | 1        |\n+------+----------+\n");
  EXPECT_EQ(admin_render(Json::array(), {"name"}, "table"), "No items\n");
}

TEST(AdminRender, ChoosesColumnsThatHoldNoObjects) {
  EXPECT_EQ(admin_render(kList, {}, "tsv"), "name\tmessages\ttags\na\\tb\t1\tx y\n");
}

TEST(AdminRender, HasTheOtherForms) {
  EXPECT_EQ(admin_render(kList, {"name", "messages"}, "kvp"), "name=\"a\\tb\" messages=\"1\"\n");
  EXPECT_EQ(admin_render(kList, {"name"}, "bash"), "a\\tb\n");
  EXPECT_EQ(admin_render(Json::array({1}), {}, "raw_json"), "[1]\n");
  EXPECT_THROW(admin_render(kList, {}, "yaml"), Trouble);
  EXPECT_THROW(admin_render(Json::object(), {}, "table"), Trouble);
}

}  // namespace
}  // namespace harrier::ctl

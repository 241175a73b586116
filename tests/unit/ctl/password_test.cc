#include <sstream>

#include <gtest/gtest.h>

#include "ctl/base64.h"
#include "ctl/password_hash.h"
#include "ctl/password_input.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

std::string read(const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Streams streams{in, out, err};
  return read_password(streams);
}

// The example of RabbitMQ's own documentation.
TEST(PasswordHash, IsRabbitMQs) {
  EXPECT_EQ(password_hash("test12", "\x90\x8d\xc6\x0a"),
            "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR");
}

TEST(PasswordHash, HasAnotherSaltEachTime) { EXPECT_NE(password_hash("x"), password_hash("x")); }

TEST(ReadPassword, IsALineWithoutItsEnd) {
  EXPECT_EQ(read("secret\nrest"), "secret");
  EXPECT_EQ(read("secret\r\n"), "secret");
  EXPECT_EQ(read("no line end"), "no line end");
  EXPECT_EQ(read("\n"), "");
}

TEST(ReadPassword, RefusesTheEndOfInputAndTooMuch) {
  EXPECT_THROW(read(""), Trouble);
  EXPECT_EQ(read(std::string(kPasswordBytesMax, 'x') + "\n").size(), kPasswordBytesMax);
  EXPECT_THROW(read(std::string(kPasswordBytesMax + 1, 'x')), Trouble);
}

TEST(Base64, GoesThereAndBack) {
  for (const std::string text : {"", "a", "ab", "abc", "\xff\x00z"}) {
    EXPECT_EQ(base64_decoded(base64_encoded(text)), text);
  }
  EXPECT_EQ(base64_encoded("guest:guest"), "Z3Vlc3Q6Z3Vlc3Q=");
  EXPECT_EQ(base64_decoded("abc"), std::nullopt);
  EXPECT_EQ(base64_decoded("ab!="), std::nullopt);
}

}  // namespace
}  // namespace harrier::ctl

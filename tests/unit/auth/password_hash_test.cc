#include "auth/password_hash.h"

#include <gtest/gtest.h>

namespace harrier::auth {
namespace {

// The example in RabbitMQ's documentation of password hashes: salt 908D C60A, password "test12".
constexpr base::Bytes kDocumented = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";

TEST(PasswordHash, UnderstandsRabbitMqsHashes) {
  const auto hash = PasswordHash::parse(kDocumented);
  ASSERT_TRUE(hash.ok());
  EXPECT_TRUE(hash->matches("test12"));
  EXPECT_FALSE(hash->matches("test13"));
  EXPECT_FALSE(hash->matches("test1"));
  EXPECT_FALSE(hash->matches(""));
  EXPECT_EQ(hash->base64(), kDocumented);
}

TEST(PasswordHash, MadeHashesCanBeStoredAndRead) {
  base::SeededRandom random(1);
  const PasswordHash made = PasswordHash::of("päss\0word", random);
  const auto read = PasswordHash::parse(made.base64());
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->matches("päss\0word"));
}

TEST(PasswordHash, SaltsDiffer) {
  base::SeededRandom random(1);
  EXPECT_NE(PasswordHash::of("same", random).base64(), PasswordHash::of("same", random).base64());
}

TEST(PasswordHash, WhatIsNoHashIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("guest"), std::string(47, 'A'), std::string(49, 'A'),
        std::string(52, 'A'), std::string(48, '!'), std::string(44, 'A') + "====",
        std::string(46, 'A') + "==", std::string(47, 'A') + "\n", " " + std::string(47, 'A')}) {
    const auto hash = PasswordHash::parse(text);
    EXPECT_FALSE(hash.ok()) << text;
  }
}

}  // namespace
}  // namespace harrier::auth

#include "auth/user_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::auth {
namespace {

using ::testing::HasSubstr;

UserSpecification user(std::string name, std::string password) {
  UserSpecification specification;
  specification.name = std::move(name);
  specification.password = std::move(password);
  return specification;
}

base::Result<UserDirectory> directory_of(const std::vector<UserSpecification>& users) {
  base::SeededRandom random(1);
  return UserDirectory::create(users, random);
}

TEST(UserDirectory, VerifiesPasswords) {
  const auto directory = directory_of({user("ali", "open sesame"), user("kasim", "barley")});
  ASSERT_TRUE(directory.ok());
  const User* ali = directory->verify("ali", "open sesame");
  ASSERT_NE(ali, nullptr);
  EXPECT_EQ(ali->name, "ali");
  EXPECT_EQ(directory->verify("ali", "barley"), nullptr);
  EXPECT_EQ(directory->verify("ali", ""), nullptr);
  EXPECT_EQ(directory->verify("Ali", "open sesame"), nullptr);
  EXPECT_EQ(directory->verify("nobody", "open sesame"), nullptr);
  EXPECT_EQ(directory->verify("", ""), nullptr);
}

TEST(UserDirectory, TakesHashesAsTheyAre) {
  UserSpecification specification = user("imported", "");
  specification.password_hash = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";
  const auto directory = directory_of({specification});
  ASSERT_TRUE(directory.ok());
  EXPECT_NE(directory->verify("imported", "test12"), nullptr);
}

// Somebody may have configured the hash of the empty password.
TEST(UserDirectory, AnEmptyPasswordIsNeverRight) {
  base::SeededRandom random(1);
  UserSpecification specification = user("careless", "");
  specification.password_hash = PasswordHash::of("", random).base64();
  const auto directory = directory_of({specification});
  ASSERT_TRUE(directory.ok());
  EXPECT_EQ(directory->verify("careless", ""), nullptr);
}

TEST(UserDirectory, ImpossibleUsersAreRefusedByName) {
  UserSpecification both = user("both", "password");
  both.password_hash = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";
  UserSpecification bad_hash = user("bad", "");
  bad_hash.password_hash = "secret?";
  const auto message = [](const std::vector<UserSpecification>& users) {
    const auto directory = directory_of(users);
    return directory.ok() ? std::string() : directory.error().message;
  };
  EXPECT_THAT(message({both}), HasSubstr("user 'both'"));
  EXPECT_THAT(message({user("neither", "")}), HasSubstr("user 'neither'"));
  EXPECT_THAT(message({bad_hash}), HasSubstr("user 'bad'"));
  EXPECT_THAT(message({bad_hash}), ::testing::Not(HasSubstr("secret?")));
  EXPECT_THAT(message({user("twin", "x"), user("twin", "y")}), HasSubstr("'twin' is named twice"));
  EXPECT_THAT(message({user("", "x")}), HasSubstr("without a name"));
}

}  // namespace
}  // namespace harrier::auth

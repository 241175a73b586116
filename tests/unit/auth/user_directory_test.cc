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

base::Result<std::unique_ptr<UserDirectory>> directory_of(
    const std::vector<UserSpecification>& users) {
  base::SeededRandom random(1);
  return UserDirectory::create(users, random);
}

TEST(UserDirectory, FindsByTheWholeName) {
  const auto directory = directory_of({user("ali", "open sesame"), user("kasim", "barley")});
  ASSERT_TRUE(directory.ok());
  const auto ali = (*directory)->find("ali");
  ASSERT_NE(ali, nullptr);
  EXPECT_EQ(ali->name, "ali");
  EXPECT_TRUE(ali->password.matches("open sesame"));
  for (const char* unknown : {"Ali", "al", "alia", "", "nobody"})
    EXPECT_EQ((*directory)->find(unknown), nullptr) << unknown;
}

TEST(UserDirectory, TakesHashesAsTheyAre) {
  UserSpecification specification = user("imported", "");
  specification.password_hash = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";
  const auto directory = directory_of({specification});
  ASSERT_TRUE(directory.ok());
  EXPECT_TRUE((*directory)->find("imported")->password.matches("test12"));
}

// Somebody may have configured the hash of the empty password.
TEST(UserDirectory, AnEmptyPasswordIsNeverRight) {
  base::SeededRandom random(1);
  UserSpecification specification = user("careless", "");
  specification.password_hash = PasswordHash::of("", random).base64();
  const auto directory = directory_of({specification});
  ASSERT_TRUE(directory.ok());
  EXPECT_FALSE((*directory)->find("careless")->password.matches(""));
}

TEST(UserDirectory, AChangeIsANewVersionAndAnotherFormIsNot) {
  const auto created = directory_of({user("ali", "x")});
  ASSERT_TRUE(created.ok());
  UserDirectory& directory = **created;
  const auto before = directory.find("ali");
  EXPECT_FALSE(directory.has_slow());

  const StoredPassword slow =
      StoredPassword::of("x", {std::string(16, 'a'), std::string(16, 'b')}, {4096, 4096});
  directory.set_password_form("ali", before->version, slow);
  EXPECT_EQ(directory.find("ali")->version, before->version);
  EXPECT_TRUE(directory.has_slow());
  EXPECT_TRUE(before->password.quick()) << "who holds it sees it as it was";

  User changed = *directory.find("ali");
  changed.tags = {"management"};
  directory.set(changed);
  EXPECT_NE(directory.find("ali")->version, before->version);
  directory.set_password_form("ali", before->version, before->password);
  EXPECT_FALSE(directory.find("ali")->password.quick()) << "too late";
  directory.set_password_form("nobody", 1, before->password);
  EXPECT_EQ(directory.find("nobody"), nullptr);

  EXPECT_TRUE(directory.remove("ali"));
  EXPECT_FALSE(directory.remove("ali"));
  EXPECT_FALSE(directory.has_slow());
  directory.set(changed);
  EXPECT_GT(directory.find("ali")->version, before->version + 1) << "never a version of before";
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

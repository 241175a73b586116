#include "auth/user_directory.h"

#include <utility>

namespace harrier::auth {
namespace {

base::Result<PasswordHash> hash_of(const UserSpecification& user, base::RandomSource& random) {
  const std::string subject = "user '" + user.name + "': ";
  if (user.password.empty() == user.password_hash.empty())
    return base::fail(subject + "exactly one of password and password_hash is needed");
  if (!user.password.empty()) return PasswordHash::of(user.password, random);
  auto hash = PasswordHash::parse(user.password_hash);
  if (!hash) return base::fail(subject + hash.error().message);
  return hash;
}

}  // namespace

base::Result<UserDirectory> UserDirectory::create(const std::vector<UserSpecification>& users,
                                                  base::RandomSource& random) {
  UserDirectory directory;
  directory.nobodys_hash_ = PasswordHash::of(random.token(), random);
  for (const UserSpecification& user : users) {
    if (user.name.empty()) return base::fail("a user without a name");
    auto hash = hash_of(user, random);
    if (!hash) return base::fail(std::move(hash).error());
    const bool added =
        directory.users_
            .try_emplace(user.name, User{user.name, *hash, user.tags, user.loopback_only})
            .second;
    if (!added) return base::fail("user '" + user.name + "' is named twice");
  }
  return directory;
}

const User* UserDirectory::find(std::string_view name) const {
  const auto entry = users_.find(name);
  return entry == users_.end() ? nullptr : &entry->second;
}

const User* UserDirectory::verify(std::string_view name, std::string_view password) const {
  const User* user = find(name);
  const PasswordHash& hash = user == nullptr ? nobodys_hash_ : user->password_hash;
  const bool right = hash.matches(password) && !password.empty();
  return right ? user : nullptr;
}

}  // namespace harrier::auth

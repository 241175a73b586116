#include "auth/user_directory.h"

#include <utility>

namespace harrier::auth {
namespace {

base::Result<StoredPassword> password_of(const UserSpecification& user,
                                         base::RandomSource& random) {
  const std::string subject = "user '" + user.name + "': ";
  if (user.password.empty() == user.password_hash.empty())
    return base::fail(subject + "exactly one of password and password_hash is needed");
  if (!user.password.empty()) return StoredPassword::of_clear(user.password, random);
  auto password = StoredPassword::parse(user.password_hash);
  if (!password) return base::fail(subject + password.error().message);
  return password;
}

}  // namespace

base::Result<std::unique_ptr<UserDirectory>> UserDirectory::create(
    const std::vector<UserSpecification>& users, base::RandomSource& random) {
  auto directory = std::make_unique<UserDirectory>();
  for (const UserSpecification& user : users) {
    if (user.name.empty()) return base::fail("a user without a name");
    if (directory->find(user.name) != nullptr)
      return base::fail("user '" + user.name + "' is named twice");
    auto password = password_of(user, random);
    if (!password) return base::fail(std::move(password).error());
    directory->set({user.name, std::move(password).value(), user.tags, user.loopback_only});
  }
  return directory;
}

std::shared_ptr<const User> UserDirectory::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto entry = users_.find(name);
  return entry == users_.end() ? nullptr : entry->second;
}

std::shared_ptr<const User> UserDirectory::find(std::string_view name,
                                                std::uint64_t version) const {
  std::shared_ptr<const User> user = find(name);
  if (user != nullptr && user->version != version) user = nullptr;
  return user;
}

void UserDirectory::set(User user) {
  const std::lock_guard lock(mutex_);
  user.version = ++versions_;
  const auto place = users_.try_emplace(user.name).first;
  replace(place, std::move(user));
}

bool UserDirectory::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto entry = users_.find(name);
  if (entry == users_.end()) return false;
  count(*entry->second, -1);
  users_.erase(entry);
  return true;
}

void UserDirectory::set_password_form(std::string_view name, std::uint64_t version,
                                      StoredPassword password) {
  std::shared_ptr<const User> changed;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = users_.find(name);
    if (entry == users_.end() || entry->second->version != version) return;
    User user = *entry->second;
    user.password = std::move(password);
    replace(entry, std::move(user));
    changed = entry->second;
  }
  if (form_changed_) form_changed_(*changed);
}

void UserDirectory::replace(Users::iterator place, User user) {
  if (place->second != nullptr) count(*place->second, -1);
  count(user, 1);
  place->second = std::make_shared<const User>(std::move(user));
}

void UserDirectory::count(const User& user, int by) {
  if (!user.password.quick()) slow_count_.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace harrier::auth

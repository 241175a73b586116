// The users of the node: names, passwords and tags.
//
// Role:   made from the configuration, asked at every login, changed by whoever administers users.
//         Whether a user may do something is asked in broker (broker/access_control.h).
// Model:  a User is never changed but replaced, so who holds one sees it as it was. Its version
//         changes whenever it is set, but not when its password takes another form.
// Thread: synchronized by mutex_, which guards users_ and versions_.
// Errors: create() and set() name the user and what is wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/stored_password.h"
#include "base/random.h"
#include "base/result.h"

namespace harrier::auth {

// A user as configured.
struct UserSpecification {
  std::string name;
  // Exactly one of the two.
  std::string password;
  std::string password_hash;
  std::vector<std::string> tags;
  bool loopback_only = false;
};

struct User {
  std::string name;
  StoredPassword password;
  std::vector<std::string> tags;
  bool loopback_only = false;
  std::uint64_t version = 0;
};

class UserDirectory {
 public:
  // `random` gives salts.
  static base::Result<std::unique_ptr<UserDirectory>> create(
      const std::vector<UserSpecification>& users, base::RandomSource& random);

  // nullptr if there is no such user.
  std::shared_ptr<const User> find(std::string_view name) const;
  // nullptr, too, if it was changed since `version`.
  std::shared_ptr<const User> find(std::string_view name, std::uint64_t version) const;
  // Adds a user or replaces it whole. Of a stored password, not of one in clear: hash it first.
  void set(User user);
  // False if there is no such user.
  bool remove(std::string_view name);
  // Told, by the thread that calls set_password_form(), of each user whose password took another
  // form. To be set before logins come.
  using FormChanged = std::function<void(const User&)>;
  void watch_password_forms(FormChanged changed) { form_changed_ = std::move(changed); }
  // Another form of the same password; without effect if the user was changed since `version`.
  void set_password_form(std::string_view name, std::uint64_t version, StoredPassword password);

  // Some password takes long to check. While that is so every wrong one should.
  bool has_slow() const { return slow_count_.load(std::memory_order_relaxed) != 0; }

 private:
  using Users = std::map<std::string, std::shared_ptr<const User>, std::less<>>;

  void replace(Users::iterator place, User user);
  void count(const User& user, int by);

  mutable std::mutex mutex_;
  Users users_;
  std::uint64_t versions_ = 0;
  std::atomic<int> slow_count_{0};
  FormChanged form_changed_;
};

}  // namespace harrier::auth

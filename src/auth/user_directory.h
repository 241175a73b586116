// The users of the node: names, password hashes and tags.
//
// Role:   made once from the configuration and asked at every login. Whether a user may do
//         something is asked in broker (broker/access_control.h).
// Thread: immutable after create(): any number of loops may ask at once.
// Errors: create() names the user and what is wrong.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "auth/password_hash.h"
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
  PasswordHash password_hash;
  std::vector<std::string> tags;
  bool loopback_only = false;
};

class UserDirectory {
 public:
  // `random` gives salts, and the hash that unknown users are compared with.
  static base::Result<UserDirectory> create(const std::vector<UserSpecification>& users,
                                            base::RandomSource& random);

  // nullptr if there is no such user.
  const User* find(std::string_view name) const;
  // The user if the password is right; nullptr otherwise. An unknown name takes as long as a wrong
  // password. An empty password is never right.
  const User* verify(std::string_view name, std::string_view password) const;

 private:
  std::map<std::string, User, std::less<>> users_;
  PasswordHash nobodys_hash_;
};

}  // namespace harrier::auth

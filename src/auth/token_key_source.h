// Where the keys for tokens come from: the port that server implements.
//
// Thread: synchronized: any thread may call anything.
#pragma once

#include <memory>

#include "auth/token_keys.h"

namespace harrier::auth {

class TokenKeySource {
 public:
  virtual ~TokenKeySource() = default;
  // Those of now; an empty set before the first are there, never nullptr.
  virtual std::shared_ptr<const TokenKeys> current() const = 0;
  // A token was signed with a key that current() has not. True: newer ones are being fetched, see
  // fetching(). False: the last fetch is too recent, or there is nothing to fetch from.
  virtual bool request_newer() = 0;
  virtual bool fetching() const = 0;
};

}  // namespace harrier::auth

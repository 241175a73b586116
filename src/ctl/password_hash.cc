#include "ctl/password_hash.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "ctl/base64.h"
#include "ctl/trouble.h"

namespace harrier::ctl {

std::string password_hash(std::string_view password, std::string_view salt) {
  const std::string salted = std::string(salt) + std::string(password);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(salted.data()), salted.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return base64_encoded(std::string(salt) + digest);
}

std::string password_hash(std::string_view password) {
  std::string salt(4, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) != 1)
    throw Trouble(kExitSoftware, "the system gives no random bytes");
  return password_hash(password, salt);
}

}  // namespace harrier::ctl

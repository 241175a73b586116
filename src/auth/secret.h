// Bytes that are wiped when they are no longer needed: a password on its way to being checked.
//
// Thread: compatible.
#pragma once

#include <string>

#include <openssl/crypto.h>

#include "base/bytes.h"

namespace harrier::auth {

class Secret {
 public:
  Secret() = default;
  explicit Secret(base::Bytes bytes) : bytes_(bytes) {}
  Secret(const Secret& other) : bytes_(other.bytes_) {}
  Secret& operator=(const Secret& other) {
    if (this == &other) return *this;
    wipe();
    bytes_ = other.bytes_;
    return *this;
  }
  ~Secret() { wipe(); }

  base::Bytes bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  void wipe() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  std::string bytes_;
};

}  // namespace harrier::auth

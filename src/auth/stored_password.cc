#include "auth/stored_password.h"

#include <cstring>
#include <utility>

namespace harrier::auth {
namespace {

std::string salt_from(base::RandomSource& random) {
  std::string salt(ScramKeys::kSaltSize, '\0');
  for (std::size_t at = 0; at != salt.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t number = random.next();
    std::memcpy(salt.data() + at, &number, sizeof number);
  }
  return salt;
}

// Where the second of two joined hashes begins.
std::size_t second_of(base::Bytes text) {
  std::size_t at = 0;
  for (int dollars = 0; dollars != 4 && at != base::Bytes::npos; ++dollars)
    at = text.find('$', at + 1);
  return at;
}

}  // namespace

HashSalts HashSalts::draw(base::RandomSource& random) {
  HashSalts salts;
  salts.sha256 = salt_from(random);
  salts.sha512 = salt_from(random);
  return salts;
}

StoredPassword StoredPassword::of(base::Bytes password, const HashSalts& salts,
                                  const HashCost& cost) {
  StoredPassword stored;
  stored.keys_.push_back(
      ScramKeys::derive(DigestKind::kSha256, password, salts.sha256, cost.sha256_iterations));
  stored.keys_.push_back(
      ScramKeys::derive(DigestKind::kSha512, password, salts.sha512, cost.sha512_iterations));
  return stored;
}

StoredPassword StoredPassword::of_clear(base::Bytes password, base::RandomSource& random) {
  StoredPassword stored;
  stored.hash_ = PasswordHash::of(password, random);
  stored.clear_ = Secret(password);
  return stored;
}

base::Result<StoredPassword> StoredPassword::parse(base::Bytes text) {
  StoredPassword stored;
  if (!text.starts_with('$')) {
    auto hash = PasswordHash::parse(text);
    if (!hash) return base::fail(std::move(hash).error());
    stored.hash_ = std::move(hash).value();
    stored.imported_ = true;
    return stored;
  }
  while (!text.empty()) {
    const base::Bytes one = text.substr(0, second_of(text));
    auto keys = ScramKeys::parse(one);
    if (!keys) return base::fail(std::move(keys).error());
    if (stored.scram(keys->kind) != nullptr)
      return base::fail("a password hash names a digest twice");
    stored.keys_.push_back(std::move(keys).value());
    text.remove_prefix(one.size());
  }
  return stored;
}

bool StoredPassword::matches(base::Bytes password) const {
  if (hash_) return hash_->matches(password) && !password.empty();
  return !keys_.empty() && keys_.front().matches(password) && !password.empty();
}

const ScramKeys* StoredPassword::scram(DigestKind kind) const {
  for (const ScramKeys& keys : keys_)
    if (keys.kind == kind) return &keys;
  return nullptr;
}

bool StoredPassword::outdated(const HashCost& cost) const {
  if (hash_) return imported_;
  for (const DigestKind kind : {DigestKind::kSha256, DigestKind::kSha512}) {
    const ScramKeys* const keys = scram(kind);
    if (keys == nullptr || keys->iterations != cost.iterations(kind)) return true;
  }
  return false;
}

StoredPassword StoredPassword::with_keys_of(const StoredPassword& keys) const {
  StoredPassword stored;
  stored.hash_ = hash_;
  stored.imported_ = imported_;
  stored.keys_ = keys.keys_;
  return stored;
}

std::string StoredPassword::text() const {
  if (hash_) return hash_->base64();
  std::string text;
  for (const ScramKeys& keys : keys_)
    text.append(keys.text());
  return text;
}

}  // namespace harrier::auth

#include "server/ticket_keys.h"

#include <cstring>
#include <string_view>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

namespace harrier::server {
namespace {

template <std::size_t kSize>
bool fill(std::array<unsigned char, kSize>& bytes) {
  return ::RAND_bytes(bytes.data(), static_cast<int>(kSize)) == 1;
}

bool is_named(const std::optional<TicketKeys::Key>& key, std::string_view name) {
  return key && name.size() == key->name.size() &&
         std::memcmp(key->name.data(), name.data(), name.size()) == 0;
}

// SSL's first place for an application's own.
constexpr int kVisitIndex = 0;

bool authenticate(EVP_MAC_CTX* mac, const TicketKeys::Key& key) {
  // Parameters are not const, though OpenSSL only reads them.
  char digest[] = "SHA256";
  std::array<unsigned char, 32> secret = key.mac;
  const OSSL_PARAM parameters[] = {
      ::OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret.data(), secret.size()),
      ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      ::OSSL_PARAM_construct_end()};
  return ::EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

// As OpenSSL asks for it. 1: fine; 2: fine, and a new ticket is due; 0: no such key; -1: failed.
int use_keys(SSL* session, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
             EVP_MAC_CTX* mac, int makes_ticket) {
  auto& visit = *static_cast<TicketKeys::Visit*>(::SSL_get_ex_data(session, kVisitIndex));
  const EVP_CIPHER* const aes = ::EVP_aes_256_cbc();
  if (makes_ticket != 0) {
    const auto key = visit.keys.current(visit.now);
    if (!key || ::RAND_bytes(iv, ::EVP_CIPHER_get_iv_length(aes)) != 1) return -1;
    std::memcpy(name, key->name.data(), key->name.size());
    const bool fine = ::EVP_EncryptInit_ex2(cipher, aes, key->cipher.data(), iv, nullptr) == 1;
    return fine && authenticate(mac, *key) ? 1 : -1;
  }
  const auto found = visit.keys.find(
      {reinterpret_cast<const char*>(name), TicketKeys::Key().name.size()}, visit.now);
  if (!found) return 0;
  const bool fine = ::EVP_DecryptInit_ex2(cipher, aes, found->key.cipher.data(), iv, nullptr) == 1;
  if (!fine || !authenticate(mac, found->key)) return -1;
  return found->is_current ? 1 : 2;
}

}  // namespace

void TicketKeys::serve(ssl_ctx_st& context) {
  ::SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, use_keys);
}

void TicketKeys::attach(ssl_st& session, Visit& visit) {
  ::SSL_set_ex_data(&session, kVisitIndex, &visit);
}

bool TicketKeys::renew(base::MonotonicTime now) {
  if (current_ && now < made_ + kLifetime) return true;
  Key made;
  if (!fill(made.name) || !fill(made.cipher) || !fill(made.mac)) return false;
  const bool fresh = now < made_ + 2 * kLifetime;
  previous_ = fresh ? std::exchange(current_, std::nullopt) : std::nullopt;
  current_ = made;
  made_ = now;
  return true;
}

std::optional<TicketKeys::Key> TicketKeys::current(base::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (!renew(now)) return std::nullopt;
  return current_;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::string_view name, base::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (!renew(now)) return std::nullopt;
  if (is_named(current_, name)) return Found{*current_, true};
  if (is_named(previous_, name)) return Found{*previous_, false};
  return std::nullopt;
}

}  // namespace harrier::server

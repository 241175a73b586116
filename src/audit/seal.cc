#include "audit/seal.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"
#include "base/hex.h"

namespace harrier::audit {
namespace {

constexpr std::size_t kHexSize = 64;
constexpr std::string_view kPlainEnd = R"(,"hash":")";
constexpr std::string_view kKeyedEnd = R"(,"hmac":")";
constexpr std::string_view kClosing = "\"}";
constexpr std::size_t kEndSize = kPlainEnd.size() + kHexSize + kClosing.size();
static_assert(kPlainEnd.size() == kKeyedEnd.size());

bool is_hash(std::string_view text) {
  return text.size() == kHexSize &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

base::Result<Link> read_place(std::string_view object) {
  const auto parsed =
      nlohmann::json::parse(std::string(object).append("}"), nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return base::fail("is no JSON object");
  const auto sequence = parsed.find("seq");
  const auto previous = parsed.find("prev");
  if (sequence == parsed.end() || !sequence->is_number_unsigned() || previous == parsed.end() ||
      !previous->is_string() || !is_hash(previous->get_ref<const std::string&>()))
    return base::fail("has no seq or no prev");
  Link link;
  link.sequence = sequence->get<std::uint64_t>();
  link.previous = previous->get<std::string>();
  const auto action = parsed.find("action");
  if (action != parsed.end() && action->is_string()) link.action = action->get<std::string>();
  const auto count = parsed.find("count");
  if (count != parsed.end() && count->is_number_unsigned())
    link.count = count->get<std::uint64_t>();
  return link;
}

}  // namespace

std::string no_hash() { return std::string(kHexSize, '0'); }

Seal::Seal(std::string key) : key_(std::move(key)) { CHECK(key_.size() >= kKeyMin); }

base::Result<Seal> Seal::from_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return base::fail(path + ": " + std::strerror(errno));
  if ((status.st_mode & 07) != 0)
    return base::fail(path + ": every user of this machine may read or write the key");
  std::ifstream file(path, std::ios::binary);
  std::string key(kKeyMax + 2, '\0');
  file.read(key.data(), static_cast<std::streamsize>(key.size()));
  if (file.bad() || (file.fail() && !file.eof())) return base::fail(path + ": cannot be read");
  key.resize(static_cast<std::size_t>(file.gcount()));
  if (key.ends_with('\n')) key.pop_back();
  if (key.size() < kKeyMin || key.size() > kKeyMax)
    return base::fail(path + ": a key has 16 to 4096 bytes");
  return Seal(std::move(key));
}

std::string Seal::digest(std::string_view bytes, bool keyed) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> octets{};
  unsigned size = 0;
  if (keyed) {
    const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
    CHECK(::HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), data, bytes.size(),
                 octets.data(), &size) != nullptr);
  } else {
    CHECK(::EVP_Digest(bytes.data(), bytes.size(), octets.data(), &size, EVP_sha256(), nullptr) ==
          1);
  }
  std::string text;
  for (unsigned i = 0; i != size; ++i)
    base::append_hex(text, static_cast<char>(octets[i]));
  return text;
}

std::string Seal::close(std::string& object) const {
  std::string hash = digest(object, keyed());
  object.append(keyed() ? kKeyedEnd : kPlainEnd).append(hash).append(kClosing);
  return hash;
}

base::Result<Link> Seal::read(std::string_view line) const {
  if (line.size() <= kEndSize) return base::fail("is no line of an audit log");
  const std::string_view object = line.substr(0, line.size() - kEndSize);
  const std::string_view end = line.substr(object.size());
  const std::string_view hash = end.substr(kPlainEnd.size(), kHexSize);
  const bool keyed_line = end.starts_with(kKeyedEnd);
  if ((!keyed_line && !end.starts_with(kPlainEnd)) || !end.ends_with(kClosing) || !is_hash(hash))
    return base::fail("does not end with its hash");
  auto link = read_place(object);
  if (!link) return link;
  link->hash = std::string(hash);
  link->keyed = keyed_line;
  if (keyed_line && !keyed()) return link;
  const std::string expected = digest(object, keyed_line);
  if (::CRYPTO_memcmp(expected.data(), hash.data(), kHexSize) != 0)
    return base::fail("was changed: its hash is another");
  return link;
}

}  // namespace harrier::audit

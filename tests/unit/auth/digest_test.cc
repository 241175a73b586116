#include "auth/digest.h"

#include <gtest/gtest.h>

namespace harrier::auth {
namespace {

using namespace std::string_literals;

std::string hex(base::Bytes bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    text.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return text;
}

// FIPS 180-4's examples.
TEST(Digest, OfAbc) {
  EXPECT_EQ(hex(digest(DigestKind::kSha256, "abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(digest(DigestKind::kSha512, "abc")).substr(0, 32),
            "ddaf35a193617abacc417349ae204131");
}

// RFC 4231, test case 2, and a key that is empty.
TEST(Digest, Hmac) {
  EXPECT_EQ(hex(hmac(DigestKind::kSha256, "Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac(DigestKind::kSha256, "", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// RFC 7914 section 11.
TEST(Digest, Pbkdf2) {
  EXPECT_EQ(hex(pbkdf2(DigestKind::kSha256, "passwd", "salt", 1)),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
}

TEST(Base64, PaddingMustBeExact) {
  for (const std::string& bytes : {""s, "f"s, "fo"s, "foo"s, "\0\xFF\x80\n"s})
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  for (const char* bad : {"Zm8", "Zm8==", "Zg=", "=", "====", "Z===", "Zm8=Zm8=", " m8=", "Zm9v\n",
                          "Zm9v Zm9", "Zm-_", "Zm9vZ"})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace harrier::auth

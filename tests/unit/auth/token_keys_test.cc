#include "auth/token_keys.h"

#include "token_fixture.h"

namespace harrier::auth {
namespace {

using test::key_set;

std::string fault_of(const std::string& text) {
  const auto keys = TokenKeys::parse(text);
  return keys ? "none" : keys.error().message;
}

std::shared_ptr<const TokenKeys> keys_of(const std::string& keys) {
  return TokenKeys::parse(key_set(keys)).value();
}

bool finds(const TokenKeys& keys, std::string key_id, std::string_view algorithm) {
  return keys.find(&key_id, algorithm) != nullptr;
}

TEST(TokenKeys, AreFoundByNameAndAlgorithm) {
  const auto keys = keys_of(rsa_signer().jwk() + "," + ec_signer().jwk());
  EXPECT_EQ(keys->count(), 2u);
  for (const char* algorithm : {"RS256", "RS384", "RS512"})
    EXPECT_TRUE(finds(*keys, "r1", algorithm)) << algorithm;
  EXPECT_TRUE(finds(*keys, "e1", "ES256"));
  EXPECT_FALSE(finds(*keys, "e1", "RS256"));
  EXPECT_FALSE(finds(*keys, "r1", "ES256"));
  EXPECT_FALSE(finds(*keys, "e1", "ES384")) << "another curve";
  EXPECT_FALSE(finds(*keys, "other", "RS256"));
  EXPECT_FALSE(finds(*keys, "", "RS256"));
}

TEST(TokenKeys, NoKeyGoesWithASymmetricAlgorithmOrNone) {
  const auto keys = keys_of(rsa_signer().jwk() + "," + ec_signer().jwk());
  for (const char* algorithm : {"HS256", "none", "None", "", "PS256", "rs256", "RS256 "}) {
    EXPECT_FALSE(finds(*keys, "r1", algorithm)) << algorithm;
    EXPECT_FALSE(finds(*keys, "e1", algorithm)) << algorithm;
    EXPECT_EQ(keys->find(nullptr, algorithm), nullptr) << algorithm;
  }
}

TEST(TokenKeys, AKeyMayBeForOneAlgorithm) {
  const auto keys = keys_of(rsa_signer().jwk(R"(, "alg": "RS384")"));
  EXPECT_TRUE(finds(*keys, "r1", "RS384"));
  EXPECT_FALSE(finds(*keys, "r1", "RS256"));
}

TEST(TokenKeys, WithoutANameTheOnlyOneThatFitsIsTaken) {
  const auto keys = keys_of(rsa_signer().jwk() + "," + ec_signer().jwk());
  EXPECT_NE(keys->find(nullptr, "RS256"), nullptr);
  EXPECT_NE(keys->find(nullptr, "ES256"), nullptr);
  const auto two = keys_of(ec_signer().jwk() + "," + TokenSigner::ec("e2").jwk());
  EXPECT_EQ(two->find(nullptr, "ES256"), nullptr) << "which of the two?";
  EXPECT_TRUE(finds(*two, "e2", "ES256"));
}

TEST(TokenKeys, KeysForOtherUsesAreLeftOut) {
  const std::string good = "," + ec_signer().jwk();
  EXPECT_EQ(keys_of(rsa_signer().jwk(R"(, "use": "enc")") + good)->count(), 1u);
  EXPECT_EQ(keys_of(rsa_signer().jwk(R"(, "key_ops": ["encrypt"])") + good)->count(), 1u);
  EXPECT_EQ(keys_of(rsa_signer().jwk(R"(, "key_ops": "verify")") + good)->count(), 1u);
  EXPECT_EQ(keys_of(rsa_signer().jwk(R"(, "use": "sig", "key_ops": ["verify"])") + good)->count(),
            2u);
}

TEST(TokenKeys, WhatIsNoGoodKeyIsLeftOut) {
  const std::string good = "," + ec_signer().jwk();
  for (const std::string& bad :
       {std::string("1"), std::string("{}"), std::string(R"({"kty": "oct", "k": "c2VjcmV0"})"),
        std::string(R"({"kty": "RSA", "n": "!", "e": "AQAB"})"), std::string(R"({"kty": "RSA"})"),
        std::string(R"({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})"),
        std::string(R"({"kty": "OKP", "crv": "Ed25519", "x": "AA"})")})
    EXPECT_EQ(keys_of(bad + good)->count(), 1u) << bad;
  EXPECT_EQ(keys_of(TokenSigner::rsa("weak", 1024).jwk() + good)->count(), 1u);
}

TEST(TokenKeys, ASetWithoutAUsableKeyIsRefused) {
  EXPECT_EQ(fault_of(""), "the key set is no JSON");
  EXPECT_EQ(fault_of("<html>"), "the key set is no JSON");
  EXPECT_EQ(fault_of("[]"), "the key set has no list of keys");
  EXPECT_EQ(fault_of(R"({"keys": {}})"), "the key set has no list of keys");
  EXPECT_EQ(fault_of(R"({"error": "not found"})"), "the key set has no list of keys");
  EXPECT_EQ(fault_of(R"({"keys": []})"), "the key set has no key that can be used");
}

TEST(TokenKeys, AreCounted) {
  std::string keys = ec_signer().jwk();
  for (int count = 1; count != 64; ++count)
    keys += "," + ec_signer().jwk();
  EXPECT_EQ(fault_of(key_set(keys)), "none");
  EXPECT_EQ(fault_of(key_set(keys + "," + ec_signer().jwk())), "the key set has more than 64 keys");
}

}  // namespace
}  // namespace harrier::auth

#include "auth/token_verifier.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "token_fixture.h"

namespace harrier::auth {
namespace {

using Kind = TokenFinding::Kind;
using test::key_set;
using test::to_base64url;

class TokenVerifierTest : public ::testing::Test {
 protected:
  TokenFinding look_at(const std::string& token) const {
    return TokenVerifier(policy).verify(token, *keys, kTokenNow);
  }
  std::string fault_of(const std::string& token) const {
    const TokenFinding finding = look_at(token);
    return finding.kind == Kind::kGood ? "none" : finding.reason;
  }
  // RS256 with another header.
  static std::string with_header(const std::string& header) {
    return rsa_signer().sign(header, claims_with(""));
  }

  TokenPolicy policy = token_policy();
  std::shared_ptr<const TokenKeys> keys =
      TokenKeys::parse(key_set(rsa_signer().jwk() + "," + ec_signer().jwk())).value();
};

TEST_F(TokenVerifierTest, TakesRsaAndEllipticSignatures) {
  for (const TokenSigner* signer : {&rsa_signer(), &ec_signer()}) {
    const TokenFinding finding = look_at(signer->sign(claims_with("")));
    EXPECT_EQ(finding.kind, Kind::kGood) << finding.reason;
    EXPECT_EQ(finding.claims.user, "ali");
  }
  for (const int bits : {384, 512}) {
    const std::string header = R"({"alg": "RS)" + std::to_string(bits) + R"(", "kid": "r1"})";
    EXPECT_EQ(fault_of(rsa_signer().sign(header, claims_with(""), bits)), "none") << bits;
  }
}

TEST_F(TokenVerifierTest, TakesTheLargerCurves) {
  for (const char* curve : {"P-384", "P-521"}) {
    const TokenSigner signer = TokenSigner::ec("big", curve);
    keys = TokenKeys::parse(key_set(signer.jwk())).value();
    EXPECT_EQ(fault_of(signer.sign(claims_with(""))), "none") << curve;
  }
}

TEST_F(TokenVerifierTest, NothingOfATokenMayBeChanged) {
  const std::string good = ec_signer().sign(claims_with(""));
  const std::string signature = good.substr(good.rfind('.'));
  const std::string start = good.substr(0, good.find('.'));
  EXPECT_EQ(fault_of(start + "." + to_base64url(claims_with(R"("scope": "rabbitmq.read:*/*")")) +
                     signature),
            "the token's signature is wrong");
  EXPECT_EQ(fault_of(to_base64url(R"({"alg": "ES256", "kid": "e1", "x": 1})") +
                     good.substr(good.find('.'))),
            "the token's signature is wrong");
  // The last character may hold bits that mean nothing.
  std::string other = good;
  const std::size_t middle = good.size() - 20;
  other[middle] = other[middle] == 'A' ? 'B' : 'A';
  EXPECT_EQ(fault_of(other), "the token's signature is wrong");
}

TEST_F(TokenVerifierTest, ASignatureMustBeThere) {
  const std::string good = ec_signer().sign(claims_with(""));
  EXPECT_NE(fault_of(good.substr(0, good.rfind('.') + 1)), "none");
  EXPECT_NE(fault_of(good.substr(0, good.size() - 8)), "none");
  const std::string zeros = good.substr(0, good.rfind('.') + 1) + std::string(86, 'A');
  EXPECT_EQ(fault_of(zeros), "the token's signature is wrong");
}

TEST_F(TokenVerifierTest, NothingStandsBehindASignature) {
  for (const TokenSigner* signer : {&rsa_signer(), &ec_signer()})
    for (const char* more : {"A", "AA", "AAA", "AAAA"})
      EXPECT_NE(fault_of(signer->sign(claims_with("")) + more), "none") << more;
}

TEST_F(TokenVerifierTest, AlgorithmNoneIsNotTaken) {
  for (const char* name : {"none", "None", "NONE", "nOnE"}) {
    const std::string header = R"({"alg": ")" + std::string(name) + R"(", "kid": "r1"})";
    const std::string token = to_base64url(header) + "." + to_base64url(claims_with("")) + ".";
    EXPECT_EQ(fault_of(token), "the token's algorithm is not taken") << name;
    policy.algorithms = {"none"};
    EXPECT_EQ(fault_of(token), name == std::string("none") ? "the token's key is not known"
                                                           : "the token's algorithm is not taken")
        << "even if somebody configures it";
    policy = token_policy();
  }
}

TEST_F(TokenVerifierTest, APublicKeyIsNoSecret) {
  const std::string signed_text =
      to_base64url(R"({"alg": "HS256", "kid": "r1"})") + "." + to_base64url(claims_with(""));
  const std::string secret = rsa_signer().pem();
  std::string mac(32, '\0');
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(),
       reinterpret_cast<unsigned char*>(mac.data()), nullptr);
  EXPECT_EQ(fault_of(signed_text + "." + to_base64url(mac)), "the token's algorithm is not taken");
  policy.algorithms.emplace_back("HS256");
  EXPECT_EQ(fault_of(signed_text + "." + to_base64url(mac)), "the token's key is not known");
}

TEST_F(TokenVerifierTest, AnAlgorithmMustGoWithItsKey) {
  EXPECT_EQ(fault_of(rsa_signer().sign(R"({"alg": "RS256", "kid": "e1"})", claims_with(""))),
            "the token's key is not known");
  EXPECT_EQ(fault_of(ec_signer().sign(R"({"alg": "RS256", "kid": "r1"})", claims_with(""))),
            "the token's signature is wrong");
  EXPECT_EQ(fault_of(rsa_signer().sign(R"({"alg": "ES256", "kid": "e1"})", claims_with(""))),
            "the token's signature is wrong");
  EXPECT_EQ(fault_of(rsa_signer().sign(R"({"alg": "RS512", "kid": "r1"})", claims_with(""), 256)),
            "the token's signature is wrong");
}

TEST_F(TokenVerifierTest, OnlyThePolicysAlgorithmsAreTaken) {
  policy.algorithms = {"ES256"};
  EXPECT_EQ(fault_of(ec_signer().sign(claims_with(""))), "none");
  EXPECT_EQ(fault_of(rsa_signer().sign(claims_with(""))), "the token's algorithm is not taken");
}

TEST_F(TokenVerifierTest, AKeyThatIsNotInTheSetMightBeInANewerOne) {
  const TokenFinding finding = look_at(TokenSigner::ec("new").sign(claims_with("")));
  EXPECT_EQ(finding.kind, Kind::kUnknownKey);
  EXPECT_EQ(
      TokenVerifier(policy).verify(ec_signer().sign(claims_with("")), TokenKeys(), kTokenNow).kind,
      Kind::kUnknownKey);
}

TEST_F(TokenVerifierTest, AnotherKeyOfTheSameNameSignsNothing) {
  EXPECT_EQ(fault_of(TokenSigner::ec("e1").sign(claims_with(""))),
            "the token's signature is wrong");
}

TEST_F(TokenVerifierTest, AKeyInTheHeaderIsNotBelieved) {
  const TokenSigner stranger = TokenSigner::ec("e1");
  EXPECT_EQ(
      fault_of(stranger.sign(R"({"alg": "ES256", "kid": "e1", "jwk": )" + stranger.jwk() + "}",
                             claims_with(""))),
      "the token's signature is wrong");
}

TEST_F(TokenVerifierTest, HeadersMustBeUnderstoodWhole) {
  EXPECT_EQ(
      fault_of(with_header(R"({"alg": "RS256", "kid": "r1", "crit": ["b64"], "b64": false})")),
      "the token's header has critical extensions");
  EXPECT_EQ(fault_of(with_header(R"({"alg": "none", "alg": "RS256", "kid": "r1"})")),
            "the token's header is JSON that has the same name twice in an object");
  EXPECT_EQ(fault_of(with_header(R"({"kid": "r1"})")), "the token's header names no algorithm");
  EXPECT_EQ(fault_of(with_header(R"({"alg": 1})")), "the token's header names no algorithm");
  EXPECT_EQ(fault_of(with_header(R"({"alg": "RS256", "kid": 1})")), "the token's key has no name");
  std::string deep = "1";
  for (int depth = 0; depth != 17; ++depth)
    deep = "[" + deep + "]";
  EXPECT_EQ(fault_of(with_header(R"({"alg": "RS256", "kid": "r1", "x": )" + deep + "}")),
            "the token's header is JSON that is nested too deeply");
}

TEST_F(TokenVerifierTest, WithoutAKeysNameTheOnlyOneThatFitsIsTaken) {
  EXPECT_EQ(fault_of(with_header(R"({"alg": "RS256"})")), "none");
}

TEST_F(TokenVerifierTest, IsThreePartsOfBase64Url) {
  const std::string good = ec_signer().sign(claims_with(""));
  for (const std::string& broken :
       {std::string(), std::string("."), std::string(".."), "." + good, good + ".", good + ".e30",
        good + "=", " " + good, good + "\n", good.substr(0, good.find('.')), "x" + good})
    EXPECT_NE(fault_of(broken), "none") << broken;
  EXPECT_TRUE(TokenVerifier::is_token(good));
  for (const char* password : {"guest", "a.b.c", "e.b", "e.b.c.d", "e.b.c ", "e.b+.c", ""})
    EXPECT_FALSE(TokenVerifier::is_token(password)) << password;
}

TEST_F(TokenVerifierTest, TooLongATokenIsNotLookedAt) {
  const std::string good = ec_signer().sign(claims_with(""));
  policy.token_size_max = good.size();
  EXPECT_EQ(fault_of(good), "none");
  policy.token_size_max = good.size() - 1;
  EXPECT_EQ(fault_of(good), "the token is too long");
}

TEST_F(TokenVerifierTest, ClaimsAreCheckedAfterTheSignature) {
  EXPECT_EQ(fault_of(ec_signer().sign(claims_with(R"("aud": "x")"))),
            "the token's claims are JSON that has the same name twice in an object");
  EXPECT_EQ(fault_of(ec_signer().sign("no object")), "the token's claims are no JSON");
  EXPECT_EQ(fault_of(ec_signer().sign("")), "the token's claims are no JSON");
}

}  // namespace
}  // namespace harrier::auth

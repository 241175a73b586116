#include "auth/token_claims.h"

#include "token_fixture.h"

namespace harrier::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

TokenClaims claims_of(const std::string& text, const TokenPolicy& policy = token_policy()) {
  auto claims = TokenClaims::parse(text, policy, kTokenNow);
  EXPECT_TRUE(claims.ok()) << claims.error().message;
  return claims ? std::move(claims).value() : TokenClaims{};
}

std::string fault_of(const std::string& text, const TokenPolicy& policy = token_policy()) {
  const auto claims = TokenClaims::parse(text, policy, kTokenNow);
  return claims ? "none" : claims.error().message;
}

TEST(TokenClaims, AreReadWhenAllIsRight) {
  const auto claims =
      claims_of(claims_with(R"("scope": "rabbitmq.read:*/* rabbitmq.tag:monitoring")"));
  EXPECT_EQ(claims.user, "ali");
  EXPECT_THAT(claims.scopes, ElementsAre("read:*/*"));
  EXPECT_THAT(claims.tags, ElementsAre("monitoring"));
  EXPECT_EQ(claims.expires, kTokenNow + 60s);
}

TEST(TokenClaims, TheIssuerMustBeThatOfThePolicy) {
  for (const char* issuer : {"", R"("iss": "https://issuer.example/")", R"("iss": 1)",
                             R"("iss": ["https://issuer.example"])", R"("iss": null)"})
    EXPECT_EQ(fault_of(object_of({kTimes, issuer, kAudience, kSubject})),
              "the token is of another issuer")
        << issuer;
}

TEST(TokenClaims, TheAudienceMustHoldTheResourceServer) {
  for (const char* audience : {"", R"("aud": "rabbit")", R"("aud": [])", R"("aud": ["a", 1])",
                               R"("aud": {"rabbitmq": 1})", R"("aud": "a rabbitmq")"})
    EXPECT_EQ(fault_of(object_of({kTimes, kIssuer, audience, kSubject})),
              "the token is for another audience")
        << audience;
  EXPECT_EQ(fault_of(object_of({kTimes, kIssuer, R"("aud": [1, "a", "rabbitmq"])", kSubject})),
            "none");
}

TEST(TokenClaims, TheTokenMustSayWhenItEnds) {
  const auto fault = [](const char* exp) {
    return fault_of(object_of({exp, kIssuer, kAudience, kSubject}));
  };
  EXPECT_EQ(fault(""), "the token has no exp claim");
  EXPECT_EQ(fault(R"("exp": "1700000060")"), "the token's exp claim is no number");
  EXPECT_EQ(fault(R"("exp": null)"), "the token's exp claim is no number");
  EXPECT_EQ(fault(R"("exp": 1700000000)"), "the token has expired");
  EXPECT_EQ(fault(R"("exp": 1699999999.999)"), "the token has expired");
  EXPECT_EQ(fault(R"("exp": -1e300)"), "the token has expired");
  EXPECT_EQ(fault(R"("exp": 1700000000.001)"), "none");
  EXPECT_EQ(fault(R"("exp": 1.70000006e9)"), "none");
}

TEST(TokenClaims, AnEndBeyondAllClocksIsFarAway) {
  const auto claims = claims_of(object_of({R"("exp": 1e300)", kIssuer, kAudience, kSubject}));
  EXPECT_GT(claims.expires, kTokenNow + std::chrono::years(1'000));
}

TEST(TokenClaims, ATokenMayBeginLater) {
  EXPECT_EQ(fault_of(claims_with(R"("nbf": 1700000001)")), "the token is not valid yet");
  EXPECT_EQ(fault_of(claims_with(R"("nbf": 1700000000)")), "none");
  EXPECT_EQ(fault_of(claims_with(R"("nbf": "now")")), "the token's nbf claim is no number");
}

TEST(TokenClaims, ClocksMayDifferAsFarAsThePolicySays) {
  TokenPolicy policy = token_policy();
  policy.clock_skew = 10s;
  const auto fault = [&](const std::string& exp, const char* nbf) {
    return fault_of(object_of({exp, kIssuer, kAudience, kSubject, nbf}), policy);
  };
  EXPECT_EQ(fault(R"("exp": 1699999991)", ""), "none");
  EXPECT_EQ(fault(R"("exp": 1699999990)", ""), "the token has expired");
  EXPECT_EQ(fault(kTimes, R"("nbf": 1700000010)"), "none");
  EXPECT_EQ(fault(kTimes, R"("nbf": 1700000011)"), "the token is not valid yet");
}

TEST(TokenClaims, TheFirstClaimThatIsThereNamesTheUser) {
  EXPECT_EQ(claims_of(object_of({kTimes, kIssuer, kAudience, R"("client_id": "app")"})).user,
            "app");
  EXPECT_EQ(claims_of(claims_with(R"("client_id": "app")")).user, "ali");
  TokenPolicy policy = token_policy();
  policy.username_claims = {"user_name"};
  EXPECT_EQ(claims_of(claims_with(R"("user_name": "veli")"), policy).user, "veli");
  EXPECT_EQ(fault_of(claims_with(""), policy), "the token names no user");
}

TEST(TokenClaims, AUserHasAName) {
  const std::string longest(255, 'u');
  const auto fault = [](const std::string& subject) {
    return fault_of(object_of({kTimes, kIssuer, kAudience, subject}));
  };
  EXPECT_EQ(fault(""), "the token names no user");
  for (const std::string& broken :
       {std::string(R"("sub": "")"), std::string(R"("sub": 1)"), std::string(R"("sub": "a\nb")"),
        std::string(R"("sub": "\u0000")"), R"("sub": "x)" + longest + '"'})
    EXPECT_EQ(fault(broken), "the token's claim of the user is no name") << broken;
  EXPECT_EQ(fault(R"("sub": ")" + longest + '"'), "none");
}

TEST(TokenClaims, ScopesAreATextOrAList) {
  EXPECT_THAT(claims_of(claims_with(R"("scope": "  rabbitmq.b  rabbitmq.a rabbitmq.b ")")).scopes,
              ElementsAre("a", "b"));
  EXPECT_THAT(claims_of(claims_with(R"("scope": ["rabbitmq.a b", 1, ["rabbitmq.c"]])")).scopes,
              ElementsAre("a b"));
  EXPECT_THAT(claims_of(claims_with(R"("scope": {"rabbitmq.a": 1})")).scopes, IsEmpty());
  EXPECT_THAT(claims_of(claims_with("")).scopes, IsEmpty());
}

TEST(TokenClaims, ScopesOfOthersAreLeftOut) {
  const auto claims = claims_of(
      claims_with(R"("scope": "read:*/* other.read:*/* rabbitmqread:*/* tag:administrator")"));
  EXPECT_THAT(claims.scopes, IsEmpty());
  EXPECT_THAT(claims.tags, IsEmpty());
}

TEST(TokenClaims, AnotherClaimMayHoldScopesToo) {
  TokenPolicy policy = token_policy();
  policy.additional_scopes_claim = "roles";
  const auto scopes = [&](const std::string& roles) {
    return claims_of(claims_with(R"("scope": "rabbitmq.a", "roles": )" + roles), policy).scopes;
  };
  EXPECT_THAT(scopes(R"("rabbitmq.b other.c")"), ElementsAre("a", "b"));
  EXPECT_THAT(scopes(R"(["rabbitmq.b"])"), ElementsAre("a", "b"));
  EXPECT_THAT(scopes(R"({"rabbitmq": ["b", "c"], "other": ["d"]})"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(scopes(R"({"rabbitmq": "b c"})"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(scopes("7"), ElementsAre("a"));
}

TEST(TokenClaims, ScopesAreCounted) {
  const auto scopes = [](std::size_t count) {
    std::string text = R"("scope": ")";
    for (std::size_t index = 0; index != count; ++index)
      text += "rabbitmq.s" + std::to_string(index) + " ";
    return text + '"';
  };
  EXPECT_EQ(fault_of(claims_with(scopes(2048))), "none");
  EXPECT_EQ(fault_of(claims_with(scopes(2049))), "the token has too many scopes");
}

TEST(TokenClaims, AreAnObjectWithoutRepetition) {
  EXPECT_EQ(fault_of("[]"), "the token's claims are no object");
  EXPECT_EQ(fault_of("x"), "the token's claims are no JSON");
  EXPECT_EQ(fault_of(claims_with(R"("exp": 1900000000)")),
            "the token's claims are JSON that has the same name twice in an object");
}

}  // namespace
}  // namespace harrier::auth

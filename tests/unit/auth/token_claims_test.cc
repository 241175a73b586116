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

// ---- aliases

TokenPolicy policy_with(std::map<std::string, std::vector<std::string>, std::less<>> aliases) {
  TokenPolicy policy = token_policy();
  policy.additional_scopes_claim = "roles";
  policy.scope_aliases = std::move(aliases);
  return policy;
}

TEST(TokenClaims, AnAliasStandsForItsScopes) {
  const TokenPolicy policy =
      policy_with({{"api://admin", {"rabbitmq.tag:administrator", "rabbitmq.read:*/*"}},
                   {"worker one", {"rabbitmq.write:a/b"}},
                   {"rabbitmq.all", {"rabbitmq.read:*/*"}},
                   {"stray", {"other.read:*/*", "tag:administrator"}}});
  const auto scopes = [&](const std::string& more) {
    return claims_of(claims_with(more), policy).scopes;
  };
  const auto admin = claims_of(claims_with(R"("scope": "x api://admin api://admin")"), policy);
  EXPECT_THAT(admin.scopes, ElementsAre("read:*/*"));
  EXPECT_THAT(admin.tags, ElementsAre("administrator"));
  EXPECT_THAT(scopes(R"("scope": ["worker one", "rabbitmq.a"])"), ElementsAre("a", "write:a/b"));
  EXPECT_THAT(scopes(R"("roles": ["worker one"])"), ElementsAre("write:a/b"));
  EXPECT_THAT(scopes(R"("roles": {"rabbitmq": "all"})"), ElementsAre("all", "read:*/*"));
  EXPECT_THAT(scopes(R"("scope": "stray")"), IsEmpty()) << "aliases need the prefix, too";
}

TEST(TokenClaims, OnlyAWholeScopeIsAnAlias) {
  const TokenPolicy policy = policy_with({{"admin", {"rabbitmq.read:*/*"}}});
  for (const char* scope : {"Admin", "admin2", "rabbitmq.admin*", "ad", "admin\\u0000", "*",
                            "{sub}", "%61dmin", "a\\u0064min "})
    EXPECT_THAT(
        claims_of(claims_with(R"("scope": [")" + std::string(scope) + R"("])"), policy).scopes,
        ::testing::Not(::testing::Contains("read:*/*")))
        << scope;
}

TEST(TokenClaims, AnAliasIsNotLookedUpAgain) {
  const TokenPolicy policy = policy_with({{"a", {"rabbitmq.b"}},
                                          {"rabbitmq.b", {"rabbitmq.read:*/*"}},
                                          {"rabbitmq.self", {"rabbitmq.self"}}});
  EXPECT_THAT(claims_of(claims_with(R"("scope": "a rabbitmq.self")"), policy).scopes,
              ElementsAre("b", "self"));
}

TEST(TokenClaims, WhatAliasesStandForIsCounted) {
  std::vector<std::string> hundred;
  for (int index = 0; index != 100; ++index)
    hundred.push_back("rabbitmq.read:a/" + std::to_string(index));
  const TokenPolicy policy = policy_with({{"many", hundred}});
  const auto times = [&](int count) {
    std::string text = R"("scope": ")";
    for (int index = 0; index != count; ++index)
      text += "many ";
    return fault_of(claims_with(text + '"'), policy);
  };
  EXPECT_EQ(times(20), "none");
  EXPECT_EQ(times(21), "the token has too many scopes");
  EXPECT_EQ(times(2'000), "the token has too many scopes");
}

// ---- variables

std::vector<std::string> expanded(const std::string& scope, const std::string& more = "") {
  return claims_of(claims_with(R"("scope": ["rabbitmq.)" + scope + R"("])" +
                               (more.empty() ? "" : ", " + more)))
      .scopes;
}

TEST(TokenClaims, AClaimInBracesIsItsText) {
  EXPECT_THAT(expanded("read:*/{sub}-*/{iss}"),
              ElementsAre("read:*/ali-*/https%3a%2f%2fissuer%2eexample"));
  EXPECT_THAT(expanded("read:{sub}{sub}/{vhost}"), ElementsAre("read:aliali/{vhost}"));
  EXPECT_THAT(expanded("read:*/{tenant id}", R"("tenant id": "t1")"), ElementsAre("read:*/t1"));
}

TEST(TokenClaims, AClaimInBracesIsTextAndNothingElse) {
  EXPECT_THAT(expanded("read:a/{x}", R"("x": "*")"), ElementsAre("read:a/%2a"));
  EXPECT_THAT(expanded("read:a/{x}", R"("x": "b/c d+%2A")"),
              ElementsAre("read:a/b%2fc%20d%2b%252A"));
  EXPECT_THAT(expanded("read:a/{x}", R"("x": "{vhost}{sub}\u0000\u00fc")"),
              ElementsAre("read:a/%7bvhost%7d%7bsub%7d%00%c3%bc"));
  EXPECT_THAT(expanded("read:a/{vhost}", R"("vhost": "mine")"), ElementsAre("read:a/{vhost}"));
}

TEST(TokenClaims, BracesWithoutAClaimStay) {
  for (const char* scope : {"read:a/{nobody}", "read:a/{exp}", "read:a/{list}", "read:a/{}",
                            "read:a/{sub", "read:a/{SUB}", "read:a/{{sub}}", "read:a/{empty}"})
    EXPECT_THAT(expanded(scope, R"("list": ["a"], "empty": "")"), ElementsAre(scope));
  EXPECT_THAT(expanded("read:a/sub}"), ElementsAre("read:a/sub}"));
  const auto long_claim = [](std::size_t size) {
    return R"("x": ")" + std::string(size, 'x') + '"';
  };
  EXPECT_THAT(expanded("read:a/{x}", long_claim(255)),
              ElementsAre("read:a/" + std::string(255, 'x')));
  EXPECT_THAT(expanded("read:a/{x}", long_claim(256)), ElementsAre("read:a/{x}"));
}

TEST(TokenClaims, AClaimMakesNeitherAPermissionNorATag) {
  EXPECT_THAT(expanded("{x}:a/b", R"("x": "read")"), ElementsAre("{x}:a/b"));
  const auto claims = claims_of(
      claims_with(R"("scope": "rabbitmq.{x}:administrator rabbitmq.tag:{y}", "x": "tag", )"
                  R"("y": "administrator")"));
  EXPECT_THAT(claims.tags, ElementsAre("{y}"));
  EXPECT_THAT(claims.scopes, ElementsAre("{x}:administrator"));
}

TEST(TokenClaims, VariablesAreExpandedInAliasesToo) {
  const TokenPolicy policy = policy_with({{"own", {"rabbitmq.read:*/{sub}.*"}}});
  EXPECT_THAT(claims_of(claims_with(R"("scope": "own")"), policy).scopes,
              ElementsAre("read:*/ali.*"));
}

TEST(TokenClaims, ExpandedScopesAreBounded) {
  std::string scope = "rabbitmq.read:a/";
  for (int index = 0; index != 1'400; ++index)
    scope += "{x}";
  const std::string claims =
      claims_with(R"("scope": ")" + scope + R"(", "x": ")" + std::string(255, '*') + '"');
  EXPECT_EQ(fault_of(claims), "the token has too many scopes") << "above 1 MiB";
}

TEST(TokenClaims, AreAnObjectWithoutRepetition) {
  EXPECT_EQ(fault_of("[]"), "the token's claims are no object");
  EXPECT_EQ(fault_of("x"), "the token's claims are no JSON");
  EXPECT_EQ(fault_of(claims_with(R"("exp": 1900000000)")),
            "the token's claims are JSON that has the same name twice in an object");
}

}  // namespace
}  // namespace harrier::auth

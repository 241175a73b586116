#include "auth/token_login.h"

#include "auth/internal_authenticator.h"
#include "auth/token_rules.h"
#include "login_fixture.h"
#include "token_fixture.h"

namespace harrier::auth {
namespace {

using test::key_set;
using ::testing::ElementsAre;
using namespace std::chrono_literals;
using namespace std::string_literals;

class FixedClock final : public base::Clock {
 public:
  base::Now time{kStart, kTokenNow};
  base::Now now() const override { return time; }
};

// Has newer keys when the test says so.
class FakeKeys final : public TokenKeySource {
 public:
  std::shared_ptr<const TokenKeys> keys = std::make_shared<const TokenKeys>();
  bool may_fetch = true;
  bool fetches = false;
  int requests = 0;

  std::shared_ptr<const TokenKeys> current() const override { return keys; }
  bool request_newer() override {
    ++requests;
    fetches = may_fetch;
    return may_fetch;
  }
  bool fetching() const override { return fetches; }
};

class TokenLoginTest : public ::testing::Test {
 protected:
  TokenLoginTest() {
    auto source = std::make_unique<FakeKeys>();
    keys = source.get();
    keys->keys = TokenKeys::parse(key_set(ec_signer().jwk())).value();
    base::SeededRandom salts(1);
    authenticator = std::make_unique<InternalAuthenticator>(
        UserDirectory::create({clear_user("ali", "open sesame")}, salts).value(), cheap_policy(),
        std::make_unique<base::SeededRandom>(2),
        std::make_unique<TokenRules>(token_policy(), std::move(source), clock));
  }
  SaslOutcome log_in(const std::string& secret, const std::string& user = "") {
    const auto exchange = authenticator->begin("PLAIN", kNear);
    return settled(*exchange, exchange->step("\0"s + user + "\0"s + secret, now), now);
  }
  SaslOutcome renew(const std::string& secret, const std::string& user = "ali") {
    const auto exchange = authenticator->renew(user, kNear);
    return settled(*exchange, exchange->step(secret, now), now);
  }
  static std::string token(const std::string& more = R"("scope": "rabbitmq.read:*/*")") {
    return ec_signer().sign(claims_with(more));
  }

  FixedClock clock;
  FakeKeys* keys = nullptr;
  std::unique_ptr<InternalAuthenticator> authenticator;
  base::MonotonicTime now = kStart;
};

TEST_F(TokenLoginTest, TheTokenSaysWhoTheClientIs) {
  const SaslOutcome outcome = log_in(token(), "whoever");
  ASSERT_EQ(outcome.kind, Kind::kAccepted);
  EXPECT_EQ(outcome.identity.user, "ali");
  ASSERT_NE(outcome.identity.token, nullptr);
  EXPECT_THAT(outcome.identity.token->scopes, ElementsAre("read:*/*"));
  EXPECT_EQ(outcome.identity.token->expires, kStart + 60s);
  EXPECT_EQ(authenticator->counters().tokens_accepted, 1u);
}

TEST_F(TokenLoginTest, AmqplainTakesTokensToo) {
  const auto exchange = authenticator->begin("AMQPLAIN", kNear);
  const auto text = [](const std::string& value) {
    std::string size(4, '\0');
    base::store_big_endian(size.data(), static_cast<std::uint32_t>(value.size()));
    return size + value;
  };
  const std::string response = "\x05LOGINS" + text("") + "\x08PASSWORDS" + text(token());
  EXPECT_EQ(settled(*exchange, exchange->step(response, now), now).kind, Kind::kAccepted);
}

TEST_F(TokenLoginTest, PasswordsGoOnAsBefore) {
  const SaslOutcome outcome = log_in("open sesame", "ali");
  ASSERT_EQ(outcome.kind, Kind::kAccepted);
  EXPECT_EQ(outcome.identity.token, nullptr);
  EXPECT_EQ(log_in("wrong", "ali").kind, Kind::kRefused);
}

TEST_F(TokenLoginTest, IsJudgedOnAnotherThread) {
  const auto exchange = authenticator->begin("PLAIN", kNear);
  EXPECT_EQ(exchange->step("\0\0"s + token(), now).kind, Kind::kWork);
}

TEST_F(TokenLoginTest, ThatNobodyCouldLookAtItIsARefusal) {
  const auto exchange = authenticator->begin("PLAIN", kNear);
  EXPECT_EQ(exchange->step("\0\0"s + token(), now).kind, Kind::kWork);
  EXPECT_EQ(exchange->resume(false, now).kind, Kind::kRefused);
}

TEST_F(TokenLoginTest, AWrongTokenIsRefusedAndCounted) {
  EXPECT_EQ(log_in(TokenSigner::ec("e1").sign(claims_with(""))).kind, Kind::kRefused);
  clock.time.wall += 60s;
  EXPECT_EQ(log_in(token()).reason, "the token has expired");
  EXPECT_EQ(authenticator->counters().tokens_refused, 2u);
  EXPECT_EQ(keys->requests, 0);
}

TEST_F(TokenLoginTest, TooLongATokenCostsNoThread) {
  const auto exchange = authenticator->begin("PLAIN", kNear);
  const std::string token = "e." + std::string(16 << 10, 'A') + ".A";
  EXPECT_EQ(exchange->step("\0\0"s + token, now).reason, "the token is too long");
}

TEST_F(TokenLoginTest, AnUnknownKeyIsLookedForOnce) {
  const TokenSigner signer = TokenSigner::ec("new");
  const auto exchange = authenticator->begin("PLAIN", kNear);
  SaslOutcome outcome = exchange->step("\0\0"s + signer.sign(claims_with("")), now);
  outcome.work();
  outcome = exchange->resume(true, now);
  ASSERT_EQ(outcome.kind, Kind::kWait);
  EXPECT_EQ(outcome.until, now + TokenLogin::kLookAgain);
  outcome = exchange->resume(true, now);
  EXPECT_EQ(outcome.kind, Kind::kWait) << "still being fetched";
  keys->keys = TokenKeys::parse(key_set(signer.jwk())).value();
  keys->fetches = false;
  outcome = exchange->resume(true, now);
  ASSERT_EQ(outcome.kind, Kind::kWork);
  outcome.work();
  EXPECT_EQ(exchange->resume(true, now).kind, Kind::kAccepted);
  EXPECT_EQ(keys->requests, 1);
}

TEST_F(TokenLoginTest, AKeyThatIsNowhereIsARefusal) {
  const std::string token = TokenSigner::ec("nowhere").sign(claims_with(""));
  const auto exchange = authenticator->begin("PLAIN", kNear);
  exchange->step("\0\0"s + token, now).work();
  ASSERT_EQ(exchange->resume(true, now).kind, Kind::kWait);
  keys->fetches = false;
  exchange->resume(true, now).work();
  EXPECT_EQ(exchange->resume(true, now).reason, "the token's key is not known");
  EXPECT_EQ(keys->requests, 1);
  keys->may_fetch = false;
  EXPECT_EQ(log_in(token).reason, "the token's key is not known");
}

TEST_F(TokenLoginTest, WorkOfAClientThatHasGoneIsNotDone) {
  auto exchange = authenticator->begin("PLAIN", kNear);
  const SaslOutcome outcome = exchange->step("\0\0"s + token(), now);
  exchange.reset();
  outcome.work();
}

TEST_F(TokenLoginTest, ARenewalIsOfTheSameUser) {
  const SaslOutcome outcome = renew(token());
  ASSERT_EQ(outcome.kind, Kind::kAccepted);
  EXPECT_EQ(outcome.identity.token->expires, kStart + 60s);
  EXPECT_EQ(renew(token(), "veli").reason, "the new token is of another user");
  EXPECT_EQ(renew("open sesame").kind, Kind::kRefused) << "a password renews nothing";
  EXPECT_EQ(renew("").kind, Kind::kRefused);
}

// ---- OAUTHBEARER

class OauthbearerTest : public TokenLoginTest {
 protected:
  SaslOutcome answer(const std::string& response) {
    const auto exchange = authenticator->begin("OAUTHBEARER", kNear);
    return settled(*exchange, exchange->step(response, now), now);
  }
};

TEST_F(OauthbearerTest, TakesATokenAlone) {
  const SaslOutcome outcome = answer(
      "n,,\x01"
      "auth=Bearer " +
      token() + "\x01\x01");
  ASSERT_EQ(outcome.kind, Kind::kAccepted);
  EXPECT_EQ(outcome.identity.user, "ali");
}

TEST_F(OauthbearerTest, OtherFieldsMeanNothing) {
  EXPECT_EQ(answer("y,a=ali,\x01host=x\x01port=5672\x01"
                   "auth=BEARER " +
                   token() + "\x01qos=high\x01\x01")
                .kind,
            Kind::kAccepted);
}

TEST_F(OauthbearerTest, ANameMustBeTheTokens) {
  EXPECT_EQ(answer("n,a=veli,\x01"
                   "auth=Bearer " +
                   token() + "\x01\x01")
                .reason,
            "the token is of another user");
}

TEST_F(OauthbearerTest, AWrongTokenIsRefused) {
  for (const std::string& wrong : {std::string("x"), token() + "A", "open sesame"s})
    EXPECT_EQ(answer("n,,\x01"
                     "auth=Bearer " +
                     wrong + "\x01\x01")
                  .kind,
              Kind::kRefused)
        << wrong;
}

TEST_F(OauthbearerTest, WhatIsNoMessageOfItsIsMalformed) {
  for (const std::string& broken : {""s, "n"s, "n,"s, "n,,"s, "n,,\x01"s, "n,,\x01\x01"s,
                                    "x,,\x01"
                                    "auth=Bearer t\x01\x01"s,
                                    "p=tls-unique,,\x01"
                                    "auth=Bearer t\x01\x01"s,
                                    "n,b=ali,\x01"
                                    "auth=Bearer t\x01\x01"s,
                                    "n,,auth=Bearer t\x01\x01"s,
                                    "n,,\x01"
                                    "auth=Bearer t\x01"s,
                                    "n,,\x01"
                                    "auth=Bearer t"s,
                                    "n,,\x01"
                                    "auth=Basic t\x01\x01"s,
                                    "n,,\x01"
                                    "auth=Bearer \x01\x01"s,
                                    "n,,\x01"
                                    "auth=Bearer t\x01"
                                    "auth=Bearer t\x01\x01"s,
                                    "n,,\x01nothing\x01\x01"s,
                                    "n,,\x01"
                                    "auth=Bearer t\x01\x01more"s,
                                    "n,,\x01\x01"
                                    "auth=Bearer t\x01\x01"s})
    EXPECT_EQ(answer(broken).kind, Kind::kMalformed) << broken;
}

TEST_F(OauthbearerTest, IsOfferedWhereTokensAreTaken) {
  EXPECT_THAT(authenticator->mechanisms(kNear).back(), "OAUTHBEARER");
  base::SeededRandom salts(1);
  const InternalAuthenticator other(UserDirectory::create({}, salts).value());
  EXPECT_EQ(other.begin("OAUTHBEARER", kNear), nullptr);
}

TEST(TokenLoginOff, ATokenIsAPasswordLikeAnyOther) {
  const std::string token = ec_signer().sign(claims_with(""));
  base::SeededRandom salts(1);
  const InternalAuthenticator authenticator(
      UserDirectory::create({clear_user("ali", token)}, salts).value(), cheap_policy());
  base::MonotonicTime now = kStart;
  const auto exchange = authenticator.begin("PLAIN", kNear);
  const auto outcome = settled(*exchange, exchange->step("\0ali\0"s + token, now), now);
  EXPECT_EQ(outcome.kind, Kind::kAccepted);
  EXPECT_EQ(outcome.identity.token, nullptr);
  EXPECT_EQ(authenticator.renew("ali", kNear), nullptr);
}

}  // namespace
}  // namespace harrier::auth

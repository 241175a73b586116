#include "auth/sasl_scram.h"

#include <functional>

#include "base/random.h"
#include "login_fixture.h"

namespace harrier::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using namespace std::string_literals;

constexpr const char* kClientNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr const char* kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

// The client's half, from the words of RFC 5802 section 3.
class Client {
 public:
  Client(DigestKind kind, std::string name, std::string password)
      : user(std::move(name)), kind_(kind), password_(std::move(password)) {}

  std::string user;  // as it is sent
  std::string gs2 = "n,,";
  std::string nonce = kClientNonce;

  std::string first() const { return gs2 + bare(); }
  std::string final(const std::string& server_first) {
    const std::string with_nonce = field(server_first, "r=");
    const std::string salt = from_base64(field(server_first, "s=")).value_or("");
    const auto iterations = static_cast<std::uint32_t>(std::stoul(field(server_first, "i=")));
    const std::string without_proof = "c=" + to_base64(gs2) + ",r=" + with_nonce;
    auth_message_ = bare() + "," + server_first + "," + without_proof;
    salted_ = pbkdf2(kind_, password_, salt, iterations);
    std::string proof = hmac(kind_, salted_, "Client Key");
    const std::string signature = hmac(kind_, digest(kind_, proof), auth_message_);
    for (std::size_t at = 0; at != proof.size(); ++at)
      proof[at] = static_cast<char>(proof[at] ^ signature[at]);
    return without_proof + ",p=" + to_base64(proof);
  }
  std::string expected_verifier() const {
    return "v=" + to_base64(hmac(kind_, hmac(kind_, salted_, "Server Key"), auth_message_));
  }
  static std::string field(const std::string& message, const std::string& name) {
    const std::size_t at = message.find(name) + name.size();
    return message.substr(at, message.find(',', at) - at);
  }

 private:
  std::string bare() const { return "n=" + user + ",r=" + nonce; }

  const DigestKind kind_;
  const std::string password_;
  std::string auth_message_;
  std::string salted_;
};

class SaslScramTest : public ::testing::Test {
 protected:
  void use(const std::vector<UserSpecification>& users) {
    exchange.reset();
    rules = rules_of(users);
  }
  SaslScram& begin(DigestKind kind = DigestKind::kSha256, const Peer& peer = kNear) {
    exchange = std::make_unique<SaslScram>(kind, *rules, peer, kServerNonce);
    return *exchange;
  }
  SaslOutcome step(const std::string& message) {
    return settled(*exchange, exchange->step(message, now), now);
  }
  // Up to the outcome of the whole conversation.
  SaslOutcome log_in(Client client, DigestKind kind = DigestKind::kSha256,
                     const Peer& peer = kNear) {
    begin(kind, peer);
    const SaslOutcome first = step(client.first());
    if (first.kind != Kind::kChallenge) return first;
    const SaslOutcome second = step(client.final(first.challenge));
    if (second.kind != Kind::kChallenge) return second;
    EXPECT_EQ(second.challenge, client.expected_verifier());
    return step("");
  }
  // A conversation with the right password whose last message was changed.
  SaslOutcome changed_final(const std::function<void(std::string&)>& change) {
    Client ali(DigestKind::kSha256, "ali", "open sesame");
    begin();
    std::string message = ali.final(step(ali.first()).challenge);
    change(message);
    return step(message);
  }

  base::MonotonicTime now = kStart;
  std::unique_ptr<LoginRules> rules =
      rules_of({hashed_user("ali", slow_hash("open sesame")), clear_user("guest", "guest")});
  std::unique_ptr<SaslScram> exchange;
};

// The salt of RFC 7677's example, for both digests.
UserSpecification pencil_user() {
  const std::string salt = *from_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
  return hashed_user("user",
                     ScramKeys::derive(DigestKind::kSha256, "pencil", salt, 4096).text() +
                         ScramKeys::derive(DigestKind::kSha512, "pencil", salt, 4096).text());
}

constexpr const char* kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr const char* kFinalWithoutProof =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

TEST_F(SaslScramTest, ExampleOfRfc7677) {
  use({pencil_user()});
  begin();
  EXPECT_EQ(step("n,,n=user,r=rOprNGfwEbeRWgbNEkqO").challenge, kServerFirst);
  const SaslOutcome final =
      step(kFinalWithoutProof + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="s);
  EXPECT_EQ(final.challenge, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  const SaslOutcome end = step("");
  EXPECT_EQ(end.kind, Kind::kAccepted);
  EXPECT_EQ(end.identity.user, "user");
}

// The same conversation with SHA-512, for which no RFC has one. Python's words for it:
//   salted = hashlib.pbkdf2_hmac('sha512', b'pencil', salt, 4096)
//   client_key = hmac.digest(salted, b'Client Key', 'sha512')
//   signature = hmac.digest(hashlib.sha512(client_key).digest(), auth_message, 'sha512')
//   p = bytes(a ^ b for a, b in zip(client_key, signature))
//   v = hmac.digest(hmac.digest(salted, b'Server Key', 'sha512'), auth_message, 'sha512')
// which gives RFC 7677's proof and verifier with 'sha256'.
TEST_F(SaslScramTest, ExampleWithSha512) {
  use({pencil_user()});
  begin(DigestKind::kSha512);
  EXPECT_EQ(step("n,,n=user,r=rOprNGfwEbeRWgbNEkqO").challenge, kServerFirst);
  const SaslOutcome final =
      step(std::string(kFinalWithoutProof) +
           ",p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYP"
           "JQ==");
  EXPECT_EQ(final.challenge,
            "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7"
            "Zw==");
  EXPECT_EQ(step("").kind, Kind::kAccepted);
}

TEST_F(SaslScramTest, RightAndWrongPasswords) {
  for (const DigestKind kind : {DigestKind::kSha256, DigestKind::kSha512}) {
    EXPECT_EQ(log_in({kind, "ali", "open sesame"}, kind).identity.user, "ali");
    for (const auto& [user, password] : std::vector<std::pair<std::string, std::string>>{
             {"ali", "open barley"}, {"ali", ""}, {"nobody", "open sesame"}, {"Ali", "x"}}) {
      const SaslOutcome outcome = log_in({kind, user, password}, kind);
      EXPECT_EQ(outcome.kind, Kind::kRefused);
      EXPECT_EQ(outcome.reason, "invalid credentials");
    }
  }
}

TEST_F(SaslScramTest, KeysOfAClearPasswordAreMadeOnceElsewhere) {
  begin();
  const SaslOutcome first = exchange->step("n,,n=guest,r=abc", now);
  ASSERT_EQ(first.kind, Kind::kWork);
  first.work();
  EXPECT_EQ(exchange->resume(true, now).kind, Kind::kChallenge);
  first.work();  // as if another login had wanted them, too
  EXPECT_EQ(rules->counters().passwords_hashed, 1u);
  EXPECT_EQ(log_in({DigestKind::kSha256, "guest", "guest"}).kind, Kind::kAccepted);
  EXPECT_EQ(log_in({DigestKind::kSha512, "guest", "guest"}, DigestKind::kSha512).kind,
            Kind::kAccepted);
  EXPECT_EQ(rules->counters().passwords_hashed, 1u);
  EXPECT_TRUE(rules->users().find("guest")->password.quick()) << "PLAIN stays quick";
  EXPECT_TRUE(rules->users().find("guest")->password.clear().empty());
}

TEST_F(SaslScramTest, NoPlaceToWaitIsARefusal) {
  begin();
  ASSERT_EQ(exchange->step("n,,n=guest,r=abc", now).kind, Kind::kWork);
  EXPECT_EQ(exchange->resume(false, now).reason, "too many passwords wait to be checked");
}

TEST_F(SaslScramTest, NobodysSaltStaysTheSameAndLooksReal) {
  const auto challenge_of = [&](const std::string& user) {
    begin();
    return step("n,,n=" + user + ",r=abc").challenge;
  };
  const std::string nobody = challenge_of("nobody");
  EXPECT_THAT(nobody, MatchesRegex("r=abc.*,s=[A-Za-z0-9+/]{22}==,i=4096"));
  EXPECT_EQ(nobody.size(), challenge_of("ali").size());
  EXPECT_EQ(challenge_of("nobody"), nobody);
  EXPECT_NE(Client::field(challenge_of("somebody"), "s="), Client::field(nobody, "s="));
}

// Its digest says nothing that SCRAM could use.
TEST_F(SaslScramTest, AHashOfRabbitmqsHasNoKeys) {
  use({hashed_user("kasim", "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR")});
  EXPECT_EQ(log_in({DigestKind::kSha256, "kasim", "test12"}).kind, Kind::kRefused);
}

TEST_F(SaslScramTest, LoopbackUsersAreRefusedFromAfar) {
  User ali = *rules->users().find("ali");
  ali.loopback_only = true;
  rules->users().set(ali);
  const Client client(DigestKind::kSha256, "ali", "open sesame");
  EXPECT_EQ(log_in(client).kind, Kind::kAccepted);
  EXPECT_EQ(log_in(client, DigestKind::kSha256, kFar).reason,
            "user can only connect via localhost");
}

TEST_F(SaslScramTest, WrongProofsCountForTheThrottle) {
  for (int time = 0; time != 4; ++time)
    log_in({DigestKind::kSha256, "ali", "wrong"});
  begin();
  const SaslOutcome waiting = exchange->step("n,,n=ali,r=abc", now);
  ASSERT_EQ(waiting.kind, Kind::kWait);
  EXPECT_EQ(exchange->resume(true, waiting.until).kind, Kind::kChallenge);
}

TEST_F(SaslScramTest, AUserThatIsChangedMeanwhileIsRefused) {
  Client ali(DigestKind::kSha256, "ali", "open sesame");
  begin();
  const std::string final = ali.final(step(ali.first()).challenge);
  rules->users().set(User(*rules->users().find("ali")));
  EXPECT_EQ(step(final).reason, "the user was changed meanwhile");
}

TEST_F(SaslScramTest, NamesWithCommasAndEqualsSigns) {
  use({hashed_user("a,b=c", slow_hash("x")), hashed_user("ä", slow_hash("x"))});
  EXPECT_EQ(log_in({DigestKind::kSha256, "a=2Cb=3Dc", "x"}).identity.user, "a,b=c");
  EXPECT_EQ(log_in({DigestKind::kSha256, "ä", "x"}).identity.user, "ä");
}

TEST_F(SaslScramTest, OneMayNameOnlyOneself) {
  Client client(DigestKind::kSha256, "ali", "open sesame");
  client.gs2 = "n,a=ali,";
  EXPECT_EQ(log_in(client).kind, Kind::kAccepted);
  client.gs2 = "n,a=guest,";
  EXPECT_EQ(log_in(client).kind, Kind::kRefused);
}

TEST_F(SaslScramTest, AClientThatKnowsChannelBindingIsServedWithoutIt) {
  Client client(DigestKind::kSha256, "ali", "open sesame");
  client.gs2 = "y,,";
  EXPECT_EQ(log_in(client).kind, Kind::kAccepted);
  client.gs2 = "p=tls-unique,,";
  const SaslOutcome outcome = log_in(client);
  EXPECT_EQ(outcome.kind, Kind::kMalformed);
  EXPECT_EQ(outcome.reason, "SCRAM with channel binding is not offered");
}

// Somebody in between who strips the flag must be noticed.
TEST_F(SaslScramTest, AnotherChannelBindingIsNoticed) {
  for (const char* other : {"c=eSws", "c=", "c=biwsbiws", "c=cD10bHMtdW5pcXVlLCw="})
    EXPECT_EQ(changed_final([&](std::string& message) { message.replace(0, 6, other); }).reason,
              "SCRAM message has another channel binding")
        << other;
}

TEST_F(SaslScramTest, AnotherNonceIsNoticed) {
  for (const char* other : {"r=abc", "r=rOprNGfwEbeRWgbNEkqO", "r=%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"})
    EXPECT_EQ(changed_final([&](std::string& message) {
                const std::size_t at = message.find("r=");
                message.replace(at, message.find(",p=") - at, other);
              }).reason,
              "SCRAM message has another nonce")
        << other;
}

TEST_F(SaslScramTest, AFlippedProofIsWrong) {
  EXPECT_EQ(changed_final([](std::string& message) {
              char& digit = message[message.find(",p=") + 3];
              digit = digit == 'A' ? 'B' : 'A';
            }).kind,
            Kind::kRefused);
  EXPECT_EQ(
      changed_final([](std::string& message) { message.resize(message.find(",p=") + 3); }).kind,
      Kind::kRefused)
      << "empty";
}

TEST_F(SaslScramTest, UnknownExtensionsAreIgnored) {
  begin();
  EXPECT_EQ(step("n,,n=ali,r=abc,x=1,Y=2").kind, Kind::kChallenge);
}

TEST_F(SaslScramTest, MalformedFirstMessages) {
  for (const std::string& message : {""s,
                                     ","s,
                                     ",,"s,
                                     "n"s,
                                     "n,"s,
                                     "n,,"s,
                                     "n,,n=ali"s,
                                     "n,,r=abc"s,
                                     "n,,r=abc,n=ali"s,
                                     "n,,n=,r=abc"s,
                                     "n,,n=ali,r="s,
                                     "n,,n=a=2cb,r=abc"s,
                                     "n,,n=a=,r=abc"s,
                                     "n,,n=a=3,r=abc"s,
                                     "n,,n=a=2Db,r=abc"s,
                                     "n,,n=\xFF,r=abc"s,
                                     "n,,n=a\0b,r=abc"s,
                                     "n,,n=ali,r=a b"s,
                                     "n,,n=ali,r=\xC3\xA4"s,
                                     "n,,n=ali,r=a\0"s,
                                     "n,,m=1,n=ali,r=abc"s,
                                     "x,,n=ali,r=abc"s,
                                     "n,b=ali,n=ali,r=abc"s,
                                     "n,a=,n=ali,r=abc"s,
                                     "n,a==,n=ali,r=abc"s,
                                     "N,,n=ali,r=abc"s,
                                     "n,,n=ali,r=abc,"s + ","s,
                                     "n,,n=ali,r=abc,1=x"s,
                                     "n,,n=ali,r=abc,x"s,
                                     "n,,n=ali,r="s + std::string(kScramNonceMax + 1, 'x'),
                                     "\0ali\0open sesame"s}) {
    begin();
    const SaslOutcome outcome = step(message);
    EXPECT_EQ(outcome.kind, Kind::kMalformed) << message;
    EXPECT_THAT(outcome.reason, StartsWith("SCRAM "));
    EXPECT_THAT(outcome.reason, ::testing::Not(HasSubstr("ali")));
  }
}

TEST_F(SaslScramTest, MalformedFinalMessages) {
  for (const std::string& message :
       {""s, ","s, "c=biws"s, "c=biws,r=x"s, ",p="s, "p="s, "c=biws,p="s, "r=x,p="s, "c=!,r=x,p="s,
        "c=biws,r=x,p=!"s, "c=biws,r=x,p=AAA"s, "c=biws,r=,p="s, "c=biws,r=x,y,p="s,
        "r=x,c=biws,p="s, "c=biws,r=\1,p="s}) {
    begin();
    ASSERT_EQ(step("n,,n=ali,r=abc").kind, Kind::kChallenge);
    EXPECT_EQ(step(message).kind, Kind::kMalformed) << message;
  }
}

TEST_F(SaslScramTest, NothingMayFollowTheEnd) {
  Client ali(DigestKind::kSha256, "ali", "open sesame");
  begin();
  ASSERT_EQ(step(ali.final(step(ali.first()).challenge)).kind, Kind::kChallenge);
  EXPECT_EQ(step("x").kind, Kind::kMalformed);
}

// Messages made of what SCRAM's messages are made of, and cuts and splices of right ones: whatever
// comes, nobody is let in and nothing crashes.
TEST_F(SaslScramTest, RandomMessagesLetNobodyIn) {
  LoginPolicy policy = cheap_policy();
  policy.throttle.delay_max = {};
  exchange.reset();
  rules = rules_of({hashed_user("ali", slow_hash("open sesame"))}, policy);
  base::SeededRandom random(11);
  const std::vector<std::string> pieces = {
      "n",    "y",  "p=",  ",",  "a=",  "n=",  "r=",   "c=",  "=",    "i=",   "s=",
      "biws", "p=", "=2C", "m=", "ali", "\0"s, "\xFF", "abc", "AAAA", "====", kServerNonce};
  const auto message = [&] {
    std::string text = random.below(2) == 0 ? "n,,n=ali,r=abc" : "";
    for (std::uint64_t count = random.below(12); count != 0; --count)
      text.insert(random.below(text.size() + 1), pieces[random.below(pieces.size())]);
    return text;
  };
  int challenges = 0;
  for (int round = 0; round != 20'000; ++round) {
    begin();
    SaslOutcome outcome = exchange->step(message(), now);
    if (outcome.kind != Kind::kChallenge) continue;
    ++challenges;
    outcome = exchange->step(random.below(2) == 0
                                 ? message()
                                 : "c=biws,r=abc" + std::string(kServerNonce) + ",p=" + message(),
                             now);
    ASSERT_TRUE(outcome.kind == Kind::kMalformed || outcome.kind == Kind::kRefused);
  }
  EXPECT_GT(challenges, 100);
}

}  // namespace
}  // namespace harrier::auth

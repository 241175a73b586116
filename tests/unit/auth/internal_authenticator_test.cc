#include "auth/internal_authenticator.h"

#include "login_fixture.h"

namespace harrier::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

InternalAuthenticator make_authenticator() {
  UserSpecification guest;
  guest.name = guest.password = "guest";
  guest.tags = {"administrator"};
  guest.loopback_only = true;
  UserSpecification ali;
  ali.name = "ali";
  ali.password = "open sesame";
  base::SeededRandom random(1);
  return InternalAuthenticator(UserDirectory::create({guest, ali}, random).value());
}

class InternalAuthenticatorTest : public ::testing::Test {
 protected:
  SaslOutcome answer(base::Bytes mechanism, base::Bytes response) {
    const auto exchange = authenticator.begin(mechanism, peer);
    if (exchange == nullptr) return SaslOutcome::refused("no mechanism");
    return settled(*exchange, exchange->step(response, now), now);
  }
  // A field of AMQPLAIN: its name, type letter and value as encoded.
  static std::string field(const std::string& name, char type, const std::string& value) {
    return static_cast<char>(name.size()) + name + type + value;
  }
  static std::string text(const std::string& value) {
    std::string size(4, '\0');
    base::store_big_endian(size.data(), static_cast<std::uint32_t>(value.size()));
    return size + value;
  }
  static std::string login(const std::string& user, const std::string& password) {
    return field("LOGIN", 'S', text(user)) + field("PASSWORD", 'S', text(password));
  }

  InternalAuthenticator authenticator = make_authenticator();
  Peer peer{"127.0.0.1", 4711, true};
  base::MonotonicTime now = kStart;
};

TEST_F(InternalAuthenticatorTest, OffersPlainFirst) {
  EXPECT_THAT(authenticator.mechanisms(peer),
              ElementsAre("PLAIN", "AMQPLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"));
  for (const char* unknown :
       {"", "plain", "EXTERNAL", "PLAIN AMQPLAIN", "PLAI", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS"})
    EXPECT_EQ(authenticator.begin(unknown, peer), nullptr) << unknown;
}

TEST_F(InternalAuthenticatorTest, PlainAcceptsUserAndPassword) {
  const SaslOutcome outcome = answer("PLAIN", "\0guest\0guest"s);
  EXPECT_EQ(outcome.kind, Kind::kAccepted);
  EXPECT_EQ(outcome.identity.user, "guest");
  EXPECT_THAT(outcome.identity.tags, ElementsAre("administrator"));
}

TEST_F(InternalAuthenticatorTest, PlainRefusesAllElseAlike) {
  for (const std::string& response :
       {"\0guest\0wrong"s, "\0nobody\0guest"s, "\0guest\0"s, "\0\0guest"s, "\0\0"s}) {
    const SaslOutcome outcome = answer("PLAIN", response);
    EXPECT_EQ(outcome.kind, Kind::kRefused);
    EXPECT_EQ(outcome.reason, "invalid credentials");
  }
}

TEST_F(InternalAuthenticatorTest, PlainKnowsMalformedResponses) {
  for (const std::string& response :
       {""s, "\0"s, "guest"s, "\0guest"s, "guest\0guest"s, "x\0guest\0guest"s, "\0guest\0guest\0"s,
        "\0guest\0guest\0more"s}) {
    const SaslOutcome outcome = answer("PLAIN", response);
    EXPECT_EQ(outcome.kind, Kind::kMalformed);
    EXPECT_THAT(outcome.reason, Not(HasSubstr("guest")));
  }
}

TEST_F(InternalAuthenticatorTest, LoopbackUsersAreRefusedFromAfar) {
  peer = {"192.0.2.1", 4711, false};
  const SaslOutcome guest = answer("PLAIN", "\0guest\0guest"s);
  EXPECT_EQ(guest.kind, Kind::kRefused);
  EXPECT_EQ(guest.reason, "user can only connect via localhost");
  EXPECT_EQ(answer("PLAIN", "\0guest\0wrong"s).reason, "invalid credentials");
  EXPECT_EQ(answer("PLAIN", "\0ali\0open sesame"s).kind, Kind::kAccepted);
}

TEST_F(InternalAuthenticatorTest, AmqplainAcceptsATable) {
  EXPECT_EQ(answer("AMQPLAIN", login("ali", "open sesame")).identity.user, "ali");
  EXPECT_EQ(answer("AMQPLAIN", login("ali", "wrong")).kind, Kind::kRefused);
}

TEST_F(InternalAuthenticatorTest, AmqplainStepsOverOtherFields) {
  const std::string others =
      field("a", 't', "\1") + field("b", 'b', "x") + field("c", 'B', "x") + field("d", 's', "xx") +
      field("e", 'u', "xx") + field("f", 'I', "xxxx") + field("g", 'i', "xxxx") +
      field("h", 'f', "xxxx") + field("i", 'D', "xxxxx") + field("j", 'l', "xxxxxxxx") +
      field("k", 'L', "xxxxxxxx") + field("l", 'd', "xxxxxxxx") + field("m", 'T', "xxxxxxxx") +
      field("n", 'S', text("LOGIN")) + field("o", 'x', text("abc")) + field("p", 'A', text("")) +
      field("q", 'F', text(login("kasim", "barley"))) + field("r", 'V', "") + field("", 'V', "");
  EXPECT_EQ(answer("AMQPLAIN", others + login("ali", "open sesame") + others).kind,
            Kind::kAccepted);
}

TEST_F(InternalAuthenticatorTest, AmqplainTakesTheFirstOfARepeatedField) {
  EXPECT_EQ(answer("AMQPLAIN", login("ali", "open sesame") + login("ali", "wrong")).kind,
            Kind::kAccepted);
}

TEST_F(InternalAuthenticatorTest, AmqplainKnowsMalformedResponses) {
  const std::string good = login("ali", "open sesame");
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(answer("AMQPLAIN", good.substr(0, size)).kind, Kind::kMalformed) << size;
  EXPECT_EQ(answer("AMQPLAIN", good + "x").kind, Kind::kMalformed);
  EXPECT_EQ(answer("AMQPLAIN", text(good)).kind, Kind::kMalformed) << "with a table's length";
  EXPECT_EQ(answer("AMQPLAIN",
                   field("LOGIN", 'x', text("ali")) + field("PASSWORD", 'S', text("open sesame")))
                .kind,
            Kind::kMalformed);
  EXPECT_EQ(answer("AMQPLAIN", field("odd", 'Z', "") + good).kind, Kind::kMalformed);
  EXPECT_EQ(answer("AMQPLAIN", field("a", 'S', "\xFF\xFF\xFF\xFF") + good).kind, Kind::kMalformed);
}

TEST_F(InternalAuthenticatorTest, PasswordsCanBeRefusedWithoutTls) {
  base::SeededRandom random(1);
  LoginPolicy policy;
  policy.plain_without_tls = false;
  const InternalAuthenticator strict(UserDirectory::create({}, random).value(), policy);
  const Peer far{"192.0.2.1", 4711, false};
  EXPECT_THAT(strict.mechanisms(far), ElementsAre("SCRAM-SHA-256", "SCRAM-SHA-512"));
  EXPECT_EQ(strict.begin("PLAIN", far), nullptr);
  EXPECT_EQ(strict.begin("AMQPLAIN", far), nullptr);
  EXPECT_NE(strict.begin("SCRAM-SHA-256", far), nullptr);
  EXPECT_NE(strict.begin("PLAIN", peer), nullptr) << "from this machine";
  Peer encrypted = far;
  encrypted.encrypted = true;
  EXPECT_NE(strict.begin("PLAIN", encrypted), nullptr);
  EXPECT_THAT(strict.mechanisms(encrypted), ::testing::Contains("PLAIN"));
}

TEST_F(InternalAuthenticatorTest, ExternalIsForVerifiedCertificates) {
  peer.encrypted = true;
  EXPECT_EQ(authenticator.begin("EXTERNAL", peer), nullptr);
  PeerCertificate certificate;
  certificate.subject_dn = "ali";
  peer.certificate = std::make_shared<const PeerCertificate>(certificate);
  EXPECT_EQ(authenticator.mechanisms(peer).front(), "EXTERNAL");
  EXPECT_EQ(answer("EXTERNAL", "").identity.user, "ali");
}

TEST_F(InternalAuthenticatorTest, ForgettingAUserEndsWhatIsRemembered) {
  EXPECT_EQ(answer("PLAIN", "\0ali\0open sesame"s).kind, Kind::kAccepted);
  EXPECT_EQ(answer("PLAIN", "\0ali\0open sesame"s).kind, Kind::kAccepted);
  EXPECT_EQ(authenticator.counters().cache_hits, 1u);
  authenticator.forget("ali");
  EXPECT_EQ(answer("PLAIN", "\0ali\0open sesame"s).kind, Kind::kAccepted);
  EXPECT_EQ(authenticator.counters().cache_hits, 1u);
}

TEST(Peer, DisplaysAddressAndPort) {
  EXPECT_EQ((Peer{"127.0.0.1", 4711, true}).display(), "127.0.0.1:4711");
  EXPECT_EQ((Peer{"::1", 5, true}).display(), "[::1]:5");
  Peer process{"unix:uid=1000", 0, true};
  process.process = 4711;
  EXPECT_EQ(process.display(), "unix:uid=1000,pid=4711");
}

}  // namespace
}  // namespace harrier::auth

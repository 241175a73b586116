#include "auth/password_login.h"

#include "login_fixture.h"

namespace harrier::auth {
namespace {

using namespace std::chrono_literals;

// A quick user, a slow one, and one that came from RabbitMQ.
class PasswordLoginTest : public ::testing::Test {
 protected:
  std::uint64_t hashes() const { return rules->counters().passwords_hashed; }
  SaslOutcome log_in(base::Bytes user, base::Bytes password, const Peer& peer = kNear) {
    PasswordLogin login(*rules, peer);
    return settled(login, login.start(user, password, now), now);
  }
  void add_imported() {
    rules->users().set(
        {"kasim",
         StoredPassword::parse("kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR").value(),
         {},
         false,
         0});
  }

  base::MonotonicTime now = kStart;
  std::unique_ptr<LoginRules> rules =
      rules_of({clear_user("guest", "guest"), hashed_user("ali", slow_hash("open sesame"))});
};

TEST_F(PasswordLoginTest, AQuickPasswordIsCheckedAtOnce) {
  PasswordLogin login(*rules, kNear);
  EXPECT_EQ(login.start("guest", "guest", now).kind, Kind::kAccepted);
  EXPECT_EQ(hashes(), 0u);
}

TEST_F(PasswordLoginTest, ASlowPasswordIsCheckedElsewhere) {
  PasswordLogin login(*rules, kNear);
  SaslOutcome outcome = login.start("ali", "open sesame", now);
  ASSERT_EQ(outcome.kind, Kind::kWork);
  outcome.work();
  outcome = login.resume(true, now);
  EXPECT_EQ(outcome.kind, Kind::kAccepted);
  EXPECT_EQ(outcome.identity.user, "ali");
  EXPECT_FALSE(outcome.work) << "it has today's form";
  EXPECT_EQ(hashes(), 1u);
}

TEST_F(PasswordLoginTest, ARightPasswordIsNotHashedAgain) {
  EXPECT_EQ(log_in("ali", "open sesame").kind, Kind::kAccepted);
  PasswordLogin again(*rules, kNear);
  EXPECT_EQ(again.start("ali", "open sesame", now).kind, Kind::kAccepted);
  EXPECT_EQ(hashes(), 1u);
  EXPECT_EQ(rules->counters().cache_hits, 1u);
  EXPECT_EQ(log_in("ali", "open barley").kind, Kind::kRefused);
  EXPECT_EQ(hashes(), 2u);
  now += rules->policy().cache.lifetime;
  EXPECT_EQ(log_in("ali", "open sesame").kind, Kind::kAccepted);
  EXPECT_EQ(hashes(), 3u);
}

// Each of these must cost the same, or time would tell who exists.
TEST_F(PasswordLoginTest, WrongPasswordsCostAHashWhoeverIsMeant) {
  std::uint64_t before = 0;
  for (const auto& [user, password] :
       std::vector<std::pair<std::string, std::string>>{{"ali", "wrong"},
                                                        {"guest", "wrong"},
                                                        {"nobody", "wrong"},
                                                        {"ali", ""},
                                                        {"", "x"},
                                                        {"", ""}}) {
    const SaslOutcome outcome = log_in(user, password);
    EXPECT_EQ(outcome.kind, Kind::kRefused);
    EXPECT_EQ(outcome.reason, "invalid credentials");
    EXPECT_EQ(hashes(), ++before) << user;
  }
}

TEST_F(PasswordLoginTest, WithoutSlowPasswordsWrongOnesAreRefusedAtOnce) {
  EXPECT_TRUE(rules->users().remove("ali"));
  for (const char* user : {"guest", "nobody"}) {
    PasswordLogin login(*rules, kNear);
    EXPECT_EQ(login.start(user, "wrong", now).kind, Kind::kRefused);
  }
  EXPECT_EQ(hashes(), 0u);
}

TEST_F(PasswordLoginTest, NoPlaceToWaitIsARefusalButNoFailure) {
  for (int time = 0; time != 10; ++time) {
    PasswordLogin login(*rules, kNear);
    ASSERT_EQ(login.start("ali", "open sesame", now).kind, Kind::kWork);
    const SaslOutcome outcome = login.resume(false, now);
    EXPECT_EQ(outcome.kind, Kind::kRefused);
    EXPECT_EQ(outcome.reason, "too many passwords wait to be checked");
  }
  EXPECT_EQ(rules->throttle().size(), 0u);
  EXPECT_EQ(log_in("ali", "open sesame").kind, Kind::kAccepted);
}

TEST_F(PasswordLoginTest, WorkOfAClientThatHasGoneIsNotDone) {
  SaslOutcome outcome;
  {
    PasswordLogin login(*rules, kNear);
    outcome = login.start("ali", "open sesame", now);
  }
  outcome.work();
  EXPECT_EQ(hashes(), 0u);
}

TEST_F(PasswordLoginTest, AUserThatIsChangedMeanwhileIsRefused) {
  for (const bool removed : {false, true}) {
    PasswordLogin login(*rules, kNear);
    const SaslOutcome outcome = login.start("ali", "open sesame", now);
    ASSERT_EQ(outcome.kind, Kind::kWork);
    outcome.work();
    if (removed) {
      rules->users().remove("ali");
    } else {
      rules->users().set(User(*rules->users().find("ali")));
    }
    EXPECT_EQ(login.resume(true, now).reason, "the user was changed meanwhile");
  }
}

TEST_F(PasswordLoginTest, AChangedUserIsNotKnownFromBefore) {
  EXPECT_EQ(log_in("ali", "open sesame").kind, Kind::kAccepted);
  User changed = *rules->users().find("ali");
  changed.password = StoredPassword::parse(slow_hash("open barley")).value();
  rules->users().set(changed);
  EXPECT_EQ(log_in("ali", "open sesame").kind, Kind::kRefused);
  EXPECT_EQ(log_in("ali", "open barley").kind, Kind::kAccepted);
  rules->users().remove("ali");
  EXPECT_EQ(log_in("ali", "open barley").kind, Kind::kRefused);
}

TEST_F(PasswordLoginTest, LoopbackIsAskedEvenOfAKnownPassword) {
  User user = *rules->users().find("ali");
  user.loopback_only = true;
  rules->users().set(user);
  EXPECT_EQ(log_in("ali", "open sesame", kNear).kind, Kind::kAccepted);
  EXPECT_EQ(log_in("ali", "open sesame", kFar).reason, "user can only connect via localhost");
}

TEST_F(PasswordLoginTest, AnImportedHashIsReplacedAfterTheLogin) {
  add_imported();
  PasswordLogin login(*rules, kNear);
  const SaslOutcome outcome = login.start("kasim", "test12", now);
  EXPECT_EQ(outcome.kind, Kind::kAccepted) << "at once";
  ASSERT_TRUE(outcome.work);
  EXPECT_EQ(hashes(), 0u);
  outcome.work();
  EXPECT_EQ(hashes(), 1u);
  const auto user = rules->users().find("kasim");
  EXPECT_FALSE(user->password.quick());
  EXPECT_TRUE(user->password.matches("test12"));
  EXPECT_NE(user->password.scram(DigestKind::kSha512), nullptr);
  outcome.work();
  EXPECT_EQ(hashes(), 1u) << "a second login that saw the old form";
  PasswordLogin again(*rules, kNear);
  EXPECT_EQ(again.start("kasim", "test12", now).kind, Kind::kAccepted) << "still known";
}

TEST_F(PasswordLoginTest, AWrongPasswordReplacesNothing) {
  add_imported();
  EXPECT_FALSE(log_in("kasim", "test13").work);
  EXPECT_TRUE(rules->users().find("kasim")->password.quick());
}

TEST_F(PasswordLoginTest, AReplacementDoesNotUndoAChange) {
  add_imported();
  PasswordLogin login(*rules, kNear);
  const SaslOutcome outcome = login.start("kasim", "test12", now);
  User changed = *rules->users().find("kasim");
  changed.password = StoredPassword::parse(slow_hash("new")).value();
  rules->users().set(changed);
  outcome.work();
  EXPECT_TRUE(rules->users().find("kasim")->password.matches("new"));
}

TEST_F(PasswordLoginTest, OtherIterationsAreReplaced) {
  rules = rules_of({hashed_user("ali", slow_hash("open sesame"))},
                   {.cost = {5000, 5000}, .cache = {}, .throttle = {}});
  const SaslOutcome outcome = log_in("ali", "open sesame");
  ASSERT_TRUE(outcome.work);
  outcome.work();
  EXPECT_EQ(rules->users().find("ali")->password.scram(DigestKind::kSha256)->iterations, 5000u);
}

// Whoever guesses waits; who knows the password gets in after a wait, and without one if it was
// seen before.
TEST_F(PasswordLoginTest, GuessesAreThrottledAndNobodyIsLockedOut) {
  for (int time = 0; time != 50; ++time)
    EXPECT_EQ(log_in("guest", "wrong" + std::to_string(time), kFar).kind, Kind::kRefused);
  PasswordLogin from_there(*rules, kFar);
  SaslOutcome outcome = from_there.start("nobody", "x", now);
  EXPECT_EQ(outcome.kind, Kind::kWait);
  PasswordLogin login(*rules, kNear);
  outcome = login.start("guest", "guest", now);
  ASSERT_EQ(outcome.kind, Kind::kWait);
  EXPECT_LE(outcome.until, now + rules->policy().throttle.delay_max);
  // Others go on guessing meanwhile.
  for (int time = 0; time != 50; ++time)
    EXPECT_EQ(log_in("guest", "wrong", kFar).kind, Kind::kRefused);
  EXPECT_EQ(login.resume(true, now).kind, Kind::kAccepted);
  PasswordLogin again(*rules, kNear);
  EXPECT_EQ(again.start("guest", "guest", now).kind, Kind::kAccepted);
}

TEST_F(PasswordLoginTest, AnotherAddressAndUserDoNotWait) {
  for (int time = 0; time != 50; ++time)
    log_in("nobody", "wrong", kFar);
  PasswordLogin login(*rules, kNear);
  EXPECT_EQ(login.start("guest", "guest", now).kind, Kind::kAccepted);
}

}  // namespace
}  // namespace harrier::auth

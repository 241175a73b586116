// Concern: whatever a client says in a login, nobody is let in without the password, and an
//          exchange that has ended is the only one that has. Plan: the first byte chooses the
//          mechanism, the rest are responses, divided by newlines; work runs at once, time passes
//          as asked.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "auth/internal_authenticator.h"
#include "base/check.h"
#include "base/log.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own
using Kind = auth::SaslOutcome::Kind;

constexpr base::MonotonicTime kStart(base::Milliseconds(1'000'000));
// No response of the fuzzer's contains it, nor a proof of it.
constexpr const char* kPassword = "\xC3\xBC never guessed, 7c1b0c3a9de24f6b";

constexpr auth::HashCost kCost{4096, 4096};

std::unique_ptr<auth::InternalAuthenticator> make_authenticator() {
  base::SeededRandom salts(1);
  auth::UserSpecification guest;
  guest.name = "guest";
  guest.password = kPassword;
  auth::UserSpecification ali;
  ali.name = "ali";
  static const std::string kStored =
      auth::StoredPassword::of(kPassword, {std::string(16, 'a'), std::string(16, 'b')}, kCost)
          .text();
  ali.password_hash = kStored;
  auth::LoginPolicy policy;
  policy.cost = kCost;
  return std::make_unique<auth::InternalAuthenticator>(
      auth::UserDirectory::create({guest, ali}, salts).value(), policy,
      std::make_unique<base::SeededRandom>(2));
}

// Up to the first outcome that is not a challenge.
Kind converse(auth::SaslExchange& exchange, std::string_view responses) {
  base::MonotonicTime now = kStart;
  while (true) {
    const std::string_view response = responses.substr(0, responses.find('\n'));
    auth::SaslOutcome outcome = exchange.step(response, now);
    while (outcome.kind == Kind::kWork || outcome.kind == Kind::kWait) {
      if (outcome.kind == Kind::kWait) {
        CHECK(outcome.until > now && outcome.until <= now + base::Milliseconds(2'000));
        now = outcome.until;
      } else {
        outcome.work();
      }
      outcome = exchange.resume(true, now);
    }
    if (outcome.kind != Kind::kChallenge) return outcome.kind;
    CHECK(!outcome.challenge.empty());
    if (response.size() == responses.size()) return Kind::kChallenge;
    responses.remove_prefix(response.size() + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // A line for each refusal is not what this looks at.
  static const bool kQuiet = [] {
    base::configure_log(base::LogLevel::kError, base::LogFormat::kText);
    return true;
  }();
  (void)kQuiet;
  const auto authenticator = make_authenticator();
  const auth::Peer peer{"127.0.0.1", 4711, true};
  const auto mechanisms = authenticator->mechanisms(peer);
  const auto exchange = authenticator->begin(mechanisms[data[0] % mechanisms.size()], peer);
  CHECK(exchange != nullptr);
  const std::string_view responses(reinterpret_cast<const char*>(data) + 1, size - 1);
  CHECK(converse(*exchange, responses) != Kind::kAccepted);
  return 0;
}

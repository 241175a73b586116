// Concern: whatever stands in a token or a key set, nobody is let in without a signature of ours,
//          and what scopes allow is decided in bounds. Plan: the first byte chooses: a token as it
//          is; claims or a header that are signed with our key; a key set; scopes; a response of
//          OAUTHBEARER.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/internal_authenticator.h"
#include "auth/token_rules.h"
#include "base/check.h"
#include "base/log.h"
#include "broker/token_grant.h"
#include "support/token_signer.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own
using Kind = auth::TokenFinding::Kind;

constexpr base::WallTime kNow(std::chrono::seconds(1'700'000'000));
constexpr std::string_view kHeader = R"({"alg": "ES256", "kid": "k"})";
constexpr std::string_view kClaims =
    R"({"iss": "i", "aud": "r", "sub": "s", "exp": 1800000000, "scope": "r.read:*/*"})";

const test::TokenSigner& signer() {
  static const test::TokenSigner made = test::TokenSigner::ec("k");
  return made;
}

class OurKeys final : public auth::TokenKeySource {
 public:
  std::shared_ptr<const auth::TokenKeys> current() const override {
    static const auto keys = auth::TokenKeys::parse(test::key_set(signer().jwk())).value();
    return keys;
  }
  bool request_newer() override { return false; }
  bool fetching() const override { return false; }
};

auth::TokenPolicy policy() {
  auth::TokenPolicy policy;
  policy.resource_server_id = "r";
  policy.issuer = "i";
  policy.scope_prefix = "r.";
  policy.additional_scopes_claim = "more";
  return policy;
}

auth::TokenFinding look_at(const std::string& token) {
  static const auth::TokenVerifier verifier(policy());
  return verifier.verify(token, *OurKeys().current(), kNow);
}

// With the signature of ours that a fuzzer cannot make, somebody would be let in.
void respond(std::string_view response) {
  static const base::SystemClock clock;
  static const auth::InternalAuthenticator authenticator(
      std::make_unique<auth::UserDirectory>(), {},
      std::make_unique<auth::TokenRules>(policy(), std::make_unique<OurKeys>(), clock));
  const auto exchange = authenticator.begin("OAUTHBEARER", auth::Peer{"127.0.0.1", 4711, true});
  CHECK(exchange != nullptr);
  auth::SaslOutcome outcome = exchange->step(response, {});
  if (outcome.kind == auth::SaslOutcome::Kind::kWork) {
    outcome.work();
    outcome = exchange->resume(true, {});
  }
  CHECK(outcome.kind == auth::SaslOutcome::Kind::kRefused ||
        outcome.kind == auth::SaslOutcome::Kind::kMalformed);
}

void look_at_claims(std::string_view claims) {
  const auth::TokenFinding finding = look_at(signer().sign(kHeader, claims));
  if (finding.kind != Kind::kGood) {
    CHECK(!finding.reason.empty());
    return;
  }
  CHECK(!finding.claims.user.empty() && finding.claims.user.size() <= 255);
  CHECK(finding.claims.expires > kNow);
  CHECK(finding.claims.scopes.size() <= auth::TokenPolicy::kScopesMax);
}

void ask(std::string_view scope) {
  const broker::TokenGrant grant({std::string(scope)});
  const auto read = broker::Permission::kRead;
  const bool enters = grant.may_enter("/");
  CHECK(enters || !grant.allows(read, "/", "name"));
  CHECK(grant.allows(read, "/", "name") || !grant.allows_topic(read, "/", "name", "key"));
  const broker::TokenGrant again(grant.scopes());
  CHECK(again.may_enter("/") == enters);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  // A line for each refusal is not what this looks at.
  static const bool kQuiet = [] {
    base::configure_log(base::LogLevel::kError, base::LogFormat::kText);
    return true;
  }();
  (void)kQuiet;
  switch (data[0] % 6) {
    case 0: CHECK(look_at(std::string(text)).kind != Kind::kGood); break;
    case 1: look_at_claims(text); break;
    case 2: look_at(signer().sign(text, kClaims)); break;
    case 3: {
      const auto keys = auth::TokenKeys::parse(text);
      if (!keys) break;
      const std::string key_id = "k";
      for (const char* never : {"none", "HS256"})
        CHECK((*keys)->find(&key_id, never) == nullptr);
      break;
    }
    case 4: ask(text); break;
    default: respond(text); break;
  }
  return 0;
}

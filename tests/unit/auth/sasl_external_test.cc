#include "auth/sasl_external.h"

#include "login_fixture.h"

namespace harrier::auth {
namespace {

const PeerCertificate kCertificate{"CN=ali,O=cave",
                                   "ali",
                                   {"ali.example", "kasim.example"},
                                   {"ali@example.org"},
                                   {"spiffe://cave/ali"}};

SaslOutcome log_in(const std::vector<std::string>& users, ExternalName from,
                   base::Bytes response = {}, const PeerCertificate& certificate = kCertificate,
                   Peer peer = kFar) {
  std::vector<UserSpecification> specifications;
  for (const std::string& user : users)
    specifications.push_back(clear_user(user, "not asked for"));
  LoginPolicy policy = cheap_policy();
  policy.external_name = from;
  const auto rules = rules_of(specifications, policy);
  peer.encrypted = true;
  peer.certificate = std::make_shared<const PeerCertificate>(certificate);
  return SaslExternal(*rules, peer).step(response, kStart);
}

TEST(SaslExternal, TakesTheNameFromWhereItIsTold) {
  const std::vector<std::string> users = {"CN=ali,O=cave",   "ali",
                                          "ali.example",     "kasim.example",
                                          "ali@example.org", "spiffe://cave/ali"};
  const auto user = [&](ExternalName from) { return log_in(users, from).identity.user; };
  EXPECT_EQ(user(ExternalName::kDistinguishedName), "CN=ali,O=cave");
  EXPECT_EQ(user(ExternalName::kCommonName), "ali");
  EXPECT_EQ(user(ExternalName::kSanDns), "ali.example");
  EXPECT_EQ(user(ExternalName::kSanEmail), "ali@example.org");
  EXPECT_EQ(user(ExternalName::kSanUri), "spiffe://cave/ali");
}

TEST(SaslExternal, TheWholeNameCounts) {
  for (const char* user : {"ali", "cave", "CN=ali", "CN=ali,O=cav", "CN=ali,O=cave,",
                           "cn=ali,o=cave", "CN=ali, O=cave"})
    EXPECT_EQ(log_in({user}, ExternalName::kDistinguishedName).kind, Kind::kRefused) << user;
}

TEST(SaslExternal, ACertificateWithoutSuchANameIsRefused) {
  for (const ExternalName from :
       {ExternalName::kDistinguishedName, ExternalName::kCommonName, ExternalName::kSanDns,
        ExternalName::kSanEmail, ExternalName::kSanUri})
    EXPECT_EQ(log_in({"ali"}, from, {}, PeerCertificate{}).kind, Kind::kRefused);
}

TEST(SaslExternal, OneMayNameOnlyOneself) {
  EXPECT_EQ(log_in({"ali", "kasim"}, ExternalName::kCommonName, "ali").identity.user, "ali");
  EXPECT_EQ(log_in({"ali", "kasim"}, ExternalName::kCommonName, "kasim").kind, Kind::kRefused);
}

TEST(SaslExternal, LoopbackUsersAreRefusedFromAfar) {
  base::SeededRandom random(1);
  UserSpecification guest = clear_user("ali", "x");
  guest.loopback_only = true;
  LoginPolicy policy;
  policy.external_name = ExternalName::kCommonName;
  const auto rules = rules_of({guest}, policy);
  Peer peer = kFar;
  peer.certificate = std::make_shared<const PeerCertificate>(kCertificate);
  EXPECT_EQ(SaslExternal(*rules, peer).step("", kStart).kind, Kind::kRefused);
  peer.loopback = true;
  EXPECT_EQ(SaslExternal(*rules, peer).step("", kStart).kind, Kind::kAccepted);
}

}  // namespace
}  // namespace harrier::auth

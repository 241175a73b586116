#include "server/token_access.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http_client.h"
#include "support/temporary_directory.h"
#include "support/token_signer.h"

namespace harrier::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

OAuth2Options good_options() {
  OAuth2Options options;
  options.resource_server_id = "rabbitmq";
  options.issuer = "https://issuer.example";
  return options;
}

std::string fault_of(const OAuth2Options& options) {
  const auto policy = token_policy(options);
  return policy ? "none" : policy.error().message;
}

TEST(TokenPolicyOptions, TheScopePrefixIsTheResourceServersUnlessSaidOtherwise) {
  OAuth2Options options = good_options();
  EXPECT_EQ(token_policy(options)->scope_prefix, "rabbitmq.");
  options.scope_prefix = "mq/";
  EXPECT_EQ(token_policy(options)->scope_prefix, "mq/");
}

TEST(TokenPolicyOptions, WhatIsMissingIsTold) {
  OAuth2Options options = good_options();
  EXPECT_EQ(fault_of(options), "none");
  options.issuer.clear();
  EXPECT_THAT(fault_of(options), StartsWith("auth.oauth2.issuer: "));
  options = good_options();
  options.username_claims.clear();
  EXPECT_THAT(fault_of(options), StartsWith("auth.oauth2.username_claims: "));
  for (const char* algorithm : {"none", "HS256", "PS256", "rs256", ""}) {
    options = good_options();
    options.algorithms = {"RS256", algorithm};
    EXPECT_THAT(fault_of(options), StartsWith("auth.oauth2.algorithms: ")) << algorithm;
  }
}

TEST(TokenPolicyOptions, AliasesStandForScopesWithThePrefix) {
  OAuth2Options options = good_options();
  options.scope_aliases = {{"admin", {"rabbitmq.tag:administrator", "rabbitmq.read:*/*"}},
                           {"reader", {"rabbitmq.read:*/*"}}};
  EXPECT_EQ(token_policy(options)->scope_aliases.at("admin").size(), 2u);
  options.scope_aliases.push_back({"admin", {"rabbitmq.write:*/*"}});
  EXPECT_EQ(fault_of(options), "auth.oauth2.scope_aliases: 'admin' stands twice");
  options.scope_aliases = {{"admin", {"reader"}}};
  EXPECT_EQ(fault_of(options),
            "auth.oauth2.scope_aliases: 'reader' of 'admin' does not begin with 'rabbitmq.'");
}

TEST(TokenKeyOptions, ExactlyOneSourceIsNeeded) {
  const base::SystemClock clock;
  OAuth2Options options = good_options();
  EXPECT_THAT(token_keys(options, clock).error().message, HasSubstr("exactly one of"));
  options.jwks_file = "/nowhere.json";
  options.jwks_url = "https://issuer.example/keys";
  EXPECT_THAT(token_keys(options, clock).error().message, HasSubstr("exactly one of"));
}

TEST(TokenKeyOptions, KeysOfAFileAreThereAtOnce) {
  const base::SystemClock clock;
  const test::TemporaryDirectory directory;
  OAuth2Options options = good_options();
  options.jwks_file = directory.path() + "/keys.json";
  EXPECT_THAT(token_keys(options, clock).error().message, HasSubstr("cannot be opened"));
  const std::string text = test::key_set(test::TokenSigner::ec("k").jwk());
  std::ofstream(options.jwks_file) << text;
  EXPECT_EQ(token_keys(options, clock).value()->current()->count(), 1u);
  options.jwks_size_max = text.size();
  EXPECT_TRUE(token_keys(options, clock).ok());
  --options.jwks_size_max;
  EXPECT_THAT(token_keys(options, clock).error().message, HasSubstr("is longer than"));
}

TEST(HttpClient, AsksHttpsOrThisMachine) {
  const auto fault = [](const char* url) {
    const auto status = HttpClient{url, "", {}, 1}.check();
    return status ? std::string("none") : status.error().message;
  };
  for (const char* url : {"https://issuer.example/keys", "https://issuer.example:8443",
                          "http://127.0.0.1:8080/keys", "http://localhost/", "http://[::1]:1/"})
    EXPECT_EQ(fault(url), "none") << url;
  for (const char* url :
       {"http://issuer.example/keys", "http://127.0.0.1@issuer.example/", "http://128.0.0.1/",
        "http://localhost.example/", "http://127.example/", "ftp://127.0.0.1/keys"})
    EXPECT_THAT(fault(url), HasSubstr("is not https")) << url;
  for (const char* url : {"", "keys", "https://", "https://a b/", "file:///etc/passwd"})
    EXPECT_THAT(fault(url), HasSubstr("is no URL")) << url;
}

}  // namespace
}  // namespace harrier::server

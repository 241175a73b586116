#include "server/tls_context.h"

#include <fstream>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.h"
#include "support/temporary_directory.h"

namespace harrier::server {
namespace {

using ::testing::HasSubstr;

class TlsContextTest : public ::testing::Test {
 protected:
  TlsContextTest() {
    const test::CertificateFiles files = authority_.issue("server", {});
    options_.enabled = true;
    options_.certificate_file = files.certificate;
    options_.key_file = files.key;
  }

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  std::string error() const {
    const auto loaded = TlsContext::load(options_);
    return loaded ? "" : loaded.error().message;
  }
  void add(const std::string& server_name, int days = 90) {
    const test::CertificateFiles files =
        authority_.issue("more" + std::to_string(options_.certificates.size()),
                         {.common_name = server_name, .days = days});
    options_.certificates.push_back({server_name, files.certificate, files.key});
  }

  test::TemporaryDirectory folder_;
  test::CertificateAuthority authority_{folder_.path(), "authority"};
  TlsListenerOptions options_;
};

TEST_F(TlsContextTest, LoadsAPair) { EXPECT_EQ(error(), ""); }

TEST_F(TlsContextTest, MissingFileIsNamedWithTheSystemsReason) {
  options_.key_file = path("nobody.key");
  EXPECT_EQ(error(), "listeners.amqps: " + path("nobody.key") +
                         ": cannot be read: No such file or directory");
}

TEST_F(TlsContextTest, FileWithoutCertificateIsNamed) {
  options_.certificate_file = file("words.pem", "hello\n");
  EXPECT_EQ(error(), "listeners.amqps: " + path("words.pem") + ": no start line");
}

TEST_F(TlsContextTest, KeyOfAnotherCertificateIsRefused) {
  options_.key_file = authority_.issue("other", {}).key;
  EXPECT_EQ(error(), "listeners.amqps: " + path("other.key") + ": key values mismatch");
}

TEST_F(TlsContextTest, KeyWithPassphraseIsRefusedWithoutAsking) {
  options_.key_file = file("locked.key",
                           "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                           "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                           "AAAAAAAAAAAAAAAAAAAAAA==\n-----END RSA PRIVATE KEY-----\n");
  EXPECT_THAT(error(), HasSubstr(path("locked.key") + ": "));
}

TEST_F(TlsContextTest, AuthoritiesThatCannotBeReadAreNamed) {
  options_.verify = TlsVerifyOption::kRequire;
  options_.ca_file = file("ca.pem", "hello\n");
  EXPECT_THAT(error(), HasSubstr(path("ca.pem") + ": "));
}

TEST_F(TlsContextTest, RevocationListsThatCannotBeReadAreNamed) {
  options_.verify = TlsVerifyOption::kRequire;
  options_.ca_file = authority_.file();
  options_.crl_file = file("list.pem", "hello\n");
  EXPECT_THAT(error(), HasSubstr(path("list.pem") + ": "));
  options_.crl_file = path("nowhere.pem");
  EXPECT_THAT(error(), HasSubstr(path("nowhere.pem") + ": cannot be read: "));
}

TEST_F(TlsContextTest, UnknownCiphersAreRefused) {
  options_.ciphers = "ROT13";
  EXPECT_EQ(error(), "listeners.amqps: ciphers: no cipher match");
  options_.ciphers = TlsListenerOptions().ciphers;
  options_.ciphersuites = "ROT13";
  EXPECT_THAT(error(), HasSubstr("listeners.amqps: ciphersuites: "));
}

TEST_F(TlsContextTest, AFurtherCertificateIsAsGoodAsItsFiles) {
  add("mq.example.com");
  options_.certificates[0].key_file = options_.key_file;
  EXPECT_THAT(error(), HasSubstr(options_.key_file + ": key values mismatch"));
}

TEST_F(TlsContextTest, NameIsFoundWhateverItsCase) {
  add("MQ.example.com");
  const auto context = TlsContext::load(options_).value();
  EXPECT_NE(context->find("mq.EXAMPLE.com"), nullptr);
  EXPECT_NE(context->find("mq.example.com."), nullptr);
  EXPECT_EQ(context->find("example.com"), nullptr);
  EXPECT_EQ(context->find(""), nullptr);
}

TEST_F(TlsContextTest, WildcardStandsForOneLabelAndYieldsToTheName) {
  add("*.example.com");
  add("mq.example.com");
  const auto context = TlsContext::load(options_).value();
  EXPECT_NE(context->find("a.example.com"), nullptr);
  EXPECT_NE(context->find("mq.example.com"), context->find("a.example.com"));
  EXPECT_EQ(context->find("a.b.example.com"), nullptr);
  EXPECT_EQ(context->find(".example.com"), nullptr);
}

TEST_F(TlsContextTest, ExpiresWithItsFirstCertificate) {
  add("short.example.com", 10);
  add("long.example.com", 1000);
  const auto left =
      TlsContext::load(options_).value()->expires() - std::chrono::system_clock::now();
  EXPECT_NEAR(std::chrono::duration<double>(left).count(), 10 * 86400.0, 3600.0);
}

TEST_F(TlsContextTest, WarnsOfAKeyThatEverybodyCanRead) {
  EXPECT_TRUE(TlsContext::load(options_).value()->warnings().empty());
  ::chmod(options_.key_file.c_str(), 0644);
  EXPECT_THAT(TlsContext::load(options_).value()->warnings(),
              ::testing::ElementsAre(HasSubstr(options_.key_file)));
}

}  // namespace
}  // namespace harrier::server

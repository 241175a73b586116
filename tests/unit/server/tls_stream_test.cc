#include "server/tls_stream.h"

#include <cerrno>
#include <deque>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "server/tls_certificates.h"
#include "support/certificates.h"
#include "support/temporary_directory.h"

namespace harrier::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Handshake = TlsStream::Handshake;

// OpenSSL as a client, on one end of a pair of sockets; nothing here waits.
class Client {
 public:
  explicit Client(int descriptor)
      : descriptor_(descriptor), context_(::SSL_CTX_new(::TLS_client_method())) {
    ::SSL_CTX_set_options(context_, SSL_OP_IGNORE_UNEXPECTED_EOF);
  }
  ~Client() {
    ::SSL_free(ssl_);
    ::SSL_CTX_free(context_);
    ::close(descriptor_);
  }

  SSL_CTX* context() { return context_; }
  SSL* ssl() {
    if (ssl_ == nullptr) {
      ssl_ = ::SSL_new(context_);
      ::SSL_set_fd(ssl_, descriptor_);
      ::SSL_set_connect_state(ssl_);
    }
    return ssl_;
  }
  void ask_for(std::string name) {
    ::SSL_ctrl(ssl(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  void show(const test::CertificateFiles& files) {
    EXPECT_EQ(::SSL_CTX_use_certificate_chain_file(context_, files.certificate.c_str()), 1);
    EXPECT_EQ(::SSL_CTX_use_PrivateKey_file(context_, files.key.c_str(), SSL_FILETYPE_PEM), 1);
  }
  std::string server_name() {
    const X509* certificate = ::SSL_get0_peer_certificate(ssl());
    char text[256] = "";
    if (certificate != nullptr)
      ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate), NID_commonName, text,
                                  sizeof text);
    return text;
  }
  void write(const std::string& bytes) {
    EXPECT_EQ(::SSL_write(ssl(), bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  // What is there, decrypted.
  std::string read() {
    std::string all;
    char buffer[4096];
    int count = 0;
    while ((count = ::SSL_read(ssl(), buffer, sizeof buffer)) > 0)
      all.append(buffer, static_cast<std::size_t>(count));
    return all;
  }
  // What is there, as it came.
  std::string read_raw() {
    std::string all;
    char buffer[4096];
    ssize_t count = 0;
    while ((count = ::recv(descriptor_, buffer, sizeof buffer, 0)) > 0)
      all.append(buffer, static_cast<std::size_t>(count));
    return all;
  }
  void write_raw(const std::string& bytes) {
    EXPECT_EQ(::send(descriptor_, bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }

 private:
  const int descriptor_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
};

class TlsStreamTest : public ::testing::Test {
 protected:
  TlsStreamTest() {
    const test::CertificateFiles files = authority_.issue("server", {.common_name = "default"});
    options_.enabled = true;
    options_.certificate_file = files.certificate;
    options_.key_file = files.key;
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets_), 0);
    client_.emplace(sockets_[1]);
  }
  ~TlsStreamTest() override { ::close(sockets_[0]); }

  TlsStream& stream() {
    if (!context_) context_ = TlsContext::load(options_).value();
    if (!stream_) stream_.emplace(context_, sockets_[0], records_);
    return *stream_;
  }
  Client& client() { return *client_; }
  void require_certificates() {
    options_.verify = TlsVerifyOption::kRequire;
    options_.ca_file = authority_.file();
  }
  // Both in turn, until one has an outcome.
  Handshake shake_hands() {
    for (int turn = 0; turn != 20; ++turn) {
      const int result = ::SSL_do_handshake(client().ssl());
      const Handshake outcome = stream().handshake(now_);
      EXPECT_TRUE(records_.empty());
      if (outcome == Handshake::kFailed) return outcome;
      if (outcome == Handshake::kDone && result == 1) return outcome;
      if (outcome == Handshake::kDone) {
        (void)::SSL_do_handshake(client().ssl());
        return outcome;
      }
    }
    return Handshake::kWaits;
  }
  std::string read(std::size_t room = 128 << 10) {
    std::string bytes(room, '\0');
    const ssize_t count = stream().read(bytes.data(), room, now_);
    outcome_ = count;
    errno_ = errno;
    EXPECT_TRUE(records_.empty());
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  void forbid_tls13() { ::SSL_CTX_set_max_proto_version(client().context(), TLS1_2_VERSION); }

  test::TemporaryDirectory folder_;
  test::CertificateAuthority authority_{folder_.path(), "authority"};
  TlsListenerOptions options_;
  int sockets_[2] = {-1, -1};
  base::Buffer records_;
  base::MonotonicTime now_{base::Milliseconds(1000)};
  std::optional<Client> client_;
  std::shared_ptr<const TlsContext> context_;
  std::optional<TlsStream> stream_;
  ssize_t outcome_ = 0;
  int errno_ = 0;
};

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i != size; ++i)
    bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

// ---- handshake

TEST_F(TlsStreamTest, WaitsForTheClientThenSpeaksTls13) {
  EXPECT_EQ(stream().handshake(now_), Handshake::kWaits);
  EXPECT_EQ(shake_hands(), Handshake::kDone);
  EXPECT_EQ(::SSL_version(client().ssl()), TLS1_3_VERSION);
  EXPECT_EQ(stream().peer_certificate(), nullptr);
}

TEST_F(TlsStreamTest, SpeaksTls12WithForwardSecrecy) {
  forbid_tls13();
  EXPECT_EQ(shake_hands(), Handshake::kDone);
  EXPECT_THAT(::SSL_get_cipher_name(client().ssl()), HasSubstr("ECDHE"));
}

TEST_F(TlsStreamTest, RefusesTls11) {
  ::SSL_CTX_set_security_level(client().context(), 0);
  ::SSL_CTX_set_max_proto_version(client().context(), TLS1_1_VERSION);
  EXPECT_EQ(shake_hands(), Handshake::kFailed);
  EXPECT_EQ(stream().failure(), "unsupported protocol");
}

TEST_F(TlsStreamTest, RefusesTls12WhereTls13IsTheLeast) {
  options_.min_version = TlsVersionOption::kTls13;
  forbid_tls13();
  EXPECT_EQ(shake_hands(), Handshake::kFailed);
}

TEST_F(TlsStreamTest, GarbageInsteadOfHelloFails) {
  client().write_raw("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(stream().handshake(now_), Handshake::kFailed);
  EXPECT_EQ(stream().failure(), "http request");
  EXPECT_TRUE(stream().heard());
}

TEST_F(TlsStreamTest, ClientThatGoesFailsTheHandshake) {
  client_.reset();
  EXPECT_EQ(stream().handshake(now_), Handshake::kFailed);
  EXPECT_EQ(stream().failure(), "the client closed the connection");
  EXPECT_FALSE(stream().heard());
}

TEST_F(TlsStreamTest, NameChoosesTheCertificate) {
  const test::CertificateFiles more = authority_.issue("more", {.common_name = "wild"});
  options_.certificates.push_back({"*.example.com", more.certificate, more.key});
  client().ask_for("a.example.com");
  EXPECT_EQ(shake_hands(), Handshake::kDone);
  EXPECT_EQ(client().server_name(), "wild");
}

TEST_F(TlsStreamTest, UnknownNameGetsTheDefaultCertificate) {
  const test::CertificateFiles more = authority_.issue("more", {.common_name = "wild"});
  options_.certificates.push_back({"*.example.com", more.certificate, more.key});
  client().ask_for("example.org");
  EXPECT_EQ(shake_hands(), Handshake::kDone);
  EXPECT_EQ(client().server_name(), "default");
}

// ---- sessions

class TlsSessionTest : public TlsStreamTest, public ::testing::WithParamInterface<int> {
 protected:
  // A second connection of the client, with the session of the first.
  bool is_resumed(base::Milliseconds later) {
    ::SSL_CTX_set_max_proto_version(client().context(), GetParam());
    EXPECT_EQ(shake_hands(), Handshake::kDone);
    // Tickets of TLS 1.3 come behind the handshake.
    (void)client().read();
    SSL_SESSION* session = ::SSL_get1_session(client().ssl());
    // Sessions of connections that were cut off are not for another time.
    ::SSL_shutdown(client().ssl());
    int sockets[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets), 0);
    stream_.emplace(context_, sockets[0], records_);
    client_.emplace(sockets[1]);
    ::SSL_CTX_set_max_proto_version(client().context(), GetParam());
    EXPECT_EQ(::SSL_set_session(client().ssl(), session), 1);
    ::SSL_SESSION_free(session);
    now_ += later;
    EXPECT_EQ(shake_hands(), Handshake::kDone);
    ::close(std::exchange(sockets_[0], sockets[0]));
    return ::SSL_session_reused(client().ssl()) == 1;
  }
};

TEST_P(TlsSessionTest, IsResumedByItsTicket) { EXPECT_TRUE(is_resumed(base::Milliseconds(1))); }

TEST_P(TlsSessionTest, IsResumedWithThePreviousKey) {
  EXPECT_TRUE(is_resumed(TicketKeys::kLifetime));
}

TEST_P(TlsSessionTest, BeginsAnewWhenItsKeyIsForgotten) {
  EXPECT_FALSE(is_resumed(2 * TicketKeys::kLifetime));
}

TEST_P(TlsSessionTest, KeepsTheClientsCertificate) {
  require_certificates();
  client().show(authority_.issue("client", {.common_name = "alice"}));
  EXPECT_TRUE(is_resumed(base::Milliseconds(1)));
  ASSERT_NE(stream().peer_certificate(), nullptr);
  EXPECT_EQ(stream().peer_certificate()->common_name, "alice");
}

INSTANTIATE_TEST_SUITE_P(Version, TlsSessionTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

// ---- clients' certificates

TEST_F(TlsStreamTest, TellsWhoTheClientIs) {
  require_certificates();
  client().show(authority_.issue(
      "client", {.common_name = "al, ice",
                 .organization = "Ä",
                 .alternative_names = "DNS:a.example,DNS:b.example,email:a@example,URI:amqp:a"}));
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  const auto found = stream().peer_certificate();
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->subject_dn, "CN=al\\, ice,O=Ä");
  EXPECT_EQ(found->common_name, "al, ice");
  EXPECT_THAT(found->dns_names, ElementsAre("a.example", "b.example"));
  EXPECT_THAT(found->emails, ElementsAre("a@example"));
  EXPECT_THAT(found->uris, ElementsAre("amqp:a"));
}

TEST_F(TlsStreamTest, NameChosenByTheClientDoesNotLoosenVerification) {
  require_certificates();
  const test::CertificateFiles more = authority_.issue("more", {});
  options_.certificates.push_back({"mq.example.com", more.certificate, more.key});
  const test::CertificateAuthority stranger(folder_.path(), "stranger");
  client().show(stranger.issue("client", {}));
  client().ask_for("mq.example.com");
  EXPECT_EQ(shake_hands(), Handshake::kFailed);
  EXPECT_EQ(stream().failure(), "unable to get local issuer certificate");
}

TEST_F(TlsStreamTest, RequiredCertificateThatIsMissingFails) {
  require_certificates();
  EXPECT_EQ(shake_hands(), Handshake::kFailed);
  EXPECT_EQ(stream().failure(), "peer did not return a certificate");
}

TEST_F(TlsStreamTest, ExpiredCertificateFails) {
  require_certificates();
  client().show(authority_.issue("client", {.days = -1}));
  EXPECT_EQ(shake_hands(), Handshake::kFailed);
  EXPECT_EQ(stream().failure(), "certificate has expired");
}

TEST_F(TlsStreamTest, RequestedCertificateMayBeMissing) {
  require_certificates();
  options_.verify = TlsVerifyOption::kRequest;
  EXPECT_EQ(shake_hands(), Handshake::kDone);
  EXPECT_EQ(stream().peer_certificate(), nullptr);
}

// ---- bytes

TEST_F(TlsStreamTest, WhatFollowsTheHandshakeInOnePacketIsRead) {
  forbid_tls13();
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  EXPECT_TRUE(stream().may_have_more());
  client().write("AMQP");
  EXPECT_EQ(read(), "AMQP");
  EXPECT_FALSE(stream().may_have_more());
  EXPECT_EQ(read(), "");
  EXPECT_EQ(errno_, EAGAIN);
}

TEST_F(TlsStreamTest, WhatDoesNotFitIsAnnounced) {
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  client().write("0123456789");
  EXPECT_EQ(read(4), "0123");
  EXPECT_TRUE(stream().may_have_more());
  EXPECT_EQ(read(100), "456789");
  EXPECT_FALSE(stream().may_have_more());
}

TEST_F(TlsStreamTest, CloseNotifyIsTheEndAndIsAnswered) {
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  client().write("last");
  ::SSL_shutdown(client().ssl());
  EXPECT_EQ(read(), "last");
  EXPECT_TRUE(stream().may_have_more());
  EXPECT_EQ(read(), "");
  EXPECT_EQ(outcome_, 0);
  stream().close();
  EXPECT_EQ(::SSL_shutdown(client().ssl()), 1);
}

TEST_F(TlsStreamTest, ForgedRecordIsAnError) {
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  client().write_raw(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  EXPECT_EQ(read(), "");
  EXPECT_EQ(outcome_, -1);
  EXPECT_EQ(errno_, EPROTO);
  EXPECT_EQ(stream().failure(), "decryption failed or bad record mac");
}

TEST_F(TlsStreamTest, RecordsAreFilled) {
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  (void)client().read();
  const std::string bytes = pattern(100'000);
  EXPECT_EQ(stream().send(bytes.data(), bytes.size()), 100'000);
  const std::string raw = client().read_raw();
  std::vector<int> lengths;
  for (std::size_t at = 0; at + 5 <= raw.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(raw[at + i]); };
    lengths.push_back(byte(3) << 8 | byte(4));
    at += 5 + static_cast<std::size_t>(lengths.back());
  }
  const int full = (16 << 10) + 17;
  EXPECT_THAT(lengths, ElementsAre(full, full, full, full, full, full, 100'000 % (16 << 10) + 17));
}

TEST_F(TlsStreamTest, BytesForASlowReaderAreAnsweredForOnceTheyHaveLeft) {
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  const std::string bytes = pattern(3'000'000);
  std::size_t sent = 0;
  std::string received;
  int waits = 0;
  while (received.size() != bytes.size()) {
    if (sent != bytes.size()) {
      // The buffer it lies in moves, as that of a connection does.
      const std::string rest = bytes.substr(sent);
      const ssize_t count = stream().send(rest.data(), rest.size());
      if (count > 0) sent += static_cast<std::size_t>(count);
      if (count < 0) {
        ASSERT_EQ(errno, EAGAIN);
      }
      EXPECT_EQ(stream().has_unsent(), sent != bytes.size());
      if (stream().has_unsent()) ++waits;
    }
    EXPECT_TRUE(records_.empty());
    EXPECT_LE(stream().unsent_bytes(), TlsStream::kEncryptMax + 1024);
    received += client().read();
  }
  EXPECT_EQ(received, bytes);
  EXPECT_GT(waits, 2);
}

TEST_F(TlsStreamTest, ManyRecordsAreReadAtOnce) {
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  const std::string bytes = pattern(60'000);
  client().write(bytes.substr(0, 20'000));
  client().write(bytes.substr(20'000, 20'000));
  client().write(bytes.substr(40'000));
  EXPECT_EQ(read(), bytes);
}

TEST_F(TlsStreamTest, ReadsWhileTheSocketTakesNothing) {
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  const std::string bytes = pattern(3'000'000);
  EXPECT_LT(stream().send(bytes.data(), bytes.size()), 3'000'000);
  client().write("request");
  EXPECT_EQ(read(), "request");
}

// ---- limits

TEST_F(TlsStreamTest, KeyUpdatesBeyondTheLimitEndIt) {
  options_.key_updates_per_minute_max = 3;
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  const auto update = [&] {
    EXPECT_EQ(::SSL_key_update(client().ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    client().write("x");
    return read();
  };
  for (int i = 0; i != 3; ++i)
    EXPECT_EQ(update(), "x");
  now_ += std::chrono::minutes(1);
  for (int i = 0; i != 3; ++i)
    EXPECT_EQ(update(), "x");
  (void)update();
  (void)read();
  EXPECT_EQ(outcome_, -1);
  EXPECT_EQ(errno_, EPROTO);
  EXPECT_EQ(stream().failure(), "too many key updates");
}

TEST_F(TlsStreamTest, RenegotiationIsRefused) {
  forbid_tls13();
  ASSERT_EQ(shake_hands(), Handshake::kDone);
  ::SSL_renegotiate(client().ssl());
  (void)::SSL_do_handshake(client().ssl());
  EXPECT_EQ(read(), "");
  (void)::SSL_do_handshake(client().ssl());
  EXPECT_EQ(::ERR_GET_REASON(::ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
  ::ERR_clear_error();
}

// ---- reload

TEST_F(TlsStreamTest, BadPairKeepsTheOldCertificates) {
  const base::SystemClock clock;
  TlsCertificates certificates(clock);
  ASSERT_TRUE(certificates.load(options_));
  const auto old = certificates.current();
  std::filesystem::copy_file(authority_.issue("other", {}).key, options_.key_file,
                             std::filesystem::copy_options::overwrite_existing);
  const auto reloaded = certificates.load(options_);
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error().message, HasSubstr("key values mismatch"));
  EXPECT_EQ(certificates.current(), old);
}

TEST_F(TlsStreamTest, NewCertificatesAreForNewConnections) {
  const base::SystemClock clock;
  TlsCertificates certificates(clock);
  ASSERT_TRUE(certificates.load(options_));
  stream_.emplace(certificates.current(), sockets_[0], records_);
  (void)authority_.issue("server", {.common_name = "new"});  // the same files
  ASSERT_TRUE(certificates.load(options_));
  EXPECT_EQ(shake_hands(), Handshake::kDone);
  EXPECT_EQ(client().server_name(), "default");
  client().write("x");
  EXPECT_EQ(read(), "x");

  int sockets[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets), 0);
  stream_.emplace(certificates.current(), sockets[0], records_);
  client_.emplace(sockets[1]);
  EXPECT_EQ(shake_hands(), Handshake::kDone);
  EXPECT_EQ(client().server_name(), "new");
  stream_.reset();
  ::close(sockets[0]);
}

}  // namespace
}  // namespace harrier::server

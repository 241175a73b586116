#include "auth/stored_password.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr HashCost kCheap{4096, 4096};
const HashSalts kSalts{std::string(16, 's'), std::string(16, 'S')};

// What Python says:
//   import hashlib, hmac, base64
//   salted = hashlib.pbkdf2_hmac('sha512', b'open sesame', b'S' * 16, 4096)
//   stored = hashlib.sha512(hmac.digest(salted, b'Client Key', 'sha512')).digest()
//   server = hmac.digest(salted, b'Server Key', 'sha512')
//   base64.b64encode(stored + server), and the same with sha256 and b's' * 16
constexpr const char* kSha256Text =
    "$scram-sha-256$i=4096$c3Nzc3Nzc3Nzc3Nzc3Nzcw$Dl+tgpH7ffeYP3nBPii/64SadX56u35CRw2"
    "y3Wr/aOrx9yUIa0beRWbydJ8bo6UWCQa2qSSKrAR/QB6LvleJrw";
constexpr const char* kSha512Text =
    "$scram-sha-512$i=4096$U1NTU1NTU1NTU1NTU1NTUw$pUN4E0dP4KQATGLFHJdPM7uu4pI95NYsSBi"
    "QYg7SihWF6fDT+cOZxIh/lfnvExyTNQrJziOEZyVzXJ1FYGAyAJcMm2Jrhx+5Ow6/jTMv6eToMAj3WQ+"
    "X4CSCiRY8C+NuVzat3ktprUJrvBJVr4x1S+M3vZ+d4LqoJeY7jznaTT4";

TEST(StoredPassword, IsTextThatPythonWouldWrite) {
  const auto stored = StoredPassword::of("open sesame", kSalts, kCheap);
  EXPECT_EQ(stored.text(), std::string(kSha256Text).append(kSha512Text));
  EXPECT_FALSE(stored.quick());
  EXPECT_TRUE(stored.matches("open sesame"));
  EXPECT_FALSE(stored.matches("open barley"));
  EXPECT_FALSE(stored.matches(""));
}

TEST(StoredPassword, TextIsReadBack) {
  const std::string text = StoredPassword::of("open sesame", kSalts, kCheap).text();
  const auto read = StoredPassword::parse(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->text(), text);
  EXPECT_TRUE(read->matches("open sesame"));
  EXPECT_NE(read->scram(DigestKind::kSha256), nullptr);
  EXPECT_NE(read->scram(DigestKind::kSha512), nullptr);
}

TEST(StoredPassword, OneDigestIsEnoughToLogIn) {
  const auto read = StoredPassword::parse(kSha512Text);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->matches("open sesame"));
  EXPECT_EQ(read->scram(DigestKind::kSha256), nullptr);
  EXPECT_TRUE(read->outdated(kCheap)) << "it lacks the other";
}

TEST(StoredPassword, OtherIterationsAreOutdated) {
  const auto stored = StoredPassword::of("x", kSalts, kCheap);
  EXPECT_FALSE(stored.outdated(kCheap));
  EXPECT_TRUE(stored.outdated({4097, 4096}));
  EXPECT_TRUE(stored.outdated({4096, 4097}));
}

// hashlib.sha512(b'salt' + b'open sesame') behind b'salt'.
constexpr const char* kRabbit512 =
    "c2FsdMNlCgQKzR+1dp/A4alxBqg3uNbbFe3gngCZYpeEWZn3WeelE0+ShN9TSghQTdGoZcAaQQtt4Cx8"
    "zABV9RQQJfg=";

TEST(StoredPassword, RabbitmqsHashesAreQuickAndOutdated) {
  for (const char* hash : {"kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", kRabbit512}) {
    const auto read = StoredPassword::parse(hash);
    ASSERT_TRUE(read.ok()) << hash;
    EXPECT_TRUE(read->quick());
    EXPECT_TRUE(read->outdated(kCheap));
    EXPECT_EQ(read->text(), hash);
    EXPECT_EQ(read->scram(DigestKind::kSha256), nullptr);
    EXPECT_FALSE(read->matches(""));
    EXPECT_FALSE(read->matches("wrong"));
  }
  EXPECT_TRUE(
      StoredPassword::parse("kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR")->matches("test12"));
  EXPECT_TRUE(StoredPassword::parse(kRabbit512)->matches("open sesame"));
}

TEST(StoredPassword, AClearOneStaysQuickWithKeys) {
  base::SeededRandom random(1);
  const auto clear = StoredPassword::of_clear("open sesame", random);
  EXPECT_EQ(clear.clear(), "open sesame");
  EXPECT_EQ(clear.scram(DigestKind::kSha256), nullptr);
  EXPECT_FALSE(clear.outdated(kCheap)) << "its text stands in a file anyway";
  const auto with_keys = clear.with_keys_of(StoredPassword::of("open sesame", kSalts, kCheap));
  EXPECT_TRUE(with_keys.quick());
  EXPECT_TRUE(with_keys.matches("open sesame"));
  EXPECT_NE(with_keys.scram(DigestKind::kSha512), nullptr);
  EXPECT_TRUE(with_keys.clear().empty());
}

TEST(StoredPassword, DamagedTextIsRefusedAndNotRepeated) {
  const std::string good = kSha256Text;
  const std::string salt_and_keys = good.substr(good.find('$', 20));
  for (const std::string& bad :
       {std::string("secret?"), std::string("$"), std::string("$$$$"), good + "$", good + good,
        good.substr(0, good.size() - 1), good + "=", std::string("$argon2id$v=19$m=1$c2VjcmV0"),
        "$scram-sha-1$i=4096" + salt_and_keys, "$scram-sha-256$i=4095" + salt_and_keys,
        "$scram-sha-256$i=10000001" + salt_and_keys, "$scram-sha-256$i=" + salt_and_keys,
        "$scram-sha-256$i=-4096" + salt_and_keys, "$scram-sha-256$i=4096x" + salt_and_keys,
        "$scram-sha-512$i=4096" + salt_and_keys,
        "$scram-sha-256$i=4096$" + good.substr(good.rfind('$'))}) {
    const auto read = StoredPassword::parse(bad);
    ASSERT_FALSE(read.ok()) << bad;
    EXPECT_THAT(read.error().message, StartsWith("a password hash ")) << bad;
    EXPECT_THAT(read.error().message, Not(HasSubstr("secret")));
  }
}

// Every cut and every flipped character is refused, or another password's text at least.
TEST(StoredPassword, CutTextIsRefused) {
  const std::string good = std::string(kSha256Text);
  for (std::size_t size = 0; size != good.size(); ++size)
    EXPECT_FALSE(StoredPassword::parse(good.substr(0, size)).ok() && size != 0) << size;
}

}  // namespace
}  // namespace harrier::auth

#include "store/message_codec.h"

#include <string>

#include <gtest/gtest.h>

#include "base/buffer.h"
#include "broker/expiration.h"
#include "run_fixture.h"

namespace harrier::store {
namespace {

std::string encoded(const broker::Message& message) {
  base::Buffer bytes;
  encode_message(bytes, message);
  return std::string(bytes.bytes());
}

bool decodes(std::string_view bytes) {
  base::ByteReader reader(bytes);
  return decode_message(reader).has_value();
}

TEST(MessageCodec, GivesBackWhatItWasGiven) {
  constexpr std::uint64_t kSeed = 20'261'101;
  SCOPED_TRACE(kSeed);
  base::SeededRandom random(kSeed);
  for (int i = 0; i < 2'000; ++i) {
    const broker::MessageRef message = random_message(random, 300);
    const std::string bytes = encoded(*message) + "behind";
    EXPECT_EQ(encoded_size(*message), bytes.size() - 6);
    base::ByteReader reader(bytes);
    const auto parts = decode_message(reader);
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(reader.remaining(), 6u);
    expect_same({.parts = *parts}, {.message = message.get()});
  }
}

TEST(MessageCodec, TellsEveryTruncation) {
  base::SeededRandom random(7);
  for (int i = 0; i < 20; ++i) {
    const std::string bytes = encoded(*random_message(random, 50));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // A copy of this size, so that AddressSanitizer sees a read past the end.
      const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<long>(size));
      EXPECT_FALSE(decodes({part.data(), part.size()})) << size;
    }
    EXPECT_TRUE(decodes(bytes));
  }
}

TEST(MessageCodec, SkipsExtensionsItDoesNotKnow) {
  const broker::MessageRef message = store::message("body");
  std::string bytes = encoded(*message);
  const std::string extension = {0x7f, 0, 3, 'a', 'b', 'c'};
  bytes.replace(bytes.size() - 2, 2, std::string({0, 6}) + extension + "behind");
  base::ByteReader reader(bytes);
  const auto parts = decode_message(reader);
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->body, "body");
  EXPECT_EQ(reader.remaining(), 6u);
}

TEST(MessageCodec, RefusesWhatItDoesNotKnow) {
  const std::string bytes = encoded(*message("body"));
  const auto with = [&](std::size_t offset, char value) {
    std::string changed = bytes;
    changed[offset] = value;
    return changed;
  };
  EXPECT_TRUE(decodes(bytes));
  EXPECT_FALSE(decodes(with(0, 0)));
  EXPECT_FALSE(decodes(with(0, 2)));
  EXPECT_FALSE(decodes(with(1, 8)));
  EXPECT_FALSE(decodes(with(1, static_cast<char>(0x81))));
  EXPECT_FALSE(decodes(with(3, 1)));
}

TEST(MessageCodec, RefusesAnExpirationThatNoPublishMayHave) {
  const auto with = [](std::uint64_t expiration) {
    std::string bytes = encoded(*broker::Message::create(
        {.has_expiration = true, .expiration = base::Milliseconds(1)}));
    base::store_big_endian(bytes.data() + 12, expiration);
    return bytes;
  };
  EXPECT_TRUE(decodes(with(0)));
  EXPECT_TRUE(decodes(with(broker::kTimeToLiveMaxMs)));
  EXPECT_FALSE(decodes(with(broker::kTimeToLiveMaxMs + 1)));
  EXPECT_FALSE(decodes(with(std::uint64_t{1} << 63)));
  EXPECT_FALSE(decodes(with(UINT64_MAX)));
}

TEST(MessageCodec, LongestNamesAndNothingElse) {
  const std::string name(255, 'n');
  const auto message = broker::Message::create({.exchange = name, .routing_key = name});
  const std::string bytes = encoded(*message);
  base::ByteReader reader(bytes);
  const auto parts = decode_message(reader);
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->exchange, name);
  EXPECT_EQ(parts->routing_key, name);
  EXPECT_EQ(parts->body, "");
  EXPECT_FALSE(parts->has_expiration);
}

}  // namespace
}  // namespace harrier::store

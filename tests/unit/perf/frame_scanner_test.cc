#include "perf/frame_scanner.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

struct Seen {
  unsigned type;
  unsigned channel;
  std::string payload;
  bool operator==(const Seen&) const = default;
};

std::string encode(const Seen& frame) {
  std::string bytes(7, '\0');
  bytes[0] = static_cast<char>(frame.type);
  base::store_big_endian(bytes.data() + 1, static_cast<std::uint16_t>(frame.channel));
  base::store_big_endian(bytes.data() + 3, static_cast<std::uint32_t>(frame.payload.size()));
  return bytes + frame.payload + '\xCE';
}

class FrameScannerTest : public testing::Test {
 protected:
  void feed(std::string_view bytes) {
    const std::span<char> space = scanner_.space(buffer_);
    ASSERT_GE(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), bytes.size());
    scanner_.scan(buffer_, bytes.size(),
                  [this](unsigned char type, std::uint16_t channel, std::string_view payload) {
                    seen_.push_back({type, channel, std::string(payload)});
                  });
  }

  ReadBuffer buffer_;
  FrameScanner scanner_;
  std::vector<Seen> seen_;
};

TEST_F(FrameScannerTest, FindsFramesSideBySide) {
  const std::vector<Seen> frames = {{1, 1, "method"}, {2, 1, "header"}, {3, 7, ""}, {8, 0, ""}};
  std::string bytes;
  for (const Seen& frame : frames)
    bytes += encode(frame);
  feed(bytes);
  EXPECT_EQ(seen_, frames);
  EXPECT_EQ(scanner_.kept_bytes(), 0u);
}

TEST_F(FrameScannerTest, OctetByOctetIsTheSame) {
  const Seen frame{1, 258, "one and the other"};
  for (const char octet : encode(frame) + encode(frame))
    feed({&octet, 1});
  EXPECT_EQ(seen_, (std::vector<Seen>{frame, frame}));
}

TEST_F(FrameScannerTest, CutAnywhereIsTheSame) {
  std::mt19937 random(3);
  std::vector<Seen> frames;
  std::string bytes;
  for (unsigned i = 0; i < 300; ++i) {
    frames.push_back({i % 3 + 1, i % 9, std::string(random() % 3000, 'x')});
    bytes += encode(frames.back());
  }
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t piece = std::min<std::size_t>(bytes.size() - at, 1 + random() % 5000);
    feed(std::string_view(bytes).substr(at, piece));
    at += piece;
  }
  EXPECT_EQ(seen_, frames);
}

TEST_F(FrameScannerTest, TheLargestFrameFitsBehindAnother) {
  const Seen largest{3, 1, std::string(kFrameMax, 'x')};
  const std::string bytes = encode(largest) + encode(largest);
  feed(std::string_view(bytes).substr(0, kFrameMax));
  feed(std::string_view(bytes).substr(kFrameMax));
  EXPECT_EQ(seen_.size(), 2u);
}

TEST_F(FrameScannerTest, LargerThanAgreedIsRefused) {
  const std::string bytes = encode({3, 1, std::string(kFrameMax + 1, 'x')});
  EXPECT_THROW(feed(std::string_view(bytes).substr(0, 8)), LoadError);
}

TEST_F(FrameScannerTest, WithoutItsEndIsRefused) {
  std::string bytes = encode({1, 1, "method"});
  bytes.back() = 'x';
  EXPECT_THROW(feed(bytes), LoadError);
}

}  // namespace
}  // namespace harrier::perf

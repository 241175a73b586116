#include "base/log.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace harrier::base {
namespace {

// Reads one JSON object of string and number members, strictly: what other readers would refuse
// fails.
class JsonLine {
 public:
  explicit JsonLine(std::string_view text) : rest_(text) { valid_ = object() && rest_.empty(); }

  bool valid() const { return valid_; }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool object() {
    if (!take('{')) return false;
    do {
      if (!string() || !take(':') || !value()) return false;
    } while (take(','));
    return take('}');
  }
  bool value() { return rest_.starts_with('"') ? string() : number(); }
  bool number() {
    const std::size_t size = rest_.find_first_not_of("0123456789");
    if (size == 0 || size == std::string_view::npos) return false;
    rest_.remove_prefix(size);
    return true;
  }
  bool string() {
    if (!take('"')) return false;
    while (!rest_.empty() && rest_.front() != '"') {
      if (static_cast<unsigned char>(rest_.front()) < 0x20) return false;
      const std::size_t size = rest_.front() == '\\' ? escape_size() : utf8_character_size(rest_);
      if (size == 0 || size > rest_.size()) return false;
      rest_.remove_prefix(size);
    }
    return take('"');
  }
  std::size_t escape_size() const {
    if (rest_.size() < 2) return 0;
    if (std::string_view("\"\\/bfnrt").find(rest_[1]) != std::string_view::npos) return 2;
    if (rest_[1] != 'u' || rest_.size() < 6) return 0;
    const std::string_view digits = rest_.substr(2, 4);
    const bool hex = digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    return hex ? 6 : 0;
  }

  std::string_view rest_;
  bool valid_ = false;
};

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { configure_log(LogLevel::kOff, LogFormat::kText); }

  // What `speak` writes to standard output.
  template <class Speak>
  static std::string output_of(LogLevel level, LogFormat format, Speak&& speak) {
    configure_log(level, format);
    testing::internal::CaptureStdout();
    speak();
    // Another logger lets go of the old one's sink, which flushes.
    configure_log(LogLevel::kOff, format);
    std::fflush(stdout);
    return testing::internal::GetCapturedStdout();
  }
};

TEST_F(LogTest, TextLineNamesCategoryTextAndFields) {
  const std::string line = output_of(LogLevel::kInfo, LogFormat::kText, [] {
    log_info("connection", "accepted", {{"peer", "127.0.0.1:4711"}, {"user", "guest"}});
  });
  EXPECT_TRUE(line.ends_with("[info] connection: accepted peer=127.0.0.1:4711 user=guest\n"))
      << line;
}

TEST_F(LogTest, TextLineEscapesLineBreaksAndControls) {
  const std::string line = output_of(LogLevel::kInfo, LogFormat::kText, [] {
    log_info("queue", "bad\r\nname", {{"queue", "a\nb\x1b[2J\x7f\xC2\x9B"}});
  });
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_TRUE(line.ends_with(R"(bad\x0d\x0aname queue=a\x0ab\x1b[2J\x7f\xc2\x9b)"
                             "\n"))
      << line;
}

TEST_F(LogTest, TextLineKeepsUtf8AndEscapesWhatIsNone) {
  const std::string line = output_of(LogLevel::kInfo, LogFormat::kText, [] {
    log_info("queue", "Käse", {{"name", "\xFFx"}});
  });
  EXPECT_TRUE(line.ends_with("queue: Käse name=\\xffx\n")) << line;
}

TEST_F(LogTest, FormatCharactersOfTheLoggerAreOrdinaryText) {
  const std::string line = output_of(LogLevel::kInfo, LogFormat::kText, [] {
    log_info("queue", "{} %v %s {0}", {{"a", "{}"}});
  });
  EXPECT_TRUE(line.ends_with("queue: {} %v %s {0} a={}\n")) << line;
}

TEST_F(LogTest, JsonLineIsAnObject) {
  std::string line = output_of(LogLevel::kInfo, LogFormat::kJson, [] {
    log_warning("connection", "closed", {{"peer", "127.0.0.1:1"}, {"reason", "say \"no\""}});
  });
  ASSERT_TRUE(line.ends_with('\n'));
  line.pop_back();
  EXPECT_TRUE(JsonLine(line).valid()) << line;
  EXPECT_TRUE(line.ends_with(R"("domain":"harriermq.connection","msg":"closed",)"
                             R"("peer":"127.0.0.1:1","reason":"say \"no\""})"))
      << line;
  EXPECT_NE(line.find(R"("level":"warning")"), std::string::npos) << line;
}

TEST_F(LogTest, JsonLineIsValidWhateverAPeerSends) {
  std::string every_octet;
  for (int octet = 0; octet < 256; ++octet)
    every_octet.push_back(static_cast<char>(octet));
  every_octet.append("é€\xF0\x9F\x90\x87 \"\\ \xED\xA0\x80 \xE2\x82");
  std::string line = output_of(LogLevel::kInfo, LogFormat::kJson, [&] {
    log_info("queue", every_octet, {{"name", every_octet}});
  });
  ASSERT_TRUE(line.ends_with('\n'));
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(JsonLine(line).valid()) << line;
  EXPECT_TRUE(is_utf8(line));
}

TEST_F(LogTest, LinesBelowTheLevelAreNotWritten) {
  const std::string lines = output_of(LogLevel::kWarning, LogFormat::kText, [] {
    EXPECT_FALSE(log_enabled(LogLevel::kInfo));
    EXPECT_TRUE(log_enabled(LogLevel::kError));
    log_info("queue", "unheard");
    log_error("queue", "heard");
  });
  EXPECT_EQ(lines.find("unheard"), std::string::npos);
  EXPECT_NE(lines.find("[error] queue: heard"), std::string::npos);
}

TEST_F(LogTest, OffWritesNothing) {
  EXPECT_EQ(output_of(LogLevel::kOff, LogFormat::kText,
                      [] {
                        log_error("queue", "unheard");
                        log(LogLevel::kOff, "queue", "unheard");
                      }),
            "");
}

}  // namespace
}  // namespace harrier::base

#include "metrics/exporter.h"

#include <vector>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/exposition.h"

namespace harrier::metrics {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A blocking socket to the exporter.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~HttpClient() { ::close(socket_); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void send(const std::string& text) {
    (void)::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  // Everything until the server closes, or until `end` was read.
  std::string read_until(const std::string& end = "\xff") {
    std::string text;
    char buffer[4096];
    while (text.find(end) == std::string::npos) {
      pollfd wait{socket_, POLLIN, 0};
      if (::poll(&wait, 1, 30'000) != 1) break;
      const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }
  std::string ask(const std::string& text) {
    send(text);
    return read_until();
  }

 private:
  int socket_;
};

class ExporterTest : public ::testing::Test {
 protected:
  ExporterTest() {
    auto listening = exporter_.start("127.0.0.1", 0);
    EXPECT_TRUE(listening) << listening.error().message;
    port_ = *listening;
  }

  std::string answer_to(const std::string& request) { return HttpClient(port_).ask(request); }

  std::string text_ = "metric 1\n";
  Exporter exporter_{[this] { return text_; }};
  std::uint16_t port_ = 0;
};

TEST_F(ExporterTest, AnswersGetMetrics) {
  const std::string answer = answer_to("GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nmetric 1\n"));
}

TEST_F(ExporterTest, KeepsTheConnectionForTheNextScrape) {
  HttpClient client(port_);
  for (int scrape = 0; scrape < 3; ++scrape) {
    client.send("GET /metrics?x=1 HTTP/1.1\r\nHost: here\r\n\r\n");
    EXPECT_THAT(client.read_until("metric 1\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_F(ExporterTest, HeadHasNoBody) {
  const std::string answer = answer_to("HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(ExporterTest, OtherPathsAreNotFound) {
  for (const char* path : {"/", "/metrics/", "/metricsx", "/api"})
    EXPECT_THAT(answer_to(std::string("GET ") + path + " HTTP/1.0\r\n\r\n"),
                StartsWith("HTTP/1.0 404 "))
        << path;
}

TEST_F(ExporterTest, OtherMethodsAreNotAllowed) {
  EXPECT_THAT(answer_to("DELETE /metrics HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 405 "));
}

TEST_F(ExporterTest, LargeHeaderIsRefused) {
  EXPECT_THAT(answer_to("GET /metrics HTTP/1.1\r\nX: " + std::string(2 * kHeaderBytesMax, 'x')),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(ExporterTest, BodyIsRefused) {
  EXPECT_THAT(answer_to("GET /metrics HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(ExporterTest, NonsenseIsABadRequest) {
  EXPECT_THAT(answer_to("AMQP\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(ExporterTest, FailedCollectionIs500) {
  text_.clear();
  EXPECT_THAT(answer_to("GET /metrics HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 500 "));
}

TEST_F(ExporterTest, MoreConnectionsThanAllowedAreClosed) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (std::size_t i = 0; i < kConnectionsMax; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port_));
    // Answered, so it is counted, and kept open.
    clients.back()->send("GET /metrics HTTP/1.1\r\n\r\n");
    EXPECT_THAT(clients.back()->read_until("metric 1\n"), HasSubstr("200 OK"));
  }
  EXPECT_EQ(answer_to("GET /metrics HTTP/1.1\r\n\r\n"), "");
}

TEST_F(ExporterTest, StopsWithAClientConnected) {
  HttpClient client(port_);
  client.send("GET /metrics HTTP/1.1\r\n");
  exporter_.stop();
  EXPECT_EQ(client.read_until(), "");
}

TEST_F(ExporterTest, PortInUseIsAnError) {
  Exporter other([] { return std::string(); });
  EXPECT_FALSE(other.start("127.0.0.1", port_));
}

TEST(Exporter, AddressThatIsNoneIsAnError) {
  Exporter exporter([] { return std::string(); });
  const auto listening = exporter.start("localhost", 0);
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().message, "metrics.bind: 'localhost' is no IP address");
}

}  // namespace
}  // namespace harrier::metrics

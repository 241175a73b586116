#include "http/server.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/http_client.h"

namespace harrier::http {
namespace {

using test::HttpClient;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CountingSource final : public BodySource {
 public:
  Next next(std::string& chunk) override {
    chunk = "part" + std::to_string(at_) + ";";
    return ++at_ == 3 ? Next::kEnd : at_ == 2 ? Next::kWait : Next::kMore;
  }

 private:
  int at_ = 0;
};

// Answers by the path.
class EchoSite final : public Site {
 public:
  void admit(const std::shared_ptr<const Request>& request, Waiter& waiter,
             Admitted done) override {
    if (request->target.path == "/early") return done({text(401, "early"), nullptr});
    Admission admission;
    if (request->target.path == "/small") admission.body_max = 4;
    if (request->target.path != "/later") return done(std::move(admission));
    waiter.after(base::Milliseconds(1), [done] { done({}); });
  }
  Response respond(const Request& request) override {
    const std::string& path = request.target.path;
    if (path == "/throw") throw std::runtime_error("boom");
    if (path == "/block") wait_for_release();
    if (path == "/stream") {
      Response response;
      response.source = std::make_unique<CountingSource>();
      return response;
    }
    if (path == "/large") return text(200, std::string(100'000, 'x'));
    if (path == "/field") {
      Response response = text(200, "");
      return std::move(response.set("location", "a\r\nevil: 1"));
    }
    return text(200, request.method + " " + path + " " + request.body);
  }
  Response refuse(Fault fault, const Request*) override {
    return text(status_of(fault), "refused");
  }

  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    condition_.notify_all();
  }

 private:
  static Response text(int status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
  }
  void wait_for_release() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return released_; });
  }

  std::mutex mutex_;
  std::condition_variable condition_;
  bool released_ = false;
};

class ServerTest : public ::testing::Test {
 protected:
  ~ServerTest() override { site_.release(); }

  void start(const Limits& limits = {}) {
    server_ = std::make_unique<Server>(limits);
    const auto port = server_->listen("127.0.0.1", 0, site_);
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
    server_->start();
  }
  std::string answer_to(const std::string& request) { return HttpClient(port_).ask(request); }

  EchoSite site_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

TEST_F(ServerTest, AnswersWithTheLengthOfTheBody) {
  start();
  EXPECT_THAT(answer_to("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("content-length: 7\r\n"),
                    EndsWith("\r\n\r\nGET /a ")));
}

TEST_F(ServerTest, KeepsTheConnectionAndAnswersWhatWasSentAhead) {
  start();
  HttpClient client(port_);
  client.send(
      "GET /a HTTP/1.1\r\n\r\nPUT /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz"
      "GET /c HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_until(),
              AllOf(HasSubstr("GET /a "), HasSubstr("PUT /b xyz"), HasSubstr("GET /c ")));
}

TEST_F(ServerTest, OldVersionsAreClosedUnlessTheyAskOtherwise) {
  start();
  EXPECT_THAT(answer_to("GET /a HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 200 OK\r\n"));
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  start();
  EXPECT_THAT(answer_to("HEAD /abc HTTP/1.1\r\nConnection: close\r\n\r\n"),
              AllOf(HasSubstr("content-length: 10\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(ServerTest, SourcesAreSentInChunks) {
  start();
  EXPECT_THAT(answer_to("GET /stream HTTP/1.1\r\nConnection: close\r\n\r\n"),
              AllOf(HasSubstr("transfer-encoding: chunked\r\n"),
                    EndsWith("\r\n\r\n6\r\npart0;\r\n6\r\npart1;\r\n6\r\npart2;\r\n0\r\n\r\n")));
}

TEST_F(ServerTest, SourcesEndWithTheConnectionForOldVersions) {
  start();
  EXPECT_THAT(answer_to("GET /stream HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\npart0;part1;part2;"));
}

TEST_F(ServerTest, CompressesForThoseWhoTakeIt) {
  start();
  const std::string answer =
      answer_to("GET /large HTTP/1.1\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("content-encoding: gzip\r\n"));
  EXPECT_LT(answer.size(), 10'000u);
}

TEST_F(ServerTest, ChunkedBodiesAreTaken) {
  start();
  EXPECT_THAT(answer_to("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
                        "\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
              EndsWith("POST /a abcde"));
}

TEST_F(ServerTest, ExpectationsAreContinued) {
  start();
  HttpClient client(port_);
  client.send("PUT /a HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.read_until("ok"), EndsWith("PUT /a ok"));
}

TEST_F(ServerTest, AdmissionMayComeLater) {
  start();
  EXPECT_THAT(answer_to("GET /later HTTP/1.1\r\nConnection: close\r\n\r\n"),
              EndsWith("GET /later "));
}

TEST_F(ServerTest, RefusedClientsNeedNotSendTheirBody) {
  start();
  HttpClient client(port_);
  client.send("PUT /early HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n");
  EXPECT_THAT(client.read_until(), AllOf(StartsWith("HTTP/1.1 401 "), EndsWith("early")));
}

TEST_F(ServerTest, RefusedClientsWithASmallBodyGoOn) {
  start();
  HttpClient client(port_);
  client.send("PUT /early HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.read_until("GET /b "), AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("200")));
}

TEST_F(ServerTest, LargeHeadersAre431) {
  Limits limits;
  limits.header_size_max = 2048;
  start(limits);
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nX: " + std::string(5'000, 'x')),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(ServerTest, LargeBodiesAre400) {
  Limits limits;
  limits.body_size_max = 10;
  start(limits);
  EXPECT_THAT(answer_to("PUT /a HTTP/1.1\r\nContent-Length: 11\r\n\r\n01234567890"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer_to("PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer_to("PUT /small HTTP/1.1\r\nContent-Length: 5\r\n\r\n01234"),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(ServerTest, BodiesTogetherAboveTheirLimitAre503) {
  Limits limits;
  limits.bodies_size_max = 10;
  start(limits);
  EXPECT_THAT(answer_to("PUT /a HTTP/1.1\r\nContent-Length: 11\r\n\r\n01234567890"),
              StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(server_->counters().overloaded, 1u);
}

TEST_F(ServerTest, NonsenseIsABadRequest) {
  start();
  for (const char* request :
       {"AMQP 0 9 1\r\n\r\n", "GET\r\n\r\n", "GET /a HTTP/9.9\r\n\r\n", "GET /% HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nbad header\r\n\r\n",
        "PUT /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "PUT /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"})
    EXPECT_THAT(answer_to(request), StartsWith("HTTP/1.1 400 ")) << request;
}

TEST_F(ServerTest, ThrownIs500) {
  start();
  EXPECT_THAT(answer_to("GET /throw HTTP/1.1\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 500 "));
}

TEST_F(ServerTest, FieldsCannotBeSmuggledIn) {
  start();
  EXPECT_THAT(answer_to("GET /field HTTP/1.1\r\nConnection: close\r\n\r\n"),
              HasSubstr("location: a  evil: 1\r\n"));
}

TEST_F(ServerTest, MoreRequestsThanMayWaitAre503) {
  Limits limits;
  limits.workers = 1;
  limits.waiting_max = 1;
  start(limits);
  std::vector<std::unique_ptr<HttpClient>> clients;
  // One runs, one waits; which of them is refused is decided by their order.
  for (int i = 0; i != 3; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port_));
    clients.back()->send("GET /block HTTP/1.1\r\nConnection: close\r\n\r\n");
    while (server_->counters().requests != static_cast<std::uint64_t>(i + 1) ||
           (i == 0 && server_->waiting() != 0))
      std::this_thread::yield();
  }
  EXPECT_THAT(clients.back()->read_until(), StartsWith("HTTP/1.1 503 "));
  site_.release();
  EXPECT_THAT(clients[0]->read_until(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(clients[1]->read_until(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, AnswersThatTakeTooLongAre503) {
  Limits limits;
  limits.answer_timeout = base::Milliseconds(20);
  start(limits);
  EXPECT_THAT(answer_to("GET /block HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(server_->counters().timeouts, 1u);
}

TEST_F(ServerTest, SlowHeadersAndBodiesAre408) {
  Limits limits;
  limits.header_timeout = base::Milliseconds(20);
  limits.body_timeout = base::Milliseconds(20);
  start(limits);
  EXPECT_THAT(answer_to("GET / HT"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(answer_to("PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n01"),
              StartsWith("HTTP/1.1 408 "));
}

// What comes behind a refusal belongs to nobody, however late.
TEST_F(ServerTest, ASlowBodyThatComesAfterAllIsNotAnswered) {
  Limits limits;
  limits.body_timeout = base::Milliseconds(20);
  start(limits);
  HttpClient client(port_);
  client.send("PUT /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n01");
  std::string answer = client.read_until("refused");
  client.send("234GET /b HTTP/1.1\r\n\r\n");
  answer += client.read_until();
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 408 "), EndsWith("refused")));
}

TEST_F(ServerTest, IdleConnectionsAreClosed) {
  Limits limits;
  limits.idle_timeout = base::Milliseconds(20);
  start(limits);
  EXPECT_EQ(HttpClient(port_).read_until(), "");
}

TEST_F(ServerTest, MoreConnectionsThanAllowedAreClosed) {
  Limits limits;
  limits.connections_max = 2;
  start(limits);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i != 2; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port_));
    clients.back()->send("GET /a HTTP/1.1\r\n\r\n");
    EXPECT_THAT(clients.back()->read_until("GET /a "), HasSubstr("200 OK"));
  }
  EXPECT_EQ(answer_to("GET /a HTTP/1.1\r\n\r\n"), "");
  EXPECT_EQ(server_->counters().refused, 1u);
}

TEST_F(ServerTest, StopsWithAClientInTheMiddleOfARequest) {
  start();
  HttpClient client(port_);
  client.send("GET / HTTP/1.1\r\n");
  while (server_->counters().connections == 0)
    std::this_thread::yield();
  server_->stop();
  EXPECT_EQ(client.read_until(), "");
}

TEST_F(ServerTest, PlacesThatCannotBeUsedAreErrors) {
  start();
  Server other({});
  EXPECT_FALSE(other.listen("127.0.0.1", port_, site_));
  const auto nowhere = other.listen("localhost", 0, site_);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().message, "'localhost' is no IP address");
}

}  // namespace
}  // namespace harrier::http

#include "audit/record.h"

#include <gtest/gtest.h>

#include "audit/seal.h"
#include "audit_fixture.h"

namespace harrier::audit {
namespace {

// The example of docs/formats/audit.md; its hash was made with sha256sum.
TEST(Record, IsTheExampleOfTheDocument) {
  Event event = event_named("orders");
  event.action = "queue.delete";
  event.count = 3;
  event.time = base::WallTime(base::Milliseconds(1'796'083'199'042));
  std::string line = encode_record(event, 1, "6ba7b810-9dad-41d1-80b4-00c04fd430c8", no_hash());
  const std::string hash = Seal().close(line);
  EXPECT_EQ(line, R"({"seq":1,"time":"2026-11-30T23:59:59.042Z",)"
                  R"("node":"6ba7b810-9dad-41d1-80b4-00c04fd430c8","action":"queue.delete",)"
                  R"("outcome":"done","user":"guest","peer":"127.0.0.1:4711","vhost":"/",)"
                  R"("kind":"queue","name":"orders","count":3,)"
                  R"("prev":"0000000000000000000000000000000000000000000000000000000000000000",)"
                  R"("hash":")" +
                      hash + "\"}");
  const char* root = std::getenv("HARRIER_SOURCE_DIR");
  const std::string document =
      text_of(std::string(root == nullptr ? "." : root) + "/docs/formats/audit.md");
  EXPECT_NE(document.find(line), std::string::npos) << line;
}

TEST(Record, ControlCharactersAndQuotesCannotLeaveTheirString) {
  Event event = event_named("a\"},\n{\"seq\":9\x1b[2J\x7f");
  const std::string line = encode_record(event, 1, "", no_hash());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_NE(line.find(R"(a\"},\n{\"seq\":9\u001b[2J)"), std::string::npos) << line;
}

TEST(Record, IsAsciiWhateverTheScript) {
  const std::string line =
      encode_record(event_named("\xe2\x80\xae gnp.\xc3\xa4"), 1, "", no_hash());
  EXPECT_NE(line.find(R"(\u202e gnp.\u00e4)"), std::string::npos) << line;
  for (const char c : line)
    EXPECT_LT(static_cast<unsigned char>(c), 128);
}

TEST(Record, OctetsThatAreNoTextAreShownAsDigits) {
  const std::string one = encode_record(event_named("a\xff"), 1, "", no_hash());
  const std::string other = encode_record(event_named("a\xfe"), 1, "", no_hash());
  EXPECT_NE(one.find(R"("a\\xff")"), std::string::npos) << one;
  EXPECT_NE(one, other);
}

TEST(Record, LongestEventFitsIntoALine) {
  Event event = refusal(std::string(4000, '\xff'));
  for (std::string* text :
       {&event.action, &event.user, &event.peer, &event.virtual_host, &event.kind, &event.source,
        &event.routing_key, &event.mechanism, &event.reason})
    *text = std::string(4000, '\x01');
  event.cut_to_limits();
  EXPECT_EQ(event.reason.size(), Event::kFieldMax);
  EXPECT_LT(encode_record(event, UINT64_MAX, std::string(36, 'n'), no_hash()).size() + 100,
            ChainFile::kLineMax);
}

TEST(Record, TimesBefore1970AndFarAwayAreTimes) {
  EXPECT_EQ(rfc3339(base::WallTime(base::Milliseconds(-1))), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339(base::WallTime(base::Milliseconds(0))), "1970-01-01T00:00:00.000Z");
}

TEST(Event, AddressIsThePeerWithoutItsPort) {
  EXPECT_EQ(address_of("127.0.0.1:4711"), "127.0.0.1");
  EXPECT_EQ(address_of("[::1]:4711"), "[::1]");
  EXPECT_EQ(address_of("[::1]"), "[::1]");
  EXPECT_EQ(address_of("nowhere"), "nowhere");
  EXPECT_EQ(address_of(""), "");
}

}  // namespace
}  // namespace harrier::audit

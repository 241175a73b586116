// One piece of bad input and what must come of it; the table-driven tests of bad_*_test.cc use it.
//
// Role:   BadInputTest sends the bytes on a connection with channels 1 and 2 open and checks three
//         things: the close and its code, that nothing more was closed than had to be, and that the
//         broker still serves others.
// Thread: confined(test).
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "support/broker_fixture.h"

namespace harrier::test {

enum class Scope { kChannel, kConnection };
// What RabbitMQ 3.10, the oracle of these tests, makes of the same bytes.
enum class Rabbit { kSame, kDiffers };

struct BadInput {
  std::string name;
  Scope scope = Scope::kConnection;
  unsigned code = 0;
  std::string text;   // part of the reply text
  std::string bytes;  // sent as they are; channel 1 is the one that errs
  Rabbit rabbit = Rabbit::kSame;
  std::optional<MethodId> cause = {};  // absent: not compared
};
void PrintTo(const BadInput& bad, std::ostream* out);
std::string name_of(const ::testing::TestParamInfo<BadInput>& test);

class BadInputTest : public BrokerTest, public ::testing::WithParamInterface<BadInput> {
 protected:
  void run();

 private:
  void expect_channel_closed(FrameClient& client);
  void expect_connection_closed(FrameClient& client);
  void check_close(Reader close) const;
};

// The frames of one small publish to a queue that does not exist, up to a point.
std::string publish_method(unsigned channel = 1);
// publish_method, and a header that announces this much.
std::string publish_and_header(std::uint64_t body_size, unsigned channel = 1);
// queue.declare with these bytes in the place of the arguments table, length included.
std::string declare_with_table(std::string_view table_with_length);
// A table of one field whose letter and value are these bytes.
std::string table_of(std::string_view letter_and_value);

}  // namespace harrier::test

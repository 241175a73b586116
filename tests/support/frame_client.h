// An AMQP client that sends and receives single frames over a blocking socket.
//
// Role:   what the conformance tests (and others) drive a broker with. Every wait has a deadline; a
//         wait that ends without the expected frame throws Unexpected, which fails the test and
//         says what came instead.
// Model:  frames are kept per channel: expect(1, ...) reads from the socket until channel 1 has a
//         frame and leaves the others' frames to them. Heartbeats are dropped unless asked for.
// Thread: confined(test).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/wire.h"
#include "support/wire_methods.h"

namespace harrier::test {

using Milliseconds = std::chrono::milliseconds;
// How long to wait for what must come. Only failing tests ever wait this long.
inline constexpr Milliseconds kPatience{10'000};

struct Unexpected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};

struct ConnectOptions {
  std::string user = "guest";
  std::string password = "guest";
  std::string virtual_host = "/";
  std::string mechanism = "PLAIN";
  std::optional<std::string> response = {};  // instead of the one made of user and password
  // What clients usually declare; replace it to withhold a capability.
  Table capabilities = {
      {"authentication_failure_close", boolean(true)}, {"basic.nack", boolean(true)},
      {"connection.blocked", boolean(true)},           {"consumer_cancel_notify", boolean(true)},
      {"exchange_exchange_bindings", boolean(true)},   {"publisher_confirms", boolean(true)}};
  Table client_properties = {};                // added to product and capabilities
  std::optional<std::uint16_t> channel_max{};  // absent: what the server proposes
  std::optional<std::uint32_t> frame_max{};
  std::uint16_t heartbeat = 0;
};

struct ServerStart {
  std::uint8_t major = 0, minor = 0;
  Table properties;
  std::string mechanisms, locales;
};
struct Tune {
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;
};

struct DeclareOk {
  std::string queue;
  std::uint32_t message_count = 0, consumer_count = 0;
};

// A delivery, a get-ok or a return, with its content.
struct Message {
  std::string consumer_tag;        // deliver
  std::uint64_t delivery_tag = 0;  // deliver, get-ok
  bool redelivered = false;        // deliver, get-ok
  std::string exchange, routing_key;
  std::uint32_t message_count = 0;  // get-ok
  std::uint16_t reply_code = 0;     // return
  std::string reply_text;           // return
  Properties properties;
  std::string raw_properties;  // flags and values as they came
  std::string body;
  std::vector<std::size_t> body_frames;  // payload sizes, in order
};

struct PublishFlags {
  bool mandatory = false, immediate = false;
};

struct Confirms {
  std::set<std::uint64_t> acked, nacked;
};

class FrameClient {
 public:
  // TCP only: nothing has been sent.
  explicit FrameClient(const Endpoint& endpoint);
  // TCP, handshake, connection.open.
  FrameClient(const Endpoint& endpoint, const ConnectOptions& options);
  FrameClient(FrameClient&& other) noexcept;
  FrameClient& operator=(FrameClient&&) = delete;
  ~FrameClient();

  // -- handshake, in steps
  ServerStart send_header_and_read_start(std::string_view header = kProtocolHeader);
  void send_start_ok(const ConnectOptions& options);
  Tune read_tune();
  void open(const ConnectOptions& options);  // all of it
  const Tune& tuned() const { return tuned_; }
  const ServerStart& start() const { return start_; }

  // -- frames
  void send_raw(std::string_view octets);
  // As many of the octets as the socket takes without waiting.
  std::size_t send_some(std::string_view octets);
  void send(unsigned channel, const Method& method);
  void send_content(unsigned channel, const Properties& properties, std::string_view body);
  std::optional<Frame> next_frame(unsigned channel, Milliseconds patience = kPatience);
  // The next frame of any kind and channel, heartbeats included; nothing at end of file.
  std::optional<Frame> any_frame(Milliseconds patience = kPatience);
  Frame frame(unsigned channel);
  Reader expect(unsigned channel, MethodId id);
  Reader call(unsigned channel, const Method& method, MethodId reply);
  // Raw octets until end of file.
  std::string read_to_end();
  void expect_end();
  bool at_end() const { return ended_; }
  void half_close();
  void reset();  // end the connection with RST, as a killed client's host would
  int socket() const { return socket_; }

  // -- endings. `text` must be part of the reply text; the close-ok is sent.
  std::string expect_channel_close(unsigned channel, unsigned code, std::string_view text,
                                   MethodId cause);
  std::string expect_connection_close(unsigned code, std::string_view text, MethodId cause = {});
  // Proves with a round trip that no other frame of this channel was on its way. With a queue,
  // first asks it, so that what the queue had sent has come.
  void expect_quiet(unsigned channel, std::string_view queue = {});
  void close();

  // -- methods with their replies
  void open_channel(unsigned channel);
  void close_channel(unsigned channel);
  void declare_exchange(unsigned channel, std::string_view name, std::string_view type,
                        const ExchangeFlags& flags = {});
  void delete_exchange(unsigned channel, std::string_view name, bool if_unused = false);
  void bind_exchange(unsigned channel, std::string_view destination, std::string_view source,
                     std::string_view key, const Table& arguments = {});
  void unbind_exchange(unsigned channel, std::string_view destination, std::string_view source,
                       std::string_view key, const Table& arguments = {});
  DeclareOk declare_queue(unsigned channel, std::string_view name, const QueueFlags& flags = {});
  DeclareOk passive(unsigned channel, std::string_view queue);
  void bind_queue(unsigned channel, std::string_view queue, std::string_view exchange,
                  std::string_view key, const Table& arguments = {});
  void unbind_queue(unsigned channel, std::string_view queue, std::string_view exchange,
                    std::string_view key, const Table& arguments = {});
  std::uint32_t purge(unsigned channel, std::string_view queue);
  std::uint32_t delete_queue(unsigned channel, std::string_view queue);
  void qos(unsigned channel, unsigned prefetch_count, bool global = false);
  std::string consume(unsigned channel, std::string_view queue, const ConsumeFlags& flags = {});
  void cancel(unsigned channel, std::string_view tag);
  void publish(unsigned channel, std::string_view exchange, std::string_view key,
               std::string_view body, const Properties& properties = {}, PublishFlags flags = {});
  std::optional<Message> get(unsigned channel, std::string_view queue, bool no_ack = true);
  Message must_get(unsigned channel, std::string_view queue, bool no_ack = true);
  Message deliver(unsigned channel);
  Message returned(unsigned channel);
  void ack(unsigned channel, std::uint64_t tag, bool multiple = false);
  void nack(unsigned channel, std::uint64_t tag, bool multiple, bool requeue);
  void reject(unsigned channel, std::uint64_t tag, bool requeue);
  void recover(unsigned channel);
  void select_confirms(unsigned channel);
  // Reads basic.ack and basic.nack until everything up to `last` is answered.
  Confirms confirms(unsigned channel, std::uint64_t last);
  void select_tx(unsigned channel);
  void commit(unsigned channel);
  void rollback(unsigned channel);

  // -- conditions that come true with time
  // Asks until the queue has so many ready messages.
  void await_ready(unsigned channel, std::string_view queue, std::uint32_t count);
  // Gets (and so removes) a message as soon as there is one.
  Message await_message(unsigned channel, std::string_view queue);
  // Lets up to `length` pass, less if the server sends something: the gap between two such
  // questions.
  void pause(Milliseconds length);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  // Reads once; false when the deadline passed.
  bool fill(Deadline deadline);
  std::optional<Frame> take_frame();
  void read_content(unsigned channel, Message& message);

  int socket_ = -1;
  bool ended_ = false;
  bool reset_by_peer_ = false;
  std::string input_;
  std::map<unsigned, std::deque<Frame>> waiting_;
  std::map<unsigned, Confirms> confirmed_;
  ServerStart start_;
  Tune tuned_{0, 131072, 0};
};

}  // namespace harrier::test

// A client at the other end of a ConnectionSession: feeds bytes and time, reads frames.
//
// Role:   stands where server stands: presents unconsumed input again, takes output away and
//         reports it as written unless told to hold it.
// Thread: confined(test).
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/session_doubles.h"

namespace harrier::test {

class SessionClient {
  // Before the session, which is made with it.
  base::Milliseconds time_{1'000'000};
  const session::ConnectionLimits limits_;

 public:
  using Milliseconds = base::Milliseconds;

  explicit SessionClient(const session::ConnectionLimits& limits = {})
      : limits_(limits),
        session(limits_, host, broker::ConnectionId(7), auth::Peer{"10.0.0.1", 4711, false},
                now()) {}

  FakeHost host;
  session::ConnectionSession session;
  // A capability to claim in start-ok.
  bool wants_refusals = true;
  bool wants_blocked = true;
  // Output stays where it is, as if the socket took nothing.
  bool socket_full = false;
  // How many bytes are presented at once.
  std::size_t chunk = std::string::npos;

  base::Now now() const { return {base::MonotonicTime(time_), base::WallTime(time_)}; }
  FakeBroker& broker() { return *host.broker; }

  // Advances the clock in steps as large as deadlines allow.
  void sleep(Milliseconds duration) {
    const Milliseconds end = time_ + duration;
    for (int step = 0; step < 10'000; ++step) {
      const auto due = session.next_deadline().time_since_epoch();
      if (due > end) break;
      time_ = std::max(time_, due);
      session.handle_deadline(now());
      flush();
    }
    ASSERT_GT(session.next_deadline().time_since_epoch(), end) << "a deadline that never passes";
    time_ = end;
  }

  void send(Bytes bytes) {
    while (!bytes.empty()) {
      input_.append(bytes.substr(0, chunk));
      bytes.remove_prefix(std::min(chunk, bytes.size()));
      present();
    }
  }
  // What is left over is offered as the server would: when it is wanted.
  void present() {
    const std::size_t consumed = session.handle_input(input_, now());
    ASSERT_LE(consumed, input_.size());
    input_.erase(0, consumed);
    flush();
  }
  const std::string& unconsumed() const { return input_; }
  void send(unsigned channel, const amqp::Method& method) { send(method_bytes(channel, method)); }

  // Takes up to `count` bytes to the client's side.
  void flush(std::size_t count = std::string::npos) {
    if (socket_full) return;
    take(count);
  }
  void take(std::size_t count = std::string::npos) {
    count = std::min(count, session.output().size());
    received.append(session.output().bytes().substr(0, count));
    session.output().consume(count);
    if (count != 0) session.handle_written(count, now());
  }

  // Everything received and not yet read.
  std::string received;

  // The next frame as "channel description", "heartbeat", "header N" or "body N"; "" for none.
  std::string read() {
    auto found = amqp::find_frame(received, 0);
    if (!found.ok() || found->consumed == 0) return "";
    const std::string line = line_of(found->frame);
    received.erase(0, found->consumed);
    return line;
  }
  std::vector<std::string> read_all() {
    std::vector<std::string> lines;
    for (std::string line = read(); !line.empty(); line = read())
      lines.push_back(line);
    return lines;
  }

  // What the broker half was told, without written(), which depends on how output was taken.
  std::vector<std::string> calls() const {
    std::vector<std::string> lines;
    for (const std::string& line : host.broker->calls)
      if (!line.starts_with("written")) lines.push_back(line);
    return lines;
  }

  // ---- the steps of a handshake
  amqp::FieldTable client_properties() const {
    amqp::FieldTable capabilities;
    capabilities.add_boolean("authentication_failure_close", wants_refusals);
    capabilities.add_boolean("connection.blocked", wants_blocked);
    capabilities.add_boolean("consumer_cancel_notify", true);
    amqp::FieldTable properties;
    properties.add_string("product", "test client").add_string("version", "1.2");
    properties.add_string("connection_name", "the one").add_table("capabilities", capabilities);
    return properties;
  }
  void send_start_ok(Bytes mechanism = "PLAIN", Bytes response = "open sesame") {
    const amqp::FieldTable properties = client_properties();
    send(0, amqp::ConnectionStartOk{properties, mechanism, {response}, "en_US"});
  }
  SessionClient& send_header() {
    send(amqp::kProtocolHeader091);
    return *this;
  }
  SessionClient& log_in() {
    send_header();
    send_start_ok();
    return *this;
  }
  SessionClient& tune(std::uint16_t heartbeat = 0, std::uint32_t frame_max = 131072,
                      std::uint16_t channel_max = 2047) {
    log_in();
    send(0, amqp::ConnectionTuneOk{channel_max, frame_max, heartbeat});
    return *this;
  }
  // All of it; forgets what was received and logged.
  SessionClient& open(std::uint16_t heartbeat = 0, std::uint32_t frame_max = 131072,
                      std::uint16_t channel_max = 2047) {
    tune(heartbeat, frame_max, channel_max);
    send(0, amqp::ConnectionOpen{"/"});
    received.clear();
    if (host.broker != nullptr) broker().calls.clear();
    return *this;
  }

 private:
  static std::string line_of(const amqp::Frame& frame) {
    const std::string channel = std::to_string(frame.channel.value) + " ";
    switch (frame.type) {
      case amqp::FrameType::kHeartbeat: return "heartbeat";
      case amqp::FrameType::kHeader:
        return channel + "header " + std::to_string(frame.payload.size());
      case amqp::FrameType::kBody: return channel + "body " + std::to_string(frame.payload.size());
      case amqp::FrameType::kMethod: break;
    }
    const auto method = amqp::decode_method(frame.payload);
    return method.ok() ? channel + amqp::describe(*method) : "malformed";
  }

  std::string input_;
};

}  // namespace harrier::test

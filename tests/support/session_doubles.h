// Doubles around session's I/O half: the host, the broker half, the other loop, and a client that
// speaks bytes.
//
// Model:  every call a double receives becomes one line of text, so that two runs can be compared.
// Thread: confined(test).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "amqp/frame.h"
#include "auth/authenticator.h"
#include "broker/token_grant.h"
#include "session/connection_session.h"
#include "session/input_recorder.h"
#include "session/output_recorder.h"

namespace harrier::test {

using base::Bytes;
using session::ChannelNumber;
using session::DeliveryTag;

inline std::string on_channel(ChannelNumber channel) { return std::to_string(channel.value) + " "; }

inline std::string line_of(const amqp::ProtocolError& error) {
  return std::to_string(static_cast<int>(error.code)) + " " + error.detail + " " +
         std::to_string(error.method.class_id) + "." + std::to_string(error.method.method_id) +
         (error.scope == amqp::ErrorScope::kChannel ? " channel" : " connection");
}

inline std::string line_of(const session::CloseCause& cause) {
  switch (cause.reason) {
    case session::CloseReason::kClientClose: return "close client";
    case session::CloseReason::kProtocolError: return "close error " + line_of(cause.error);
    case session::CloseReason::kForced: return "close forced " + line_of(cause.error);
    case session::CloseReason::kPeerGone: break;
  }
  return "close gone";
}

inline std::string rights_of(const broker::Actor& actor) {
  std::string line;
  for (const std::string& tag : actor.tags)
    line += " #" + tag;
  if (actor.grant != nullptr) line += " by token";
  for (const std::string& scope : actor.grant ? actor.grant->scopes() : std::vector<std::string>())
    line += " @" + scope;
  return line;
}

inline std::string line_of(const broker::Actor& actor) {
  return actor.user + " " + actor.protocol + " " + actor.peer;
}

inline std::string line_of(const session::ConnectionParameters& parameters) {
  std::string line = "attach " + std::to_string(parameters.id.value) + " " +
                     parameters.virtual_host + " " + line_of(parameters.actor) + " " +
                     std::to_string(parameters.channel_max) + " " +
                     std::to_string(parameters.frame_max) + rights_of(parameters.actor);
  if (parameters.consumer_cancel_notify) line += " cancel-notify";
  if (parameters.connection_blocked) line += " blocked";
  return line;
}

inline std::string text_of(std::initializer_list<Bytes> parts) {
  std::string text;
  for (Bytes part : parts)
    text.append("|").append(part);
  return text;
}

// Logs what the I/O half says; checks that nothing follows close().
class RecordingInput : public session::SessionInput {
 public:
  std::vector<std::string> calls;
  bool closed = false;

  void open() override { log("open"); }
  void method(ChannelNumber channel, const amqp::Method& method) override {
    log("method " + on_channel(channel) + amqp::describe(method));
  }
  void renew(const broker::Actor& actor) override {
    log("renew " + line_of(actor) + rights_of(actor));
  }
  void publish(ChannelNumber channel, const session::PublishView& publish) override {
    log("publish " + on_channel(channel) + (publish.mandatory ? "mandatory" : "") +
        (publish.immediate ? "immediate" : "") +
        text_of({publish.exchange, publish.routing_key, publish.property_bytes,
                 publish.properties.content_type, publish.properties.headers.bytes(),
                 publish.body}));
  }
  void ack(ChannelNumber channel, DeliveryTag delivery_tag, bool multiple) override {
    log("ack " + on_channel(channel) + std::to_string(delivery_tag.value) +
        (multiple ? " multiple" : ""));
  }
  void channel_error(ChannelNumber channel, const amqp::ProtocolError& error) override {
    log("channel_error " + on_channel(channel) + line_of(error));
  }
  void written(std::size_t bytes) override { log("written " + std::to_string(bytes)); }
  void close(const session::CloseCause& cause) override {
    log(line_of(cause));
    closed = true;
  }

 private:
  void log(std::string line) {
    if (closed) line = "AFTER CLOSE: " + line;
    calls.push_back(std::move(line));
  }
};

// A broker half that opens and closes as a real one, at once or when told.
class FakeBroker final : public RecordingInput {
 public:
  explicit FakeBroker(session::SessionOutput& output) : output_(output) {}

  // Whether answers wait for answer(), as if this lived on another loop.
  bool slow = false;
  std::optional<amqp::ProtocolError> refuse_open;

  session::SessionOutput& output() { return output_; }

  void open() override {
    RecordingInput::open();
    if (refuse_open) return fail(*refuse_open);
    output_.method(ChannelNumber(0), amqp::ConnectionOpenOk{});
  }
  void close(const session::CloseCause& cause) override {
    RecordingInput::close(cause);
    if (ended_) return;
    cause_ = cause;
    if (!slow) answer();
  }
  // Its own mistake-handling, as if a channel had failed the connection.
  void fail(const amqp::ProtocolError& error) {
    if (ended_) return;
    cause_ = {session::CloseReason::kProtocolError, error};
    answer();
  }
  void answer() {
    if (!cause_ || ended_) return;
    ended_ = true;
    if (cause_->reason == session::CloseReason::kClientClose) {
      output_.method(ChannelNumber(0), amqp::ConnectionCloseOk{});
    } else if (cause_->reason != session::CloseReason::kPeerGone) {
      const std::string text = cause_->error.reply_text();
      output_.method(
          ChannelNumber(0),
          amqp::ConnectionClose{static_cast<std::uint16_t>(cause_->error.code), text,
                                cause_->error.method.class_id, cause_->error.method.method_id});
    }
    output_.released();
  }

 private:
  session::SessionOutput& output_;
  std::optional<session::CloseCause> cause_;
  bool ended_ = false;
};

// Logs what the broker half says.
class RecordingOutput final : public session::SessionOutput {
 public:
  std::vector<std::string> calls;

  void method(ChannelNumber channel, const amqp::Method& method) override {
    calls.push_back("method " + on_channel(channel) + amqp::describe(method));
  }
  void deliver(ChannelNumber channel, const amqp::DeliverView& deliver,
               const broker::Message& message, Bytes property_bytes) override {
    calls.push_back("deliver " + on_channel(channel) + std::to_string(deliver.delivery_tag.value) +
                    (deliver.redelivered ? " redelivered" : "") +
                    text_of({deliver.consumer_tag, deliver.exchange, deliver.routing_key,
                             property_bytes, message.body()}));
  }
  void content(ChannelNumber channel, const amqp::Method& method, const broker::Message& message,
               Bytes property_bytes) override {
    calls.push_back("content " + on_channel(channel) + amqp::describe(method) +
                    text_of({property_bytes, message.body()}));
  }
  void released() override { calls.emplace_back("released"); }
};

// Fills the same batch until the test takes it.
template <class Batch>
class FakeBatchSource final : public session::BatchSource<Batch> {
 public:
  Batch current;
  Batch& batch() override { return current; }
};

// Knows "PLAIN" as a single step, and "TWO-STEP", which asks a question first. The right answer to
// either is "open sesame"; "" is malformed. "work", "wait" and "afterwards" in front of it have it
// thought about: on another thread, in two seconds, or when it has been accepted. "token <scope>
// <milliseconds>" in front lets in a bearer of that one scope for so long.
class FakeAuthenticator final : public auth::Authenticator {
 public:
  std::vector<std::string> mechanisms(const auth::Peer&) const override {
    return {"PLAIN", "TWO-STEP"};
  }
  std::unique_ptr<auth::SaslExchange> begin(Bytes mechanism, const auth::Peer&) const override {
    if (mechanism != "PLAIN" && mechanism != "TWO-STEP") return nullptr;
    return std::make_unique<Exchange>(mechanism == "TWO-STEP");
  }
  std::unique_ptr<auth::SaslExchange> renew(const std::string& user,
                                            const auth::Peer&) const override {
    renewals.push_back(user);
    return std::make_unique<Exchange>(false);
  }

  mutable std::vector<std::string> renewals;

 private:
  class Exchange final : public auth::SaslExchange {
   public:
    explicit Exchange(bool asks) : asks_(asks) {}
    auth::SaslOutcome step(Bytes response, base::MonotonicTime now) override {
      if (std::exchange(asks_, false))
        return auth::SaslOutcome::challenged("who is " + std::string(response) + "?");
      if (take_word(response, "work ")) {
        thought_about_ = std::string(response);
        return auth::SaslOutcome::working([] {});
      }
      if (take_word(response, "wait ")) {
        thought_about_ = std::string(response);
        return auth::SaslOutcome::waiting(now + base::Milliseconds(2'000));
      }
      std::shared_ptr<auth::TokenRights> rights;
      if (take_word(response, "token ")) {
        rights = std::make_shared<auth::TokenRights>();
        rights->scopes.emplace_back(take_until_space(response));
        rights->expires = now + base::Milliseconds(std::stoi(take_until_space(response)));
      }
      const bool afterwards = take_word(response, "afterwards ");
      if (response.empty()) return auth::SaslOutcome::malformed("an empty answer");
      if (response != "open sesame") return auth::SaslOutcome::refused("a wrong word");
      auto outcome = auth::SaslOutcome::accepted({"ali", {"administrator", "thief"}, rights});
      if (afterwards) outcome.work = [] {};
      return outcome;
    }
    auth::SaslOutcome resume(bool ran, base::MonotonicTime now) override {
      if (!ran) return auth::SaslOutcome::refused("nobody thought about it");
      return step(std::exchange(thought_about_, {}), now);
    }

   private:
    static std::string take_until_space(Bytes& response) {
      const std::string word(response.substr(0, response.find(' ')));
      response.remove_prefix(word.size() + 1);
      return word;
    }
    static bool take_word(Bytes& response, Bytes word) {
      if (!response.starts_with(word)) return false;
      response.remove_prefix(word.size());
      return true;
    }

    bool asks_;
    std::string thought_about_;
  };
};

// Hosts the virtual host "/" only.
class FakeHost final : public session::ConnectionHost {
 public:
  FakeAuthenticator fake_authenticator;
  amqp::FieldTable properties;
  std::vector<std::string> attached;
  std::unique_ptr<FakeBroker> broker;
  std::optional<amqp::ProtocolError> refuse_open;
  bool recovered = true;
  session::PublishView publish;
  std::vector<std::function<void()>> login_work;

  FakeHost() { properties.add_string("product", "HarrierMQ"); }

  auth::Authenticator& authenticator() override { return fake_authenticator; }
  void run_login_work(std::function<void()> work) override {
    login_work.push_back(std::move(work));
  }
  amqp::TableView server_properties() override { return properties; }
  bool ready() const override { return recovered; }
  session::PublishView& publish_view() override { return publish; }
  session::SessionInput* attach(const session::ConnectionParameters& parameters,
                                session::SessionOutput& output) override {
    attached.push_back(line_of(parameters));
    if (parameters.virtual_host != "/") return nullptr;
    broker = std::make_unique<FakeBroker>(output);
    broker->refuse_open = refuse_open;
    return broker.get();
  }
};

// ---- bytes of a client

inline std::string raw_frame(int type, unsigned channel, Bytes payload) {
  base::Buffer out;
  out.append_number(static_cast<std::uint8_t>(type));
  out.append_number(static_cast<std::uint16_t>(channel));
  out.append_number(static_cast<std::uint32_t>(payload.size()));
  out.append(payload);
  out.append_number(amqp::kFrameEnd);
  return std::string(out.bytes());
}

inline std::string method_bytes(unsigned channel, const amqp::Method& method) {
  base::Buffer out;
  amqp::append_method_frame(out, ChannelNumber(static_cast<std::uint16_t>(channel)), method);
  return std::string(out.bytes());
}

// The payload of a header frame.
inline std::string header_payload(std::uint64_t body_size, const amqp::Properties& properties = {},
                                  std::uint16_t class_id = 60) {
  base::Buffer out;
  out.append_number(class_id);
  out.append_number(std::uint16_t{0});
  out.append_number(body_size);
  out.append(amqp::encode_properties(properties));
  return std::string(out.bytes());
}

inline std::string header_bytes(unsigned channel, std::uint64_t body_size,
                                const amqp::Properties& properties = {}) {
  return raw_frame(2, channel, header_payload(body_size, properties));
}

inline std::string body_bytes(unsigned channel, Bytes body) { return raw_frame(3, channel, body); }

// A whole basic.publish, its body cut into frames of at most `frame_size`.
inline std::string publish_bytes(unsigned channel, Bytes routing_key, Bytes body,
                                 std::size_t frame_size = 4088) {
  std::string bytes = method_bytes(channel, amqp::BasicPublish{0, "", routing_key}) +
                      header_bytes(channel, body.size());
  for (; !body.empty(); body.remove_prefix(std::min(frame_size, body.size())))
    bytes += body_bytes(channel, body.substr(0, frame_size));
  return bytes;
}

}  // namespace harrier::test

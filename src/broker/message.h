// A message: one allocation, immutable, shared by all queues that hold it.
//
// Model:     a fixed head and behind it, in the same allocation: exchange name, routing key,
//            property bytes (the content header from its flags on, exactly as received) and body.
// Thread:    confined(broker): only the owning loop touches the reference count; another thread may
//            read the bytes of a message that a batch keeps alive for it.
// Limits:    the body is at most max_message_size, checked by session before a message is made.
// Lifetimes: views live as long as a Ref does.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ref.h"
#include "base/time.h"

namespace harrier::broker {

using base::Bytes;

// How to read the property bytes: one format now.
enum class MessageFormat : std::uint8_t { kAmqp091 = 1 };

struct MessageParts {
  Bytes exchange;
  Bytes routing_key;
  Bytes property_bytes;
  Bytes body;
  // What broker needs of the properties without parsing them again.
  bool persistent = false;
  std::uint8_t priority = 0;
  // The broker made it of another message: its x-death header is the broker's own work.
  bool dead_lettered = false;
  bool has_expiration = false;
  // A MessageTracer follows it.
  bool traced = false;
  // Valid when has_expiration: the message's own time to live.
  base::Milliseconds expiration{0};
  base::WallTime ingress{};
};

class Message final : public base::RefCounted<Message> {
 public:
  static base::Ref<const Message> create(const MessageParts& parts);
  static void destroy(const Message* message);

  Bytes exchange() const { return {text(), exchange_size_}; }
  Bytes routing_key() const { return {text() + exchange_size_, routing_key_size_}; }
  Bytes property_bytes() const {
    return {text() + exchange_size_ + routing_key_size_, property_size_};
  }
  Bytes body() const {
    return {text() + exchange_size_ + routing_key_size_ + property_size_, body_size_};
  }
  std::size_t body_size() const { return body_size_; }
  // Bytes of all messages that this thread has made and not freed: a message never leaves its loop.
  static std::int64_t resident_bytes();
  // Messages of so many bytes were made by another thread and belong to this one from now on.
  static void adopt_bytes(std::int64_t bytes);

  // Memory held: head and all bytes.
  std::size_t footprint() const {
    return sizeof(Message) + exchange_size_ + routing_key_size_ + property_size_ + body_size_;
  }

  MessageFormat format() const { return MessageFormat::kAmqp091; }
  bool persistent() const { return persistent_; }
  std::uint8_t priority() const { return priority_; }
  bool dead_lettered() const { return dead_lettered_; }
  bool traced() const { return traced_; }
  bool has_expiration() const { return has_expiration_; }
  base::Milliseconds expiration() const { return expiration_; }
  base::WallTime ingress() const { return ingress_; }

 private:
  explicit Message(const MessageParts& parts);
  ~Message() = default;
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }

  std::uint32_t body_size_;
  std::uint32_t property_size_;
  std::uint8_t exchange_size_;
  std::uint8_t routing_key_size_;
  std::uint8_t priority_;
  bool persistent_;
  bool dead_lettered_;
  bool has_expiration_;
  bool traced_;
  base::Milliseconds expiration_;
  base::WallTime ingress_;
};

using MessageRef = base::Ref<const Message>;

}  // namespace harrier::broker

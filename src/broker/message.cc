#include "broker/message.h"

#include <new>

#include "base/check.h"
#include "broker/message_pool.h"

namespace harrier::broker {
namespace {

thread_local std::int64_t resident_message_bytes = 0;
thread_local MessagePool pool;

}  // namespace

std::int64_t Message::resident_bytes() { return resident_message_bytes; }
void Message::adopt_bytes(std::int64_t bytes) { resident_message_bytes += bytes; }

Message::Message(const MessageParts& parts)
    : body_size_(static_cast<std::uint32_t>(parts.body.size())),
      property_size_(static_cast<std::uint32_t>(parts.property_bytes.size())),
      exchange_size_(static_cast<std::uint8_t>(parts.exchange.size())),
      routing_key_size_(static_cast<std::uint8_t>(parts.routing_key.size())),
      priority_(parts.priority),
      persistent_(parts.persistent),
      dead_lettered_(parts.dead_lettered),
      has_expiration_(parts.has_expiration),
      traced_(parts.traced),
      expiration_(parts.expiration),
      ingress_(parts.ingress) {}

base::Ref<const Message> Message::create(const MessageParts& parts) {
  CHECK(parts.exchange.size() <= 255 && parts.routing_key.size() <= 255);
  CHECK(parts.body.size() <= UINT32_MAX && parts.property_bytes.size() <= UINT32_MAX);
  const std::size_t text_size = parts.exchange.size() + parts.routing_key.size() +
                                parts.property_bytes.size() + parts.body.size();
  auto* message = new (pool.take(sizeof(Message) + text_size)) Message(parts);
  char* to = base::put_bytes(reinterpret_cast<char*>(message + 1), parts.exchange);
  to = base::put_bytes(to, parts.routing_key);
  to = base::put_bytes(to, parts.property_bytes);
  base::put_bytes(to, parts.body);
  resident_message_bytes += static_cast<std::int64_t>(message->footprint());
  return base::Ref<const Message>(message);
}

void Message::destroy(const Message* message) {
  const std::size_t size = message->footprint();
  resident_message_bytes -= static_cast<std::int64_t>(size);
  message->~Message();
  pool.give_back(const_cast<Message*>(message), size);
}

}  // namespace harrier::broker

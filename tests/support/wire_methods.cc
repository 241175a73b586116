#include "support/wire_methods.h"

namespace harrier::test {
namespace {

// The two binding methods of each class share their layout; only the ids differ.
Method binding(MethodId id, std::string_view destination, std::string_view source,
               std::string_view key, const Table& arguments, bool no_wait) {
  return {id, Writer()
                  .u16(0)
                  .shortstr(destination)
                  .shortstr(source)
                  .shortstr(key)
                  .bits({no_wait})
                  .table(arguments)};
}

Method close(MethodId id, unsigned code, std::string_view text) {
  return {id, Writer().u16(code).shortstr(text).u16(0).u16(0)};
}

}  // namespace

Method connection_start_ok(const Table& client_properties, std::string_view mechanism,
                           std::string_view response, std::string_view locale) {
  return {kConnectionStartOk,
          Writer().table(client_properties).shortstr(mechanism).longstr(response).shortstr(locale)};
}
Method connection_secure_ok(std::string_view response) {
  return {kConnectionSecureOk, Writer().longstr(response)};
}
Method connection_tune_ok(unsigned channel_max, std::uint32_t frame_max, unsigned heartbeat) {
  return {kConnectionTuneOk, Writer().u16(channel_max).u32(frame_max).u16(heartbeat)};
}
Method connection_open(std::string_view virtual_host) {
  return {kConnectionOpen, Writer().shortstr(virtual_host).shortstr("").octet(0)};
}
Method connection_close(unsigned code, std::string_view text) {
  return close(kConnectionClose, code, text);
}
Method connection_close_ok() { return {kConnectionCloseOk, ""}; }
Method connection_update_secret(std::string_view secret, std::string_view reason) {
  return {kConnectionUpdateSecret, Writer().longstr(secret).shortstr(reason)};
}
Method channel_open() { return {kChannelOpen, Writer().shortstr("")}; }
Method channel_flow(bool active) { return {kChannelFlow, Writer().bits({active})}; }
Method channel_close(unsigned code, std::string_view text) {
  return close(kChannelClose, code, text);
}
Method channel_close_ok() { return {kChannelCloseOk, ""}; }
Method access_request(std::string_view realm) {
  return {kAccessRequest, Writer().shortstr(realm).octet(0x1F)};
}

Method exchange_declare(std::string_view name, std::string_view type, ExchangeFlags f) {
  return {kExchangeDeclare, Writer()
                                .u16(0)
                                .shortstr(name)
                                .shortstr(type)
                                .bits({f.passive, f.durable, f.auto_delete, f.internal, f.no_wait})
                                .table(f.arguments)};
}
Method exchange_delete(std::string_view name, bool if_unused, bool no_wait) {
  return {kExchangeDelete, Writer().u16(0).shortstr(name).bits({if_unused, no_wait})};
}
Method exchange_bind(std::string_view destination, std::string_view source, std::string_view key,
                     const Table& arguments, bool no_wait) {
  return binding(kExchangeBind, destination, source, key, arguments, no_wait);
}
Method exchange_unbind(std::string_view destination, std::string_view source, std::string_view key,
                       const Table& arguments, bool no_wait) {
  return binding(kExchangeUnbind, destination, source, key, arguments, no_wait);
}
Method queue_declare(std::string_view name, QueueFlags f) {
  return {kQueueDeclare, Writer()
                             .u16(0)
                             .shortstr(name)
                             .bits({f.passive, f.durable, f.exclusive, f.auto_delete, f.no_wait})
                             .table(f.arguments)};
}
Method queue_bind(std::string_view queue, std::string_view exchange, std::string_view key,
                  const Table& arguments, bool no_wait) {
  return binding(kQueueBind, queue, exchange, key, arguments, no_wait);
}
Method queue_unbind(std::string_view queue, std::string_view exchange, std::string_view key,
                    const Table& arguments) {
  return {kQueueUnbind,
          Writer().u16(0).shortstr(queue).shortstr(exchange).shortstr(key).table(arguments)};
}
Method queue_purge(std::string_view queue, bool no_wait) {
  return {kQueuePurge, Writer().u16(0).shortstr(queue).bits({no_wait})};
}
Method queue_delete(std::string_view queue, bool if_unused, bool if_empty, bool no_wait) {
  return {kQueueDelete, Writer().u16(0).shortstr(queue).bits({if_unused, if_empty, no_wait})};
}

Method basic_qos(unsigned prefetch_count, bool global, std::uint32_t prefetch_size) {
  return {kBasicQos, Writer().u32(prefetch_size).u16(prefetch_count).bits({global})};
}
Method basic_consume(std::string_view queue, ConsumeFlags f) {
  return {kBasicConsume, Writer()
                             .u16(0)
                             .shortstr(queue)
                             .shortstr(f.tag)
                             .bits({f.no_local, f.no_ack, f.exclusive, f.no_wait})
                             .table(f.arguments)};
}
Method basic_cancel(std::string_view tag, bool no_wait) {
  return {kBasicCancel, Writer().shortstr(tag).bits({no_wait})};
}
Method basic_cancel_ok(std::string_view tag) { return {kBasicCancelOk, Writer().shortstr(tag)}; }
Method basic_publish(std::string_view exchange, std::string_view key, bool mandatory,
                     bool immediate) {
  return {kBasicPublish,
          Writer().u16(0).shortstr(exchange).shortstr(key).bits({mandatory, immediate})};
}
Method basic_get(std::string_view queue, bool no_ack) {
  return {kBasicGet, Writer().u16(0).shortstr(queue).bits({no_ack})};
}
Method basic_ack(std::uint64_t delivery_tag, bool multiple) {
  return {kBasicAck, Writer().u64(delivery_tag).bits({multiple})};
}
Method basic_reject(std::uint64_t delivery_tag, bool requeue) {
  return {kBasicReject, Writer().u64(delivery_tag).bits({requeue})};
}
Method basic_nack(std::uint64_t delivery_tag, bool multiple, bool requeue) {
  return {kBasicNack, Writer().u64(delivery_tag).bits({multiple, requeue})};
}
Method basic_recover(bool requeue) { return {kBasicRecover, Writer().bits({requeue})}; }
Method basic_recover_async(bool requeue) { return {kBasicRecoverAsync, Writer().bits({requeue})}; }
Method confirm_select(bool no_wait) { return {kConfirmSelect, Writer().bits({no_wait})}; }
Method tx_select() { return {kTxSelect, ""}; }
Method tx_commit() { return {kTxCommit, ""}; }
Method tx_rollback() { return {kTxRollback, ""}; }

}  // namespace harrier::test

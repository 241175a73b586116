// The methods a client may send, as bytes: one builder per method, flags in small structs.
//
// Role:   names and argument order of AMQP 0-9-1 in one place for tests; frame_client sends them.
//         Methods that only a server may send are here too where a test needs to misuse them.
// Thread: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/wire.h"

namespace harrier::test {

inline constexpr MethodId kConnectionStart{10, 10}, kConnectionStartOk{10, 11},
    kConnectionSecure{10, 20}, kConnectionSecureOk{10, 21}, kConnectionTune{10, 30},
    kConnectionTuneOk{10, 31}, kConnectionOpen{10, 40}, kConnectionOpenOk{10, 41},
    kConnectionClose{10, 50}, kConnectionCloseOk{10, 51}, kConnectionBlocked{10, 60},
    kConnectionUnblocked{10, 61}, kConnectionUpdateSecret{10, 70},
    kConnectionUpdateSecretOk{10, 71};
inline constexpr MethodId kChannelOpen{20, 10}, kChannelOpenOk{20, 11}, kChannelFlow{20, 20},
    kChannelFlowOk{20, 21}, kChannelClose{20, 40}, kChannelCloseOk{20, 41};
inline constexpr MethodId kAccessRequest{30, 10}, kAccessRequestOk{30, 11};
inline constexpr MethodId kExchangeDeclare{40, 10}, kExchangeDeclareOk{40, 11},
    kExchangeDelete{40, 20}, kExchangeDeleteOk{40, 21}, kExchangeBind{40, 30},
    kExchangeBindOk{40, 31}, kExchangeUnbind{40, 40}, kExchangeUnbindOk{40, 51};
inline constexpr MethodId kQueueDeclare{50, 10}, kQueueDeclareOk{50, 11}, kQueueBind{50, 20},
    kQueueBindOk{50, 21}, kQueuePurge{50, 30}, kQueuePurgeOk{50, 31}, kQueueDelete{50, 40},
    kQueueDeleteOk{50, 41}, kQueueUnbind{50, 50}, kQueueUnbindOk{50, 51};
inline constexpr MethodId kBasicQos{60, 10}, kBasicQosOk{60, 11}, kBasicConsume{60, 20},
    kBasicConsumeOk{60, 21}, kBasicCancel{60, 30}, kBasicCancelOk{60, 31}, kBasicPublish{60, 40},
    kBasicReturn{60, 50}, kBasicDeliver{60, 60}, kBasicGet{60, 70}, kBasicGetOk{60, 71},
    kBasicGetEmpty{60, 72}, kBasicAck{60, 80}, kBasicReject{60, 90}, kBasicRecoverAsync{60, 100},
    kBasicRecover{60, 110}, kBasicRecoverOk{60, 111}, kBasicNack{60, 120};
inline constexpr MethodId kConfirmSelect{85, 10}, kConfirmSelectOk{85, 11};
inline constexpr MethodId kTxSelect{90, 10}, kTxSelectOk{90, 11}, kTxCommit{90, 20},
    kTxCommitOk{90, 21}, kTxRollback{90, 30}, kTxRollbackOk{90, 31};

struct ExchangeFlags {
  bool passive = false, durable = false, auto_delete = false, internal = false, no_wait = false;
  Table arguments = {};
};
struct QueueFlags {
  bool passive = false, durable = false, exclusive = false, auto_delete = false, no_wait = false;
  Table arguments = {};
};
struct ConsumeFlags {
  bool no_local = false, no_ack = false, exclusive = false, no_wait = false;
  std::string tag = {};
  Table arguments = {};
};

Method connection_start_ok(const Table& client_properties, std::string_view mechanism,
                           std::string_view response, std::string_view locale = "en_US");
Method connection_secure_ok(std::string_view response);
Method connection_tune_ok(unsigned channel_max, std::uint32_t frame_max, unsigned heartbeat);
Method connection_open(std::string_view virtual_host);
Method connection_close(unsigned code = 200, std::string_view text = "bye");
Method connection_close_ok();
Method connection_update_secret(std::string_view secret, std::string_view reason);
Method channel_open();
Method channel_flow(bool active);
Method channel_close(unsigned code = 200, std::string_view text = "bye");
Method channel_close_ok();
Method access_request(std::string_view realm);

Method exchange_declare(std::string_view name, std::string_view type, ExchangeFlags flags = {});
Method exchange_delete(std::string_view name, bool if_unused = false, bool no_wait = false);
Method exchange_bind(std::string_view destination, std::string_view source, std::string_view key,
                     const Table& arguments = {}, bool no_wait = false);
Method exchange_unbind(std::string_view destination, std::string_view source, std::string_view key,
                       const Table& arguments = {}, bool no_wait = false);
Method queue_declare(std::string_view name, QueueFlags flags = {});
Method queue_bind(std::string_view queue, std::string_view exchange, std::string_view key,
                  const Table& arguments = {}, bool no_wait = false);
Method queue_unbind(std::string_view queue, std::string_view exchange, std::string_view key,
                    const Table& arguments = {});
Method queue_purge(std::string_view queue, bool no_wait = false);
Method queue_delete(std::string_view queue, bool if_unused = false, bool if_empty = false,
                    bool no_wait = false);

Method basic_qos(unsigned prefetch_count, bool global = false, std::uint32_t prefetch_size = 0);
Method basic_consume(std::string_view queue, ConsumeFlags flags = {});
Method basic_cancel(std::string_view tag, bool no_wait = false);
Method basic_cancel_ok(std::string_view tag);
Method basic_publish(std::string_view exchange, std::string_view key, bool mandatory = false,
                     bool immediate = false);
Method basic_get(std::string_view queue, bool no_ack = false);
Method basic_ack(std::uint64_t delivery_tag, bool multiple = false);
Method basic_reject(std::uint64_t delivery_tag, bool requeue);
Method basic_nack(std::uint64_t delivery_tag, bool multiple, bool requeue);
Method basic_recover(bool requeue);
Method basic_recover_async(bool requeue);
Method confirm_select(bool no_wait = false);
Method tx_select();
Method tx_commit();
Method tx_rollback();

}  // namespace harrier::test

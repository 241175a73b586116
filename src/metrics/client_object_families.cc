// What there is to say of each connection and channel.
#include "metrics/object_tables.h"

namespace harrier::metrics {
namespace {

using prometheus::MetricType;
using server::ChannelView;
using server::ConnectionView;
using Value = std::optional<double>;

template <auto member, class View>
Value number(const View& view) {
  return static_cast<double>(view.*member);
}
template <auto member>
Value octets(const ConnectionView& connection) {
  return static_cast<double>((connection.*member).total);
}
template <auto member>
Value total(const ChannelView& channel) {
  return static_cast<double>((channel.statistics.*member).total);
}

constexpr ObjectFamily<ConnectionView> kConnections[] = {
    {"rabbitmq_connection_incoming_bytes_total", MetricType::Counter, "Bytes read from it.",
     "connection_coarse_metrics", octets<&ConnectionView::received_octets>},
    {"rabbitmq_connection_outgoing_bytes_total", MetricType::Counter, "Bytes written to it.",
     "connection_coarse_metrics", octets<&ConnectionView::sent_octets>},
    {"rabbitmq_connection_incoming_packets_total", MetricType::Counter,
     "Reads that brought something.", "connection_metrics", number<&ConnectionView::reads>},
    {"rabbitmq_connection_outgoing_packets_total", MetricType::Counter,
     "Writes that took something.", "connection_metrics", number<&ConnectionView::writes>},
    {"rabbitmq_connection_channels", MetricType::Gauge, "Its channels.", "connection_metrics",
     number<&ConnectionView::channels>},
    {"harriermq_connection_pending_bytes", MetricType::Gauge, "Bytes that wait to be written.",
     "connection_metrics", number<&ConnectionView::send_pending>}};

using S = server::MessageStatistics;

constexpr ObjectFamily<ChannelView> kChannels[] = {
    {"rabbitmq_channel_consumers", MetricType::Gauge, "Its consumers.", "channel_metrics",
     number<&ChannelView::consumers>},
    {"rabbitmq_channel_messages_unacked", MetricType::Gauge,
     "Messages delivered and not yet acknowledged.", "channel_metrics",
     number<&ChannelView::unacked>},
    {"rabbitmq_channel_messages_unconfirmed", MetricType::Gauge,
     "Messages published and not yet confirmed.", "channel_metrics",
     number<&ChannelView::unconfirmed>},
    {"rabbitmq_channel_messages_uncommitted", MetricType::Gauge,
     "Messages published in a transaction that is open.", "channel_metrics",
     number<&ChannelView::uncommitted>},
    {"rabbitmq_channel_acks_uncommitted", MetricType::Gauge,
     "Acknowledgements in a transaction that is open.", "channel_metrics",
     number<&ChannelView::acks_uncommitted>},
    {"rabbitmq_consumer_prefetch", MetricType::Gauge,
     "What basic.qos allows each new consumer; 0: no limit.", "channel_metrics",
     number<&ChannelView::prefetch_count>},
    {"rabbitmq_channel_prefetch", MetricType::Gauge,
     "What basic.qos allows all consumers together; 0: no limit.", "channel_metrics",
     number<&ChannelView::global_prefetch_count>},
    {"rabbitmq_channel_messages_published_total", MetricType::Counter, "Messages published.",
     "channel_exchange_metrics", total<&S::publish>},
    {"rabbitmq_channel_messages_confirmed_total", MetricType::Counter, "Of these: confirmed.",
     "channel_exchange_metrics", total<&S::confirm>},
    {"rabbitmq_channel_messages_unroutable_returned_total", MetricType::Counter,
     "Messages that no queue took, returned.", "channel_exchange_metrics",
     total<&S::return_unroutable>},
    {"rabbitmq_channel_messages_unroutable_dropped_total", MetricType::Counter,
     "Messages that no queue took, dropped.", "channel_exchange_metrics",
     total<&S::drop_unroutable>},
    {"rabbitmq_channel_get_total", MetricType::Counter,
     "Messages fetched by basic.get without acknowledgement.", "channel_queue_metrics",
     total<&S::get_no_ack>},
    {"rabbitmq_channel_get_ack_total", MetricType::Counter,
     "Messages fetched by basic.get with acknowledgement.", "channel_queue_metrics",
     total<&S::get>},
    {"rabbitmq_channel_get_empty_total", MetricType::Counter, "Times basic.get found no message.",
     "channel_queue_metrics", total<&S::get_empty>},
    {"rabbitmq_channel_messages_delivered_total", MetricType::Counter,
     "Messages delivered to consumers that do not acknowledge.", "channel_queue_metrics",
     total<&S::deliver_no_ack>},
    {"rabbitmq_channel_messages_delivered_ack_total", MetricType::Counter,
     "Messages delivered to consumers that acknowledge.", "channel_queue_metrics",
     total<&S::deliver>},
    {"rabbitmq_channel_messages_redelivered_total", MetricType::Counter,
     "Messages delivered that had been delivered before.", "channel_queue_metrics",
     total<&S::redeliver>},
    {"rabbitmq_channel_messages_acked_total", MetricType::Counter, "Messages acknowledged.",
     "channel_queue_metrics", total<&S::ack>}};

}  // namespace

ObjectFamilyGroup<ConnectionView> connection_object_families() {
  return {"Connections",
          "`channel` is RabbitMQ's word for the connection here; both labels are its name.",
          "channel, connection", kConnections};
}

ObjectFamilyGroup<ChannelView> channel_object_families() {
  return {"Channels",
          "Of a channel as a whole: RabbitMQ tells the last eleven for each exchange or queue it "
          "used.",
          "channel", kChannels};
}

}  // namespace harrier::metrics

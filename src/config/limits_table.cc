// limits.*
#include "config/options_table.h"
#include "config/row.h"

namespace harrier::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// RabbitMQ's ceiling, and ours: larger bodies belong into another store.
constexpr std::int64_t kMessageSizeCeiling = 512 * kMiB;

Table accept_table() {
  using O = AcceptLimitOptions;
  return table<O>(at_reload({
      integer("connections_max", &O::connections_max, 1, 10'000'000,
              {"All connections of the node; beyond, new sockets are closed.",
               "Each costs a file descriptor."}),
      integer("connections_per_address_max", &O::connections_per_address_max, 1, 10'000'000,
              {"All connections from one address; beyond, its new sockets are closed.",
               "More are needed behind address translation."}),
      integer(
          "unauthenticated_max", &O::unauthenticated_max, 1, 10'000'000,
          {"Connections that have not passed connection.open yet; beyond, new sockets are closed "
           "until some have.",
           "Nobody fills the broker with sockets before giving a password."}),
      integer("unauthenticated_per_address_max", &O::unauthenticated_per_address_max, 1, 10'000'000,
              {"The same for one address.", "One address leaves room for others."}),
      integer("channels_max", &O::channels_max, 1, 100'000'000,
              {"Channels of all connections of the node; one more is refused (530).",
               "One or two kilobytes each."}),
  }));
}

std::vector<Key> connection_sizes() {
  using O = ConnectionLimitOptions;
  return {
      size("frame_max", &O::frame_max, 4096, 16 * kMiB,
           {"The largest frame, offered at tune; a larger one closes the connection (501).",
            "RabbitMQ's; old clients answer 4096, which is the smallest there is."}),
      size("initial_frame_max", &O::initial_frame_max, 4096, kMiB,
           {"The largest frame before tune-ok; a larger one closes the connection (501).",
            "Large enough for long tokens as passwords."}),
      integer(
          "channel_max", &O::channel_max, 1, 65535,
          {"Channels of a connection, offered at tune; one more is refused (530).", "RabbitMQ's."}),
      duration("heartbeat", &O::heartbeat, seconds(0), seconds(65535),
               {"Offered at tune, the client's answer counts; two missed: the socket is closed. 0: "
                "none offered.",
                "RabbitMQ's; most firewalls forget idle connections later."}),
      size("max_message_size", &O::max_message_size, 1, kMessageSizeCeiling,
           {"The largest body; a larger one closes its channel (406) when its header arrives.",
            "RabbitMQ's; large files belong elsewhere."}),
      size("assembly_bytes_max", &O::assembly_bytes_max, 1, 4 * kGiB,
           {"Bodies that arrive at the same time on one connection's channels; more closes it "
            "(506). At least max_message_size.",
            "Two of the largest."}),
      size("reply_bytes_max", &O::reply_bytes_max, 64 * kKiB, kGiB,
           {"Replies (not deliveries) the client has not read; above, it is not read until half is "
            "gone.",
            "Thousands of replies."}),
      integer("table_depth_max", &O::table_depth_max, 1, 64,
              {"Tables inside tables; more is a syntax error (502).", "Clients use two or three."}),
      integer("table_elements_max", &O::table_elements_max, 1, 1'000'000,
              {"Fields of one table, those inside it included; more is a syntax error (502).",
               "Clients use dozens."}),
  };
}

std::vector<Key> connection_times() {
  using O = ConnectionLimitOptions;
  return {
      duration("handshake_timeout", &O::handshake_timeout, milliseconds(1), kSpanMax,
               {"From the first byte to connection.open; then the socket is closed.",
                "RabbitMQ's; slow networks need a few seconds."}),
      duration("close_timeout", &O::close_timeout, milliseconds(1), kSpanMax,
               {"For the answer to connection.close; then the socket is closed.",
                "As for the handshake."}),
      duration("refusal_delay", &O::refusal_delay, milliseconds(0), hours(1),
               {"Silence after a refused password.", "Against guessing."}),
      duration("write_stall_timeout", &O::write_stall_timeout, milliseconds(1), kSpanMax,
               {"A client that reads nothing for so long, while there is something to read, is cut "
                "off.",
                "RabbitMQ's send timeout is half of it; busy consumers pause for seconds."}),
      duration("partial_frame_timeout", &O::partial_frame_timeout, milliseconds(1), kSpanMax,
               {"A frame that was begun must be complete within this time; else the client is cut "
                "off.",
                "Slow networks need a while for large frames."}),
  };
}

std::vector<Key> connection_rates() {
  using O = ConnectionLimitOptions;
  return {
      integer("publish_rate_max", &O::publish_rate_max, 0, kU32Max,
              {"Messages one connection may publish a second; who is faster is read more slowly. "
               "0: not limited.",
               "Flow control holds who is too fast for the broker."}),
      size("publish_byte_rate_max", &O::publish_byte_rate_max, 0, kTiB,
           {"The same for bytes of bodies a second. 0: not limited.", "As for publish_rate_max."}),
  };
}

Table connection_table() {
  using O = ConnectionLimitOptions;
  std::vector<Key> keys = connection_sizes();
  for (Key& key : connection_times())
    keys.push_back(std::move(key));
  for (Key& key : connection_rates())
    keys.push_back(std::move(key));
  // For connections that begin after the reload.
  return table<O>(at_reload(std::move(keys)), [](Section& section, const O& limits) {
    if (limits.assembly_bytes_max < limits.max_message_size)
      section.error("assembly_bytes_max",
                    "below max_message_size: such a message could never arrive");
  });
}

Table session_table() {
  using O = SessionLimitOptions;
  return table<O>(at_reload({
      size("output_credit_bytes", &O::output_credit_bytes, 64 * kKiB, kGiB,
           {"Bytes sent to a connection and not yet read by it; above, consumers and confirms wait "
            "until half is gone.",
            "Enough to keep a fast network busy."}),
      size("direct_reply_bytes_max", &O::direct_reply_bytes_max, 64 * kKiB, 64 * kGiB,
           {"Direct replies do not wait: above so many unread bytes they are dropped and counted.",
            "A client that reads at all stays far below."}),
      integer("consumers_per_channel_max", &O::consumers_per_channel_max, 1, kU32Max,
              {"Consumers of a channel; one more is refused (530).", "Clients use one or a few."}),
      integer("consumers_per_connection_max", &O::consumers_per_connection_max, 1, kU32Max,
              {"Consumers of all channels of a connection; one more is refused (530).",
               "About 500 bytes each."}),
      integer("unacked_per_channel_max", &O::unacked_per_channel_max, 1, kU32Max,
              {"Deliveries of a channel that nobody acknowledged; then its consumers wait and "
               "basic.get is 406.",
               "About 100 bytes each."}),
      integer("transaction_entries_max", &O::transaction_entries_max, 1, kU32Max,
              {"What a transaction may hold until its commit; more is 406.",
               "A commit is one piece of work."}),
      size("transaction_bytes_max", &O::transaction_bytes_max, 64 * kKiB, 64 * kGiB,
           {"Bodies a transaction may hold; more is 406.", "They are in memory until the commit."}),
  }));
}

Table virtual_host_table() {
  using O = VirtualHostLimitOptions;
  return table<O>({
      integer("queues_max", &O::queues_max, 1, kU32Max,
              {"Queues; one more is refused (406).", "A few hundred bytes each when idle."})
          .at_reload(),
      integer("exchanges_max", &O::exchanges_max, 7, kU32Max,
              {"Exchanges, the seven predeclared ones included; one more is refused (406).",
               "More are a sign of a leak."})
          .at_reload(),
      integer("bindings_max", &O::bindings_max, 1, kU32Max,
              {"Bindings; one more is refused (406).", "Five for each queue."})
          .at_reload(),
      integer("policies_max", &O::policies_max, 0, 100'000,
              {"Policies, and as many operator policies; one more is refused, at start or when it "
               "is set.",
               "Each is looked at by each declare."}),
      duration("consumer_timeout", &O::consumer_timeout, milliseconds(0), kSpanMax,
               {"A delivery unacknowledged for so long closes its channel (406); 0: never.",
                "RabbitMQ's: such a consumer is stuck."})
          .at_reload(),
      integer(
          "default_delivery_limit", &O::default_delivery_limit, -1, kU32Max,
          {"Deliveries of one message of a quorum queue that names no limit of its own; then it "
           "is dead-lettered or dropped, and counted. -1: unlimited.",
           "RabbitMQ's since 4.0."}),
      integer(
          "slice_entries", &O::slice_entries, 1, 1'000'000,
          {"Messages that long work (expiry, purge, requeue, dead letters) touches before others "
           "get their turn.",
           "They take about a millisecond."})
          .at_reload(),
      integer("pending_dead_letters_max", &O::pending_dead_letters_max, 1, 100'000'000,
              {"Dead letters waiting to be sent; at the limit expiry and trimming wait, nothing is "
               "lost.",
               "A few turns' work."})
          .at_reload(),
  });
}

Table definitions_table() {
  using O = DefinitionLimitOptions;
  return table<O>({
      integer("users_max", &O::users_max, 1, kU32Max,
              {"Users; one more is refused.", "About 1 KiB each."}),
      integer(
          "virtual_hosts_max", &O::virtual_hosts_max, 1, kU32Max,
          {"Virtual hosts; one more is refused.", "Their loop looks at each of them each turn."}),
      integer("rules_max", &O::rules_max, 1, kU32Max,
              {"Permissions, topic permissions, parameters, each; one more is refused.",
               "A change of permissions compiles all of them."}),
      size("file_size_max", &O::file_size_max, kKiB, kGiB,
           {"A definitions file (definitions.load); a larger one is refused.",
            "About 400,000 queues; reading takes ten times as much memory."}),
  });
}

Table flow_table() {
  using O = FlowLimitOptions;
  return table<O>({
      size("input_bytes_guaranteed", &O::input_bytes_guaranteed, 4 * kKiB, kGiB,
           {"What each connection may always have on its way; beyond, it borrows.",
            "One read of a socket."}),
      size("input_bytes_borrowed_max", &O::input_bytes_borrowed_max, 0, kGiB,
           {"What a connection may borrow beyond; then it is not read.",
            "Enough for one publisher to fill a loop."}),
      size("input_pool_bytes", &O::input_pool_bytes, 0, 64 * kGiB,
           {"What all connections of a loop borrow from; when it is empty they are read in turn.",
            "Bounds memory with many publishers."}),
  });
}

Table patterns_table() {
  using O = PatternLimitOptions;
  return table<O>(at_reload({
      integer("match_steps_max", &O::match_steps_max, 1'000, 100'000'000,
              {"Steps of one search in a name, PCRE2's match limit; beyond, the pattern does not "
               "match.",
               "Far above what ordinary patterns need, and below a millisecond or two."}),
      integer("match_depth_max", &O::match_depth_max, 100, 1'000'000,
              {"How deep a search may go back, PCRE2's depth limit; likewise.",
               "Names have 255 octets."}),
      size("match_heap_max", &O::match_heap_max, 64 * kKiB, kGiB,
           {"Memory of one search, in whole KiB; likewise.",
            "Each loop's thread keeps the most it has used."}),
  }));
}

Table commands_table() {
  using O = CommandLimitOptions;
  return table<O>({
      integer("messages_max", &O::messages_max, 1, kU32Max,
              {"Messages that one get or browse answers with; more are not given.",
               "A page that shows more is not read."}),
      size("bytes_max", &O::bytes_max, kKiB, kGiB,
           {"Octets of bodies and headers in one such answer; it ends with the message that "
            "reaches them.",
            "The answer is put together in memory."}),
      integer("held_messages_max", &O::held_messages_max, 1, kU32Max,
              {"Messages that a redrive keeps aside because their queue is gone or full; with so "
               "many it ends.",
               "They stay in memory, and no consumer gets them meanwhile."}),
  });
}

}  // namespace

Table limits_table() {
  return table<Options>({
      section(
          "accept", &Options::accept, accept_table(),
          {"Who may connect: beyond a limit a new socket is closed at once, with a log line (at "
           "most one a second).",
           ""}),
      section("connection", &Options::connection, connection_table(), {"One connection.", ""}),
      duration("publish_rate_burst", &Options::publish_rate_burst, milliseconds(10), hours(1),
               {"How long any publish rate (of a connection, a user or a virtual host) may be "
                "exceeded at once.",
                "Clients publish in bursts; beyond a second it is a load."}),
      section("session", &Options::session, session_table(),
              {"The channels of one connection.", ""}),
      section("virtual_host", &Options::virtual_host, virtual_host_table(),
              {"Each virtual host.", ""}),
      tenant_list(),
      tenant_default_list(),
      section("definitions", &Options::definitions, definitions_table(),
              {"What administrators may define in all.", ""}),
      section("flow", &Options::flow, flow_table(),
              {"Bytes read from a connection and not yet handled by its virtual host; only with "
               "several loops, see docs/concurrency.md.",
               ""}),
      section("patterns", &Options::patterns, patterns_table(),
              {"What one question to a pattern (PCRE2) may cost: of permissions, policies, "
               "limits.defaults, and searches in management and metrics.",
               ""}),
      section("http", &Options::http, http_limits_table(),
              {"HTTP, for management and metrics together.", ""}),
      section("commands", &Options::commands, commands_table(),
              {"What is asked of messages outside the protocol: get, browse, redrive.", ""}),
  });
}

}  // namespace harrier::config

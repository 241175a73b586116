// The commands of a virtual host, and the words in which it refuses them.

#include "broker/virtual_host.h"

#include <gmock/gmock.h>

#include "queue_fixture.h"

namespace harrier::test {
namespace {

using broker::BindingRequest;
using broker::ExchangeDeclaration;
using broker::ExchangeType;
using broker::RoutingTarget;
using ::testing::StartsWith;

class VirtualHostTest : public QueueFixture {
 protected:
  explicit VirtualHostTest(broker::VirtualHostLimits limits = stepwise_limits())
      : QueueFixture(limits) {}

  broker::VirtualHost& host() { return broker.host; }
  const broker::Actor& guest() const { return broker.actor; }
  static broker::Actor someone(std::string user) { return {std::move(user), {}, "", ""}; }
  const ConnectionId stranger{2};

  template <class Command>
  std::string run(Command&& command) {
    std::string error;
    broker.act([&] { error = error_of(command()); });
    return error;
  }
  std::string declare_error(broker::QueueDeclaration wanted, ConnectionId by = ConnectionId(1)) {
    return run([&] { return host().declare_queue(guest(), wanted, by); });
  }
  static ExchangeDeclaration exchange(std::string name, ExchangeType type = ExchangeType::kDirect) {
    ExchangeDeclaration made;
    made.name = std::move(name);
    made.type = type;
    return made;
  }
  std::string declare_exchange(ExchangeDeclaration wanted) {
    return run([&] { return host().declare_exchange(guest(), wanted); });
  }
  std::string bind(const std::string& source, const std::string& queue,
                   const std::string& key = "") {
    return run([&] {
      return host().bind(guest(), {RoutingTarget::Kind::kQueue, queue, source, key, {}},
                         connection);
    });
  }
  std::string unbind(const std::string& source, const std::string& queue,
                     const std::string& key = "") {
    return run([&] {
      return host().unbind(guest(), {RoutingTarget::Kind::kQueue, queue, source, key, {}},
                           connection);
    });
  }
  std::string bind_exchange(const std::string& source, const std::string& destination) {
    return run([&] {
      return host().bind(guest(), {RoutingTarget::Kind::kExchange, destination, source, "k", {}},
                         connection);
    });
  }
  std::string unbind_exchange(const std::string& source, const std::string& destination) {
    return run([&] {
      return host().unbind(guest(), {RoutingTarget::Kind::kExchange, destination, source, "k", {}},
                           connection);
    });
  }
  std::string delete_exchange(std::string_view name, bool if_unused = false) {
    return run([&] { return host().delete_exchange(guest(), name, if_unused); });
  }
  std::string delete_queue(std::string_view name, bool if_unused = false, bool if_empty = false,
                           ConnectionId by = ConnectionId(1)) {
    return run([&] { return host().delete_queue(guest(), name, by, if_unused, if_empty); });
  }
  std::vector<std::string> routed(std::string_view exchange_name, std::string_view key) {
    std::vector<broker::Queue*> queues;
    auto target = host().publish_exchange(guest(), exchange_name);
    EXPECT_TRUE(target.ok());
    host().route(*target, {key}, {}, queues);
    std::vector<std::string> names;
    for (broker::Queue* queue : queues)
      names.push_back(queue->name());
    return names;
  }
};

constexpr const char* kDefault = "ACCESS_REFUSED - operation not permitted on the default exchange";
constexpr const char* kLocked =
    "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'mine' in vhost '/'. It "
    "could "
    "be originally declared on another connection or the exclusive property value does not match "
    "that of the original declaration.";

// ---- exchanges

TEST_F(VirtualHostTest, predeclared_exchanges_are_there) {
  for (const char* name : {"amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"}) {
    EXPECT_EQ(run([&] { return host().check_exchange_exists(guest(), name); }), "ok") << name;
    EXPECT_TRUE(host().find_exchange(name)->declaration().durable);
  }
  EXPECT_EQ(host().counters().exchanges.value(), 5u);
}

TEST_F(VirtualHostTest, the_default_exchange_takes_no_orders) {
  declare("q");
  declare_exchange(exchange("x"));
  EXPECT_EQ(declare_exchange(exchange("")), kDefault);
  EXPECT_EQ(run([&] { return host().check_exchange_exists(guest(), ""); }), kDefault);
  EXPECT_EQ(delete_exchange(""), kDefault);
  EXPECT_EQ(bind("", "q"), kDefault);
  EXPECT_EQ(unbind("", "q"), kDefault);
  EXPECT_EQ(bind_exchange("x", ""), kDefault);
  EXPECT_EQ(bind_exchange("", "x"), kDefault);
}

TEST_F(VirtualHostTest, the_default_exchange_routes_by_queue_name) {
  declare("q");
  EXPECT_EQ(routed("", "q"), (Bodies{"q"}));
  EXPECT_EQ(routed("", "other"), Bodies{});
}

TEST_F(VirtualHostTest, reserved_names_are_refused_when_creating) {
  EXPECT_EQ(declare_exchange(exchange("amq.mine")),
            "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'");
  ExchangeDeclaration existing = exchange("amq.direct");
  existing.durable = true;
  EXPECT_EQ(declare_exchange(existing), "ok");
  EXPECT_EQ(declare_error(declaration("amq.mine")),
            "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'");
}

TEST_F(VirtualHostTest, predeclared_exchanges_cannot_be_deleted) {
  EXPECT_EQ(delete_exchange("amq.direct"),
            "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed");
}

TEST_F(VirtualHostTest, missing_exchange_is_404_but_deleting_it_is_fine) {
  EXPECT_EQ(run([&] { return host().check_exchange_exists(guest(), "x"); }),
            "NOT_FOUND - no exchange 'x' in vhost '/'");
  EXPECT_EQ(run([&] { return host().publish_exchange(guest(), "x"); }),
            "NOT_FOUND - no exchange 'x' in vhost '/'");
  EXPECT_EQ(delete_exchange("x"), "ok");
}

TEST_F(VirtualHostTest, redeclared_exchange_must_be_equivalent) {
  EXPECT_EQ(declare_exchange(exchange("x")), "ok");
  EXPECT_EQ(declare_exchange(exchange("x")), "ok");
  EXPECT_EQ(declare_exchange(exchange("x", ExchangeType::kFanout)),
            "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'x' in vhost '/': received "
            "'fanout' but current is 'direct'");
  EXPECT_EQ(host().counters().exchanges.value(), 6u);
}

TEST_F(VirtualHostTest, exchange_in_use_is_kept_by_if_unused) {
  declare("q");
  declare_exchange(exchange("x"));
  bind("x", "q");
  EXPECT_EQ(delete_exchange("x", true), "PRECONDITION_FAILED - exchange 'x' in vhost '/' in use");
  EXPECT_EQ(delete_exchange("x"), "ok");
  EXPECT_EQ(host().counters().bindings.value(), 0u);
  EXPECT_TRUE(host().find_queue("q")->inbound().empty());
}

TEST_F(VirtualHostTest, internal_exchange_takes_no_publishes) {
  ExchangeDeclaration wanted = exchange("x");
  wanted.internal = true;
  declare_exchange(wanted);
  EXPECT_EQ(run([&] { return host().publish_exchange(guest(), "x"); }),
            "ACCESS_REFUSED - cannot publish to internal exchange 'x' in vhost '/'");
}

TEST_F(VirtualHostTest, alternate_exchange_must_be_a_string) {
  ExchangeDeclaration wanted = exchange("x");
  wanted.arguments.add_long("alternate-exchange", 5);
  EXPECT_THAT(declare_exchange(wanted), StartsWith("PRECONDITION_FAILED - invalid type '"));
}

TEST_F(VirtualHostTest, auto_delete_exchange_goes_with_its_last_binding_not_before_the_first) {
  ExchangeDeclaration wanted = exchange("x");
  wanted.auto_delete = true;
  declare_exchange(wanted);
  declare("q");
  unbind("x", "q", "a");
  EXPECT_NE(host().find_exchange("x"), nullptr);
  bind("x", "q", "a");
  bind("x", "q", "b");
  unbind("x", "q", "a");
  EXPECT_NE(host().find_exchange("x"), nullptr);
  unbind("x", "q", "b");
  EXPECT_EQ(host().find_exchange("x"), nullptr);
}

TEST_F(VirtualHostTest, auto_delete_runs_through_chains) {
  for (const char* name : {"x1", "x2", "x3"}) {
    ExchangeDeclaration wanted = exchange(name);
    wanted.auto_delete = true;
    declare_exchange(wanted);
  }
  declare("q");
  bind_exchange("x1", "x2");
  bind_exchange("x2", "x3");
  bind("x3", "q", "k");
  EXPECT_EQ(delete_queue("q"), "ok");
  for (const char* name : {"x1", "x2", "x3"})
    EXPECT_EQ(host().find_exchange(name), nullptr);
  EXPECT_EQ(host().counters().exchanges.value(), 5u);
  EXPECT_EQ(host().counters().bindings.value(), 0u);
}

TEST_F(VirtualHostTest, auto_delete_survives_a_circle) {
  for (const char* name : {"x1", "x2"}) {
    ExchangeDeclaration wanted = exchange(name);
    wanted.auto_delete = true;
    declare_exchange(wanted);
  }
  bind_exchange("x1", "x2");
  bind_exchange("x2", "x1");
  bind_exchange("x1", "x1");
  unbind_exchange("x1", "x1");
  unbind_exchange("x1", "x2");
  EXPECT_EQ(host().find_exchange("x1"), nullptr);
  EXPECT_EQ(host().find_exchange("x2"), nullptr);
}

// ---- bindings

TEST_F(VirtualHostTest, binding_needs_both_ends) {
  declare("q");
  EXPECT_EQ(bind("x", "q"), "NOT_FOUND - no exchange 'x' in vhost '/'");
  EXPECT_EQ(bind("amq.direct", "nobody"), "NOT_FOUND - no queue 'nobody' in vhost '/'");
  EXPECT_EQ(bind_exchange("amq.direct", "x"), "NOT_FOUND - no exchange 'x' in vhost '/'");
  EXPECT_EQ(bind("x", "nobody"), "NOT_FOUND - no exchange 'x' in vhost '/'");
}

TEST_F(VirtualHostTest, binding_twice_is_once_and_unbinding_twice_is_fine) {
  declare("q");
  EXPECT_EQ(bind("amq.direct", "q", "k"), "ok");
  EXPECT_EQ(bind("amq.direct", "q", "k"), "ok");
  EXPECT_EQ(host().counters().bindings.value(), 1u);
  EXPECT_EQ(routed("amq.direct", "k"), (Bodies{"q"}));
  EXPECT_EQ(unbind("amq.direct", "q", "k"), "ok");
  EXPECT_EQ(unbind("amq.direct", "q", "k"), "ok");
  EXPECT_EQ(unbind("x", "q", "k"), "ok");
  EXPECT_EQ(unbind("amq.direct", "nobody", "k"), "ok");
  EXPECT_EQ(routed("amq.direct", "k"), Bodies{});
}

TEST_F(VirtualHostTest, only_bindings_between_durable_ends_are_recorded) {
  auto durable = declaration("durable");
  durable.durable = true;
  declare(durable);
  declare("transient");
  bind("amq.direct", "durable", "k");
  bind("amq.direct", "transient", "k");
  EXPECT_EQ(broker.store.count<broker::BoundChange>(), 1u);
  delete_queue("durable");
  delete_queue("transient");
  EXPECT_EQ(broker.store.count<broker::UnboundChange>(), 1u);
  EXPECT_EQ(broker.store.count<broker::QueueDeletedChange>(), 1u);
}

TEST_F(VirtualHostTest, routes_version_moves_with_what_routing_depends_on) {
  std::uint64_t version = host().routes_version();
  const auto moved = [&] {
    return std::exchange(version, host().routes_version()) != host().routes_version();
  };
  declare("q");
  EXPECT_TRUE(moved());
  bind("amq.direct", "q", "k");
  EXPECT_TRUE(moved());
  bind("amq.direct", "q", "k");
  EXPECT_FALSE(moved());
  publish("q", "1");
  EXPECT_FALSE(moved());
  unbind("amq.direct", "q", "k");
  EXPECT_TRUE(moved());
  delete_queue("q");
  EXPECT_TRUE(moved());
}

// ---- queues

TEST_F(VirtualHostTest, server_named_queues_differ) {
  const QueueRef one = declare("");
  const QueueRef two = declare("");
  EXPECT_THAT(one->name(), StartsWith("amq.gen-"));
  EXPECT_NE(one->name(), two->name());
}

TEST_F(VirtualHostTest, quorum_queues_have_names) {
  EXPECT_EQ(declare_error(quorum("")),
            "PRECONDITION_FAILED - Cannot declare a server-named queue "
            "for type rabbit_quorum_queue");
}

TEST_F(VirtualHostTest, missing_queue_is_404_but_deleting_it_is_fine) {
  EXPECT_EQ(run([&] { return host().check_queue_exists(guest(), "q", connection); }),
            "NOT_FOUND - no queue 'q' in vhost '/'");
  EXPECT_EQ(run([&] { return host().purge_queue(guest(), "q", connection); }),
            "NOT_FOUND - no queue 'q' in vhost '/'");
  EXPECT_EQ(delete_queue("q"), "ok");
}

TEST_F(VirtualHostTest, redeclared_queue_must_be_equivalent) {
  declare("q");
  EXPECT_EQ(declare_error(declaration("q")), "ok");
  auto durable = declaration("q");
  durable.durable = true;
  EXPECT_EQ(declare_error(durable),
            "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received "
            "'true' but current is 'false'");
}

TEST_F(VirtualHostTest, exclusive_queue_is_locked_for_all_others) {
  auto mine = declaration("mine");
  mine.exclusive = true;
  declare(mine);
  EXPECT_EQ(declare_error(mine, stranger), kLocked);
  EXPECT_EQ(declare_error(declaration("mine")), kLocked);
  EXPECT_EQ(delete_queue("mine", false, false, stranger), kLocked);
  EXPECT_EQ(run([&] { return host().check_queue_exists(guest(), "mine", stranger); }), kLocked);
  EXPECT_EQ(run([&] { return host().purge_queue(guest(), "mine", stranger); }), kLocked);
  const BindingRequest request{RoutingTarget::Kind::kQueue, "mine", "amq.direct", "k", {}};
  EXPECT_EQ(run([&] { return host().bind(guest(), request, stranger); }), kLocked);
  EXPECT_EQ(run([&] { return host().unbind(guest(), request, stranger); }), "ok");  // not bound
  EXPECT_EQ(bind("amq.direct", "mine", "k"), "ok");
  EXPECT_EQ(run([&] { return host().unbind(guest(), request, stranger); }), kLocked);
  EXPECT_EQ(
      run([&] { return host().use_queue(guest(), broker::Permission::kRead, "mine", stranger); }),
      kLocked);
  EXPECT_EQ(declare_error(mine), "ok");
}

TEST_F(VirtualHostTest, shared_queue_does_not_become_exclusive) {
  declare("mine");
  auto mine = declaration("mine");
  mine.exclusive = true;
  EXPECT_EQ(declare_error(mine), kLocked);
}

TEST_F(VirtualHostTest, exclusive_queues_go_with_their_connection) {
  for (const char* name : {"a", "b", "c"}) {
    auto mine = declaration(name);
    mine.exclusive = true;
    declare(mine);
  }
  declare("shared");
  broker.act([&] { host().release_connection(connection); });
  EXPECT_EQ(host().counters().queues.value(), 1u);
  EXPECT_NE(host().find_queue("shared"), nullptr);
  broker.act([&] { host().release_connection(connection); });
}

TEST_F(VirtualHostTest, delete_conditions_are_checked) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  EXPECT_EQ(delete_queue("q", false, true),
            "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  EXPECT_EQ(delete_queue("q", true), "PRECONDITION_FAILED - queue 'q' in vhost '/' in use");
  EXPECT_EQ(delete_queue("q", false, true), "ok") << "unacked messages are not in the way";
}

TEST_F(VirtualHostTest, delete_and_purge_tell_how_many_were_ready) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3"});
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  broker.act([&] { EXPECT_EQ(*host().purge_queue(guest(), "q", connection), 2u); });
  publish("q", "4");
  broker.act([&] { EXPECT_EQ(*host().delete_queue(guest(), "q", connection, false, false), 1u); });
  EXPECT_EQ(host().counters().ready.value(), 0u);
}

// ---- permissions

TEST_F(VirtualHostTest, entering_needs_a_grant) {
  EXPECT_EQ(error_of(host().enter(someone("guest"))), "ok");
  EXPECT_EQ(error_of(host().enter(someone("nobody"))),
            "NOT_ALLOWED - access to vhost '/' refused for user 'nobody'");
}

TEST_F(VirtualHostTest, each_command_needs_its_permission) {
  declare("q");
  declare_exchange(exchange("x"));
  const broker::Actor reader = someone("reader");
  const broker::Actor builder = someone("builder");
  const auto refused = [](const char* access, const char* what, const char* user) {
    return std::string("ACCESS_REFUSED - ") + access + " access to " + what +
           " in vhost '/' refused for user '" + user + "'";
  };
  EXPECT_EQ(run([&] { return host().declare_queue(reader, declaration("n"), connection); }),
            refused("configure", "queue 'n'", "reader"));
  EXPECT_EQ(run([&] { return host().delete_queue(reader, "q", connection, false, false); }),
            refused("configure", "queue 'q'", "reader"));
  EXPECT_EQ(run([&] { return host().purge_queue(builder, "q", connection); }),
            refused("read", "queue 'q'", "builder"));
  EXPECT_EQ(run([&] { return host().publish_exchange(reader, "x"); }),
            refused("write", "exchange 'x'", "reader"));
  EXPECT_EQ(run([&] { return host().publish_exchange(reader, ""); }),
            refused("write", "exchange 'amq.default'", "reader"));
  EXPECT_EQ(run([&] { return host().declare_exchange(reader, exchange("n")); }),
            refused("configure", "exchange 'n'", "reader"));
  const BindingRequest request{RoutingTarget::Kind::kQueue, "q", "x", "k", {}};
  EXPECT_EQ(run([&] { return host().bind(reader, request, connection); }),
            refused("write", "queue 'q'", "reader"));
  EXPECT_EQ(run([&] { return host().bind(someone("writer"), request, connection); }),
            refused("read", "exchange 'x'", "writer"));
  auto letters = declaration("n");
  letters.arguments.add_string("x-dead-letter-exchange", "x");
  EXPECT_EQ(run([&] { return host().declare_queue(builder, letters, connection); }),
            refused("read", "queue 'n'", "builder"));
}

// ---- limits

broker::VirtualHostLimits small() {
  broker::VirtualHostLimits limits;
  limits.queues_max = 2;
  limits.exchanges_max = 6;
  limits.bindings_max = 1;
  return limits;
}

class SmallVirtualHost : public VirtualHostTest {
 protected:
  SmallVirtualHost() : VirtualHostTest(small()) {}
};

TEST_F(SmallVirtualHost, limits_are_406_and_hit_only_what_is_new) {
  declare("a");
  declare("b");
  EXPECT_THAT(declare_error(declaration("c")), StartsWith("PRECONDITION_FAILED - cannot declare"));
  EXPECT_EQ(declare_error(declaration("a")), "ok");
  EXPECT_EQ(declare_exchange(exchange("x")), "ok");
  EXPECT_THAT(declare_exchange(exchange("y")), StartsWith("PRECONDITION_FAILED - cannot declare"));
  EXPECT_EQ(bind("x", "a", "1"), "ok");
  EXPECT_EQ(bind("x", "a", "1"), "ok");
  EXPECT_THAT(bind("x", "a", "2"), StartsWith("PRECONDITION_FAILED - cannot bind"));
  EXPECT_EQ(unbind("x", "a", "1"), "ok");
  EXPECT_EQ(bind("x", "a", "2"), "ok");
  delete_queue("a");
  EXPECT_EQ(declare_error(declaration("c")), "ok");
}

// ---- direct replies

struct Replies final : broker::ReplySink {
  int count = 0;
  void deliver_reply(const broker::MessageRef&) override { ++count; }
};

TEST_F(VirtualHostTest, reply_addresses_are_unguessable_and_end) {
  Replies one;
  Replies two;
  const std::string first = host().add_reply_sink(one);
  const std::string second = host().add_reply_sink(two);
  EXPECT_THAT(first, StartsWith("amq.rabbitmq.reply-to."));
  EXPECT_NE(first, second);
  EXPECT_EQ(host().find_reply_sink(first), &one);
  host().remove_reply_sink(first);
  EXPECT_EQ(host().find_reply_sink(first), nullptr);
  EXPECT_EQ(host().find_reply_sink("amq.rabbitmq.reply-to.guess"), nullptr);
  host().remove_reply_sink(second);
}

// ---- publishing

TEST_F(VirtualHostTest, one_message_in_many_queues_is_one_record) {
  for (const char* name : {"a", "b", "c"}) {
    auto wanted = declaration(name);
    wanted.durable = true;
    declare(wanted);
    bind("amq.fanout", name);
  }
  const broker::MessageRef sent = message("", "1", {.persistent = true});
  broker.act([&] {
    std::vector<broker::Queue*> queues;
    host().route(host().find_exchange("amq.fanout"), {""}, {}, queues);
    EXPECT_EQ(queues.size(), 3u);
    EXPECT_NE(host().publish(sent, queues).lsn, broker::Lsn());
  });
  EXPECT_EQ(broker.store.count<broker::PublishChange>(), 1u);
  EXPECT_EQ(sent->reference_count(), 4u);
}

TEST_F(VirtualHostTest, one_refusing_queue_refuses_but_the_others_keep_it) {
  amqp::FieldTable limited;
  limited.add_long("x-max-length", 0).add_string("x-overflow", "reject-publish");
  declare("full", limited);
  const QueueRef open = declare("open");
  bind("amq.fanout", "full");
  bind("amq.fanout", "open");
  broker.act([&] {
    std::vector<broker::Queue*> queues;
    host().route(host().find_exchange("amq.fanout"), {""}, {}, queues);
    EXPECT_TRUE(host().publish(message("", "1"), queues).refused);
  });
  EXPECT_EQ(drain(*open), (Bodies{"1"}));
}

}  // namespace
}  // namespace harrier::test

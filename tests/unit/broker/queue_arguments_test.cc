#include "broker/queue_arguments.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "amqp/field_table.h"
#include "base/bytes.h"

namespace harrier::broker {
namespace {

using amqp::FieldTable;
using amqp::FieldValue;

QueueDeclaration with(FieldTable arguments, bool is_quorum = false) {
  QueueDeclaration declaration;
  declaration.name = "q";
  declaration.durable = true;
  declaration.arguments = std::move(arguments);
  if (is_quorum) declaration.arguments.add_string("x-queue-type", "quorum");
  return declaration;
}

std::string error_of(const QueueDeclaration& declaration) {
  const auto settings = parse_queue_arguments(declaration, "/");
  return settings.ok() ? "ok" : settings.error().reply_text();
}
QueueSettings settings_of(const QueueDeclaration& declaration) {
  const auto settings = parse_queue_arguments(declaration, "/");
  EXPECT_TRUE(settings.ok()) << settings.error().detail;
  return settings.ok() ? *settings : QueueSettings();
}
std::string invalid(std::string_view name) {
  return "PRECONDITION_FAILED - invalid arg '" + std::string(name) + "' for queue 'q' in vhost '/'";
}

FieldTable number(std::string_view name, std::int64_t value) {
  FieldTable table;
  table.add_long(name, value);
  return table;
}
FieldTable string(std::string_view name, std::string_view value) {
  FieldTable table;
  table.add_string(name, value);
  return table;
}

TEST(QueueArguments, none_is_a_plain_classic_queue) {
  const QueueSettings settings = settings_of(with({}));
  EXPECT_EQ(settings.type, QueueType::kClassic);
  EXPECT_FALSE(settings.message_ttl || settings.expires || settings.max_length ||
               settings.max_length_bytes || settings.dead_letter_exchange ||
               settings.delivery_limit || settings.consumer_timeout);
  EXPECT_EQ(settings.max_priority, 0);
  EXPECT_FALSE(settings.single_active_consumer);
  EXPECT_EQ(settings.overflow, Overflow::kDropHead);
}

TEST(QueueArguments, each_known_one_is_taken) {
  FieldTable table;
  table.add_long("x-message-ttl", 134'217'728'000).add_integer("x-expires", 1);
  table.add_long("x-max-length", 0).add_long("x-max-length-bytes", 7);
  table.add_string("x-overflow", "reject-publish");
  table.add_string("x-dead-letter-exchange", "dlx").add_string("x-dead-letter-routing-key", "");
  table.add_integer("x-max-priority", 255).add_boolean("x-single-active-consumer", true);
  table.add_long("x-consumer-timeout", 60'000);
  const QueueSettings settings = settings_of(with(table));
  EXPECT_EQ(settings.message_ttl, base::Milliseconds(134'217'728'000));
  EXPECT_EQ(settings.expires, base::Milliseconds(1));
  EXPECT_EQ(settings.max_length, 0u);
  EXPECT_EQ(settings.max_length_bytes, 7u);
  EXPECT_EQ(settings.overflow, Overflow::kRejectPublish);
  EXPECT_EQ(settings.dead_letter_exchange, "dlx");
  EXPECT_EQ(settings.dead_letter_routing_key, "");
  EXPECT_EQ(settings.max_priority, 255);
  EXPECT_TRUE(settings.single_active_consumer);
  EXPECT_EQ(settings.consumer_timeout, base::Milliseconds(60'000));
}

TEST(QueueArguments, numbers_of_every_width_are_numbers) {
  const char bytes[] = {0, 0, 0, 0, 0, 0, 0, 9};
  const std::pair<char, std::size_t> types[] = {{'b', 1}, {'B', 1}, {'s', 2}, {'u', 2},
                                                {'I', 4}, {'i', 4}, {'l', 8}, {'L', 8}};
  for (const auto& [type, width] : types) {
    FieldTable table;
    table.add("x-max-length", FieldValue{type, amqp::Bytes(bytes + 8 - width, width)});
    EXPECT_EQ(settings_of(with(table)).max_length, 9u) << type;
  }
}

TEST(QueueArguments, wrong_types_are_named) {
  for (const char* name : {"x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes",
                           "x-max-priority", "x-consumer-timeout"}) {
    const std::string error = error_of(with(string(name, "5")));
    EXPECT_TRUE(error.starts_with(invalid(name) + ": ")) << error;
    EXPECT_NE(error.find("longstr"), std::string::npos) << error;
  }
  for (const char* name : {"x-overflow", "x-single-active-consumer", "x-queue-mode"}) {
    const std::string error = error_of(with(number(name, 5)));
    EXPECT_EQ(error, invalid(name) + ": {unacceptable_type,long}");
  }
  EXPECT_EQ(error_of(with(number("x-dead-letter-exchange", 5))),
            "PRECONDITION_FAILED - invalid type 'long' for arg 'x-dead-letter-exchange' in "
            "queue 'q' in vhost '/'");
}

TEST(QueueArguments, ranges_have_their_ends) {
  EXPECT_EQ(error_of(with(number("x-message-ttl", 0))), "ok");
  EXPECT_EQ(error_of(with(number("x-message-ttl", -1))),
            invalid("x-message-ttl") + ": {value_negative,-1}");
  EXPECT_EQ(error_of(with(number("x-message-ttl", 315'360'000'000))), "ok");
  EXPECT_EQ(error_of(with(number("x-message-ttl", 315'360'000'001))),
            invalid("x-message-ttl") + ": {value_too_large,315360000001}");
  EXPECT_EQ(error_of(with(number("x-expires", 0))), invalid("x-expires") + ": {value_zero,0}");
  EXPECT_EQ(error_of(with(number("x-expires", -5))),
            invalid("x-expires") + ": {value_negative,-5}");
  EXPECT_EQ(error_of(with(number("x-max-length", -1))),
            invalid("x-max-length") + ": {value_negative,-1}");
  EXPECT_EQ(error_of(with(number("x-max-priority", 256))),
            invalid("x-max-priority") + ": {max_value_exceeded,256}");
}

TEST(QueueArguments, overflow_is_one_of_three) {
  EXPECT_EQ(error_of(with(string("x-overflow", "drop-tail"))),
            invalid("x-overflow") + ": invalid_overflow");
  EXPECT_EQ(settings_of(with(string("x-overflow", "reject-publish-dlx"))).overflow,
            Overflow::kRejectPublishDeadLetter);
}

TEST(QueueArguments, quorum_queues_know_no_reject_publish_dlx) {
  EXPECT_EQ(settings_of(with(string("x-overflow", "reject-publish-dlx"), true)).overflow,
            Overflow::kDropHead);
}

TEST(QueueArguments, a_dead_letter_key_needs_an_exchange) {
  EXPECT_EQ(error_of(with(string("x-dead-letter-routing-key", "k"))),
            invalid("x-dead-letter-routing-key") + ": routing_key_but_no_dlx_defined");
  FieldTable both = string("x-dead-letter-routing-key", "k");
  both.add_string("x-dead-letter-exchange", "");
  EXPECT_EQ(error_of(with(both)), "ok");
}

TEST(QueueArguments, names_too_long_for_the_wire_are_refused) {
  EXPECT_EQ(error_of(with(string("x-dead-letter-exchange", std::string(255, 'x')))), "ok");
  EXPECT_NE(error_of(with(string("x-dead-letter-exchange", std::string(256, 'x')))), "ok");
}

TEST(QueueArguments, those_of_the_other_type_are_refused) {
  EXPECT_EQ(error_of(with(number("x-max-priority", 5), true)),
            invalid("x-max-priority") + " of queue type rabbit_quorum_queue");
  EXPECT_EQ(error_of(with(number("x-delivery-limit", 5))),
            invalid("x-delivery-limit") + " of queue type rabbit_classic_queue");
  EXPECT_EQ(error_of(with(string("x-queue-mode", "lazy"), true)),
            invalid("x-queue-mode") + " of queue type rabbit_quorum_queue");
  EXPECT_EQ(settings_of(with(number("x-delivery-limit", 5), true)).delivery_limit, 5);
}

TEST(QueueArguments, lazy_is_accepted_and_nothing_else_is_a_mode) {
  EXPECT_EQ(error_of(with(string("x-queue-mode", "lazy"))), "ok");
  EXPECT_EQ(error_of(with(string("x-queue-mode", "eager"))),
            invalid("x-queue-mode") + ": \"unsupported queue mode 'eager'\"");
}

TEST(QueueArguments, unknown_ones_are_ignored) {
  FieldTable table;
  table.add_string("x-whatever", "5").add_boolean("", true);
  EXPECT_EQ(error_of(with(table)), "ok");
}

TEST(QueueArguments, types_we_do_not_have_are_refused) {
  for (const char* type : {"stream", "nonsense", ""})
    EXPECT_TRUE(error_of(with(string("x-queue-type", type))).starts_with(invalid("x-queue-type")));
  EXPECT_EQ(error_of(with(string("x-queue-type", "classic"))), "ok");
}

TEST(QueueArguments, quorum_queues_are_durable_and_shared) {
  QueueDeclaration declaration = with({}, true);
  declaration.durable = false;
  EXPECT_EQ(error_of(declaration),
            "PRECONDITION_FAILED - invalid property 'non-durable' for "
            "queue 'q' in vhost '/'");
  declaration = with({}, true);
  declaration.exclusive = true;
  EXPECT_EQ(error_of(declaration),
            "PRECONDITION_FAILED - invalid property 'exclusive-owner' for "
            "queue 'q' in vhost '/'");
  declaration = with({}, true);
  declaration.auto_delete = true;
  EXPECT_EQ(error_of(declaration),
            "PRECONDITION_FAILED - invalid property 'auto-delete' for "
            "queue 'q' in vhost '/'");
}

// ---- equivalence

std::string compare(const QueueDeclaration& current, const QueueDeclaration& redeclared) {
  const auto status = check_equivalent(current, redeclared, "/");
  return status.ok() ? "ok" : status.error().reply_text();
}
std::string inequivalent_for_q(std::string_view argument, std::string_view rest) {
  return "PRECONDITION_FAILED - inequivalent arg '" + std::string(argument) +
         "' for queue 'q' in vhost '/': " + std::string(rest);
}

TEST(QueueEquivalence, properties_are_worded_as_rabbitmq_does) {
  QueueDeclaration transient = with({});
  transient.durable = false;
  EXPECT_EQ(compare(with({}), transient),
            inequivalent_for_q("durable", "received 'false' but current is 'true'"));
  QueueDeclaration auto_delete = with({});
  auto_delete.auto_delete = true;
  EXPECT_EQ(compare(with({}), auto_delete),
            inequivalent_for_q("auto_delete", "received 'true' but current is 'false'"));
}

TEST(QueueEquivalence, an_exclusive_queue_is_never_durable) {
  QueueDeclaration durable = with({});
  durable.exclusive = true;
  QueueDeclaration transient = durable;
  transient.durable = false;
  EXPECT_EQ(compare(durable, transient), "ok");
}

TEST(QueueEquivalence, arguments_are_worded_with_their_types) {
  EXPECT_EQ(compare(with(number("x-message-ttl", 5)), with(number("x-message-ttl", 6))),
            inequivalent_for_q("x-message-ttl", "received '6' but current is '5'"));
  EXPECT_EQ(compare(with(number("x-message-ttl", 5)), with({})),
            inequivalent_for_q("x-message-ttl",
                               "received none but current is the value '5' of type 'long'"));
  EXPECT_EQ(compare(with({}), with(string("x-dead-letter-exchange", "dlx"))),
            inequivalent_for_q("x-dead-letter-exchange",
                               "received the value 'dlx' of type "
                               "'longstr' but current is none"));
}

TEST(QueueEquivalence, the_width_of_a_number_is_no_difference) {
  FieldTable narrow;
  narrow.add_integer("x-message-ttl", 5);
  EXPECT_EQ(compare(with(number("x-message-ttl", 5)), with(narrow)), "ok");
}

TEST(QueueEquivalence, unknown_arguments_are_not_compared) {
  EXPECT_EQ(compare(with(string("x-whatever", "a")), with(string("x-whatever", "b"))), "ok");
}

TEST(QueueEquivalence, no_type_is_classic) {
  EXPECT_EQ(compare(with({}), with(string("x-queue-type", "classic"))), "ok");
  EXPECT_EQ(compare(with(string("x-queue-type", "classic")), with({})), "ok");
  EXPECT_EQ(compare(with({}), with({}, true)),
            inequivalent_for_q("x-queue-type",
                               "received the value 'quorum' of type 'longstr' but "
                               "current is none"));
}

TEST(SharedSettings, equal_ones_are_one) {
  SharedSettings shared;
  QueueSettings small;
  small.max_length = 5;
  const auto plain = shared.share(QueueSettings());
  const auto limited = shared.share(small);
  EXPECT_NE(plain, limited);
  EXPECT_EQ(limited->max_length, 5u);
  EXPECT_EQ(shared.share(QueueSettings()), plain);
  EXPECT_EQ(shared.share(small), limited);
}

TEST(SharedSettings, remembers_few_kinds_and_changes_none) {
  SharedSettings shared;
  std::vector<std::shared_ptr<const QueueSettings>> all;
  for (std::uint64_t length = 0; length != 20; ++length) {
    QueueSettings settings;
    settings.max_length = length;
    all.push_back(shared.share(std::move(settings)));
  }
  for (std::uint64_t length = 0; length != 20; ++length)
    EXPECT_EQ(all[length]->max_length, length);
}

}  // namespace
}  // namespace harrier::broker

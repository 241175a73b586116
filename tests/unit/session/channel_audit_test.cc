// What a virtual host and its channels tell the audit trail, and what they do not.

#include "channel_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One line for each note.
class RecordingTrail final : public broker::AuditTrail {
 public:
  void note(const broker::Actor& actor, std::string_view virtual_host,
            const broker::AuditNote& note) override {
    std::string line = actor.user;
    line.append("@").append(virtual_host).append(" ").append(note.action);
    if (note.outcome == broker::AuditOutcome::kRefused) line.append(" REFUSED");
    if (note.outcome == broker::AuditOutcome::kLimit) line.append(" LIMIT");
    if (!note.kind.empty()) line.append(" ").append(note.kind).append(" ").append(note.name);
    if (!note.source.empty()) line.append(" from ").append(note.source);
    if (note.count) line.append(" count ").append(std::to_string(*note.count));
    if (!note.reason.empty()) line.append(": ").append(note.reason);
    lines.push_back(std::move(line));
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;
};

class ChannelAudit : public ChannelFixture {
 protected:
  ChannelAudit() { broker.host.set_audit(&trail); }
  ~ChannelAudit() override { broker.host.set_audit(nullptr); }

  RecordingTrail trail;
};

TEST_F(ChannelAudit, WhatIsMadeAndTakenAwayIsToldOnce) {
  auto client = connect();
  EXPECT_THAT(trail.take(), ElementsAre("guest@/ connection.open"));
  client->declare("q").quiet();
  client->declare("q").quiet();
  client->send(1, amqp::QueueBind{0, "q", "amq.topic", "k"}).quiet();
  client->send(1, amqp::QueueBind{0, "q", "amq.topic", "k"}).quiet();
  client->send(1, amqp::QueueUnbind{0, "q", "amq.topic", "k"}).quiet();
  client->send(1, amqp::QueueUnbind{0, "q", "amq.topic", "k"}).quiet();
  client->publish(1, "q", "a").publish(1, "q", "b").quiet();
  client->send(1, amqp::QueuePurge{0, "q"}).quiet();
  client->publish(1, "q", "c").quiet();
  client->send(1, amqp::QueueDelete{0, "q"}).quiet();
  client->send(1, amqp::QueueDelete{0, "q"}).quiet();
  EXPECT_THAT(
      trail.take(),
      ElementsAre("guest@/ queue.declare queue q", "guest@/ queue.bind queue q from amq.topic",
                  "guest@/ queue.unbind queue q from amq.topic",
                  "guest@/ queue.purge queue q count 2", "guest@/ queue.delete queue q count 1"));
}

TEST_F(ChannelAudit, ExclusiveQueuesAreNoDefinitions) {
  auto client = connect();
  trail.take();
  amqp::QueueDeclare declare;
  declare.queue = "mine";
  declare.exclusive = true;
  client->send(1, declare).quiet();
  client->send(1, amqp::QueuePurge{0, "mine"}).quiet();
  client->send(1, amqp::QueueDelete{0, "mine"}).quiet();
  EXPECT_THAT(trail.take(), IsEmpty());
}

TEST_F(ChannelAudit, RefusedMethodIsToldByItsNameAndCounted) {
  auto client = connect();
  trail.take();
  broker.act([&] { broker.host.set_access(permissions({{"guest", "/", "", "", ""}})); });
  client->declare("q");
  EXPECT_THAT(trail.take(),
              ElementsAre("guest@/ queue.declare REFUSED: configure access to queue 'q' in vhost "
                          "'/' refused for user 'guest'"));
  client->open(2).publish(2, "q", "a");
  EXPECT_THAT(trail.take(), ElementsAre(HasSubstr("basic.publish REFUSED: write access")));
  EXPECT_EQ(broker.host.counters().access_refused.value(), 2u);
}

TEST_F(ChannelAudit, MistakesThatAreNoRefusalsAreNotTold) {
  auto client = connect();
  trail.take();
  client->send(1, amqp::QueuePurge{0, "absent"});
  EXPECT_THAT(client->close_text(), HasSubstr("404"));
  EXPECT_THAT(trail.take(), IsEmpty());
  EXPECT_EQ(broker.host.counters().access_refused.value(), 0u);
}

TEST_F(ChannelAudit, PublishesAreNotTold) {
  auto client = connect();
  client->declare("q").quiet();
  trail.take();
  client->publish(1, "q", "a").publish(1, "amq.absent", "b").quiet();
  EXPECT_THAT(trail.take(), IsEmpty());
}

}  // namespace
}  // namespace harrier::test

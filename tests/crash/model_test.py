#!/usr/bin/python3
"""Proves the checker: honest histories pass, and each seeded lie of a broker is noticed."""

import sys
import unittest

from body import make_body, read_body
from model import Model

sys.dont_write_bytecode = True


class ModelCase(unittest.TestCase):
    def setUp(self):
        self.model = Model()
        self.queue("q")
        self.model.consuming("q", "c")

    def queue(self, name, **properties):
        self.model.queue_declaring(name, **properties)
        self.model.queue_declared(name)

    def publish(self, *names, queues=("q",), channel="p/1", **named):
        for name in names:
            self.model.published(channel, name, queues, confirm=True, **named)

    def publish_confirmed(self, *names, channel="p/1", **named):
        self.publish(*names, channel=channel, **named)
        self.model.confirmed(channel, self.model._tags[channel], multiple=True)

    def deliver(self, *names, queue="q", consumer="c", redelivered=False, ack=True, **named):
        for name in names:
            self.model.delivered(queue, name, consumer, redelivered, **named)
            if ack:
                self.model.acked(queue, name, "k/1")

    def ack_durably(self, *names, **named):
        self.deliver(*names, **named)
        self.model.barrier_passed(self.model.barrier_sent("k"))

    def crash(self, consumer="c", queue="q"):
        self.model.crashed()
        self.model.consuming(queue, consumer)

    def end(self, *drained):
        for queue in drained or ("q",):
            self.model.drained(queue)
        self.model.finish()
        return self.model.violations

    def honest(self, *drained):
        self.assertEqual([str(v) for v in self.end(*drained)], [])

    def lie(self, rule, text="", drained=("q",)):
        found = [str(v) for v in self.end(*drained)]
        self.assertTrue(any(v.startswith(rule + ":") and text in v for v in found), found)


class HonestBrokers(ModelCase):
    def test_everything_is_delivered_once(self):
        self.publish_confirmed("a", "b", "c")
        self.deliver("a", "b", "c")
        self.honest()

    def test_an_unconfirmed_message_may_be_lost_in_a_crash(self):
        self.publish("a", "b")
        self.crash()
        self.deliver("b", redelivered=True)
        self.honest()

    def test_an_ack_nobody_vouched_for_may_be_lost_in_a_crash(self):
        self.publish_confirmed("a", "b")
        self.deliver("a", "b")
        self.crash()
        self.deliver("a", "b", redelivered=True)
        self.honest()

    def test_auto_ack_may_lose_or_repeat_at_a_crash(self):
        self.model.consumer_gone("c")
        self.model.consuming("q", "auto", auto_ack=True)
        self.publish_confirmed("a", "b")
        self.deliver("a", consumer="auto", ack=False)
        self.crash()
        self.deliver("a", redelivered=True)
        self.honest()

    def test_a_transaction_in_doubt_may_be_whole_or_not_at_all(self):
        for kept in (True, False):
            self.setUp()
            self.model.published("p/1", "a", ["q"], transaction="t")
            self.model.published("p/1", "b", ["q"], transaction="t")
            self.model.tx_committing("t")
            self.crash()
            if kept:
                self.deliver("a", "b", redelivered=True)
            self.honest()

    def test_a_full_queue_drops_its_head(self):
        self.queue("short", max_length=2)
        self.publish_confirmed("a", "b", "c", queues=["short"])
        self.model.consuming("short", "s")
        self.deliver("b", "c", queue="short", consumer="s")
        self.honest("short")

    def test_dead_letters_come_when_due_and_may_be_undone_by_a_crash(self):
        self.queue("due", ttl=1.0, dead_letter_to=("q",))
        self.publish_confirmed("a", queues=["due"], at=100.0)
        self.deliver("a", ack=False, at=101.0)
        self.crash()
        self.deliver("a", at=102.0)
        self.honest("q", "due")

    def test_closing_a_channel_puts_messages_back(self):
        self.publish_confirmed("a", "b", "c")
        self.deliver("a", "b", ack=False)
        self.model.consumer_gone("c")
        self.model.consuming("q", "d")
        self.deliver("a", "b", redelivered=True, consumer="d")
        self.deliver("c", consumer="d")
        self.honest()

    def test_a_body_is_recognised(self):
        body = make_body("a-1", 5000)
        self.assertEqual((read_body(body), len(body)), (("a-1", True), 5000))


class Lies(ModelCase):
    def test_a_confirmed_message_is_lost(self):
        self.publish_confirmed("a", "b")
        self.crash()
        self.deliver("b", redelivered=True)
        self.lie("I1", "confirmed message lost: a")

    def test_a_confirmed_message_is_lost_in_one_of_three_queues(self):
        self.queue("r")
        self.publish_confirmed("a", queues=["q", "r"])
        self.deliver("a")
        self.lie("I1", "a in r", drained=("q", "r"))

    def test_an_unacknowledged_message_does_not_come_back(self):
        self.publish_confirmed("a")
        self.deliver("a", ack=False)
        self.crash()
        self.lie("I1")

    def test_more_than_the_overflow_is_dropped(self):
        self.queue("short", max_length=2)
        self.publish_confirmed("a", "b", "c", queues=["short"])
        self.model.consuming("short", "s")
        self.deliver("c", queue="short", consumer="s")
        self.lie("I1", "b in short", drained=("short",))

    def test_a_phantom_appears(self):
        self.deliver("never")
        self.lie("I2", "phantom")

    def test_a_message_appears_in_a_queue_it_was_not_routed_to(self):
        self.queue("r")
        self.publish_confirmed("a", queues=["r"])
        self.deliver("a")
        self.lie("I2", "phantom")

    def test_a_body_is_damaged(self):
        body = bytearray(make_body("a", 900))
        body[-1] ^= 1
        name, whole = read_body(bytes(body))
        self.publish_confirmed("a")
        self.deliver(name, whole=whole)
        self.lie("I2", "wrong body")

    def test_two_messages_change_places(self):
        self.publish_confirmed("a", "b")
        self.deliver("b", "a")
        self.lie("I5")

    def test_two_messages_change_places_in_a_crash(self):
        self.publish_confirmed("a", "b")
        self.crash()
        self.deliver("b", "a", redelivered=True)
        self.lie("I5")

    def test_the_redelivered_flag_is_forgotten(self):
        self.publish_confirmed("a")
        self.deliver("a", ack=False)
        self.model.consumer_gone("c")
        self.model.consuming("q", "d")
        self.deliver("a", consumer="d")
        self.lie("I6")

    def test_the_redelivered_flag_is_forgotten_in_a_crash(self):
        self.publish_confirmed("a")
        self.deliver("a", ack=False)
        self.crash()
        self.deliver("a")
        self.lie("I6")

    def test_a_durable_ack_is_forgotten(self):
        self.publish_confirmed("a")
        self.ack_durably("a")
        self.crash()
        self.deliver("a", redelivered=True)
        self.lie("I7")

    def test_an_ack_before_a_confirmed_publish_is_forgotten(self):
        self.publish_confirmed("a")
        self.deliver("a")
        self.publish_confirmed("b", channel="k/2")
        self.crash()
        self.deliver("a", redelivered=True)
        self.lie("I7")

    def test_a_message_comes_back_to_a_queue_that_was_empty(self):
        self.publish("a")
        self.crash()
        self.model.drained("q")
        self.deliver("a", redelivered=True)
        self.lie("I7", "gone for certain")

    def test_a_purged_message_comes_back(self):
        self.publish_confirmed("a")
        self.model.purged(self.model.purging("q"))
        self.crash()
        self.deliver("a", redelivered=True)
        self.lie("I7", "purged")

    def test_auto_ack_delivers_twice_without_a_crash(self):
        self.model.consumer_gone("c")
        self.model.consuming("q", "auto", auto_ack=True)
        self.publish_confirmed("a")
        self.deliver("a", "a", consumer="auto", ack=False, redelivered=True)
        self.lie("I8")

    def test_requeued_messages_change_places(self):
        self.publish_confirmed("a", "b")
        self.deliver("a", "b", ack=False)
        self.model.consumer_gone("c")
        self.model.consuming("q", "d")
        self.deliver("b", "a", consumer="d", redelivered=True)
        self.lie("I10")

    def test_the_delivery_count_falls(self):
        self.queue("quorum", kind="quorum")
        self.publish_confirmed("a", queues=["quorum"])
        for consumer, count in (("x", 0), ("y", 1), ("z", 0)):
            self.model.consuming("quorum", consumer)
            self.deliver("a", queue="quorum", consumer=consumer, count=count, ack=False,
                         redelivered=consumer != "x")
            self.model.consumer_gone(consumer)
        self.lie("I10", "fell from 1 to 0")

    def test_a_durable_delivery_count_falls_in_a_crash(self):
        self.queue("quorum", kind="quorum")
        self.publish_confirmed("a", queues=["quorum"])
        self.model.consuming("quorum", "x")
        self.deliver("a", queue="quorum", consumer="x", count=3, redelivered=True, ack=False)
        self.model.barrier_passed(self.model.barrier_sent("k"))
        self.crash("y", "quorum")
        self.deliver("a", queue="quorum", consumer="y", count=2, redelivered=True)
        self.lie("I10", "fell from 3 to 2")

    def test_a_deleted_queue_comes_back(self):
        self.model.queue_deleting("q")
        self.model.queue_deleted("q")
        self.model.queue_found("q")
        self.lie("I11", "came back")

    def test_a_declared_queue_is_gone(self):
        self.model.queue_missing("q")
        self.lie("I11", "is gone")

    def test_half_a_transaction_survives(self):
        self.model.published("p/1", "a", ["q"], transaction="t")
        self.model.published("p/1", "b", ["q"], transaction="t")
        self.model.tx_committing("t")
        self.crash()
        self.deliver("b", redelivered=True)
        self.lie("I12", "half of transaction")

    def test_the_ack_of_a_transaction_is_undone_and_its_publish_is_not(self):
        self.queue("r")
        self.publish_confirmed("a")
        self.deliver("a", ack=False)
        self.model.published("k/1", "b", ["r"], transaction="t")
        self.model.acked("q", "a", "k/1", transaction="t")
        self.model.tx_committing("t")
        self.crash()
        self.deliver("a", redelivered=True)
        self.model.consuming("r", "d")
        self.deliver("b", queue="r", consumer="d", redelivered=True)
        self.lie("I12", "not its ack", drained=("q", "r"))

    def test_the_publish_of_a_transaction_is_lost_and_its_ack_is_not(self):
        self.queue("r")
        self.publish_confirmed("a")
        self.deliver("a", ack=False)
        self.model.published("k/1", "b", ["r"], transaction="t")
        self.model.acked("q", "a", "k/1", transaction="t")
        self.model.tx_committing("t")
        self.crash()
        self.lie("I12", "not its publish", drained=("q", "r"))

    def test_a_committed_transaction_is_lost(self):
        self.model.published("p/1", "a", ["q"], transaction="t")
        self.model.tx_committing("t")
        self.model.tx_committed("t")
        self.crash()
        self.lie("I1")

    def test_a_transaction_nobody_committed_is_delivered(self):
        self.model.published("p/1", "a", ["q"], transaction="t")
        self.deliver("a")
        self.lie("I12", "not committed")

    def test_a_message_is_dead_lettered_early(self):
        self.queue("due", ttl=1.0, dead_letter_to=("q",))
        self.publish_confirmed("a", queues=["due"], at=100.0)
        self.deliver("a", at=100.9)
        self.lie("I13", "early")

    def test_a_rejected_message_never_reaches_the_dead_letter_queue(self):
        self.queue("work", dead_letter_to=("q",))
        self.publish_confirmed("a", queues=["work"])
        self.model.consuming("work", "w")
        self.deliver("a", queue="work", consumer="w", ack=False)
        self.model.rejected("work", "a", "k/1")
        self.lie("I13", "dead letter is lost", drained=("q", "work"))

    def test_an_expired_message_never_reaches_the_dead_letter_queue(self):
        self.queue("due", ttl=1.0, dead_letter_to=("q",))
        self.publish_confirmed("a", queues=["due"], at=100.0)
        self.lie("I13", "dead letter is lost", drained=("q", "due"))

    def test_a_tag_is_confirmed_twice(self):
        self.publish_confirmed("a")
        self.model.confirmed("p/1", 1)
        self.deliver("a")
        self.lie("I14", "settled again")

    def test_a_tag_is_confirmed_that_was_never_published(self):
        self.publish_confirmed("a")
        self.model.confirmed("p/1", 2)
        self.deliver("a")
        self.lie("I14")

    def test_a_tag_is_never_settled(self):
        self.publish("a", "b")
        self.model.confirmed("p/1", 2)
        self.model.confirms_complete("p/1")
        self.lie("I14", "[1]")

    def test_a_count_is_wrong(self):
        self.publish_confirmed("a", "b")
        self.model.counted("q", 1)
        self.deliver("a", "b")
        self.lie("I18", "not 2 to 2")

    def test_a_count_differs_from_what_is_delivered(self):
        self.publish("a", "b")
        self.crash()
        self.model.counted("q", 2)
        self.deliver("a", redelivered=True)
        self.lie("I18", "gave 1")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])

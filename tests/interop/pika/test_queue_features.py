import datetime

import pika

from pika_case import PikaCase


class DeadLetters(PikaCase):
    def setUp(self):
        super().setUp()
        self.dead = self.queue()

    def source(self, **arguments):
        return self.queue(
            dead_letter_exchange="", dead_letter_routing_key=self.dead, **arguments
        )

    def death_of(self, properties):
        (death,) = properties.headers["x-death"]
        return death

    def test_a_rejected_message_carries_its_history(self):
        queue = self.source()
        before = datetime.datetime.utcnow().replace(microsecond=0)
        self.publish(queue, b"x", properties=pika.BasicProperties(headers={"mine": 1}))
        self.channel.basic_reject(self.get(queue)[0].delivery_tag, requeue=False)

        method, properties, body = self.get(self.dead)
        self.assertEqual(body, b"x")
        self.assertEqual((method.exchange, method.routing_key), ("", self.dead))
        self.assertFalse(method.redelivered)
        death = self.death_of(properties)
        self.assertLessEqual(before, death.pop("time"))
        self.assertEqual(
            death,
            {
                "count": 1,
                "reason": "rejected",
                "queue": queue,
                "exchange": "",
                "routing-keys": [queue],
            },
        )
        self.assertEqual(properties.headers["x-first-death-reason"], "rejected")
        self.assertEqual(properties.headers["x-first-death-queue"], queue)
        self.assertEqual(properties.headers["x-first-death-exchange"], "")
        self.assertEqual(properties.headers["mine"], 1)

    def test_an_expired_message_keeps_its_expiration_in_the_history_only(self):
        queue = self.source()
        self.publish(queue, b"x", properties=pika.BasicProperties(expiration="1"))
        _, properties, _ = self.get(self.dead)
        death = self.death_of(properties)
        self.assertEqual(death["reason"], "expired")
        self.assertEqual(death["original-expiration"], "1")
        self.assertIsNone(properties.expiration)

    def test_an_overflowing_queue_gives_up_its_oldest(self):
        queue = self.source(max_length=2)
        self.publish(queue, b"1", b"2", b"3")
        _, properties, body = self.get(self.dead)
        self.assertEqual(body, b"1")
        self.assertEqual(self.death_of(properties)["reason"], "maxlen")
        self.assertEqual(self.get_bodies(queue, 2), [b"2", b"3"])

    def test_a_second_death_in_the_same_queue_raises_the_count(self):
        queue = self.source()
        self.publish(queue, b"x")
        for count in (1, 2):
            self.channel.basic_reject(self.get(queue)[0].delivery_tag, requeue=False)
            _, properties, body = self.get(self.dead, auto_ack=True)
            self.assertEqual(self.death_of(properties)["count"], count)
            self.channel.basic_publish("", queue, body, properties)

    def test_the_newest_death_comes_first(self):
        first = self.source()
        second = self.queue(dead_letter_exchange="", dead_letter_routing_key=first, message_ttl=0)
        self.publish(second, b"x")
        self.channel.basic_reject(self.get(first)[0].delivery_tag, requeue=False)
        _, properties, _ = self.get(self.dead)
        history = [(d["queue"], d["reason"]) for d in properties.headers["x-death"]]
        self.assertEqual(history, [(first, "rejected"), (second, "expired")])
        self.assertEqual(properties.headers["x-first-death-queue"], second)

    def test_without_a_key_of_its_own_the_message_keeps_its_keys(self):
        exchange = self.exchange("topic")
        self.channel.queue_bind(self.dead, exchange, "orders.#")
        queue = self.queue(dead_letter_exchange=exchange)
        self.channel.queue_bind(queue, "amq.topic", "orders.new")
        self.channel.basic_publish("amq.topic", "orders.new", b"x")
        self.channel.basic_reject(self.get(queue)[0].delivery_tag, requeue=False)
        method, properties, _ = self.get(self.dead)
        self.assertEqual((method.exchange, method.routing_key), (exchange, "orders.new"))
        self.assertEqual(self.death_of(properties)["exchange"], "amq.topic")
        self.assertEqual(self.death_of(properties)["routing-keys"], ["orders.new"])

    def test_a_quorum_queue_gives_up_after_its_delivery_limit(self):
        queue = self.name()
        self.channel.queue_declare(
            queue,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": 2,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": self.dead,
            },
        )
        self.addCleanup(lambda: self.connection.channel().queue_delete(queue))
        self.channel.basic_publish("", queue, b"x", pika.BasicProperties(delivery_mode=2))
        counts = []
        for _ in range(3):
            method, properties, _ = self.get(queue)
            counts.append((properties.headers or {}).get("x-delivery-count"))
            self.channel.basic_nack(method.delivery_tag, requeue=True)
        self.assertIn(counts[0], (None, 0))
        self.assertEqual(counts[1:], [1, 2])
        _, properties, _ = self.get(self.dead)
        self.assertEqual(self.death_of(properties)["reason"], "delivery_limit")


class Expiry(PikaCase):
    def test_messages_of_a_queue_with_a_ttl_go(self):
        queue = self.queue(message_ttl=1)
        self.publish(queue, b"1", b"2")
        self.wait_until(lambda: self.message_count(queue) == 0)

    def test_the_shorter_of_both_ttls_counts(self):
        queue = self.queue(message_ttl=60_000)
        self.publish(queue, b"short", properties=pika.BasicProperties(expiration="1"))
        self.publish(queue, b"long")
        self.wait_until(lambda: self.message_count(queue) == 1)
        self.assertEqual(self.get_bodies(queue, 1), [b"long"])

    def test_a_ttl_of_zero_still_reaches_a_waiting_consumer(self):
        queue = self.queue(message_ttl=0)
        bodies = []
        self.channel.basic_consume(
            queue, lambda _, m, p, body: bodies.append(body), auto_ack=True
        )
        self.publish(queue, b"x")
        self.wait_until(lambda: bodies == [b"x"])

    def test_an_unused_queue_with_x_expires_goes(self):
        queue = self.name()
        self.channel.queue_declare(queue, arguments={"x-expires": 100})
        # Asking for the queue renews its lease, so ask the binding instead: an exchange that goes
        # with its last binding goes with the queue.
        exchange = self.name("exchange")
        self.channel.exchange_declare(exchange, "fanout", auto_delete=True)
        self.channel.queue_bind(queue, exchange)
        self.wait_until(lambda: not self.exists(exchange))

    def exists(self, exchange):
        channel = self.connection.channel()
        try:
            channel.exchange_declare(exchange, passive=True)
        except pika.exceptions.ChannelClosedByBroker as error:
            self.assertEqual(error.reply_code, 404)
            return False
        channel.close()
        return True


class Priorities(PikaCase):
    def test_higher_priorities_come_first_and_equal_ones_in_order(self):
        queue = self.queue(max_priority=5)
        for priority, body in [(None, b"a"), (1, b"b"), (5, b"c"), (9, b"d"), (1, b"e"), (0, b"f")]:
            self.publish(queue, body, properties=pika.BasicProperties(priority=priority))
        self.assertEqual(
            self.get_bodies(queue, 6), [b"c", b"d", b"b", b"e", b"a", b"f"]
        )


class Counts(PikaCase):
    def test_purge_tells_how_many_it_removed_and_leaves_the_unacked(self):
        queue = self.queue()
        self.publish(queue, b"1", b"2", b"3")
        tag = self.get(queue)[0].delivery_tag
        self.assertEqual(self.channel.queue_purge(queue).method.message_count, 2)
        self.channel.basic_nack(tag, requeue=True)
        self.assertEqual(self.get_bodies(queue, 1), [b"1"])

    def test_delete_tells_how_many_were_ready(self):
        queue = self.queue()
        self.publish(queue, b"1", b"2", b"3")
        self.get(queue)
        self.assertEqual(self.channel.queue_delete(queue).method.message_count, 2)

    def test_passive_declare_counts_ready_messages_and_consumers(self):
        queue = self.queue()
        self.publish(queue, b"1", b"2")
        self.get(queue)
        self.connection.channel().basic_consume(self.queue(), lambda *_: None)
        idle = self.connection.channel()
        answer = self.channel.queue_declare(queue, passive=True).method
        self.assertEqual((answer.message_count, answer.consumer_count), (1, 0))
        self.channel.queue_purge(queue)
        idle.basic_consume(queue, lambda *_: None)
        answer = self.channel.queue_declare(queue, passive=True).method
        self.assertEqual((answer.message_count, answer.consumer_count), (0, 1))

    def test_the_broker_names_queues_without_a_name(self):
        queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.assertRegex(queue, r"^amq\.gen-[A-Za-z0-9_-]{22}$")
        self.publish(queue, b"x")
        # The empty name is the queue this channel declared last.
        self.assertEqual(self.get("")[2], b"x")

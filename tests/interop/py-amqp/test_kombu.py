import os
import queue as stdlib_queue
import socket
import unittest
import uuid

import kombu
import kombu.pools

DEADLINE = 20


class KombuCase(unittest.TestCase):
    def setUp(self):
        self.connection = self.connect()
        self.addCleanup(kombu.pools.reset)

    def connect(self, **options):
        connection = kombu.Connection(os.environ["AMQP_TEST_URL"], **options)
        connection.ensure_connection(max_retries=1, timeout=DEADLINE)
        self.addCleanup(connection.release)
        return connection

    def name(self):
        return f"interop.kombu.{uuid.uuid4().hex}"

    def topology(self, exchange_type="direct", routing_key="key", **options):
        exchange = kombu.Exchange(self.name(), exchange_type, durable=False, auto_delete=True)
        return kombu.Queue(
            self.name(), exchange, routing_key=routing_key, exclusive=True, **options
        )

    def receive(self, queues, count, **options):
        """Consumes until count messages have come; returns (body, message) pairs."""
        received = []
        with self.connection.Consumer(
            queues, callbacks=[lambda body, message: received.append((body, message))], **options
        ):
            while len(received) < count:
                self.connection.drain_events(timeout=DEADLINE)
        return received


class Messaging(KombuCase):
    def test_a_producer_declares_what_it_publishes_to(self):
        queue = self.topology()
        producer = self.connection.Producer(serializer="json")
        for number in range(100):
            producer.publish(
                {"number": number}, exchange=queue.exchange, routing_key="key", declare=[queue]
            )
        received = self.receive([queue], 100)
        self.assertEqual([body for body, _ in received], [{"number": n} for n in range(100)])
        for _, message in received:
            message.ack()

    def test_serializers_and_compression_survive(self):
        queue = self.topology()
        producer = self.connection.Producer()
        body = {"text": "žluťoučký kůň" * 500, "list": [1, 2, 3]}
        for serializer, compression in (("json", None), ("json", "zlib"), ("yaml", "bzip2")):
            with self.subTest(serializer=serializer, compression=compression):
                producer.publish(
                    body,
                    exchange=queue.exchange,
                    routing_key="key",
                    declare=[queue],
                    serializer=serializer,
                    compression=compression,
                )
                ((received, message),) = self.receive([queue], 1, accept=[serializer])
                message.ack()
                self.assertEqual(received, body)

    def test_topic_and_fanout_exchanges_route(self):
        wanted = self.topology("topic", "orders.*")
        everything = self.topology("fanout")
        channel = self.connection.channel()
        for queue in (wanted, everything):
            queue(channel).declare()
        producer = self.connection.Producer(channel)
        for key in ("orders.new", "users.new"):
            producer.publish(key, exchange=wanted.exchange, routing_key=key)
            producer.publish(key, exchange=everything.exchange, routing_key=key)
        received = sorted(
            (message.delivery_info["exchange"] == wanted.exchange.name, body)
            for body, message in self.receive([wanted, everything], 3, no_ack=True)
        )
        self.assertEqual(
            received, [(False, "orders.new"), (False, "users.new"), (True, "orders.new")]
        )

    def test_confirmed_publishes_survive_a_retry_policy(self):
        self.connection = self.connect(transport_options={"confirm_publish": True})
        queue = self.topology()
        producer = self.connection.Producer()
        for number in range(20):
            producer.publish(
                number,
                exchange=queue.exchange,
                routing_key="key",
                declare=[queue],
                retry=True,
                retry_policy={"max_retries": 2},
                timeout=DEADLINE,
            )
        self.assertEqual(queue(self.connection.channel()).purge(), 20)

    def test_draining_without_events_times_out(self):
        with self.connection.Consumer([self.topology()], callbacks=[lambda *_: None]):
            with self.assertRaises(socket.timeout):
                self.connection.drain_events(timeout=0.2)


class QualityOfService(KombuCase):
    def test_prefetch_follows_what_the_program_asks_for(self):
        queue = self.topology()
        producer = self.connection.Producer()
        for number in range(10):
            producer.publish(
                number, exchange=queue.exchange, routing_key="key", declare=[queue]
            )
        received = []
        consumer = self.connection.Consumer(
            [queue], callbacks=[lambda body, message: received.append(message)]
        )
        consumer.qos(prefetch_count=2)
        with consumer:
            while len(received) < 2:
                self.connection.drain_events(timeout=DEADLINE)
            with self.assertRaises(socket.timeout):
                self.connection.drain_events(timeout=0.2)
            for message in list(received):
                message.ack()
            while len(received) < 4:
                self.connection.drain_events(timeout=DEADLINE)

    def test_rejected_and_requeued_messages_come_again(self):
        queue = self.topology()
        self.connection.Producer().publish(
            "x", exchange=queue.exchange, routing_key="key", declare=[queue]
        )
        deliveries = []

        def on_message(_, message):
            deliveries.append(message.delivery_info["redelivered"])
            if len(deliveries) < 3:
                message.requeue()
            else:
                message.reject()

        with self.connection.Consumer([queue], callbacks=[on_message]):
            while len(deliveries) < 3:
                self.connection.drain_events(timeout=DEADLINE)
            self.assertEqual(queue(self.connection.channel()).purge(), 0)
        self.assertEqual(deliveries, [False, True, True])


class SimpleQueues(KombuCase):
    def test_a_simple_queue_behaves_like_a_queue(self):
        queue = self.connection.SimpleQueue(self.name(), queue_opts={"auto_delete": True})
        for number in range(10):
            queue.put({"number": number})
        bodies = []
        for _ in range(10):
            message = queue.get(timeout=DEADLINE)
            bodies.append(message.payload["number"])
            message.ack()
        self.assertEqual(bodies, list(range(10)))
        with self.assertRaises(stdlib_queue.Empty):
            queue.get(block=False)
        queue.close()

    def test_a_simple_buffer_needs_no_acks(self):
        buffer = self.connection.SimpleBuffer(self.name())
        buffer.put("x")
        self.assertEqual(buffer.get(timeout=DEADLINE).payload, "x")
        buffer.close()


class Recovery(KombuCase):
    def test_a_producer_recovers_from_a_channel_error(self):
        channel = self.connection.channel()
        with self.assertRaises(self.connection.channel_errors):
            kombu.Queue(self.name(), channel=channel).queue_declare(passive=True)
        queue = self.connection.SimpleQueue(self.name(), queue_opts={"auto_delete": True})
        queue.put("still works")
        self.assertEqual(queue.get(timeout=DEADLINE).payload, "still works")
        queue.close()

    def test_heartbeats_are_negotiated_and_answered(self):
        connection = self.connect(heartbeat=2)
        self.assertEqual(connection.get_heartbeat_interval(), 2)
        self.assertTrue(connection.supports_heartbeats)
        connection.heartbeat_check()
        self.assertTrue(connection.connected)

    def test_a_pool_hands_out_working_connections(self):
        queue = self.name()
        with kombu.pools.producers[self.connection].acquire(block=True) as producer:
            producer.publish("x", routing_key=queue, declare=[kombu.Queue(queue)])
        with kombu.pools.connections[self.connection].acquire(block=True) as connection:
            bound = kombu.Queue(queue)(connection.default_channel)
            self.assertEqual(bound.get(no_ack=True).payload, "x")
            bound.delete()

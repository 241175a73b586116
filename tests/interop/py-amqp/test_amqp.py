"""py-amqp by itself."""

import datetime
import decimal
import os
import socket
import time
import unittest
import uuid

import amqp

DEADLINE = 20


class AmqpCase(unittest.TestCase):
    def setUp(self):
        self.connection = self.connect()
        self.channel = self.connection.channel()

    def connect(self, **options):
        options = {
            "host": f"{os.environ['AMQP_TEST_HOST']}:{os.environ['AMQP_TEST_PORT']}",
            "userid": os.environ["AMQP_TEST_USER"],
            "password": os.environ["AMQP_TEST_PASSWORD"],
            "connect_timeout": DEADLINE,
            **options,
        }
        connection = amqp.Connection(**options)
        connection.connect()
        self.addCleanup(connection.collect)
        return connection

    def queue(self, arguments=None):
        name = f"interop.amqp.{uuid.uuid4().hex}"
        return self.channel.queue_declare(name, exclusive=True, arguments=arguments).queue

    def drain_until(self, condition):
        deadline = time.monotonic() + DEADLINE
        while not condition():
            self.connection.drain_events(timeout=deadline - time.monotonic())

    def round_trip(self, message):
        queue = self.queue()
        received = []
        self.channel.basic_consume(queue, callback=received.append, no_ack=True)
        self.channel.basic_publish(message, routing_key=queue)
        self.drain_until(lambda: received)
        return received[0]


class Connections(AmqpCase):
    def test_both_login_methods_are_accepted(self):
        for method in ("PLAIN", "AMQPLAIN"):
            with self.subTest(method):
                self.assertTrue(self.connect(login_method=method).connected)

    def test_a_wrong_password_is_refused(self):
        with self.assertRaises(amqp.AccessRefused) as caught:
            self.connect(password="wrong")
        self.assertEqual(caught.exception.reply_code, 403)
        self.assertIn("Login was refused using authentication mechanism", str(caught.exception))

    def test_heartbeats_keep_a_quiet_connection_open(self):
        connection = self.connect(heartbeat=3)
        self.assertEqual(connection.heartbeat, 3)
        end = time.monotonic() + 8  # a silent client would be cut off after 6
        while time.monotonic() < end:
            try:
                connection.drain_events(timeout=0.5)
            except socket.timeout:
                pass
            connection.heartbeat_tick()  # raises once the broker has been silent too long
        connection.channel().exchange_declare("amq.direct", "direct", passive=True)

    def test_an_error_closes_only_the_channel(self):
        with self.assertRaises(amqp.NotFound) as caught:
            self.channel.queue_declare("interop.amqp.missing", passive=True)
        self.assertEqual(
            caught.exception.reply_text, "NOT_FOUND - no queue 'interop.amqp.missing' in vhost '/'"
        )
        self.assertEqual(caught.exception.method_sig, amqp.spec.Queue.Declare)
        self.connection.channel().exchange_declare("amq.direct", "direct", passive=True)


class Messages(AmqpCase):
    def test_properties_and_headers_arrive_unchanged(self):
        sent = {
            "content_type": "text/plain",
            "content_encoding": "utf-8",
            "application_headers": {
                "double": 0.1,
                "negative": -(2**40),
                "decimal": decimal.Decimal("-1.25"),
                "time": datetime.datetime(2026, 1, 2, 3, 4, 5),
                "list": [1, "two", {"three": 3.0}],
                "none": None,
                "yes": True,
            },
            "delivery_mode": 2,
            "priority": 3,
            "correlation_id": "c",
            "reply_to": "r",
            "message_id": "m",
            "timestamp": 1_700_000_000,
            "type": "t",
            "app_id": "a",
        }
        received = self.round_trip(amqp.Message("body", **sent))
        self.assertEqual(received.body, "body")
        self.assertEqual(received.properties, sent)

    def test_a_large_body_arrives_whole(self):
        body = os.urandom(3 << 20)
        self.assertTrue(self.round_trip(amqp.Message(body)).body == body)

    def test_publishes_are_confirmed(self):
        self.channel = self.connect(confirm_publish=True).channel()
        queue = self.queue()
        for number in range(50):
            self.channel.basic_publish(
                amqp.Message(str(number)), routing_key=queue, timeout=DEADLINE
            )
        self.assertEqual(self.channel.queue_purge(queue), 50)

    def test_a_rejected_publish_raises(self):
        self.connection = self.connect(confirm_publish=True)
        self.channel = self.connection.channel()
        queue = self.queue({"x-max-length": 0, "x-overflow": "reject-publish"})
        with self.assertRaises(amqp.exceptions.MessageNacked):
            self.channel.basic_publish(amqp.Message("x"), routing_key=queue, timeout=DEADLINE)

    def test_unroutable_messages_are_returned(self):
        returned = []
        self.channel.events["basic_return"].add(
            lambda error, exchange, key, message: returned.append((error, exchange, key, message))
        )
        key = uuid.uuid4().hex
        self.channel.basic_publish(amqp.Message("x"), routing_key=key, mandatory=True)
        self.drain_until(lambda: returned)
        ((error, exchange, returned_key, message),) = returned
        self.assertEqual((error.reply_code, error.reply_text), (312, "NO_ROUTE"))
        self.assertEqual((exchange, returned_key, message.body), ("", key, "x"))


class Consumers(AmqpCase):
    def test_the_consumer_is_told_when_its_queue_is_deleted(self):
        queue = self.queue()
        cancelled = []
        tag = self.channel.basic_consume(
            queue, callback=lambda _: None, on_cancel=cancelled.append
        )
        self.connection.channel().queue_delete(queue)
        self.drain_until(lambda: cancelled)
        self.assertEqual(cancelled, [tag])

    def test_prefetch_bounds_what_is_not_acked(self):
        queue = self.queue()
        for number in range(5):
            self.channel.basic_publish(amqp.Message(str(number)), routing_key=queue)
        self.channel.basic_qos(0, 2, False)
        received = []
        self.channel.basic_consume(queue, callback=received.append)
        self.drain_until(lambda: len(received) == 2)
        for count in (3, 4, 5):
            self.channel.basic_ack(received[count - 3].delivery_tag)
            self.drain_until(lambda: len(received) == count)
        self.assertEqual([m.body for m in received], ["0", "1", "2", "3", "4"])

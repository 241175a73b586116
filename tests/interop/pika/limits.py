"""What limits.yaml sets, seen by a client. Only with a broker of our own."""

import os
import time

import pika

from pika_case import DEADLINE, PikaCase


class Limits(PikaCase):
    def connect_to(self, virtual_host, user="guest"):
        parameters = pika.URLParameters(os.environ["AMQP_TEST_URL"])
        parameters.virtual_host = virtual_host
        parameters.credentials = pika.PlainCredentials(user, user)
        parameters.blocked_connection_timeout = DEADLINE
        connection = pika.BlockingConnection(parameters)
        self.addCleanup(lambda: connection.is_open and connection.close())
        return connection

    def assert_refused(self, text, virtual_host, user="guest"):
        # What pika makes of a connection that is closed while it opens.
        with self.assertRaises(pika.exceptions.ProbableAccessDeniedError) as caught:
            self.connect_to(virtual_host, user)
        self.assertEqual(str(caught.exception), f'ConnectionClosedByBroker: (530) "{text}"')

    def test_the_fourth_connection_of_a_virtual_host_for_three(self):
        three = [self.connect_to("few") for _ in range(3)]
        self.assert_refused(
            "NOT_ALLOWED - access to vhost 'few' refused for user 'guest': "
            "connection limit (3) is reached", "few")
        three.pop().close()
        self.connect_to("few").close()

    def test_the_second_queue_of_a_virtual_host_for_one(self):
        connection = self.connect_to("few")
        channel = connection.channel()
        channel.queue_declare("one", exclusive=True)
        with self.assertRaises(pika.exceptions.ChannelClosedByBroker) as caught:
            channel.queue_declare("two", exclusive=True)
        self.assertEqual(
            (caught.exception.reply_code, caught.exception.reply_text),
            (406, "PRECONDITION_FAILED - cannot declare queue 'two': "
                  "queue limit in vhost 'few' (1) is reached"))
        self.assertTrue(connection.is_open)
        connection.channel().queue_declare("one", exclusive=True)

    def test_a_users_connections_and_channels(self):
        connection = self.connect_to("/", "ali")
        self.assert_refused(
            "NOT_ALLOWED - Connection refused for user 'ali': "
            "user connection limit (1) is reached", "/", "ali")
        connection.channel()
        connection.channel()
        with self.assertRaises(pika.exceptions.ConnectionClosedByBroker) as caught:
            connection.channel()
        self.assertEqual(
            (caught.exception.reply_code, caught.exception.reply_text),
            (530, "NOT_ALLOWED - number of channels opened for user 'ali' has reached the maximum "
                  "allowed user limit of (2)"))

    def publish_time(self, virtual_host, messages, body):
        connection = self.connect_to(virtual_host)
        channel = connection.channel()
        channel.confirm_delivery()
        queue = channel.queue_declare("", exclusive=True).method.queue
        began = time.monotonic()
        for _ in range(messages):
            channel.basic_publish("", queue, body)
        return time.monotonic() - began

    def test_a_publisher_above_its_byte_rate_is_slowed_down_and_others_are_not(self):
        # 600 KiB: the first second's worth is free, the rest takes two seconds but for the last
        # message, which is confirmed before it is paid for.
        body = bytes(20 * 1024)
        slow = self.publish_time("slow", 30, body)
        others = self.publish_time("/", 30, body)
        self.assertGreater(slow, 1.5)
        self.assertLess(others, slow / 2)

    def test_a_full_virtual_host_holds_its_publishers_until_there_is_room(self):
        heard = []
        publisher = self.connect_to("full")
        publisher.add_on_connection_blocked_callback(
            lambda _, frame: heard.append(frame.method.reason))
        publisher.add_on_connection_unblocked_callback(lambda _, frame: heard.append("released"))
        consumer = self.connect_to("full").channel()
        queue = consumer.queue_declare("stored").method.queue
        self.addCleanup(lambda: self.connect_to("full").channel().queue_delete(queue))
        channel = publisher.channel()
        channel.basic_publish("", queue, bytes(10 * 1024))
        publisher.process_data_events(time_limit=0.1)
        channel.basic_publish("", queue, b"late")
        self.wait_until(lambda: heard, publisher)
        self.assertEqual(heard, ["vhost 'full' is at its limit stored_bytes_max"])
        # Others publish meanwhile.
        own = self.queue()
        self.publish(own, b"m")
        self.assertEqual(self.message_count(own), 1)
        consumer.basic_get(queue, auto_ack=True)
        self.wait_until(lambda: len(heard) == 2, publisher)
        self.assertEqual(heard[1], "released")
        self.wait_until(lambda: consumer.basic_get(queue, auto_ack=True)[2] == b"late", publisher)

"""What the pika tests share: connections that are closed again and waiting with a deadline."""

import os
import time
import unittest
import uuid

import pika

DEADLINE = 20  # seconds that anything may take


class PikaCase(unittest.TestCase):
    def setUp(self):
        self.connection = self.connect()
        self.channel = self.connection.channel()
        self._publisher = None

    def connect(self, **changes):
        parameters = pika.URLParameters(os.environ["AMQP_TEST_URL"])
        parameters.blocked_connection_timeout = DEADLINE
        for name, value in changes.items():
            setattr(parameters, name, value)
        connection = pika.BlockingConnection(parameters)
        self.addCleanup(close_if_open, connection)
        return connection

    def name(self, what="queue"):
        return f"interop.pika.{what}.{uuid.uuid4().hex}"

    def queue(self, channel=None, **arguments):
        """Declares an exclusive queue with x-arguments: queue(message_ttl=5)."""
        return (channel or self.channel).queue_declare(
            self.name(), exclusive=True, arguments=x_arguments(arguments)
        ).method.queue

    def exchange(self, exchange_type, **options):
        name = self.name("exchange")
        self.channel.exchange_declare(name, exchange_type, auto_delete=True, **options)
        self.addCleanup(self.delete_exchange, name)
        return name

    def delete_exchange(self, name):
        if self.connection.is_open:
            self.connection.channel().exchange_delete(name)

    def publish(self, queue, *bodies, properties=None, exchange=""):
        """Returns once the broker has confirmed the messages: the queues then hold them."""
        if self._publisher is None:
            self._publisher = self.connection.channel()
            self._publisher.confirm_delivery()
        for body in bodies:
            self._publisher.basic_publish(exchange, queue, body, properties)

    def get(self, queue, **options):
        """Gets one message, waiting for it to arrive."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            method, properties, body = self.channel.basic_get(queue, **options)
            if method is not None:
                return method, properties, body
            self.connection.process_data_events(time_limit=0.01)
        self.fail(f"no message arrived in {queue}")

    def get_bodies(self, queue, count):
        return [self.get(queue, auto_ack=True)[2] for _ in range(count)]

    def assert_empty(self, queue):
        self.assertEqual(self.channel.basic_get(queue, auto_ack=True), (None, None, None))

    def message_count(self, queue):
        return self.channel.queue_declare(queue, passive=True).method.message_count

    def wait_until(self, condition, connection=None):
        """Lets events happen until the condition holds."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                self.fail("the expected did not happen in time")
            (connection or self.connection).process_data_events(time_limit=0.05)

    def settle(self):
        """Returns once the broker has dealt with all that our channel sent before."""
        self.channel.exchange_declare("amq.direct", passive=True)

    def assert_channel_closed(self, code, text, action):
        """The broker answers the action by closing the channel, and only the channel."""
        with self.assertRaises(pika.exceptions.ChannelClosedByBroker) as caught:
            action()
        self.assertTrue(self.connection.is_open)
        self.channel = self.connection.channel()
        self.assertEqual(
            (caught.exception.reply_code, caught.exception.reply_text), (code, reply_text(text))
        )


def reply_text(text):
    """A reply text is a short string: RabbitMQ cuts a longer one to 255 bytes with dots."""
    return text if len(text) <= 255 else text[:252] + "..."


def x_arguments(arguments):
    return {"x-" + name.replace("_", "-"): value for name, value in arguments.items()}


def close_if_open(connection):
    try:
        if connection.is_open:
            connection.close()
    except pika.exceptions.StreamLostError:
        pass  # the broker had closed it, which this end had not noticed yet

"""Tells the broker to stop. Runs last, and only with a broker that is ours to stop."""

import os
import signal

import pika

from pika_case import PikaCase


class Shutdown(PikaCase):
    def test_clients_are_told_that_the_broker_stops(self):
        consuming = self.connect()
        channel = consuming.channel()
        channel.basic_consume(self.queue(channel), lambda *_: None, auto_ack=True)
        os.kill(int(os.environ["AMQP_TEST_BROKER_PID"]), signal.SIGTERM)
        for connection in (self.connection, consuming):
            with self.assertRaises(pika.exceptions.ConnectionClosedByBroker) as caught:
                self.wait_until(lambda: False, connection)
            self.assertEqual(
                (caught.exception.reply_code, caught.exception.reply_text),
                (
                    320,
                    "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'",
                ),
            )

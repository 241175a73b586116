#!/usr/bin/python3
"""A pika client goes on while its queues are paused, emptied, filled and its connection is closed.

    operators_test.py OPERATED_BROKER

Environment:
  HARRIER_TEST_LOOPS    of the broker, 1 unless set
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import pika

DEADLINE = 20  # seconds that anything may take
PERSISTENT = pika.BasicProperties(delivery_mode=2)
BROKER = sys.argv.pop(1)


class Operators(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harrier-operators.")
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name)
        self.start()
        self.addCleanup(self.stop)

    def start(self):
        loops = os.environ.get("HARRIER_TEST_LOOPS", "1")
        self.process = subprocess.Popen([BROKER, self.data, loops], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(DEADLINE)
        self.process.stdout.close()

    def operate(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def connect(self):
        parameters = pika.ConnectionParameters("127.0.0.1", self.port, socket_timeout=DEADLINE)
        connection = pika.BlockingConnection(parameters)
        self.addCleanup(self.close, connection)
        channel = connection.channel()
        channel.confirm_delivery()
        return channel

    @staticmethod
    def close(connection):
        with contextlib.suppress(pika.exceptions.AMQPError):
            connection.close()

    def publish(self, channel, queue, count, first=0):
        for number in range(first, first + count):
            channel.basic_publish("", queue, str(number), PERSISTENT)

    def consume(self, channel, queue):
        """Bodies that come, in order, acknowledged."""
        bodies = []

        def take(of, method, _, body):
            bodies.append(int(body))
            of.basic_ack(method.delivery_tag)

        channel.basic_consume(queue, take, consumer_tag="tag")
        return bodies

    def await_true(self, channel, condition):
        deadline = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            channel.connection.process_data_events(0.05)

    def test_a_paused_queue_holds_its_consumer_up_and_loses_nothing(self):
        channel = self.connect()
        channel.queue_declare("q", durable=True)
        bodies = self.consume(channel, "q")
        self.publish(channel, "q", 50)
        self.await_true(channel, lambda: len(bodies) == 50)
        self.assertEqual(self.operate("pause", "q"), "ok")
        self.publish(channel, "q", 50, first=50)
        # What is not held up would have come before the answer to this.
        self.assertEqual(channel.queue_declare("q", passive=True).method.message_count, 50)
        self.assertEqual(len(bodies), 50)
        self.assertEqual(channel.basic_get("q"), (None, None, None))
        self.assertEqual(self.operate("browse", "q"), "50")
        self.assertEqual(self.operate("resume", "q"), "ok")
        self.await_true(channel, lambda: len(bodies) == 100)
        self.assertEqual(bodies, list(range(100)))

    def test_a_pause_outlives_the_process(self):
        channel = self.connect()
        channel.queue_declare("q", durable=True)
        self.publish(channel, "q", 1)
        self.assertEqual(self.operate("pause", "q"), "ok")
        self.process.kill()
        self.process.wait(DEADLINE)
        self.process.stdin.close()
        self.process.stdout.close()
        self.start()
        channel = self.connect()
        bodies = self.consume(channel, "q")
        self.assertEqual(channel.queue_declare("q", passive=True).method.message_count, 1)
        self.assertEqual(bodies, [])
        self.assertEqual(self.operate("resume", "q"), "ok")
        self.await_true(channel, lambda: bodies == [0])

    def test_a_consumer_gets_what_is_moved_to_its_queue_in_order(self):
        channel = self.connect()
        for name in ("backlog", "work"):
            channel.queue_declare(name, durable=True)
        bodies = self.consume(channel, "work")
        self.publish(channel, "backlog", 1000)
        self.assertEqual(self.operate("move", "backlog", "work"), "1000")
        self.await_true(channel, lambda: len(bodies) == 1000)
        self.assertEqual(bodies, list(range(1000)))
        self.assertEqual(channel.queue_declare("backlog", passive=True).method.message_count, 0)

    def test_rejected_messages_come_again_after_a_redrive(self):
        channel = self.connect()
        channel.queue_declare("dead", durable=True)
        channel.queue_declare("work", durable=True, arguments={
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"})
        self.publish(channel, "work", 20)
        for _ in range(20):
            method, _, _ = channel.basic_get("work")
            channel.basic_reject(method.delivery_tag, requeue=False)
        self.await_true(channel, lambda: channel.queue_declare(
            "dead", passive=True).method.message_count == 20)
        bodies = self.consume(channel, "work")
        self.assertEqual(self.operate("redrive", "dead"), "20")
        self.await_true(channel, lambda: len(bodies) == 20)
        self.assertEqual(bodies, list(range(20)))

    def test_a_cancelled_consumer_and_a_closed_connection_are_told(self):
        channel = self.connect()
        channel.queue_declare("q", durable=True)
        cancelled = []
        channel.add_on_cancel_callback(lambda frame: cancelled.append(frame.method.consumer_tag))
        self.consume(channel, "q")
        self.assertEqual(self.operate("cancel", "q", "tag"), "ok")
        self.await_true(channel, lambda: cancelled == ["tag"])
        self.assertEqual(self.operate("close", "guest"), "1")
        with self.assertRaises(pika.exceptions.ConnectionClosedByBroker) as closed:
            self.await_true(channel, lambda: False)
        self.assertEqual(closed.exception.reply_code, 320)
        self.assertEqual(closed.exception.reply_text, "CONNECTION_FORCED - go away")

    def test_what_an_operator_did_stands_in_the_audit_log(self):
        channel = self.connect()
        for name in ("q", "other"):
            channel.queue_declare(name, durable=True)
        self.publish(channel, "q", 3)
        self.operate("pause", "q")
        self.operate("pause", "q")  # changes nothing, and is not told
        self.operate("move", "q", "other")
        self.operate("close", "guest")
        self.stop()
        lines = [json.loads(line) for line in (self.data / "audit.jsonl").read_text().splitlines()]
        told = [line for line in lines if line.get("peer") == "stdin"]
        self.assertEqual([line["action"] for line in told],
                         ["queue.pause", "queue.move", "connection.close"])
        self.assertEqual({line["user"] for line in told}, {"guest"})
        self.assertEqual((told[1]["name"], told[1]["routing_key"], told[1]["count"]),
                         ("q", "other", 3))
        self.assertEqual((told[2]["name"], told[2]["reason"]), ("guest", "go away"))

    def test_a_drained_node_comes_back(self):
        channel = self.connect()
        channel.queue_declare("q", durable=True)
        self.publish(channel, "q", 1)
        self.assertEqual(self.operate("drain"), "ok")
        with self.assertRaises(pika.exceptions.AMQPConnectionError):
            self.connect()
        self.assertEqual(self.operate("revive"), "ok")
        channel = self.connect()
        self.assertEqual(channel.basic_get("q", auto_ack=True)[2], b"0")


if __name__ == "__main__":
    unittest.main()

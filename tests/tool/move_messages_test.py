#!/usr/bin/python3
"""docs/operations/move_messages.py moves a queue from RabbitMQ (or, without it, from another
HarrierMQ) to HarrierMQ: whole, in order, and without a loss when it is killed.

Environment: HARRIERMQ_BINARY.
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import pika

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
sys.path.insert(0, str(HERE))
from daemon import Daemon  # noqa: E402
import rabbitmq  # noqa: E402

MOVER = HERE.parents[1] / "docs/operations/move_messages.py"
MESSAGES = 400


def url(port):
    return f"amqp://guest:guest@127.0.0.1:{port}/%2F"


def channel_of(test, port):
    connection = pika.BlockingConnection(pika.URLParameters(url(port)))
    test.addCleanup(lambda: connection.is_open and connection.close())
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


def drained(channel):
    while True:
        method, properties, body = channel.basic_get("orders", auto_ack=True)
        if method is None:
            return
        yield body, properties


class MoveMessages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="harrier-move.")
        cls.addClassCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        if rabbitmq.installed():
            rabbit = rabbitmq.Rabbit(root / "rabbit").__enter__()
            cls.addClassCleanup(rabbit.__exit__)
            cls.source_port = rabbit.port
        else:
            cls.source_port = cls.daemon(root / "source")
        cls.target_port = cls.daemon(root / "target")

    @classmethod
    def daemon(cls, folder):
        daemon = Daemon(folder).start()
        cls.addClassCleanup(daemon.close)
        return daemon.port

    def setUp(self):
        self.source = channel_of(self, self.source_port)
        self.target = channel_of(self, self.target_port)
        for channel in (self.source, self.target):
            channel.queue_declare("orders", durable=True)
            channel.queue_purge("orders")
        for number in range(MESSAGES):
            self.source.basic_publish("", "orders", b"%d" % number, pika.BasicProperties(
                delivery_mode=2, message_id=str(number), headers={"n": number, "t": ["a", {}]}))

    def mover(self):
        return subprocess.Popen(
            ["/usr/bin/python3", "-B", str(MOVER), url(self.source_port), "orders",
             url(self.target_port)], stdout=subprocess.PIPE, text=True)

    def count(self, channel):
        return channel.queue_declare("orders", passive=True).method.message_count

    def check_moved(self):
        with self.mover() as mover:
            told = mover.communicate(timeout=60)[0]
        self.assertEqual((mover.returncode, self.count(self.source)), (0, 0))
        return told

    def test_all_of_it_in_order_with_its_properties(self):
        self.assertEqual(self.check_moved(), f"{MESSAGES} messages moved\n")
        moved = list(drained(self.target))
        self.assertEqual([body for body, _ in moved], [b"%d" % n for n in range(MESSAGES)])
        for number, (_, properties) in enumerate(moved):
            self.assertEqual(properties.headers, {"n": number, "t": ["a", {}]})
            self.assertEqual((properties.message_id, properties.delivery_mode), (str(number), 2))

    def test_killed_it_loses_nothing_and_the_next_run_finishes(self):
        with self.mover() as mover:
            while self.count(self.target) < MESSAGES // 4:
                self.assertIsNone(mover.poll(), "it was done before it could be killed")
            mover.kill()
        self.check_moved()
        bodies = [int(body) for body, _ in drained(self.target)]
        self.assertEqual(sorted(set(bodies)), list(range(MESSAGES)))
        self.assertLessEqual(len(bodies), MESSAGES + 1)

    def test_without_the_queue_over_there_nothing_is_taken(self):
        self.target.queue_delete("orders")
        with self.mover() as mover:
            mover.communicate(timeout=60)
        self.assertNotEqual(mover.returncode, 0)
        while self.count(self.source) < MESSAGES:  # what it held comes back when it has gone
            pass


if __name__ == "__main__":
    unittest.main(verbosity=2)

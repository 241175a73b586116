"""What the tests of listeners share: a daemon for each class, and questions to it.

Environment:
  HARRIERMQ_BINARY       the broker
  HARRIER_TEST_LOOPS     of the broker, 1 unless set
"""

import contextlib
import os
import pathlib
import socket
import sys
import tempfile
import unittest
import urllib.request

import pika

sys.dont_write_bytecode = True
for folder in ("crash", "tls"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / folder))
from daemon import Daemon, free_port  # noqa: E402

DEADLINE = 20  # seconds that anything may take
HEADER = b"AMQP\x00\x00\x09\x01"


def read_to_end(client):
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while octets := client.recv(65536):
            received += octets
    return received


class ListenerCase(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = pathlib.Path(cls.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="harrier-listeners.")))
        cls.metrics_port = free_port()
        cls.daemon = cls.stack.enter_context(Daemon(cls.folder / "data", {
            "loops": os.environ.get("HARRIER_TEST_LOOPS", 1),
            "metrics": {"enabled": True, "port": cls.metrics_port}, **cls.settings()}))
        cls.daemon.start()

    @classmethod
    def settings(cls):
        return cls.SETTINGS

    def connect(self, port):
        """By pika, as guest."""
        connection = pika.BlockingConnection(pika.ConnectionParameters(
            "127.0.0.1", port, blocked_connection_timeout=DEADLINE))
        self.addCleanup(self.close_if_open, connection)
        return connection

    @staticmethod
    def close_if_open(connection):
        with contextlib.suppress(pika.exceptions.AMQPError):
            connection.close()

    def assert_serves(self, port, body=b"hello"):
        connection = self.connect(port)
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.confirm_delivery()
        channel.basic_publish("", queue, body)
        self.assertEqual(channel.basic_get(queue, auto_ack=True)[2], body)
        connection.close()

    def assert_starts(self, client):
        """The broker answers our protocol header, which was sent, with connection.start."""
        self.assertEqual(client.recv(3, socket.MSG_WAITALL), b"\x01\x00\x00")

    def metric(self, line):
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        text = urllib.request.urlopen(url, timeout=DEADLINE).read().decode()
        return next(float(found.rsplit(" ", 1)[1]) for found in text.splitlines()
                    if found.startswith(line))

"""What the tests of the management API share: a daemon for each class, and requests to it.

Environment:
  HARRIERMQ_BINARY    the broker
  HARRIER_TEST_LOOPS  of the broker, 1 unless set
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import socket
import sys
import tempfile
import time
import unittest
import urllib.parse

import pika

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from daemon import Daemon, free_port  # noqa: E402

DEADLINE = 20  # seconds that anything may take
ADMIN = ("guest", "guest")


def quoted(name):
    return urllib.parse.quote(name, safe="")


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("not in time: " + what)
        time.sleep(0.02)
    return value


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(self.path)


class ManagementCase(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = pathlib.Path(cls.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="harrier-management.")))
        cls.port = free_port()
        cls.socket_path = str(cls.folder / "ctl.sock")
        settings = {
            "loops": os.environ.get("HARRIER_TEST_LOOPS", 1),
            "audit": {"file": "auto"},
            # Slow hashes are for those who guess.
            "auth": {"hash_iterations_sha256": 10000, "hash_iterations_sha512": 10000},
            "management": {"enabled": True, "port": cls.port,
                           "unix": {"path": cls.socket_path}},
        }
        for key, value in cls.SETTINGS.items():
            settings[key] = {**settings.get(key, {}), **value} if isinstance(value, dict) else value
        cls.daemon = Daemon(cls.folder / "data", settings)
        cls.stack.callback(lambda: cls.daemon.is_alive() and cls.daemon.kill9())
        cls.daemon.start()

    @classmethod
    def ask(cls, method, path, body=None, user=ADMIN, fields=None, raw=None):
        """An Answer. `body` is sent as JSON, `raw` as it is."""
        fields = dict(fields or {})
        if user is not None:
            fields["Authorization"] = "Basic " + base64.b64encode(
                ":".join(user).encode()).decode()
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        if data is not None:
            fields.setdefault("Content-Type", "application/json")
        client = http.client.HTTPConnection("127.0.0.1", cls.port, timeout=DEADLINE)
        try:
            client.request(method, path, body=data, headers=fields)
            return Answer(client.getresponse())
        finally:
            client.close()

    @classmethod
    def ask_unix(cls, method, path, body=None, fields=None):
        client = UnixConnection(cls.socket_path)
        try:
            client.request(method, path, body=None if body is None else json.dumps(body),
                           headers=fields or {})
            return Answer(client.getresponse())
        finally:
            client.close()

    @classmethod
    def get(cls, path, user=ADMIN):
        answer = cls.ask("GET", path, user=user)
        assert answer.status == 200, (path, answer)
        return answer.json

    def expect(self, status, method, path, body=None, **named):
        answer = self.ask(method, path, body, **named)
        self.assertEqual(answer.status, status, (method, path, body, answer))
        return answer

    def amqp(self, user="guest", password="guest", virtual_host="/", **named):
        connection = pika.BlockingConnection(pika.ConnectionParameters(
            "127.0.0.1", self.daemon.port, virtual_host, pika.PlainCredentials(user, password),
            connection_attempts=1, **named))

        def close():
            with contextlib.suppress(pika.exceptions.AMQPError):
                connection.close()
        self.addCleanup(close)
        return connection

#!/usr/bin/python3
"""Definitions as an operator meets them: read at the start and at SIGHUP, taken from a directory.

Environment:
  HARRIERMQ_BINARY, HARRIER_JOURNAL_BINARY    the programs
"""

import json
import pathlib
import signal
import sys
import tempfile
import time
import unittest

import pika

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
sys.path.insert(0, str(HERE))
from daemon import CONFIG, Daemon, DaemonEnded  # noqa: E402
from directories import run_tool  # noqa: E402
import rabbitmq  # noqa: E402

FIXTURE = HERE / "definitions" / "rabbitmq-3.10.json"
ALI = pika.PlainCredentials("ali", "open sesame")
DEADLINE = 20


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not in time: " + what)
        time.sleep(0.01)


def items(document, section, *keys):
    return sorted(tuple(json.dumps(item.get(key), sort_keys=True) for key in keys)
                  for item in document[section])


class Definitions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harrier-definitions.")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.file = self.root / "definitions.json"
        self.daemon = Daemon(self.root / "data", {"definitions": {"load": str(self.file)}})
        self.addCleanup(self.daemon.close)

    def write(self, document):
        self.file.write_text(document if isinstance(document, str) else json.dumps(document))

    def reload(self):
        """What the log says of it."""
        before = len(self.daemon.log())
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reloaded" in self.daemon.log()[before:], "a reload")
        return self.daemon.log()[before:]

    def exported(self, *words):
        code, output, errors = run_tool(self.daemon.data_dir, "definitions", *words)
        self.assertEqual(code, 0, errors)
        return json.loads(output), errors

    def test_an_export_of_rabbitmq_is_the_start(self):
        self.write(FIXTURE.read_text())
        self.daemon.start()
        shop = self.daemon.connect(virtual_host="shop", credentials=ALI)
        channel = shop.channel()
        channel.queue_declare("q1", passive=True)
        channel.queue_declare("qq", passive=True)
        with self.assertRaises(pika.exceptions.ChannelClosedByBroker) as refused:
            channel.queue_declare("other")
        self.assertEqual(refused.exception.reply_code, 403)
        shop.close()
        self.assertEqual(self.daemon.term(), 0)

    def test_sighup_adds_and_disturbs_nobody(self):
        self.write({"queues": [{"name": "work", "vhost": "/", "durable": True}]})
        self.daemon.start()
        live = self.daemon.connect()
        channel = live.channel()
        got = []
        channel.basic_consume("work", lambda *what: got.append(what[3]), auto_ack=True)
        channel.basic_publish("", "work", b"before")
        self.write({
            "vhosts": [{"name": "new"}],
            "permissions": [{"user": "guest", "vhost": "new", "configure": ".*", "write": ".*",
                             "read": ".*"}],
            "queues": [{"name": "fresh", "vhost": "new", "durable": True},
                       {"name": "work", "vhost": "/", "durable": True}]})
        self.assertIn("imported", self.reload())
        fresh = self.daemon.connect(virtual_host="new")
        fresh.channel().queue_declare("fresh", passive=True)
        fresh.close()
        channel.basic_publish("", "work", b"after")
        wait_until(lambda: live.process_data_events(0.01) or len(got) == 2, "both messages")
        self.assertEqual(got, [b"before", b"after"])
        self.write("{ bad")
        self.assertIn("not reloaded", self.reload())
        channel.basic_publish("", "work", b"still")
        wait_until(lambda: live.process_data_events(0.01) or len(got) == 3, "the third")
        live.close()
        self.assertEqual(self.daemon.term(), 0)

    def test_a_bad_file_is_no_start(self):
        for text, reason in (("{ bad", "no JSON"), ('{"users":[{}]}', "users[0] has no name")):
            self.write(text)
            with self.assertRaises(DaemonEnded) as ended:
                self.daemon.start()
            self.assertEqual(ended.exception.code, CONFIG)
            self.assertIn(f"definitions.load: {self.file}: {reason}", self.daemon.log())

    def test_what_a_directory_has_starts_another(self):
        self.write(FIXTURE.read_text())
        self.daemon.start()
        self.assertEqual(self.daemon.term(), 0)
        first, _ = self.exported()
        self.write(first)
        self.daemon.data_dir = self.root / "another"
        self.daemon.start()
        self.assertEqual(self.daemon.term(), 0)
        self.assertEqual(self.exported()[0], first)

    @unittest.skipUnless(rabbitmq.installed(), "RabbitMQ is not installed: nothing imports it")
    def test_rabbitmq_imports_what_we_export(self):
        self.write(FIXTURE.read_text())
        self.daemon.start()
        self.assertEqual(self.daemon.term(), 0)
        document, left_out = self.exported("--rabbitmq")
        names = [user["name"] for user in document["users"]]
        self.assertEqual([name for name in names if name != "guest"], ["ali", "nobody"])
        # Who has logged in may have SCRAM keys by now.
        self.assertEqual("guest" in names, "left out: user 'guest'" not in left_out)
        ours = self.root / "ours.json"
        ours.write_text(json.dumps(document))
        with rabbitmq.Rabbit(self.root / "rabbit") as rabbit:
            rabbit.control("import_definitions", str(ours))
            rabbit.control("authenticate_user", "ali", "open sesame")
            theirs = self.root / "theirs.json"
            rabbit.control("export_definitions", str(theirs))
        theirs = json.loads(theirs.read_text())
        for section, *keys in (
                ("queues", "name", "vhost", "durable", "auto_delete", "arguments"),
                ("exchanges", "name", "vhost", "type", "durable", "arguments"),
                ("bindings", "source", "vhost", "destination", "routing_key", "arguments"),
                ("policies", "vhost", "name", "pattern", "priority", "apply-to", "definition"),
                ("topic_permissions", "user", "vhost", "exchange", "write", "read"),
                ("parameters", "component", "vhost", "name")):
            self.assertEqual(items(theirs, section, *keys), items(document, section, *keys),
                             section)


if __name__ == "__main__":
    unittest.main()

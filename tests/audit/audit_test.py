#!/usr/bin/python3
"""What clients do leaves its line in the audit log, and harrier-audit finds what was changed in it.

Environment:
  HARRIERMQ_BINARY      the broker
  HARRIER_AUDIT_BINARY  harrier-audit
  HARRIER_TEST_LOOPS    of the broker, 1 unless set
"""

import contextlib
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import pika

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from daemon import IO_FAILURE, Daemon, free_port  # noqa: E402

DEADLINE = 20  # seconds that anything may take
WHOLE, TORN, USAGE, BROKEN = 0, 1, 64, 65
USERS = ("[{name: guest, password: guest, permissions: [{virtual_host: /}]}, "
         "{name: weak, password: weak, "
         "permissions: [{virtual_host: /, configure: ^weak, write: ^weak, read: ^weak}]}]")


def verify(*words):
    """(exit code, what it printed)."""
    done = subprocess.run([os.environ["HARRIER_AUDIT_BINARY"], "verify", *map(str, words)],
                          capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def close(connection):
    with contextlib.suppress(pika.exceptions.AMQPError):
        connection.close()


class Audit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harrier-audit.")
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name) / "data"
        self.log = self.data / "audit.jsonl"

    def daemon(self, **settings):
        settings = {"loops": int(os.environ.get("HARRIER_TEST_LOOPS", 1)), "users": USERS,
                    "virtual_hosts": "[/, other]", "audit": {"file": "auto"},
                    "shutdown_timeout": "50ms", **settings}
        daemon = Daemon(self.data, settings)
        self.addCleanup(lambda: daemon.process and daemon.process.poll() is None
                        and daemon.kill9())
        return daemon.start()

    def connect(self, daemon, user="guest", password=None, virtual_host="/"):
        connection = pika.BlockingConnection(pika.ConnectionParameters(
            "127.0.0.1", daemon.port, virtual_host,
            pika.PlainCredentials(user, user if password is None else password),
            connection_attempts=1, blocked_connection_timeout=DEADLINE))
        self.addCleanup(close, connection)
        return connection

    def records(self, **wanted):
        """The whole lines so far that say what is wanted."""
        lines = self.log.read_bytes().split(b"\n")[:-1]
        records = [json.loads(line) for line in lines]
        return [record for record in records
                if all(record.get(key) == value for key, value in wanted.items())]

    def record(self, **wanted):
        """The one record; waits for it."""
        deadline = time.monotonic() + DEADLINE
        while not (found := self.records(**wanted)):
            if time.monotonic() > deadline:
                self.fail(f"{wanted} is not in\n{self.log.read_text()}")
            time.sleep(0.02)
        self.assertEqual(len(found), 1, found)
        return found[0]

    def assert_refused(self, channel_action, code):
        with self.assertRaises(pika.exceptions.ChannelClosedByBroker) as caught:
            channel_action()
        self.assertEqual(caught.exception.reply_code, code)

    def assert_whole(self, *words):
        code, output = verify(*words, *self.data.glob("audit.jsonl*"))
        self.assertEqual(code, WHOLE, output)
        return output

    # ---- what is told

    def test_logins_and_virtual_hosts(self):
        daemon = self.daemon()
        self.connect(daemon)
        login = self.record(action="login", outcome="done")
        self.assertEqual((login["user"], login["mechanism"]), ("guest", "PLAIN"))
        self.assertRegex(login["peer"], r"^127\.0\.0\.1:\d+$")
        self.assertRegex(login["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        opened = self.record(action="connection.open", outcome="done")
        self.assertEqual((opened["user"], opened["vhost"]), ("guest", "/"))
        with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
            self.connect(daemon, "guest", "wrong")
        refused = self.record(action="login", outcome="refused")
        self.assertEqual((refused["user"], refused["reason"]), ("guest", "invalid credentials"))
        for virtual_host in ("other", "absent"):
            with self.assertRaises(pika.exceptions.AMQPError):
                self.connect(daemon, virtual_host=virtual_host)
            self.record(action="connection.open", outcome="refused", vhost=virtual_host,
                        user="guest")
        self.assertNotIn("wrong", self.log.read_text())
        daemon.term()
        self.assert_whole()

    def test_definitions_deletions_and_purges(self):
        daemon = self.daemon()
        channel = self.connect(daemon).channel()
        channel.queue_declare("q")
        channel.queue_declare("q")
        channel.exchange_declare("e", "topic")
        channel.queue_bind("q", "e", "key.#")
        channel.exchange_bind("e", "amq.topic", "k")
        channel.confirm_delivery()
        channel.basic_publish("", "q", b"1")
        channel.basic_publish("", "q", b"2")
        channel.queue_purge("q")
        channel.basic_publish("", "q", b"3")
        channel.queue_unbind("q", "e", "key.#")
        channel.exchange_delete("e")
        channel.queue_delete("q")
        channel.queue_delete("q")
        mine = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_delete(mine)
        self.assertEqual(daemon.term(), 0)
        self.assertEqual(
            [(r["action"], r["name"], r.get("source"), r.get("routing_key"), r.get("count"))
             for r in self.records(user="guest", outcome="done") if "kind" in r],
            [("queue.declare", "q", None, None, None),
             ("exchange.declare", "e", None, None, None),
             ("queue.bind", "q", "e", "key.#", None),
             ("exchange.bind", "e", "amq.topic", "k", None),
             ("queue.purge", "q", None, None, 2),
             ("queue.unbind", "q", "e", "key.#", None),
             ("exchange.delete", "e", None, None, None),
             ("queue.delete", "q", None, None, 1)])
        self.assert_whole()

    def test_refusals_and_limits(self):
        daemon = self.daemon(limits={"virtual_host": {"queues_max": 1}})
        self.connect(daemon).channel().queue_declare("q")
        connection = self.connect(daemon, "weak")
        connection.channel().exchange_declare("weak")
        for action in (lambda channel: channel.queue_declare("strong"),
                       lambda channel: channel.queue_purge("q"),
                       lambda channel: channel.exchange_delete("amq.topic"),
                       lambda channel: channel.basic_get("q")):
            channel = connection.channel()
            self.assert_refused(lambda: action(channel), 403)
        channel = connection.channel()
        channel.confirm_delivery()
        self.assert_refused(lambda: channel.basic_publish("amq.topic", "k", b""), 403)
        channel = connection.channel()
        channel.confirm_delivery()
        self.assert_refused(lambda: channel.basic_publish(
            "weak", "k", b"", pika.BasicProperties(user_id="guest")), 406)
        channel = connection.channel()
        self.assert_refused(lambda: channel.queue_declare("weak"), 406)
        refused = {action: self.record(action=action, outcome="refused", user="weak",
                                       vhost="/")["reason"]
                   for action in ("queue.declare", "queue.purge", "exchange.delete",
                                  "basic.get")}
        self.assertIn("configure access to queue 'strong'", refused["queue.declare"])
        self.assertIn("read access to queue 'q'", refused["basic.get"])
        self.assertEqual(len(self.records(action="basic.publish", outcome="refused")), 2)
        self.assertIn("deletion of system exchange", refused["exchange.delete"])
        limit = self.record(action="queue.declare", outcome="limit")
        self.assertIn("queue limit in vhost '/' (1) is reached", limit["reason"])
        daemon.term()
        self.assert_whole()

    def test_sockets_beyond_the_limit(self):
        daemon = self.daemon(limits={"accept": {"connections_max": 1}})
        daemon.connect()  # once the broker has seen the end of the one that looked for it
        with self.assertRaises(pika.exceptions.AMQPConnectionError):
            self.connect(daemon)
        self.assertIn("connections_max", self.record(action="connection.accept")["reason"])

    def test_start_reload_and_stop(self):
        daemon = self.daemon()
        self.record(action="node.start")
        daemon.process.send_signal(signal.SIGHUP)
        self.record(action="node.reload", outcome="done")
        self.assertEqual(daemon.term(), 0)
        self.record(action="node.stop")
        node = self.records()[0]["node"]
        self.assertIn(f"uuid {node}\n", (self.data / "node").read_text())

    def test_hostile_names(self):
        daemon = self.daemon()
        channel = self.connect(daemon).channel()
        names = ['a","hash":"', "\x1b[2J\x01\t", "\u202egnp", "n" * 255]
        for name in names:
            channel.queue_declare(name)
            channel.queue_delete(name)
        with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
            self.connect(daemon, "u\n{}\x7f", "x")
        daemon.term()
        self.assertEqual([r["name"] for r in self.records(action="queue.delete")], names)
        self.assertTrue(self.log.read_bytes().isascii())
        self.assert_whole()

    def test_a_flood_of_wrong_passwords_is_a_line_and_a_number(self):
        daemon = self.daemon(auth={"throttle_delay_max": "0s"},
                             limits={"connection": {"refusal_delay": "0s"}})
        for _ in range(50):
            with self.assertRaises(pika.exceptions.AMQPConnectionError):
                self.connect(daemon, "guest", "wrong")
        self.assertEqual(daemon.term(), 0)
        one, number = self.records(action="login", outcome="refused")
        self.assertNotIn("count", one)
        self.assertEqual((number["count"], number["peer"]), (49, "127.0.0.1"))
        self.assert_whole()

    def test_what_is_left_out(self):
        daemon = self.daemon(audit={"file": "auto", "events": "[]"})
        channel = self.connect(daemon).channel()
        channel.queue_declare("q")
        channel.queue_delete("q")
        daemon.term()
        self.assertEqual([r["action"] for r in self.records()],
                         ["audit.begin", "node.start", "queue.delete", "node.stop"])

    def test_off(self):
        daemon = self.daemon(audit={"file": '""'})
        self.connect(daemon)
        daemon.term()
        self.assertFalse(self.log.exists())

    # ---- that it is what was written

    def filled(self, **settings):
        daemon = self.daemon(**settings)
        channel = self.connect(daemon).channel()
        for i in range(5):
            channel.queue_declare(f"q{i}")
            channel.queue_delete(f"q{i}")
        self.assertEqual(daemon.term(), 0)
        return self.log.read_bytes()

    def test_an_edit_is_found_with_its_line(self):
        text = self.filled()
        self.assert_whole()
        self.log.write_bytes(text.replace(b'"q3"', b'"q4"', 1))
        line = text[:text.index(b'"q3"')].count(b"\n") + 1
        code, output = verify(self.log)
        self.assertEqual(code, BROKEN)
        self.assertIn(f"broken: {self.log}:{line}: the line was changed", output)
        lines = text.split(b"\n")
        self.log.write_bytes(b"\n".join(lines[:4] + lines[5:]))
        self.assertEqual(verify(self.log)[0], BROKEN)

    def test_a_cut_off_end_is_found_by_an_anchor(self):
        text = self.filled()
        anchor = self.assert_whole().split("last: ")[1].strip()
        self.assert_whole("--anchor", anchor)
        self.log.write_bytes(text[:text.rindex(b"\n", 0, -1) + 1])
        self.assertEqual(verify(self.log)[0], WHOLE)
        self.assertEqual(verify("--anchor", anchor, self.log)[0], BROKEN)
        self.assertEqual(verify("--anchor", "1", self.log)[0], USAGE)

    def test_the_file_is_its_owners(self):
        self.filled()
        self.assertEqual(stat.S_IMODE(self.log.stat().st_mode), 0o600)

    def test_chain_over_kill_and_restart(self):
        daemon = self.daemon()
        for i in range(3):
            self.connect(daemon).channel().queue_delete("absent")
            self.connect(daemon).channel().queue_declare(f"q{i}")
            self.record(action="queue.declare", name=f"q{i}")
            daemon.kill9()
            daemon.start()
        daemon.term()
        self.assert_whole()
        self.assertEqual(len(self.records(action="audit.begin")), 4)

    def test_torn_line_is_odd_then_mended_and_told(self):
        self.filled()
        with open(self.log, "ab") as log:
            log.write(b'{"seq":99,"time')
        code, output = verify(self.log)
        self.assertEqual(code, TORN, output)
        self.daemon().term()
        self.assertEqual(self.record(action="audit.mended")["count"], 15)
        self.assertIn("1 lines were cut off after a crash", self.assert_whole())

    def test_a_changed_file_is_put_aside_and_the_broker_starts(self):
        text = self.filled()
        before, last, end = text.rpartition(b'"outcome":"done"')
        self.assertNotIn(b"\n", end[:-1])
        self.log.write_bytes(before + b'"outcome":"gone"' + end)
        self.daemon().term()
        self.assertIn("was changed", self.record(action="audit.broken")["reason"])
        self.assertEqual(verify(self.log)[0], WHOLE)
        self.assertEqual(verify(*self.data.glob("audit.jsonl*"))[0], BROKEN)

    def test_rotation(self):
        daemon = self.daemon(audit={"file": "auto", "size_max": "64KiB", "files_max": 2})
        channel = self.connect(daemon).channel()
        for i in range(600):
            channel.queue_declare("q" * 200)
            channel.queue_delete("q" * 200)
        self.assertEqual(daemon.term(), 0)
        self.assertEqual(len(list(self.data.glob("audit.jsonl*"))), 3)
        self.assertIn("earlier records are not in these files", self.assert_whole())

    def fill_until_rotation_fails(self, **audit):
        """The name of the next older file is taken: the log cannot go on."""
        self.data.mkdir(mode=0o700)
        daemon = self.daemon(audit={"file": "auto", "size_max": "64KiB", **audit})
        taken = self.data / "audit.jsonl.00000000000000000001"
        taken.touch()
        channel = self.connect(daemon).channel()
        with contextlib.suppress(pika.exceptions.AMQPError):
            for _ in range(200):
                channel.queue_declare("q" * 200)
                channel.queue_delete("q" * 200)
        deadline = time.monotonic() + DEADLINE
        while "the audit log cannot be written" not in daemon.log():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        return daemon, taken

    def test_a_log_that_cannot_be_written_stops_nothing_and_tells_the_gap(self):
        daemon, taken = self.fill_until_rotation_fails()
        self.connect(daemon).channel().queue_declare("still served")
        taken.unlink()
        self.assertEqual(daemon.term(), 0)
        self.assertRegex(self.assert_whole(), r"\d+ events were lost, it says")

    def test_a_log_that_cannot_be_written_ends_the_process_if_told_so(self):
        daemon, _ = self.fill_until_rotation_fails(on_failure="stop")
        self.assertEqual(daemon.wait(), IO_FAILURE)

    def test_with_a_key(self):
        key = self.data.parent / "key"
        key.touch(0o600)
        key.write_text("correct horse battery staple\n")
        self.filled(audit={"file": "auto", "key_file": key})
        self.assertEqual(verify(self.log)[0], USAGE)
        self.assert_whole("--key-file", key)
        key.write_text("another key of some length\n")
        self.assertEqual(verify("--key-file", key, self.log)[0], BROKEN)

    def test_metrics(self):
        port = free_port()
        daemon = self.daemon(metrics={"enabled": True, "port": port})
        channel = self.connect(daemon, "weak").channel()
        self.assert_refused(lambda: channel.queue_declare("strong"), 403)
        self.record(action="queue.declare", outcome="refused")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE) as page:
            lines = page.read().decode().splitlines()
        values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        self.assertEqual(values["harriermq_access_refused_total"], "1")
        self.assertEqual(values["harriermq_audit_lost_total"], "0")
        self.assertEqual(int(values["harriermq_audit_sequence"]), len(self.records()))


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/python3
"""The configuration of a real harriermq, as an operator meets it: checked, printed, overridden, reloaded.

Environment:
  HARRIERMQ_BINARY       the broker
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import pika

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ["HARRIERMQ_BINARY"]


def environment(**variables):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HARRIERMQ_")}
    return {**clean, **variables}


def harriermq(*words, **variables):
    done = subprocess.run([BINARY, *map(str, words)], env=environment(**variables), timeout=20,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Configuration(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="harrier-config.")
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def file(self, name, text):
        path = self.root / name
        path.write_text(text)
        return path

    def test_the_files_that_come_with_it_are_valid(self):
        for name in ("harriermq.yaml", "production.yaml"):
            code, output, errors = harriermq("--check-config", "--config", ROOT / "config" / name)
            self.assertEqual((code, output, errors), (0, "The configuration is valid.\n", ""), name)

    def test_what_is_printed_prints_the_same(self):
        for words in ((), ("--config", ROOT / "config/production.yaml")):
            code, first, errors = harriermq("--print-config", *words)
            self.assertEqual((code, errors), (0, ""))
            printed = self.file("printed.yaml", first)
            self.assertEqual(harriermq("--print-config", "--config", printed), (0, first, ""))

    def test_the_environment_is_checked_and_printed_too(self):
        code, output, _ = harriermq("--print-config", HARRIERMQ_LISTENERS_AMQP_PORT="4711")
        self.assertEqual(code, 0)
        self.assertIn("    port: 4711\n", output)
        code, output, errors = harriermq("--check-config", HARRIERMQ_LOOPS="0")
        self.assertEqual((code, output, errors), (78, "", "HARRIERMQ_LOOPS: loops: 0 is below 1\n"))

    def test_the_command_line_wins_over_the_environment(self):
        _, output, _ = harriermq("--print-config", "--port", "1", HARRIERMQ_LISTENERS_AMQP_PORT="2")
        self.assertIn("    port: 1\n", output)

    def test_unknown_variables_are_warned_of(self):
        code, output, errors = harriermq("--check-config", HARRIERMQ_SERVICE_HOST="10.0.0.1")
        self.assertEqual((code, output), (0, "The configuration is valid.\n"))
        self.assertEqual(errors, "warning: the variable HARRIERMQ_SERVICE_HOST of the environment "
                                 "stands for no key\n")

    def test_a_secret_in_a_file(self):
        secret = self.file("secret", "not to be seen\n")
        code, output, _ = harriermq("--print-config", HARRIERMQ_USERS_0_PASSWORD_FILE=str(secret))
        self.assertEqual(code, 0)
        self.assertIn(f"    password_file: {secret}\n", output)
        self.assertNotIn("not to be seen", output)
        secret.unlink()
        code, _, errors = harriermq("--check-config", HARRIERMQ_USERS_0_PASSWORD_FILE=str(secret))
        self.assertEqual(code, 78)
        self.assertIn("No such file or directory", errors)

    def test_no_broker_starts_with_the_mask_as_a_password(self):
        _, printed, _ = harriermq("--print-config", HARRIERMQ_USERS_0_PASSWORD="not to be seen")
        self.assertNotIn("not to be seen", printed)
        masked = self.file("masked.yaml", printed)
        code, _, errors = harriermq("--config", masked)
        self.assertEqual(code, 78)
        self.assertRegex(errors, r"masked.yaml:\d+: users\[0\].password: the mask of a secret")


class Reload(unittest.TestCase):
    """SIGHUP, with a broker on one loop and on two."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="harrier-reload.")
        self.addCleanup(self.folder.cleanup)
        self.config = pathlib.Path(self.folder.name) / "harriermq.yaml"
        self.broker = None
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            if client.is_open:
                client.close()
        self.clients.clear()
        if self.broker:
            self.broker.kill()
            self.broker.wait()
            self.broker.stdout.close()

    def start(self, text, loops=1, amqp="port: 0", metrics="enabled: false", data_dir=""):
        self.base = (f"listeners: {{amqp: {{{amqp}}}}}\nmetrics: {{{metrics}}}\n"
                     "management: {enabled: false}\n"
                     f"data_dir: '{data_dir}'\nloops: {loops}\n")
        self.config.write_text(self.base + text)
        self.broker = subprocess.Popen([BINARY, "--config", self.config], env=environment(),
                                       stdout=subprocess.PIPE, text=True)
        line = self.lines_until("Server startup complete")[-1]
        self.port = int(re.search(r"amqp=\S+:(\d+)", line)[1])
        found = re.search(r"metrics=(\S+:\d+)", line)
        self.metrics_url = f"http://{found[1]}/metrics" if found else None

    def lines_until(self, text):
        """What the broker writes; it ends if the broker does."""
        lines = []
        for line in self.broker.stdout:
            lines.append(line.rstrip())
            if text in line:
                return lines
        raise AssertionError(f"ended without '{text}': {lines}")

    def reload(self, text, until="server: reloaded"):
        """What the log says of it: the lines of `config`, without their time."""
        self.config.write_text(self.base + text)
        self.broker.send_signal(signal.SIGHUP)
        return [line.split("] ", 1)[1] for line in self.lines_until(until) if "config: " in line]

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        self.addCleanup(connection.close)
        return connection

    def frame_max(self):
        client = pika.BlockingConnection(pika.ConnectionParameters(
            "127.0.0.1", self.port, frame_max=131072))
        frame_max = client._impl.params.frame_max
        client.close()
        return frame_max

    def test_each_changed_key_is_reported_once(self):
        self.start("")
        told = self.reload("log: {level: debug, format: json}\nshutdown_timeout: 1s\n"
                           "users: [{name: a, password: secret}]\n"
                           "limits: {accept: {connections_max: 7}, virtual_host: {queues_max: 8, policies_max: 9}}\n")
        self.assertEqual(told, [
            "config: in effect key=log.level before=info now=debug",
            "config: in effect key=limits.accept.connections_max before=65536 now=7",
            "config: in effect key=limits.virtual_host.queues_max before=100000 now=8",
            "config: waits for a restart key=shutdown_timeout running=10s file=1s",
            "config: waits for a restart key=users running= file=",
            "config: waits for a restart key=log.format running=text file=json",
            "config: waits for a restart key=limits.virtual_host.policies_max running=1000 file=9",
        ])

    def test_what_waits_is_reported_again_until_it_is_undone(self):
        self.start("")
        text = "log: {level: debug}\nstorage: {read_ahead: 64KiB}\n"
        self.assertEqual(len(self.reload(text)), 2)
        self.assertEqual(self.reload(text), [
            "config: waits for a restart key=storage.read_ahead running=256KiB file=64KiB"])
        self.assertEqual(self.reload(""), [
            "config: in effect key=log.level before=debug now=info"])

    def test_one_mistake_refuses_everything(self):
        self.start("")
        told = self.reload("log: {level: debug}\nlimits:\n  accept: {connections_max: 0}\nx: 1\n",
                           until="unknown key")
        self.assertEqual(told, [
            "config: not reloaded, everything stays as it was reason=" + reason for reason in (
                f"{self.config}:8: limits.accept.connections_max: 0 is below 1",
                f"{self.config}:9: x: unknown key")])
        # The level is still what it was: it is reported as new now.
        self.assertEqual(len(self.reload("log: {level: debug}\n")), 1)

    def test_an_error_level_does_not_hide_the_report(self):
        self.start("")
        self.assertEqual(len(self.reload("log: {level: error}\n")), 1)
        self.assertEqual(len(self.reload("log: {level: info}\n")), 1)

    def test_limits_of_connections_hold_for_later_ones(self):
        for loops in (1, 3):
            with self.subTest(loops=loops):
                self.start("", loops)
                self.assertEqual(self.frame_max(), 131072)
                self.reload("limits: {connection: {frame_max: 8KiB}}\n")
                # A loop hears of it in a turn of its own; there is nothing else to wait for.
                deadline = time.monotonic() + 20
                while self.frame_max() != 8192 or self.frame_max() != 8192:
                    self.assertLess(time.monotonic(), deadline)
                self.tearDown()

    def test_limits_of_accepting_hold_at_once(self):
        self.start("")
        self.reload("limits: {accept: {unauthenticated_per_address_max: 2}}\n")
        first, second, third = self.connect(), self.connect(), self.connect()
        self.assertEqual(third.recv(1), b"")
        for connection in (first, second):
            connection.sendall(b"AMQP\0\0\x09\x01")
            self.assertEqual(connection.recv(1), b"\x01")

    # ---- each of these sees the new value, and then the old one again

    def client(self):
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port))
        self.clients.append(connection)
        return connection

    def eventually(self, holds):
        """A loop hears of new values in a turn of its own; nothing else tells when that was."""
        deadline = time.monotonic() + 20
        while not holds():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def metric(self, name):
        text = urllib.request.urlopen(self.metrics_url, timeout=20).read().decode()
        return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                    if re.match(name + r"[ {]", line))

    def refused(self, call, client=None):
        """The code of the channel's or the connection's end, None without one."""
        try:
            call((client or self.client()).channel())
        except (pika.exceptions.ChannelClosedByBroker,
                pika.exceptions.ConnectionClosedByBroker) as error:
            return error.reply_code
        return None

    def mechanisms(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 5672\r\nAMQP\0\0\x09\x01")
            data = b""
            while b"SCRAM-SHA-512" not in data:
                data += connection.recv(4096)
        return b"PLAIN" in data

    def test_plain_is_refused_to_other_machines_at_once(self):
        self.start("", amqp="port: 0, proxy_protocol: {trusted: [127.0.0.1]}")
        self.assertTrue(self.mechanisms())
        self.reload("auth: {plain_without_tls: false}\n")
        self.assertFalse(self.mechanisms())
        self.reload("")
        self.assertTrue(self.mechanisms())

    def test_how_passwords_are_remembered(self):
        self.start("", metrics="port: 0")
        name = "harriermq_auth_cache_hits_total"

        def hits_of_two_logins():
            before = self.metric(name)
            for _ in range(2):
                self.client().close()
            return self.metric(name) - before

        self.assertEqual(hits_of_two_logins(), 1)
        self.reload("auth: {cache_lifetime: 0}\n")
        self.assertEqual(hits_of_two_logins(), 0)
        self.reload("auth: {cache_lifetime: 50s}\n")
        self.assertEqual(hits_of_two_logins(), 1)

    def test_how_guesses_are_slowed_down(self):
        name = "harriermq_auth_throttled_total"
        text = "limits: {connection: {refusal_delay: 0}}\nauth: {%s}\n"
        off, on = (text % f"hash_iterations_sha256: 4096, throttle_delay_max: {delay}"
                   for delay in ("0", "200ms"))

        def throttled_of_guesses():
            before = self.metric(name)
            for _ in range(5):
                with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
                    pika.BlockingConnection(pika.ConnectionParameters(
                        "127.0.0.1", self.port,
                        credentials=pika.PlainCredentials("guest", "wrong")))
            return self.metric(name) - before

        self.start(off, metrics="port: 0")
        self.assertEqual(throttled_of_guesses(), 0)
        self.reload(on)
        self.assertGreater(throttled_of_guesses(), 0)
        self.reload(off)
        self.assertEqual(throttled_of_guesses(), 0)

    def test_limits_of_memory_and_disk_hold_at_once(self):
        self.start("", metrics="port: 0", data_dir=self.folder.name + "/data")
        memory = "rabbitmq_resident_memory_limit_bytes"
        before = self.metric(memory)
        self.assertEqual(self.metric("rabbitmq_alarms_free_disk_space_watermark"), 0)
        self.reload("memory: {high_watermark: 1024GiB}\ndisk: {free_limit: 1000000GiB}\n")
        self.assertEqual(self.metric(memory), 1 << 40)
        self.eventually(lambda: self.metric("rabbitmq_alarms_free_disk_space_watermark") == 1)
        self.reload("")
        self.assertEqual(self.metric(memory), before)
        self.eventually(lambda: self.metric("rabbitmq_alarms_free_disk_space_watermark") == 0)

    def test_publish_rates_hold_for_later_connections(self):
        self.start("")

        def seconds_for_four():
            client = self.client()
            channel = client.channel()
            channel.confirm_delivery()
            begin = time.monotonic()
            for _ in range(4):
                channel.basic_publish("amq.fanout", "", b"")
            client.close()
            return time.monotonic() - begin

        self.assertLess(seconds_for_four(), 1)
        self.reload("limits: {connection: {publish_rate_max: 1}}\n")
        self.assertGreater(seconds_for_four(), 1.5)
        self.reload("")
        self.assertLess(seconds_for_four(), 1)

    def test_limits_of_sessions_hold_for_later_connections(self):
        for loops in (1, 3):
            with self.subTest(loops=loops):
                self.start("", loops)

                def consume_twice(channel):
                    for _ in range(2):
                        queue = channel.queue_declare("", exclusive=True).method.queue
                        channel.basic_consume(queue, lambda *_: None)

                before = self.client()
                self.reload("limits: {session: {consumers_per_channel_max: 1}}\n")
                self.assertEqual(self.refused(consume_twice), 530)
                self.assertIsNone(self.refused(consume_twice, before))
                self.reload("")
                self.assertIsNone(self.refused(consume_twice))
                self.tearDown()

    def test_limits_of_virtual_hosts_hold_for_what_comes(self):
        for loops in (1, 3):
            with self.subTest(loops=loops):
                self.start("", loops)
                client = self.client()
                client.channel().queue_declare("first", exclusive=True)

                def declare(channel):
                    channel.queue_declare("second", exclusive=True)
                    channel.queue_delete("second")

                self.assertIsNone(self.refused(declare, client))
                self.reload("limits: {virtual_host: {queues_max: 1}}\n")
                self.eventually(lambda: self.refused(declare, client) == 406)
                client.channel().queue_declare("first", passive=True)
                self.reload("")
                self.eventually(lambda: self.refused(declare, client) is None)
                client.close()
                self.tearDown()

    def test_limits_of_patterns_hold_at_once(self):
        users = ("users: [{name: guest, password: guest, permissions: "
                 "[{configure: '^(?:(a+)+b|.*!)$', read: true, write: true}]}]\n")
        self.start(users)

        def declare(channel):
            channel.queue_declare("a" * 11 + "!", exclusive=True)

        client = self.client()
        self.assertIsNone(self.refused(declare, client))
        self.reload(users + "limits: {patterns: {match_steps_max: 1000}}\n")
        self.assertEqual(self.refused(declare, client), 403)
        self.reload(users)
        self.assertIsNone(self.refused(declare, client))

    def test_without_a_tls_listener_its_keys_wait(self):
        self.start("")
        self.base = self.base.replace("}}", "}, amqps: {depth: 1}}", 1)
        self.assertEqual(self.reload(""), [
            "config: waits for a restart key=listeners.amqps.depth running=3 file=1"])


if __name__ == "__main__":
    unittest.main()

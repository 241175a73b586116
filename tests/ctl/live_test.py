#!/usr/bin/python3
"""harrierctl and a real harriermq: over the Unix socket, and with a login over HTTP.

Environment:
  HARRIERMQ_BINARY       the broker
  HARRIERCTL_BINARY      the program
  HARRIER_SANITIZE       set if it was built with a sanitizer
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import harrierctl

BROKER = os.environ["HARRIERMQ_BINARY"]


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Node:
    """with Node(folder) as node: node.ctl("list_users")"""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.amqp, self.http, self.https, self.metrics = free_ports(4)
        self.socket = self.folder / "ctl.sock"
        self.ctl = harrierctl.Ctl("--socket", self.socket)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=other", "-days",
                        "90", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        self.folder / "key.pem", "-out", self.folder / "certificate.pem"],
                       check=True, capture_output=True, timeout=60)
        (self.folder / "harriermq.yaml").write_text(
            f"listeners: {{amqp: {{bind: 127.0.0.1, port: {self.amqp}}}}}\n"
            f"management: {{port: {self.http}, unix: {{path: {self.socket}}}, tls: {{enabled: true, "
            f"port: {self.https}, certificate_file: {self.folder}/certificate.pem, "
            f"key_file: {self.folder}/key.pem}}}}\n"
            f"metrics: {{port: {self.metrics}}}\n"
            f"data_dir: {self.folder}/data\n", encoding="utf-8")

    def __enter__(self):
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([BROKER, "--config", self.folder / "harriermq.yaml"],
                                            stdout=log, stderr=log, cwd=self.folder)
        done = self.ctl("await_startup", "-t", 30)
        if done.code != 0:
            self.__exit__()
            raise AssertionError(f"{done} {(self.folder / 'log').read_text()[-2000:]}")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="harrier-ctl.")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.node = cls.enterClassContext(Node(cls.folder.name))
        cls.ctl = cls.node.ctl

    def good(self, *words, **how):
        done = self.ctl(*words, **how)
        self.assertEqual((done.code, done.err), (0, ""), words)
        return done.out

    def test_users(self):
        self.assertIn("Done.", self.good("add_user", "u", given="secret\n"))
        self.addCleanup(self.ctl, "delete_user", "u")
        self.assertEqual(self.ctl("add_user", "u", "x").code, 70)
        # No tags, so no management: the password is right all the same.
        self.assertEqual(self.good("-q", "authenticate_user", "u", given="secret\n"), "Success\n")
        self.assertEqual(self.ctl("authenticate_user", "u", "wrong").code, 65)
        self.good("set_user_tags", "u", "monitoring", "policymaker")
        self.good("-q", "change_password", "u", "other")
        self.assertIn("u\t[monitoring, policymaker]\n", self.good("-q", "list_users"))
        self.good("authenticate_user", "u", "other")
        self.good("clear_password", "u")
        self.assertEqual(self.ctl("authenticate_user", "u", "other").code, 65)
        self.good("-q", "add_user", "h", self.good("hash_password", "pw").strip(),
                  "--pre-hashed-password")
        self.good("authenticate_user", "h", "pw")
        self.good("delete_user", "h")
        self.assertEqual(self.ctl("delete_user", "h").code, 67)

    def test_permissions(self):
        self.good("-q", "add_user", "p", "x")
        self.addCleanup(self.ctl, "delete_user", "p")
        self.good("set_permissions", "p", "^a", "[b,c]", "")
        self.assertIn("p\t^a\t[b,c]\t\n", self.good("-q", "list_permissions"))
        self.assertEqual(self.good("-s", "list_user_permissions", "p"), "/\t^a\t[b,c]\t\n")
        self.good("clear_permissions", "p")
        self.good("clear_permissions", "p")
        self.assertEqual(self.good("-q", "list_user_permissions", "p"), "")
        self.good("set_topic_permissions", "p", "amq.topic", "a", "b")
        self.assertEqual(self.good("-s", "list_topic_permissions"), "p\tamq.topic\ta\tb\n")
        self.good("clear_topic_permissions", "p", "amq.topic")
        self.assertEqual(self.good("-s", "list_user_topic_permissions", "p"), "")
        for words, code in ((("set_permissions", "nosuch", "a", "b", "c"), 67),
                            (("-p", "nosuch", "set_permissions", "p", "a", "b", "c"), 65),
                            (("set_permissions", "p", "(", "b", "c"), 69),
                            (("-p", "nosuch", "list_permissions"), 65),
                            (("list_user_permissions", "nosuch"), 67)):
            self.assertEqual(self.ctl(*words).code, code, words)

    def test_virtual_hosts_and_limits(self):
        name = "a/b %2F\t+"
        self.good("add_vhost", name, "--description", "what for", "--tags", "x,y")
        self.addCleanup(self.ctl, "delete_vhost", name)
        row = next(row for row in json.loads(self.good("list_vhosts", "name", "description", "tags",
                                                       "--formatter", "json"))
                   if row["name"] == name)
        self.assertEqual((row["description"], row["tags"]), ("what for", ["x", "y"]))
        self.assertIn("a/b %2F\\t+\n", self.good("-q", "list_vhosts"))
        self.good("-p", name, "set_vhost_limits", '{"max-queues":3}')
        self.assertEqual(self.good("-q", "-p", name, "list_vhost_limits"), '{"max-queues":3}\n')
        self.good("-p", name, "clear_vhost_limits")
        self.good("set_user_limits", "guest", '{"max-connections":7}')
        self.assertEqual(self.good("-q", "list_user_limits"), '{"max-connections":7}\n')
        self.good("clear_user_limits", "guest", "all")
        self.assertEqual(self.ctl("set_vhost_limits", "[1]").code, 69)
        self.assertEqual(self.ctl("delete_vhost", "nosuch").code, 65)

    def test_checks(self):
        self.assertEqual(self.good("-q", "ping"), "Ping succeeded\n")
        for words in (("check_running",), ("check_alarms",), ("check_local_alarms",),
                      ("check_virtual_hosts",), ("check_certificate_expiration",),
                      ("check_if_node_is_quorum_critical",), ("check_port_connectivity",),
                      ("check_port_listener", self.node.amqp), ("check_protocol_listener", "amqp"),
                      ("await_online_quorum_plus_one",), ("await_startup",),
                      ("wait", "--pid", self.node.process.pid)):
            self.good(*words)
        self.assertEqual(self.ctl("check_port_listener", 1).code, 69)
        self.assertEqual(self.ctl("check_protocol_listener", "mqtt").code, 69)
        self.assertIn(f"port: {self.node.amqp}, protocol: amqp", self.good("listeners"))

    def test_status(self):
        status = json.loads(self.good("status", "--formatter", "json"))
        self.assertEqual(status["pid"], self.node.process.pid)
        self.assertEqual(status["rabbitmq_version"] + "\n", self.good("-q", "server_version"))
        self.assertIn("RabbitMQ version: " + status["rabbitmq_version"], self.good("-q", "status"))
        self.assertIn(f"Node name: {status['node']}", self.good("status"))
        self.assertIn("quorum_queue, state: enabled", self.good("cluster_status"))
        self.assertIn("stream_queue\tenabled", self.good("list_feature_flags"))
        self.good("enable_feature_flag", "all")

    def test_a_login_over_http(self):
        uri = f"http://127.0.0.1:{self.node.http}"
        password = pathlib.Path(self.folder.name) / "password"
        password.write_text("guest\n")
        done = harrierctl.run("--uri", uri, "--user", "guest", "--password-file", password,
                              "-q", "ping")
        self.assertEqual(done, (0, "Ping succeeded\n", ""))
        for where in (uri, uri.replace("//", "//guest:wrong@")):
            self.assertEqual(harrierctl.run("--uri", where, "list_users").code, 77)

    def test_a_login_over_https(self):
        folder = self.folder.name
        uri = f"https://guest:guest@127.0.0.1:{self.node.https}"
        trusting = ("--ca-file", f"{folder}/certificate.pem")
        self.assertEqual(harrierctl.run("--uri", uri, *trusting, "-q", "ping"),
                         (0, "Ping succeeded\n", ""))
        self.assertEqual(harrierctl.run("--uri", uri.replace(":guest@", ":wrong@"), *trusting,
                                        "list_users").code, 77)
        # Nobody has said that this certificate may be trusted; or its name is another.
        self.assertIn("certificate", harrierctl.run("--uri", uri, "ping").err)
        done = harrierctl.run("--uri", uri.replace("127.0.0.1", "localhost"), *trusting, "ping")
        self.assertEqual(done.code, 69, done)

    def test_queues_messages_and_definitions(self):
        self.good("create_queue", "q", "--arguments", '{"x-max-length": 9}')
        self.addCleanup(self.ctl, "delete_queue", "q")
        self.good("create_queue", "other")
        self.addCleanup(self.ctl, "delete_queue", "other")
        for body in ("one", "two", "three"):
            self.good("publish_message", "amq.default", "q", body)
        self.good("pause_queue", "q")
        self.assertIn("q\t3\n", self.good("-q", "list_queues", "name", "messages"))
        seen = json.loads(self.good("browse_queue", "q", "--formatter", "json"))
        self.assertEqual([message["payload"] for message in seen], ["one", "two", "three"])
        self.good("delete_message", "q", seen[0]["position"])
        self.good("move_messages", "q", "other")
        self.assertIn("other\t2\n", self.good("-q", "list_queues", "name", "messages"))
        self.good("resume_queue", "q")
        self.good("purge_queue", "other")
        self.assertIn("other\t0\n", self.good("-q", "list_queues", "name", "messages"))
        file = pathlib.Path(self.folder.name) / "definitions.json"
        self.good("export_definitions", file)
        self.good("delete_queue", "q")
        self.good("import_definitions", file)
        self.assertIn("q\t0\n", self.good("-q", "list_queues", "name", "messages"))

    def test_everything_that_only_looks_answers_as_a_table_and_as_json(self):
        looks = ["alarms", "cluster_status", "environment", "list_bindings", "list_channels",
                 "list_connections", "list_consumers", "list_exchanges", "list_feature_flags",
                 "list_global_parameters",
                 "list_node_auth_attempt_stats", "list_operator_policies", "list_parameters",
                 "list_permissions", "list_policies", "list_queues", "list_quotas",
                 "list_topic_permissions", "list_user_limits", "list_users", "list_vhost_limits",
                 "list_vhosts", "listeners", "memory_breakdown", "status"]
        for command in looks:
            self.good(command)
            json.loads(self.good(command, "--formatter", "json"))
        self.assertIn("fully booted", self.good("is_booting") + self.good("is_running"))
        self.assertRegex(self.good("-q", "list_quotas"), r"(?m)^vhost\t/\t")
        self.assertIn("Status of node", self.good("report"))
        self.assertRegex(self.good("-q", "list_node_auth_attempt_stats"),
                         r"(?m)^amqp091\t\d+\t\d+\t\d+$")

    @unittest.skipIf(os.environ.get("HARRIER_SANITIZE"), "a sanitizer's own start takes longer")
    def test_many_calls_take_less_than_50_ms_of_cpu_each(self):
        calls = 20
        before = os.times()
        for _ in range(calls):
            self.good("-q", "list_users")
        after = os.times()
        used = (after.children_user - before.children_user +
                after.children_system - before.children_system)
        self.assertLess(used / calls, 0.050)


class Ends(unittest.TestCase):
    def test_nobody_is_there_any_more(self):
        with tempfile.TemporaryDirectory(prefix="harrier-ctl.") as folder:
            with Node(folder) as node:
                pass
            self.assertEqual(node.ctl("-q", "ping").code, 69)
            begun = time.monotonic()
            self.assertEqual(node.ctl("await_startup", "-t", "0.5").code, 75)
            self.assertLess(time.monotonic() - begun, 30)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""harrierctl beside Debian's rabbitmqctl, on the same RabbitMQ: the same lines, the same exit codes.

Rows come in any order, and RabbitMQ's own depends on hashes, so rows are compared sorted.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tool")]

import pika

import harrierctl
import rabbitmq

LIBRARY = pathlib.Path("/usr/lib/rabbitmq/bin")
PATIENCE = 120


class ManagedRabbit(rabbitmq.Rabbit):
    """With the management plugin, whose API harrierctl speaks."""

    def __init__(self, folder):
        super().__init__(folder)
        (self.http_port,) = set(rabbitmq.free_ports(4)) - {self.port, self.node_port,
                                                           self.epmd_port}
        with open(self.folder / "rabbitmq.conf", "a", encoding="utf-8") as file:
            file.write(f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.http_port}\n"
                       "loopback_users = none\n")
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n", encoding="utf-8")

    def start(self):
        super().start()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/", timeout=5).close()
                return self
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def tool(self, *words, name="rabbitmqctl"):
        done = subprocess.run([LIBRARY / name, *words], env=self.environment(), text=True,
                              capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                              check=False)
        return harrierctl.Done(done.returncode, done.stdout, done.stderr)


def rows(text):
    return sorted(text.replace("\n,{", "\n{").splitlines())


@unittest.skipUnless(rabbitmq.installed(), "Debian's rabbitmq-server is not installed")
class BesideRabbitmqctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="harrier-ctl.")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.rabbit = cls.enterClassContext(ManagedRabbit(cls.folder.name + "/rabbit"))
        cls.ctl = harrierctl.Ctl("--uri", f"http://guest:guest@127.0.0.1:{cls.rabbit.http_port}")
        cls.connection = pika.BlockingConnection(pika.ConnectionParameters(
            "127.0.0.1", cls.rabbit.port, client_properties={"connection_name": "beside"},
            heartbeat=0))  # nobody reads while rabbitmqctl runs
        cls.addClassCleanup(cls.connection.close)
        channel = cls.connection.channel()
        channel.queue_declare("plain", durable=True)
        channel.queue_declare("ü %2F/ + #", durable=True, arguments={
            # In the order that the API gives them.
            "x-dead-letter-exchange": "dlx", "x-list": ["a", 1, True], "x-max-length": 10})
        channel.exchange_declare("topics", "topic", durable=True,
                                 arguments={"alternate-exchange": "amq.fanout"})
        channel.queue_bind("plain", "topics", "a.#", {"k": "v"})
        channel.basic_qos(prefetch_count=7)
        channel.basic_consume("plain", lambda *_: None, consumer_tag="tag")
        for _ in range(3):
            channel.basic_publish("", "ü %2F/ + #", b"x")

    def setUp(self):
        self.connection.process_data_events(0)

    def beside(self, *words, name="rabbitmqctl", sort=True):
        """Both say the same of the same state."""
        theirs = self.rabbit.tool(*words, name=name)
        ours = self.ctl(*words, name=name)
        said = rows if sort else str
        self.assertEqual((ours.code, said(ours.out)), (theirs.code, said(theirs.out)), words)
        self.assertEqual(bool(ours.err), bool(theirs.err), (words, theirs.err, ours.err))
        return theirs, ours

    def in_turn(self, undo, *words):
        """Both do the same, the first undone in between; then ours is undone, too."""
        theirs = self.rabbit.tool(*words)
        self.assertEqual(self.ctl("-q", *undo).code, 0)
        ours = self.ctl(*words, name="rabbitmqctl")
        self.assertEqual(self.ctl("-q", *undo).code, 0)
        self.assertEqual(ours, theirs, words)

    # Statistics come to RabbitMQ's management some seconds after the fact.
    def await_statistics(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            self.connection.process_data_events(0.1)
            counts = self.ctl("-s", "list_queues", "name", "messages", "consumers").out
            channels = self.ctl("-s", "list_channels", "name", "prefetch_count").out
            if "#\t3\t0" in counts and "plain\t0\t1" in counts and channels:
                return
            self.assertLess(time.monotonic(), deadline, counts)

    def test_lists(self):
        self.await_statistics()
        for words in (("list_queues",), ("-q", "list_queues", "name", "messages", "durable",
                                         "auto_delete", "arguments", "policy", "state", "type"),
                      ("-s", "list_queues"), ("list_queues", "--formatter", "csv"),
                      ("list_exchanges", "--formatter", "json"),
                      ("list_exchanges", "name", "internal", "arguments"),
                      ("list_bindings",), ("list_connections",),
                      ("list_connections", "name", "vhost", "channels", "state"),
                      ("list_channels", "name", "number", "user", "vhost", "consumer_count",
                       "prefetch_count"),
                      ("list_consumers", "queue_name", "consumer_tag", "ack_required",
                       "prefetch_count", "arguments"),
                      ("list_users", "--formatter", "json"), ("list_users", "--no-table-headers"),
                      ("list_vhosts", "name", "tracing"), ("list_permissions",),
                      ("list_user_permissions", "guest", "--formatter", "json"),
                      ("list_feature_flags",), ("list_queues", "name", "nosuch")):
            with self.subTest(words):
                self.beside(*words)

    def test_checks(self):
        for words in (("check_running",), ("check_local_alarms",), ("-q", "check_alarms"),
                      ("check_port_connectivity",), ("check_port_listener", self.rabbit.port),
                      ("check_port_listener", 9), ("check_protocol_listener", "amqp"),
                      ("check_protocol_listener", "mqtt"), ("check_virtual_hosts",),
                      ("check_certificate_expiration", "--unit", "months", "--within", "1"),
                      ("-q", "ping"), ("alarms",), ("server_version",),
                      ("check_if_node_is_quorum_critical",)):
            with self.subTest(words):
                self.beside(*map(str, words), name="rabbitmq-diagnostics")

    def test_changes(self):
        ctl = self.ctl
        for undo, words in (
                (("delete_user", "u1"), ("add_user", "u1", "pw")),
                (("delete_vhost", "v1"), ("add_vhost", "v1")),
                (("clear_policy", "p"), ("set_policy", "p", "^x", '{"max-length":10}',
                                         "--priority", "3", "--apply-to", "queues")),
                (("clear_operator_policy", "p"),
                 ("set_operator_policy", "p", "^x", '{"max-length":10}')),
                (("clear_global_parameter", "g"), ("set_global_parameter", "g", '{"a":1}'))):
            with self.subTest(words):
                self.in_turn(undo, *words)
        ctl("add_user", "u2", "pw")
        self.addCleanup(ctl, "delete_user", "u2")
        for undo, words in (
                (("set_user_tags", "u2"), ("set_user_tags", "u2", "monitoring", "management")),
                (("clear_permissions", "u2"), ("set_permissions", "u2", "a", "b", "c")),
                (("change_password", "u2", "pw"), ("change_password", "u2", "new")),
                (("clear_topic_permissions", "u2"),
                 ("set_topic_permissions", "u2", "topics", "a", "b")),
                (("clear_vhost_limits",), ("set_vhost_limits", '{"max-queues":100}')),
                (("clear_user_limits", "u2", "all"),
                 ("set_user_limits", "u2", '{"max-connections":10}'))):
            with self.subTest(words):
                self.in_turn(undo, *words)

    def test_what_is_not_there_and_what_is_refused(self):
        for words in (("delete_user", "nosuch"), ("change_password", "nosuch", "x"),
                      ("set_user_tags", "nosuch", "x"), ("set_permissions", "nosuch", "a", "b", "c"),
                      ("clear_permissions", "nosuch"), ("delete_vhost", "nosuch"),
                      ("-p", "nosuch", "list_permissions"), ("-p", "nosuch", "list_policies"),
                      ("clear_policy", "nosuch"), ("clear_parameter", "no", "such"),
                      ("set_policy", "p", "x", '{"nosuch":1}'), ("set_policy", "p", "x", "{bad"),
                      ("set_parameter", "nosuch", "x", "{}"), ("purge_queue", "nosuch"),
                      ("delete_queue", "nosuch"), ("enable_feature_flag", "nosuch"),
                      ("set_log_level", "nosuch"), ("authenticate_user", "guest", "wrong"),
                      ("authenticate_user", "guest", "guest"), ("nosuch",), ("delete_user",),
                      ("delete_user", "a", "b"), ("list_user",)):
            with self.subTest(words):
                self.beside(*words)

    def test_status_has_the_members_that_scripts_read(self):
        theirs = json.loads(self.rabbit.tool("-q", "status", "--formatter", "json").out)
        ours = json.loads(self.ctl("-q", "status", "--formatter", "json").out)
        for name in ("rabbitmq_version", "pid", "alarms", "os", "is_under_maintenance",
                     "disk_free_limit", "config_files", "data_directory"):
            self.assertEqual(ours[name], theirs[name], name)
        self.assertEqual({listener["port"] for listener in ours["listeners"]},
                         {listener["port"] for listener in theirs["listeners"]})
        self.assertIn("RabbitMQ version: " + theirs["rabbitmq_version"],
                      self.ctl("-q", "status").out)

    def test_definitions_of_one_are_taken_by_the_other(self):
        file = self.folder.name + "/definitions.json"
        self.assertEqual(self.ctl("-q", "export_definitions", file).code, 0)
        self.assertEqual(self.rabbit.tool("import_definitions", file).code, 0)
        self.assertEqual(self.rabbit.tool("export_definitions", file).code, 0)
        self.assertEqual(self.ctl("-q", "import_definitions", file).code, 0)


    def test_rabbitmqadmin(self):
        where = ("-H", "127.0.0.1", "-P", str(self.rabbit.http_port))
        for words in (("declare", "queue", "name=q", "durable=true"),
                      ("declare", "exchange", "name=x", "type=topic"),
                      ("declare", "binding", "source=x", "destination=q", "routing_key=k"),
                      ("publish", "routing_key=q", "payload=hello"),
                      ("publish", "routing_key=nosuch", "payload=hello"),
                      ("get", "queue=q"), ("list", "vhosts", "name"), ("list", "permissions"),
                      ("list", "bindings", "source", "destination", "routing_key"),
                      ("-f", "tsv", "list", "exchanges"),
                      ("-f", "kvp", "list", "vhosts", "name"),
                      ("-f", "bash", "list", "exchanges", "name"),
                      ("purge", "queue", "name=q"), ("close", "connection", "name=nosuch"),
                      ("declare", "queue"), ("declare", "queue", "name=a", "bogus=1"),
                      ("list", "nosuch")):
            with self.subTest(words):
                theirs = subprocess.run(["/usr/bin/rabbitmqadmin", *where, *words], text=True,
                                        capture_output=True, timeout=PATIENCE, check=False)
                ours = harrierctl.run(*where, *words, name="rabbitmqadmin")
                # A message that both get has been delivered to the second one before.
                self.assertEqual((ours.code, ours.out.replace("True ", "False")),
                                 (theirs.returncode, theirs.stdout.replace("True ", "False")),
                                 ours.err)


if __name__ == "__main__":
    unittest.main()

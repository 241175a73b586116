#!/usr/bin/python3
"""The pages of metrics are what their reference says, what promtool takes and what happened.

Environment:
  HARRIERMQ_BINARY  the broker
"""

import base64
import os
import re
import subprocess
import time
import unittest
import urllib.request

import pika
from watched import ROOT, Page, WatchedTest

DEADLINE = 30
# Newlines are taken out of names, as by RabbitMQ.
HOSTILE = 'q "a" \\ {b} ü'
PAGES = ("/metrics", "/metrics/per-object", "/metrics/memory-breakdown")
# Every group of RabbitMQ's, and ours.
FAMILIES = (
    "connection_churn_metrics node_coarse_metrics node_metrics node_persister_metrics "
    "auth_attempt_metrics auth_attempt_detailed_metrics queue_coarse_metrics queue_consumer_count "
    "queue_metrics queue_delivery_metrics queue_exchange_metrics exchange_metrics channel_metrics "
    "channel_exchange_metrics channel_process_metrics channel_queue_metrics "
    "channel_queue_exchange_metrics connection_coarse_metrics connection_metrics "
    "stream_consumer_metrics vhost_status exchange_bindings exchange_names harriermq_queue_metrics "
    "harriermq_queue_latency_metrics harriermq_vhost_metrics harriermq_user_metrics").split()
ALL = "/metrics/detailed?" + "&".join(f"family={name}" for name in FAMILIES)


class Reference(unittest.TestCase):
    def test_is_made_from_the_families(self):
        made = subprocess.run([os.environ["HARRIERMQ_BINARY"], "--print-metrics"],
                              capture_output=True, text=True, check=True, timeout=60).stdout
        written = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")
        self.assertEqual(made, written, "run script/metrics-reference")


class Pages(WatchedTest):
    def setUp(self):
        self.connection = self.daemon.connect()
        self.addCleanup(self.connection.close)
        self.channel = self.connection.channel()

    def until(self, wanted, path="/metrics"):
        """The page, as soon as it is as wanted()."""
        deadline = time.monotonic() + DEADLINE
        while not wanted(page := self.page(path)):
            self.assertLess(time.monotonic(), deadline, page.text)
            time.sleep(0.02)
        return page

    def test_promtool_finds_nothing(self):
        self.channel.queue_declare(HOSTILE, durable=True)
        self.channel.basic_publish("", HOSTILE, b"x")
        for path in (*PAGES, ALL):
            with self.subTest(path):
                # What RabbitMQ has named is RabbitMQ's.
                said = [line for line in self.promtool_says(self.page(path).text)
                        if not line.startswith("rabbitmq_")]
                self.assertEqual(said, [])

    @staticmethod
    def promtool_says(text):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                              text=True, timeout=60)
        return (done.stdout + done.stderr).splitlines()

    def test_one_identity_and_one_build_on_each(self):
        for path, endpoint in ((PAGES[0], "aggregated"), (PAGES[1], "per-object"),
                               (PAGES[2], "memory-breakdown"), (ALL, "detailed"),
                               ("/metrics/detailed", "detailed")):
            page = self.page(path)
            self.assertEqual(page.value("rabbitmq_identity_info", rabbitmq_endpoint=endpoint), 1)
            self.assertEqual(len(page.values("rabbitmq_identity_info")), 1)
            self.assertEqual(page.value("rabbitmq_build_info"), 1)

    def test_aggregated_has_no_names(self):
        self.channel.queue_declare("a-queue-with-a-name", durable=True)
        page = self.page()
        self.assertNotIn("a-queue-with-a-name", page.text)
        self.assertEqual([labels for _, labels, _ in page.samples
                          if {"vhost", "queue", "exchange", "channel", "user"} & set(labels)], [])

    def test_a_hostile_name_is_one_label(self):
        self.channel.queue_declare(HOSTILE, durable=True)
        for path, name in ((PAGES[1], "rabbitmq_queue_messages"),
                           (ALL, "rabbitmq_detailed_queue_messages")):
            self.assertEqual(len(self.page(path).values(name, queue=HOSTILE, vhost="/")), 1)

    def test_a_queue_is_told_of_and_forgotten(self):
        self.channel.queue_declare("told", durable=True, arguments={"x-queue-type": "quorum"})
        self.channel.confirm_delivery()
        for _ in range(3):
            self.channel.basic_publish("", "told", b"12345",
                                       pika.BasicProperties(delivery_mode=2, timestamp=1234567))
        self.channel.basic_get("told", auto_ack=False)
        page = self.page("/metrics/per-object")
        have = {name: number for name, labels, number in page.samples
                if labels.get("queue") == "told" and set(labels) == {"vhost", "queue"}}
        self.assertEqual(
            {key: have.get("rabbitmq_queue_" + key) for key in (
                "messages", "messages_ready", "messages_unacked", "messages_bytes",
                "messages_ready_bytes", "messages_unacked_bytes", "consumers",
                "messages_published_total", "get_ack_total", "head_message_timestamp")},
            {"messages": 3, "messages_ready": 2, "messages_unacked": 1, "messages_bytes": 15,
             "messages_ready_bytes": 10, "messages_unacked_bytes": 5, "consumers": 0,
             "messages_published_total": 3, "get_ack_total": 1,
             "head_message_timestamp": 1234567})
        self.assertGreaterEqual(have["harriermq_queue_oldest_ready_age_seconds"], 0)
        self.assertEqual(page.value("rabbitmq_queue_info", queue="told", membership="leader",
                                    queue_type="rabbit_quorum_queue"), 1)
        self.channel.queue_delete("told")
        self.assertNotIn('queue="told"', self.page("/metrics/per-object").text)

    def test_counters_do_not_fall_when_what_they_count_goes(self):
        other = self.daemon.connect()
        channel = other.channel()
        channel.queue_declare("passing")
        channel.confirm_delivery()
        for _ in range(10):
            channel.basic_publish("", "passing", b"x")
        with self.assertRaises(pika.exceptions.UnroutableError):
            channel.basic_publish("", "nowhere", b"x", mandatory=True)
        before = self.page()
        channel.queue_delete("passing")
        other.close()
        closed = before.value("rabbitmq_connections_closed_total")
        after = self.until(lambda page: page.value("rabbitmq_connections_closed_total") > closed)
        fallen = []
        for name, labels, number in before.samples:
            if before.types.get(name) == "counter" and after.value(name, **labels) < number:
                fallen.append((name, labels))
        self.assertEqual(fallen, [])

    def test_what_clients_do_is_counted(self):
        before = self.page()
        self.channel.queue_declare("counted")
        self.channel.confirm_delivery()
        self.channel.basic_publish("", "counted", b"x" * 2_000)
        self.channel.basic_get("counted", auto_ack=True)
        self.channel.basic_get("counted", auto_ack=True)
        self.channel.queue_delete("counted")
        after = self.page()
        classic = {"protocol": "amqp091", "queue_type": "rabbit_classic_queue"}
        for name, labels, more in (
                ("rabbitmq_global_messages_received_total", {}, 1),
                ("rabbitmq_global_messages_received_confirm_total", {}, 1),
                ("rabbitmq_global_messages_confirmed_total", {}, 1),
                ("rabbitmq_global_messages_routed_total", {}, 1),
                ("rabbitmq_global_messages_delivered_total", classic, 1),
                ("rabbitmq_global_messages_delivered_get_auto_ack_total", classic, 1),
                ("rabbitmq_global_messages_get_empty_total", classic, 1),
                ("rabbitmq_global_messages_acknowledged_total", classic, 0),
                ("rabbitmq_message_size_bytes_bucket", {"le": "1000.0"}, 0),
                ("rabbitmq_message_size_bytes_bucket", {"le": "10000.0"}, 1),
                ("rabbitmq_message_size_bytes_sum", {}, 2_000),
                ("rabbitmq_queues_declared_total", {}, 1),
                ("rabbitmq_queues_created_total", {}, 1),
                ("rabbitmq_queues_deleted_total", {}, 1)):
            with self.subTest(name, **labels):
                self.assertEqual(after.value(name, **labels) - before.value(name, **labels), more)

    def test_what_is_unroutable_is_counted_by_exchange(self):
        self.channel.exchange_declare("lonely", "fanout", auto_delete=True)
        self.channel.basic_publish("lonely", "", b"dropped")
        self.channel.confirm_delivery()
        with self.assertRaises(pika.exceptions.UnroutableError):
            self.channel.basic_publish("lonely", "", b"returned", mandatory=True)
        page = self.page("/metrics/detailed?family=exchange_metrics")
        for name, number in (("published", 2), ("unroutable_returned", 1),
                             ("unroutable_dropped", 1)):
            self.assertEqual(page.value(f"rabbitmq_detailed_exchange_messages_{name}_total",
                                        vhost="/", exchange="lonely"), number, name)
        self.channel.exchange_delete("lonely")

    def test_what_is_written_is_counted_by_queue(self):
        self.channel.queue_declare("written", durable=True)
        self.channel.confirm_delivery()
        for mode in (1, 2, 2):
            self.channel.basic_publish("", "written", b"x",
                                       pika.BasicProperties(delivery_mode=mode))
        page = self.page("/metrics/detailed?family=queue_metrics&queue=^written$")
        self.assertEqual(page.value("rabbitmq_detailed_queue_disk_writes_total"), 2)
        self.assertEqual(page.value("rabbitmq_detailed_queue_disk_reads_total"), 0)
        self.channel.queue_delete("written")

    def test_dead_letters_are_counted_by_reason_and_strategy(self):
        def count(page, reason, strategy):
            return page.value(f"rabbitmq_global_messages_dead_lettered_{reason}_total",
                              queue_type="rabbit_classic_queue", dead_letter_strategy=strategy)
        before = self.page()
        self.channel.queue_declare("short", arguments={"x-max-length": 1})
        self.channel.queue_declare("away", arguments={"x-dead-letter-exchange": "amq.fanout"})
        for name in ("short", "away"):
            self.channel.basic_publish("", name, b"1")
            self.channel.basic_publish("", name, b"2")
        tag = self.channel.basic_get("away")[0].delivery_tag
        self.channel.basic_reject(tag, requeue=False)
        self.channel.queue_purge("away")
        self.channel.queue_delete("short")
        self.channel.queue_delete("away")
        after = self.page()
        for reason, strategy, more in (("maxlen", "disabled", 1), ("maxlen", "at_most_once", 0),
                                       ("rejected", "at_most_once", 1), ("rejected", "disabled", 0),
                                       ("expired", "disabled", 0)):
            self.assertEqual(count(after, reason, strategy) - count(before, reason, strategy), more,
                             (reason, strategy))

    def test_connections_and_channels_have_series(self):
        page = self.page("/metrics/per-object")
        name = next(labels["connection"] for family, labels, _ in page.samples
                    if family == "rabbitmq_connection_channels")
        self.assertRegex(name, r"^127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+$")
        self.assertTrue(page.values("rabbitmq_channel_messages_unacked"))
        self.assertTrue(page.values("harriermq_user_connections", user="guest"))
        self.assertEqual(page.value("rabbitmq_cluster_exchange_bindings", exchange="amq.topic",
                                    vhost="/", type="topic"), 0)

    def test_errors_are_rabbitmqs(self):
        self.assertEqual(self.get("/metrics/nonsense")[::2], (404, "Unknown Registry"))
        self.assertEqual(self.get("/metrics/detailed?family=queue_metrics&queue=(")[0], 400)
        self.assertEqual(self.get("/metrics/detailed?family=nonsense")[0], 200)


class Closed(WatchedTest):
    more_metrics = {"authentication": True}
    settings = {"users": "[{name: watcher, password: secret, tags: [monitoring]}, {name: guest, "
                         "password: guest, tags: [management], permissions: [{virtual_host: /}]}]"}

    def status(self, path, login=None):
        headers = {}
        if login:
            headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        status, answer, _ = self.get(path, **headers)
        return status, answer["WWW-Authenticate"]

    def test_wants_the_tag_monitoring(self):
        for path in (*PAGES, ALL):
            self.assertEqual(self.status(path)[0], 401)
            self.assertTrue(self.status(path)[1].startswith("Basic realm="))
            self.assertEqual(self.status(path, "watcher:wrong"), (401, None))
            self.assertEqual(self.status(path, "guest:guest"), (401, None))
            self.assertEqual(self.status(path, "watcher:secret")[0], 200)
        self.assertEqual(self.status("/livez")[0], 200)

    def test_requests_and_their_logins_are_counted(self):
        watcher = base64.b64encode(b"watcher:secret").decode()

        def page():
            status, _, body = self.get("/metrics", Authorization="Basic " + watcher)
            self.assertEqual(status, 200)
            return Page(body)

        before = page()
        self.status("/metrics")
        self.status("/metrics", "watcher:wrong")
        self.status("/nowhere")
        after = page()
        for name, labels, more in (
                ("rabbitmq_auth_attempts_succeeded_total", {"protocol": "http"}, 1),
                ("rabbitmq_auth_attempts_failed_total", {"protocol": "http"}, 1),
                ("rabbitmq_auth_attempts_total", {"protocol": "http"}, 2),
                ("harriermq_http_requests_total", {}, 4),
                ("harriermq_http_answers_total", {"status": "4xx"}, 3),
                ("harriermq_http_answers_total", {"status": "2xx"}, 1),
                ("harriermq_http_answers_total", {"status": "5xx"}, 0)):
            with self.subTest(name, **labels):
                self.assertEqual(after.value(name, **labels) - before.value(name, **labels), more)
        self.assertEqual(after.value("harriermq_management_log_streams"), 0)


class ManyQueues(WatchedTest):
    QUEUES = 3_000

    def test_a_page_in_chunks_is_whole(self):
        connection = self.daemon.connect()
        channel = connection.channel()
        for number in range(self.QUEUES):
            channel.queue_declare(f"q{number:05}")
        page = self.page("/metrics/per-object")
        for family in ("rabbitmq_queue_messages", "harriermq_queue_unreadable_total"):
            self.assertEqual(len(page.values(family)), self.QUEUES)
        self.assertEqual(len(page.values("rabbitmq_detailed_queue_messages")), 0)
        some = self.page("/metrics/detailed?family=queue_coarse_metrics&queue=^q0001")
        self.assertEqual(len(some.values("rabbitmq_detailed_queue_messages")), 10)
        connection.close()

    def test_a_second_scrape_beside_a_slow_one_is_refused(self):
        connection = self.daemon.connect()
        channel = connection.channel()
        for number in range(self.QUEUES):
            channel.queue_declare(f"r{number:05}")
        url = f"http://127.0.0.1:{self.metrics_port}/metrics/per-object"
        with urllib.request.urlopen(url, timeout=30) as slow:
            # More than sockets hold: it waits for its reader.
            slow.read(1)
            self.assertEqual(self.get("/metrics/per-object")[0], 503)
            self.assertEqual(self.get("/metrics")[0], 200)
            text = slow.read().decode()
        self.assertTrue(re.search(r"\nharriermq_user_connections\{", text))
        self.assertEqual(self.get("/metrics/per-object")[0], 200)
        connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)

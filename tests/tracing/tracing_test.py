#!/usr/bin/python3
"""Traces of messages as a collector gets them: OTLP over HTTP, as JSON.

Environment: HARRIERMQ_BINARY.
"""

import http.server
import json
import pathlib
import sys
import tempfile
import threading
import time
import unittest

import pika

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
from daemon import Daemon  # noqa: E402

DEADLINE = 30
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


class Collector:
    """Takes what is posted to /v1/traces; answers with `status`."""

    def __init__(self):
        self.spans, self.resources, self.bad, self.status = [], [], [], 200
        self.changed = threading.Condition()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(self.path, self.headers["Content-Type"], body)
                self.send_response(collector.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def take(self, path, content_type, body):
        with self.changed:
            if path != "/v1/traces" or content_type != "application/json":
                self.bad.append((path, content_type))
            for resource in json.loads(body)["resourceSpans"]:
                self.resources.append(flat(resource["resource"]["attributes"]))
                for scope in resource["scopeSpans"]:
                    self.spans += scope["spans"]
            self.changed.notify_all()

    def wait_for(self, count):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.spans) >= count, DEADLINE):
                raise AssertionError(f"{count} spans expected: {[s['name'] for s in self.spans]}")
            return list(self.spans)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def flat(attributes):
    return {one["key"]: next(iter(one["value"].values())) for one in attributes}


def traced(trace=TRACE, flags="01"):
    return pika.BasicProperties(delivery_mode=2, headers={
        "traceparent": f"00-{trace}-{PARENT}-{flags}"})


class Tracing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harrier-tracing.")
        self.addCleanup(folder.cleanup)
        self.collector = Collector()
        self.addCleanup(self.collector.close)
        self.folder = pathlib.Path(folder.name) / "data"

    def start(self, **settings):
        tracing = {"enabled": True, "endpoint": self.collector.url, "batch_delay": "50ms",
                   "timeout": "2s", **settings}
        self.daemon = Daemon(self.folder, {"tracing": tracing}).start()
        self.addCleanup(self.daemon.close)
        self.channel = self.daemon.connect().channel()
        self.channel.confirm_delivery()

    def test_a_message_and_its_dead_letter_are_one_trace(self):
        self.start(service_name="shop")
        self.channel.queue_declare("dead", durable=True)
        self.channel.queue_declare("work", durable=True, arguments={
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"})
        self.channel.basic_publish("", "work", b"12345", traced())
        method, _, _ = self.channel.basic_get("work")
        self.channel.basic_reject(method.delivery_tag, requeue=False)
        while True:
            method, properties, _ = self.channel.basic_get("dead")
            if method:
                break
        self.assertEqual(properties.headers["traceparent"], f"00-{TRACE}-{PARENT}-01")
        self.channel.basic_ack(method.delivery_tag)
        spans = self.collector.wait_for(8)
        self.assertEqual(sorted(span["name"] for span in spans), sorted([
            "publish amq.default", "wait in work", "deliver from work", "settle in work",
            "dead-letter amq.default", "wait in dead", "deliver from dead", "settle in dead"]))
        self.assertEqual({span["traceId"] for span in spans}, {TRACE})
        by_name = {span["name"]: span for span in spans}
        for child, parent in (("wait in work", "publish amq.default"),
                              ("deliver from work", "wait in work"),
                              ("settle in work", "deliver from work"),
                              ("wait in dead", "dead-letter amq.default")):
            self.assertEqual(by_name[child]["parentSpanId"], by_name[parent]["spanId"], child)
        self.assertEqual(by_name["publish amq.default"]["parentSpanId"], PARENT)
        self.assertEqual(flat(by_name["settle in work"]["attributes"])["harriermq.outcome"],
                         "rejected")
        self.assertEqual(
            flat(by_name["publish amq.default"]["attributes"])["messaging.message.body.size"], "5")
        now = time.time_ns()
        for span in spans:
            start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
            self.assertTrue(now - 120e9 < start <= end < now + 120e9, span)
        self.assertEqual({one["service.name"] for one in self.collector.resources}, {"shop"})
        self.assertEqual(self.collector.bad, [])

    def test_what_nobody_sampled_leaves_no_span(self):
        self.start()
        self.channel.queue_declare("work")
        self.channel.basic_publish("", "work", b"", traced("a" * 32, "00"))
        self.channel.basic_publish("", "work", b"")
        self.channel.basic_publish("", "work", b"", traced())
        spans = self.collector.wait_for(1)
        self.assertEqual({span["traceId"] for span in spans}, {TRACE})

    def test_a_collector_that_refuses_holds_up_nobody_and_its_return_is_told(self):
        self.collector.status = 503
        self.start()
        self.channel.queue_declare("work")
        self.channel.basic_publish("", "work", b"", traced("1" * 32))
        self.collector.wait_for(1)
        self.channel.basic_publish("", "work", b"", traced("2" * 32))
        self.collector.wait_for(2)
        self.assertIn("the collector does not take spans, they are lost reason=the answer's status "
                      "is 503", self.daemon.log())
        self.collector.status = 200
        self.channel.basic_publish("", "work", b"", traced("3" * 32))
        self.collector.wait_for(3)
        self.channel.basic_publish("", "work", b"", traced("4" * 32))
        self.collector.wait_for(4)
        self.assertIn("the collector takes spans again", self.daemon.log())

    def test_the_end_sends_what_waits(self):
        self.start(batch_delay="1min")
        self.channel.queue_declare("work")
        self.channel.basic_publish("", "work", b"", traced())
        self.assertEqual(self.daemon.term(), 0)
        self.assertEqual([span["name"] for span in self.collector.spans], ["publish amq.default"])

    def test_without_a_collector_it_ends_soon(self):
        self.start(endpoint="http://127.0.0.1:1/v1/traces", batch_delay="1min")
        self.channel.queue_declare("work")
        self.channel.basic_publish("", "work", b"", traced())
        self.assertEqual(self.daemon.term(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

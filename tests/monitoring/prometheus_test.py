#!/usr/bin/python3
"""Debian's prometheus scrapes a busy broker: every panel of RabbitMQ's Overview and of our own
dashboards has data, and every rule can be evaluated.

Environment:
  HARRIERMQ_BINARY  the broker
"""

import json
import re
import time
import unittest

import yaml
from busy import Busy
from prometheus import Prometheus
from watched import ROOT, WatchedTest

DEADLINE = 120
RATE = "10s"
JOIN = ("* on (instance, job) group_left (rabbitmq_cluster, rabbitmq_node) "
        'rabbitmq_identity_info{rabbitmq_endpoint="aggregated"}')
COMMON_RULES = ROOT / "tests/monitoring/common_rules.yml"
ALERT_PAGES = ROOT / "docs/operations/alerts"
METRIC = re.compile(r"\b(?:rabbitmq|harriermq|process)_[a-z0-9_]+\b")
# What this broker has no reason to say.
WITHOUT_SERIES = {
    "harriermq_tls_certificate_expires_seconds",  # no TLS here
}


def panels():
    """(dashboard: panel, expression) of ours, with everything that a viewer chooses filled in."""
    for path in sorted((ROOT / "config/grafana/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                text = target["expr"].replace("$__rate_interval", RATE)
                yield (f"{path.stem}: {panel['title']}",
                       re.sub(r'"\$(?:job|instance|vhost|queue)"', '".+"', text))


def overview():
    for line in (ROOT / "tests/monitoring/overview_panels.txt").read_text().splitlines():
        if not line.startswith("#"):
            title, expression = line.split("\t")
            yield (f"Overview: {title}",
                   re.sub(r"\bJ\b", JOIN, expression).replace("[R]", f"[{RATE}]"))


def rules():
    for path in [*(ROOT / "config/prometheus/rules").glob("*.yml"), COMMON_RULES]:
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                yield rule


class Scraped(WatchedTest):
    settings = {"audit": {"file": "auto"}, "limits": {"virtual_hosts": (
        "[{name: /, connections_max: 1000, channels_max: 10000, consumers_max: 1000, "
        "queues_max: 1000, exchanges_max: 1000, bindings_max: 1000, stored_bytes_max: 100MiB}]")}}

    def setUp(self):
        busy = Busy(self.daemon.parameters())
        self.enterContext(busy)
        held = self.daemon.connect(heartbeat=0)
        self.addCleanup(held.close)
        self.hold(held)
        self.prometheus = self.enterContext(
            Prometheus(self.folder / self.id(), f"127.0.0.1:{self.metrics_port}", [COMMON_RULES]))

    def enterContext(self, manager):
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    @staticmethod
    def hold(connection):
        """One message delivered and not acknowledged."""
        channel = connection.channel()
        channel.queue_declare("held", durable=True)
        channel.basic_publish("", "held", b"h")
        for _ in channel.consume("held"):
            break

    def until_all_have_data(self, expressions):
        """Each once has to; a rate needs some scrapes."""
        missing = dict(expressions)
        deadline = time.monotonic() + DEADLINE
        while missing and time.monotonic() < deadline:
            for title, expression in list(missing.items()):
                if self.prometheus.query(expression):
                    del missing[title]
            time.sleep(0.5)
        self.assertEqual(missing, {})

    def test_every_panel_has_data(self):
        expressions = {f"{title} [{number}]": expression for number, (title, expression) in
                       enumerate([*overview(), *panels()])}
        self.assertGreater(len(expressions), 150)
        self.until_all_have_data(expressions)
        # Each target is fine, and nothing was scraped twice.
        for target in self.prometheus.ask("targets")["activeTargets"]:
            self.assertEqual((target["health"], target["lastError"]), ("up", ""))
        log = (self.folder / self.id() / "log").read_text()
        self.assertNotIn("Error on ingesting", log)

    def test_every_rule_is_evaluated(self):
        wanted = set()
        for rule in rules():
            wanted.update(METRIC.findall(re.sub(r'"[^"]*"', "", rule["expr"])))
        deadline = time.monotonic() + DEADLINE
        while wanted - WITHOUT_SERIES - self.prometheus.names() and time.monotonic() < deadline:
            time.sleep(0.5)
        labels = {"rabbitmq_version"}
        self.assertEqual(wanted - WITHOUT_SERIES - labels - self.prometheus.names(), set())
        while True:
            evaluated = [rule for group in self.prometheus.ask("rules")["groups"]
                         for rule in group["rules"]]
            states = {rule["health"] for rule in evaluated}
            if "unknown" not in states or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        self.assertEqual(len(evaluated), len(list(rules())))
        self.assertEqual([(rule["name"], rule.get("lastError")) for rule in evaluated
                          if rule["health"] != "ok"], [])


class Files(unittest.TestCase):
    promtool = WatchedTest.promtool

    def test_rules_and_configuration_are_clean(self):
        shipped = ROOT / "config/prometheus"
        for path in [*shipped.glob("rules/*.yml"), COMMON_RULES]:
            self.promtool("check", "rules", path)
        self.promtool("check", "config", shipped / "prometheus.yml")

    def test_every_alert_fires_as_its_test_says(self):
        self.promtool("test", "rules", *(ROOT / "config/prometheus/tests").glob("*.yml"))
        tested = (ROOT / "config/prometheus/tests/harriermq.yml").read_text(encoding="utf-8")
        for path in (ROOT / "config/prometheus/rules").glob("*.yml"):
            for name in re.findall(r"alert: (\w+)", path.read_text(encoding="utf-8")):
                self.assertIn(f"- name: {name}\n", tested)

    def test_every_alert_has_a_page_and_every_page_an_alert(self):
        alerts = set()
        for path in (ROOT / "config/prometheus/rules").glob("*.yml"):
            for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
                for rule in group["rules"]:
                    if "alert" not in rule:
                        continue
                    alerts.add(rule["alert"])
                    self.assertEqual(rule["annotations"]["runbook_url"],
                                     f"docs/operations/alerts/{rule['alert']}.md")
                    self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
        self.assertEqual({path.stem for path in ALERT_PAGES.glob("*.md")} - {"README"}, alerts)

    def test_dashboards_have_ids_of_their_own(self):
        seen = set()
        for path in (ROOT / "config/grafana/dashboards").glob("*.json"):
            dashboard = json.loads(path.read_text(encoding="utf-8"))
            self.assertEqual(dashboard["uid"], path.stem)
            ids = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(ids), len(set(ids)))
            self.assertNotIn(dashboard["title"], seen)
            seen.add(dashboard["title"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/python3
"""The pages of metrics are what their reference says and what promtool takes.

Environment:
  HARRIERMQ_BINARY  the broker
"""

import os
import subprocess
import unittest

from watched import ROOT, WatchedTest


class Reference(unittest.TestCase):
    def test_is_made_from_the_families(self):
        made = subprocess.run([os.environ["HARRIERMQ_BINARY"], "--print-metrics"],
                              capture_output=True, text=True, check=True, timeout=60).stdout
        written = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")
        self.assertEqual(made, written, "run script/metrics-reference")


class Pages(WatchedTest):
    def test_promtool_finds_nothing(self):
        self.assertEqual(self.promtool("check", "metrics", text=self.page().text), "")

    def test_one_identity_and_one_build(self):
        page = self.page()
        self.assertEqual(page.value("rabbitmq_identity_info", rabbitmq_endpoint="aggregated"), 1)
        self.assertEqual(page.value("rabbitmq_build_info"), 1)

    def test_has_no_names(self):
        connection = self.daemon.connect()
        connection.channel().queue_declare("a-queue-with-a-name", durable=True)
        self.assertNotIn("a-queue-with-a-name", self.page().text)
        connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)

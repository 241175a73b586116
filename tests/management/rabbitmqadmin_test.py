#!/usr/bin/python3
"""The rabbitmqadmin that Debian's rabbitmq-server ships, unchanged, does a round trip."""

import json
import os
import subprocess
import sys
import unittest

from management_case import DEADLINE, ManagementCase

PLACES = ("/usr/bin/rabbitmqadmin", "/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/plugins/"
          "rabbitmq_management-3.10.8/priv/www/cli/rabbitmqadmin")


def program():
    return next((place for place in PLACES if os.path.exists(place)), None)


class Rabbitmqadmin(ManagementCase):
    @classmethod
    def setUpClass(cls):
        if program() is None:
            raise unittest.SkipTest("rabbitmq-server is not installed")
        super().setUpClass()

    def run_it(self, *words, status=0):
        done = subprocess.run([sys.executable, program(), "-H", "127.0.0.1", "-P", str(self.port),
                               *words], capture_output=True, text=True, timeout=DEADLINE,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.folder)})
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def rows(self, *words):
        return json.loads(self.run_it("-f", "raw_json", *words))

    def test_round_trip(self):
        run = self.run_it
        run("declare", "vhost", "name=v")
        run("declare", "user", "name=u", "password=p", "tags=management,monitoring")
        run("declare", "permission", "vhost=v", "user=u", "configure=.*", "write=.*", "read=.*")
        run("declare", "queue", "name=q", "durable=true", 'arguments={"x-max-length": 10}')
        run("declare", "exchange", "name=x", "type=topic")
        run("declare", "binding", "source=x", "destination=q", "routing_key=a.#")
        run("declare", "policy", "name=p", "pattern=^q$", 'definition={"max-length": 5}',
            "apply-to=queues")
        run("declare", "operator_policy", "name=p", "pattern=^q$", 'definition={"max-length": 4}',
            "apply-to=queues")
        run("declare", "vhost_limit", "name=max-queues", "value=10", "vhost=v")
        self.assertIn("Message published", run("publish", "exchange=x", "routing_key=a.b",
                                               "payload=hello"))
        self.assertIn("NOT routed", run("publish", "exchange=x", "routing_key=b", "payload=no"))
        self.assertEqual(self.rows("get", "queue=q", "ackmode=ack_requeue_true")[0]["payload"],
                         "hello")
        for what in ("users", "vhosts", "connections", "exchanges", "bindings", "permissions",
                     "channels", "consumers", "parameters", "policies", "operator_policies",
                     "queues", "nodes", "vhost_limits"):
            run("list", what)
            self.assertIsInstance(self.rows("list", what), list)
        self.assertEqual([queue["name"] for queue in self.rows("list", "queues", "name")], ["q"])
        self.assertEqual(self.rows("list", "policies")[0]["definition"], {"max-length": 5})
        run("show", "overview")
        run("purge", "queue", "name=q")
        file = str(self.folder / "definitions.json")
        run("export", file)
        for noun, *words in (("binding", "source=x", "destination_type=queue", "destination=q",
                              "properties_key=a.%23"), ("exchange", "name=x"),
                             ("policy", "name=p"), ("operator_policy", "name=p"),
                             ("permission", "vhost=v", "user=u"),
                             ("vhost_limit", "vhost=v", "name=max-queues"), ("queue", "name=q"),
                             ("user", "name=u"), ("vhost", "name=v")):
            run("delete", noun, *words)
        self.assertEqual(self.rows("list", "queues"), [])
        run("import", file)
        self.assertEqual([queue["name"] for queue in self.rows("list", "queues", "name")], ["q"])

    def test_mistakes_are_told_by_their_reason(self):
        self.assertIn("inequivalent arg", self.twice_declared())
        self.assertIn("Not found", self.run_it("delete", "queue", "name=nope", status=1))
        self.assertIn("Access refused", self.run_it("-u", "guest", "-p", "wrong", "list", "queues",
                                                    status=1))

    def twice_declared(self):
        self.addCleanup(self.run_it, "delete", "queue", "name=twice")
        self.run_it("declare", "queue", "name=twice", "durable=true")
        return self.run_it("declare", "queue", "name=twice", "durable=false", status=1)


if __name__ == "__main__":
    unittest.main()

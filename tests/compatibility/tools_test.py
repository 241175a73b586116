#!/usr/bin/python3
"""What tools of RabbitMQ's ecosystem ask of the management API, and what they read of the answers.

The tools themselves are not packaged for Debian. Their requests are written down here from their
sources: method, path with its quirks (trailing slashes, paging of a list, form escapes), body, and
the fields without which they fail. docs/reference/compatibility.md says which tool is stood in for.

Environment: HARRIERMQ_BINARY.
"""

import base64
import http.client
import json
import pathlib
import sys
import tempfile
import unittest

import pika

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
from daemon import Daemon, free_port  # noqa: E402

GUEST = "guest:guest"
MISSING = object()


def at(document, path):
    """The value at "a.b.0.c", or MISSING."""
    for part in path.split("."):
        if isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            return MISSING
    return document


class Tools(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="harrier-tools.")
        cls.addClassCleanup(folder.cleanup)
        cls.port = free_port()
        cls.daemon = Daemon(pathlib.Path(folder.name) / "data", {
            "management": {"enabled": True, "bind": "127.0.0.1", "port": cls.port}}).start()
        cls.addClassCleanup(cls.daemon.close)

    def setUp(self):
        self.connection = self.daemon.connect()
        self.addCleanup(lambda: self.connection.is_open and self.connection.close())
        self.channel = self.connection.channel()
        self.channel.queue_declare("orders", durable=True)
        self.channel.basic_consume("orders", lambda *_: None)
        self.addCleanup(self.ask, "DELETE", "/api/queues/%2F/orders")

    def ask(self, method, path, body=None, user=GUEST, headers=None):
        """Status, headers in lower case, and the JSON (None if there is none)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        fields = dict(headers or {})
        if user:
            fields["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            fields.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, json.loads(text) if "json" in found.get("content-type", "") else None

    def get(self, path, *fields, **values):
        """The JSON of a 200, with these fields in it, of these types."""
        status, _, document = self.ask("GET", path)
        self.assertEqual(status, 200, (path, document))
        for field in fields:
            self.assertIsNot(at(document, field), MISSING, f"{path}: {field} in {document}")
        for field, kind in values.items():
            value = at(document, field.replace("__", "."))
            self.assertIsInstance(value, kind, f"{path}: {field}")
        return document

    def put(self, path, body, *statuses):
        status, _, document = self.ask("PUT", path, body)
        self.assertIn(status, statuses or (201, 204), (path, document))

    def test_nservicebus_does_not_start_without_these(self):
        overview = self.get("/api/overview", "disable_stats", rabbitmq_version=str)
        version = tuple(int(part) for part in overview["rabbitmq_version"].split("."))
        self.assertGreaterEqual(version, (3, 10, 0))
        flags = {flag["name"]: flag["state"] for flag in self.get("/api/feature-flags")}
        self.assertEqual(flags.get("stream_queue"), "enabled")
        page = self.get("/api/queues/%2F/?page=1&page_size=500&name=^ord&use_regex=true"
                        "&pagination=true", "page", "page_count", "items.0.name",
                        "items.0.arguments")
        self.assertEqual([item["name"] for item in page["items"]], ["orders"])
        self.get("/api/queues/%2F/orders", effective_policy_definition=dict)
        for binding in self.get("/api/queues/%2F/orders/bindings"):
            self.assertLessEqual({"source", "destination", "destination_type", "routing_key",
                                  "properties_key"}, set(binding))

    def test_nservicebus_sets_a_delivery_limit_by_policy(self):
        self.put("/api/policies/%2F/nsb.orders.delivery-limit",
                 {"pattern": "^orders$", "apply-to": "queues", "priority": 0,
                  "definition": {"delivery-limit": 5}})
        status, _, _ = self.ask("DELETE", "/api/policies/%2F/nsb.orders.delivery-limit")
        self.assertEqual(status, 204)

    def test_keda_reads_depth_and_rates_of_one_queue_and_of_a_page(self):
        fields = ("messages", "messages_ready", "messages_unacknowledged", "name",
                  "message_stats.publish_details.rate", "message_stats.deliver_get_details.rate")
        self.channel.basic_publish("", "orders", b"")
        self.get("/api/queues/%2F/orders?disable_stats=false", *fields[:4])
        page = self.get("/api/queues/%2F?page=1&use_regex=true&pagination=false&name=%5Eorders%24"
                        "&page_size=100", "items.0.messages", "page_count")
        self.assertEqual(len(page["items"]), 1)

    def test_keda_escapes_a_space_as_in_a_form(self):
        self.channel.queue_declare("two words")
        self.addCleanup(self.ask, "DELETE", "/api/queues/%2F/two%20words")
        self.assertEqual(self.get("/api/queues/%2F/two+words")["name"], "two words")

    def test_zabbix_reads_overview_nodes_and_health(self):
        self.get("/api/overview", "management_version", "message_stats", "queue_totals.messages",
                 "object_totals.queues", "churn_rates", "listeners.0.protocol")
        node = self.get("/api/nodes")[0]
        self.get("/api/nodes/" + node["name"], "disk_free", "disk_free_limit", "disk_free_alarm",
                 "mem_used", "mem_limit", "mem_alarm", "fd_used", "fd_total", "sockets_used",
                 "sockets_total", "uptime", "run_queue", "partitions", "running", "proc_used",
                 "proc_total")
        for check in ("alarms", "local-alarms", "virtual-hosts", "certificate-expiration/1/months",
                      "node-is-mirror-sync-critical", "node-is-quorum-critical"):
            self.assertEqual(self.get("/api/health/checks/" + check)["status"], "ok")

    def test_telegraf_takes_an_overview_without_statistics_for_a_failed_login(self):
        self.get("/api/overview", message_stats=dict, queue_totals=dict, object_totals=dict)
        for kind in ("nodes", "queues", "exchanges"):
            self.assertTrue(self.get("/api/" + kind))
        for kind in ("federation-links", "shovels"):
            self.assertEqual(self.get("/api/" + kind), [])
        self.get("/api/nodes/" + self.get("/api/nodes")[0]["name"] + "/memory", "memory.total")

    def test_datadog_and_new_relic_ask_each_virtual_host_whether_it_is_alive(self):
        for host in self.get("/api/vhosts"):
            name = host["name"].replace("/", "%2F")
            self.assertEqual(self.get("/api/aliveness-test/" + name), {"status": "ok"})
        self.assertEqual(self.get("/api/healthchecks/node")["status"], "ok")
        for path in ("connections", "channels", "bindings", "exchanges", "consumers"):
            self.assertIsInstance(self.get("/api/" + path), list)

    def test_flower_reads_the_queues_of_a_virtual_host(self):
        queues = self.get("/api/queues/%2F")
        self.assertTrue({"name", "messages", "messages_ready", "messages_unacknowledged",
                         "consumers", "idle_since"} - set(queues[0]) <= {"idle_since"}, queues)

    def test_hutch_reads_exchanges_and_bindings_at_its_start(self):
        self.assertIn("", [exchange["name"] for exchange in self.get("/api/exchanges")])
        self.assertIsInstance(self.get("/api/bindings"), list)

    def test_spring_finds_the_node_of_a_queue(self):
        self.assertEqual(self.get("/api/queues/%2F/orders")["node"],
                         self.get("/api/nodes")[0]["name"])

    def test_terraform_makes_reads_and_removes_what_it_manages(self):
        vhost, user = "terra%20form", "terra"
        self.put("/api/vhosts/" + vhost, {"description": "a", "tags": ["b"]}, 201)
        self.addCleanup(self.ask, "DELETE", "/api/vhosts/" + vhost)
        self.put("/api/users/" + user, {"password": "pw", "tags": "monitoring"}, 201)
        self.addCleanup(self.ask, "DELETE", "/api/users/" + user)
        self.assertEqual(self.get("/api/users/" + user)["tags"], ["monitoring"])
        grant = f"/api/permissions/{vhost}/{user}"
        self.put(grant, {"configure": ".*", "write": ".*", "read": ".*"}, 201)
        self.get(grant, "configure", "write", "read")
        self.put(f"/api/topic-permissions/{vhost}/{user}",
                 {"exchange": "amq.topic", "write": ".*", "read": ".*"}, 201)
        self.assertTrue(self.get(f"/api/topic-permissions/{vhost}/{user}"))
        self.put(f"/api/exchanges/{vhost}/events", {"type": "topic", "durable": True}, 201)
        self.put(f"/api/queues/{vhost}/jobs", {"durable": True, "arguments": {"x-max-length": 5}},
                 201)
        self.assertEqual(self.get(f"/api/queues/{vhost}/jobs")["arguments"], {"x-max-length": 5})
        status, headers, _ = self.ask("POST", f"/api/bindings/{vhost}/e/events/q/jobs",
                                      {"routing_key": "a/b ~", "arguments": {"x": 1}})
        self.assertEqual(status, 201)
        # The last segment is the resource's identity.
        key = headers["location"].rpartition("/")[2]
        binding = self.get(f"/api/bindings/{vhost}/e/events/q/jobs/{key}")
        self.assertEqual((binding["routing_key"], binding["arguments"]), ("a/b ~", {"x": 1}))
        self.put(f"/api/policies/{vhost}/ttl", {"pattern": ".*", "apply-to": "queues",
                                                "definition": {"message-ttl": 5}}, 201)
        self.get(f"/api/policies/{vhost}/ttl", "definition.message-ttl", "apply-to", "priority")
        self.put(f"/api/operator-policies/{vhost}/cap", {"pattern": ".*", "apply-to": "queues",
                                                         "definition": {"max-length": 5}}, 201)
        self.put(f"/api/vhost-limits/{vhost}/max-queues", {"value": 10})
        self.assertEqual(self.get(f"/api/vhost-limits/{vhost}")[0]["value"]["max-queues"], 10)
        for path in (f"/api/bindings/{vhost}/e/events/q/jobs/{key}", f"/api/policies/{vhost}/ttl",
                     f"/api/operator-policies/{vhost}/cap", f"/api/queues/{vhost}/jobs",
                     f"/api/exchanges/{vhost}/events", f"/api/vhost-limits/{vhost}/max-queues"):
            self.assertEqual(self.ask("DELETE", path)[0], 204, path)
        # A 404 is "somebody deleted it, make it again".
        self.assertEqual(self.ask("GET", f"/api/queues/{vhost}/jobs")[0], 404)

    def test_rabbit_hole_puts_a_slash_behind_lists(self):
        for kind in ("users", "bindings", "queues", "exchanges", "vhosts", "permissions",
                     "policies", "parameters", "nodes", "connections", "channels"):
            self.assertIsInstance(self.get(f"/api/{kind}/"), list)

    def test_a_base_address_with_a_slash_at_its_end_gives_two(self):
        self.assertIsInstance(self.get("//api/users"), list)

    def test_rabbitmqadmin_2_asks_for_versions_flags_and_checks(self):
        self.get("/api/overview", "product_name", "product_version", "cluster_name", "node",
                 "erlang_version")
        self.assertIn("quorum_queue", [flag["name"] for flag in self.get("/api/feature-flags")])
        self.assertEqual(self.get("/api/deprecated-features/used"), [])
        self.put("/api/cluster-name", {"name": "somewhere"}, 204)
        self.assertEqual(self.get("/api/cluster-name"), {"name": "somewhere"})
        port = self.daemon.port
        self.get(f"/api/health/checks/port-listener/{port}", "status")
        self.assertEqual(self.ask("GET", "/api/health/checks/port-listener/1")[0], 503)

    def test_dotnet_waits_for_a_challenge_and_browsers_must_not_see_one(self):
        status, headers, document = self.ask("GET", "/api/whoami", user=None)
        self.assertEqual(status, 401)
        self.assertTrue(headers["www-authenticate"].startswith("Basic realm="))
        status, headers, document = self.ask("GET", "/api/whoami", user="guest:wrong")
        self.assertEqual((status, document["error"]), (401, "not_authorized"))
        self.assertNotIn("www-authenticate", headers)

    def test_probes_need_no_login(self):
        for path in ("/api/health/checks/is-in-service",
                     "/api/health/checks/ready-to-serve-clients",
                     "/api/health/checks/below-node-connection-limit", "/livez", "/readyz"):
            self.assertEqual(self.ask("GET", path, user=None)[0], 200, path)

    def test_spring_boot_and_in_house_checks_read_a_version_of_numbers(self):
        version = self.connection._impl.server_properties["version"]
        version = version.decode() if isinstance(version, bytes) else version
        self.assertEqual(len([int(part) for part in version.split(".")]), 3)

    def test_testcontainers_waits_for_this_line(self):
        self.assertIn("Server startup complete", self.daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)

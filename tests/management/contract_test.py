#!/usr/bin/python3
"""The API keeps to its OpenAPI document: each GET answers with the fields and types that it names.

The document is asked of the broker, so that what is checked is what it serves; docs/openapi.json
must be the same.
"""

import json
import pathlib
import unittest

from management_case import ManagementCase, quoted, wait_until

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict,
         "array": list}


class Contract(ManagementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.get("/api/openapi.json")
        for path, body in (
                ("/api/queues/%2F/q", {"durable": True, "arguments": {"x-max-length": 5}}),
                ("/api/exchanges/%2F/x", {"type": "topic", "durable": True}),
                ("/api/exchanges/%2F/y", {}),
                ("/api/policies/%2F/p", {"pattern": "^q$", "definition": {"max-length": 3}}),
                ("/api/operator-policies/%2F/p", {"pattern": "^q$",
                                                  "definition": {"max-length": 2}}),
                ("/api/global-parameters/g", {"value": [1, {"a": None}]}),
                ("/api/topic-permissions/%2F/guest", {"exchange": "x", "write": "a", "read": "b"}),
                ("/api/vhost-limits/%2F/max-queues", {"value": 1000}),
                ("/api/user-limits/guest/max-connections", {"value": 1000})):
            assert cls.ask("PUT", path, body).status in (201, 204), path
        for kind, name in (("q", "q"), ("e", "y")):
            answer = cls.ask("POST", f"/api/bindings/%2F/e/x/{kind}/{name}",
                             {"routing_key": "a/b~c", "arguments": {"k": 1}})
            assert answer.status == 201, answer
        cls.key = cls.get("/api/bindings/%2F/e/x/q/q")[0]["properties_key"]

    def setUp(self):
        connection = self.amqp()
        channel = connection.channel()
        channel.basic_consume("q", lambda *_: None)
        connection.process_data_events()
        self.connection = wait_until(lambda: self.get("/api/connections"), "a connection")[0]

    def resolved(self, schema):
        while "$ref" in schema:
            target = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        return schema

    def check(self, value, schema, where):
        schema = self.resolved(schema)
        if value is None and schema.get("nullable"):
            return
        if "type" in schema:
            self.assertIsInstance(value, TYPES[schema["type"]], where)
            if schema["type"] == "integer":
                self.assertNotIsInstance(value, bool, where)
        if schema.get("type") == "array":
            for index, item in enumerate(value):
                self.check(item, schema["items"], f"{where}[{index}]")
        for name in schema.get("required", ()):
            self.assertIn(name, value, where)
        for name, member in schema.get("properties", {}).items():
            if name in value:
                self.check(value[name], member, f"{where}.{name}")

    def filled(self, path):
        values = {"vhost": "/", "queue": "q", "exchange": "x", "destination": "y", "user": "guest",
                  "name": "g" if "global" in path else "p", "properties_key": self.key,
                  "node": self.get("/api/overview")["node"],
                  "connection": self.connection["name"],
                  "channel": self.connection["name"] + " (1)", "port": str(self.daemon.port),
                  "protocols": "amqp", "within": "1", "unit": "days", "password": "x",
                  "component": "shovel"}
        for name, value in values.items():
            path = path.replace("{" + name + "}", quoted(value))
        return path

    def test_every_get_answers_as_the_document_says(self):
        checked = 0
        for path, methods in self.document["paths"].items():
            if "get" not in methods or "livelog" in path:
                continue
            answer = self.ask("GET", self.filled(path))
            if path == "/api/parameters/{component}/{vhost}/{name}":
                self.assertEqual(answer.status, 404)
                continue
            self.assertEqual(answer.status, 200, (path, answer))
            (kind, content), = methods["get"]["responses"]["200"]["content"].items()
            self.assertEqual(answer.fields["content-type"], kind, path)
            if kind == "application/json":
                self.check(answer.json, content["schema"], path)
            checked += 1
        self.assertGreater(checked, 80)

    def test_what_was_made_is_in_its_list(self):
        for path, name in (("/api/queues", "q"), ("/api/exchanges", "x"), ("/api/policies", "p"),
                           ("/api/operator-policies", "p"), ("/api/global-parameters", "g"),
                           ("/api/vhosts", "/"), ("/api/users", "guest")):
            self.assertIn(name, [row["name"] for row in self.get(path)], path)
        self.assertEqual(len(self.get("/api/consumers")), 1)
        self.assertEqual(len(self.get("/api/channels")), 1)

    def test_head_is_get_without_the_body(self):
        for path in ("/api/overview", "/api/queues", "/api/whoami"):
            answer = self.ask("HEAD", path)
            self.assertEqual((answer.status, answer.body), (200, b""), path)

    def test_lists_are_paged_sorted_and_cut_to_columns(self):
        for number in range(7):
            self.ask("PUT", f"/api/queues/%2F/page{number}", {})
        page = self.get("/api/queues?page=2&page_size=3&name=page&sort=name&sort_reverse=true"
                        "&columns=name,message_stats.publish_details.rate")
        self.assertEqual([item["name"] for item in page["items"]], ["page3", "page2", "page1"])
        self.assertEqual((page["page_count"], page["filtered_count"], page["item_count"]),
                         (3, 7, 3))
        self.assertEqual(page["items"][0],
                         {"name": "page3", "message_stats": {"publish_details": {"rate": 0.0}}})
        page = self.get("/api/queues?page=1&name=%5EPAGE%5B12%5D%24&use_regex=true&sort=name")
        self.assertEqual([item["name"] for item in page["items"]], ["page1", "page2"])
        rows = self.get("/api/queues/%2F?disable_stats=true&enable_queue_totals=true")
        self.assertTrue(all("messages" in row and "message_stats" not in row for row in rows))
        rows = self.get("/api/queues/%2F?disable_stats=true")
        self.assertTrue(all("messages" not in row for row in rows))

    def test_the_document_in_the_folder_is_the_same(self):
        kept = pathlib.Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
        self.assertEqual(json.loads(kept.read_text()), self.document,
                         "run script/http-api and commit what it makes")


if __name__ == "__main__":
    unittest.main()

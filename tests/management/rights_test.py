#!/usr/bin/python3
"""Every route of the API, asked by users of each tag: who may not is told so, and changes nothing."""

import unittest

from management_case import ADMIN, ManagementCase

ALL = ("management", "policymaker", "monitoring", "administrator")
# Who has the rights of a tag in OpenAPI's descriptions.
HOLDERS = {"management": set(ALL), "policymaker": {"policymaker", "administrator"},
           "monitoring": {"monitoring", "administrator"}, "administrator": {"administrator"}}


class Rights(ManagementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ask("PUT", "/api/vhosts/own")
        for tag in (*ALL, "none"):
            cls.ask("PUT", f"/api/users/{tag}",
                    {"password": "x", "tags": "" if tag == "none" else tag})
            cls.ask("PUT", f"/api/permissions/own/{tag}",
                    {"configure": "", "write": "", "read": ""})
        cls.document = cls.get("/api/openapi.json")

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    @staticmethod
    def filled(path):
        path = path.replace("{vhost}", "own")
        while "{" in path:
            path = path[:path.index("{")] + "no-such-thing" + path[path.index("}") + 1:]
        return path

    def test_without_the_tag_it_is_401_and_nothing_happens(self):
        asked = 0
        for method, path, operation in self.operations():
            if operation.get("security") == []:
                continue
            tag = operation["description"].removeprefix("Needs the tag ").rstrip(".")
            for user in (*ALL, "none"):
                if user in HOLDERS[tag]:
                    continue
                answer = self.expect(401, method, self.filled(path), user=(user, "x"))
                self.assertEqual(answer.json, {"error": "not_authorised",
                                               "reason": "Access refused."}, (method, path, user))
                asked += 1
        self.assertGreater(asked, 200)

    def test_without_a_login_it_is_401(self):
        for method, path, operation in self.operations():
            status = self.ask(method, self.filled(path), user=None).status
            if operation.get("security") == []:
                self.assertNotEqual(status, 401, (method, path))
            else:
                self.assertEqual(status, 401, (method, path))

    def test_with_the_tag_reading_is_not_401(self):
        for method, path, operation in self.operations():
            # Messages are for who may read the queue.
            if method != "GET" or "livelog" in path or path.endswith("/messages"):
                continue
            tag = operation["description"].removeprefix("Needs the tag ").rstrip(".")
            for user in HOLDERS.get(tag, ()):
                answer = self.ask(method, self.filled(path), user=(user, "x"))
                self.assertIn(answer.status, (200, 400, 404, 503), (method, path, user, answer))

    def test_others_virtual_hosts_are_not_seen_without_permissions(self):
        for user, seen in (("management", ["own"]), ("policymaker", ["own"]),
                           ("monitoring", ["/", "own"]), ("administrator", ["/", "own"])):
            hosts = self.get("/api/vhosts?columns=name", user=(user, "x"))
            self.assertEqual(sorted(host["name"] for host in hosts), seen, user)
            for path in ("/api/queues/%2F", "/api/exchanges/%2F", "/api/bindings/%2F",
                         "/api/vhosts/%2F", "/api/consumers/%2F", "/api/vhosts/%2F/connections"):
                self.assertEqual(self.ask("GET", path, user=(user, "x")).status,
                                 200 if "/" in seen else 401, (user, path))
            self.assertEqual({exchange["vhost"] for exchange in
                              self.get("/api/exchanges", user=(user, "x"))}, set(seen))

    def test_tags_give_no_permission_in_a_virtual_host(self):
        # An administrator without a permission may look, and not touch.
        for method, path, body in (
                ("PUT", "/api/queues/own/q", {}), ("PUT", "/api/exchanges/own/x", {}),
                ("PUT", "/api/queues/%2F/q", {}),
                ("POST", "/api/exchanges/own/amq.direct/publish",
                 {"routing_key": "", "properties": {}, "payload": "", "payload_encoding": "string"})):
            answer = self.expect(401, method, path, body, user=("administrator", "x"))
            self.assertEqual(answer.json["error"], "not_authorised")
        self.assertEqual(self.get("/api/queues"), [])

    def test_connections_of_others_are_a_monitors(self):
        connection = self.amqp()
        for user, count in (("management", 0), ("monitoring", 1), ("administrator", 1)):
            self.assertEqual(len(self.get("/api/connections", user=(user, "x"))), count, user)
        name = self.get("/api/connections")[0]["name"].replace(" ", "%20").replace(">", "%3E")
        self.expect(401, "GET", f"/api/connections/{name}", user=("management", "x"))
        self.expect(401, "DELETE", f"/api/connections/{name}", user=("management", "x"))
        connection.process_data_events()
        self.assertTrue(connection.is_open)


class UnixSocket(ManagementCase):
    def test_the_brokers_own_user_needs_no_login(self):
        answer = self.ask_unix("GET", "/api/whoami")
        self.assertEqual(answer.status, 200)
        self.assertRegex(answer.json["name"], r"^local:\d+$")
        self.assertEqual(answer.json["tags"], ["administrator"])

    def test_no_virtual_hosts_permissions_stand_in_its_way(self):
        for method, path, body, status in (
                ("PUT", "/api/vhosts/closed", None, 201),
                ("PUT", "/api/queues/closed/q", {}, 201),
                ("PUT", "/api/exchanges/closed/x", {"type": "topic"}, 201),
                ("POST", "/api/bindings/closed/e/x/q/q", {"routing_key": "#"}, 201),
                ("POST", "/api/exchanges/closed/x/publish",
                 {"routing_key": "k", "properties": {}, "payload": "m",
                  "payload_encoding": "string"}, 200),
                ("POST", "/api/queues/closed/q/get",
                 {"ackmode": "ack_requeue_true", "count": 1, "encoding": "auto"}, 200),
                ("DELETE", "/api/queues/closed/q/contents", None, 204),
                ("DELETE", "/api/queues/closed/q", None, 204),
                ("DELETE", "/api/vhosts/closed", None, 204)):
            answer = self.ask_unix(method, path, body)
            self.assertEqual(answer.status, status, (method, path, answer))

    def test_credentials_win(self):
        answer = self.ask_unix("GET", "/api/whoami", fields={"Authorization": "Basic Z3Vlc3Q6eA=="})
        self.assertEqual((answer.status, answer.json["reason"]), (401, "Login failed"))

    def test_what_it_does_is_in_the_audit_log(self):
        self.assertEqual(self.ask_unix("PUT", "/api/vhosts/by-socket").status, 201)
        lines = self.ask("GET", "/api/audit?count=1000", user=ADMIN).json
        mine = [line for line in lines if line.get("name") == "by-socket"]
        self.assertTrue(mine and mine[0]["user"].startswith("local:"), lines[-3:])


if __name__ == "__main__":
    unittest.main()

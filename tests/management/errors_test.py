#!/usr/bin/python3
"""What is wrong with a request is said as RabbitMQ says it, and nothing is changed by it."""

import socket
import unittest

from management_case import ADMIN, DEADLINE, ManagementCase, quoted

NOT_FOUND = {"error": "Object Not Found", "reason": "Not Found"}


class Errors(ManagementCase):
    SETTINGS = {"management": {"max_body_size": "64KiB"}}

    def snapshot(self):
        return [self.get(path) for path in (
            "/api/users", "/api/permissions", "/api/vhosts?columns=name,tags", "/api/policies",
            "/api/exchanges?columns=name,vhost", "/api/queues?columns=name,vhost",
            "/api/bindings", "/api/global-parameters", "/api/vhost-limits", "/api/user-limits")]

    def setUp(self):
        before = self.snapshot()
        self.addCleanup(lambda: self.assertEqual(self.snapshot(), before))

    def raw(self, request):
        with socket.create_connection(("127.0.0.1", self.port), DEADLINE) as client:
            client.sendall(request)
            received = b""
            while octets := client.recv(65536):
                received += octets
            return received

    def test_without_credentials_there_is_a_challenge_and_no_body(self):
        answer = self.expect(401, "GET", "/api/overview", user=None)
        self.assertTrue(answer.fields["www-authenticate"].startswith("Basic realm="))

    def test_wrong_credentials_get_json_and_no_challenge(self):
        for user in (("guest", "wrong"), ("nobody", "guest"), ("guest", "")):
            answer = self.expect(401, "GET", "/api/overview", user=user)
            self.assertEqual(answer.json, {"error": "not_authorized", "reason": "Login failed"})
            self.assertNotIn("www-authenticate", answer.fields)

    def test_credentials_that_cannot_be_read_are_refused(self):
        for value in ("Basic", "Basic !!!", "Basic Z3Vlc3Q=", "Digest x", "Bearer a.b.c", "x"):
            self.expect(401, "GET", "/api/overview", user=None, fields={"Authorization": value})

    def test_unknown_paths_and_objects(self):
        for path in ("/api/nope", "/api", "/api/queues/%2F/nope", "/api/queues/nope",
                     "/api/exchanges/%2F/nope", "/api/vhosts/nope", "/api/users/nope",
                     "/api/permissions/%2F/nope", "/api/policies/%2F/nope",
                     "/api/connections/nope", "/api/channels/nope", "/api/nodes/nope",
                     "/api/bindings/nope", "/api/queues/%2F/a/b/c/d/e", "/api//overview",
                     "/api/global-parameters/nope", "/api/user-limits/nope"):
            self.assertEqual(self.expect(404, "GET", path).json, NOT_FOUND, path)
        for path in ("/api/queues/%2F/nope", "/api/exchanges/%2F/nope", "/api/users/nope",
                     "/api/vhosts/nope", "/api/permissions/%2F/nope", "/api/policies/%2F/nope",
                     "/api/connections/nope", "/api/queues/%2F/nope/contents"):
            self.expect(404, "DELETE", path)

    def test_other_methods_are_named(self):
        answer = self.expect(405, "POST", "/api/overview")
        self.assertEqual(answer.json["error"], "method_not_allowed")
        self.assertEqual(answer.fields["allow"], "HEAD, GET, OPTIONS")
        self.expect(405, "BREW", "/api/users/x")

    def test_what_there_is_only_with_streams_and_more_nodes(self):
        for noun in ("connections", "publishers", "consumers"):
            self.assertEqual(self.get(f"/api/stream/{noun}"), [])
            self.assertEqual(self.get(f"/api/stream/{noun}/%2F"), [])
            self.assertEqual(self.get(f"/api/stream/{noun}?page=1")["items"], [])
            self.expect(404, "GET", f"/api/stream/{noun}/nowhere")
        self.expect(404, "GET", "/api/stream/connections/%2F/nobody")
        self.expect(201, "PUT", "/api/queues/%2F/alone", {
            "durable": True, "arguments": {"x-queue-type": "quorum"}})
        for method, path in (("GET", "%2F/alone/status"), ("POST", "%2F/alone/replicas/add"),
                             ("DELETE", "%2F/alone/replicas/delete"),
                             ("POST", "replicas/on/nowhere/grow"),
                             ("DELETE", "replicas/on/nowhere/shrink")):
            answer = self.expect(404, method, f"/api/queues/quorum/{path}")
            self.assertEqual(answer.json["error"], "Object Not Found", path)
        self.expect(204, "DELETE", "/api/queues/%2F/alone")

    def test_reset_leaves_all_as_it_is(self):
        node = self.get("/api/overview")["node"]
        self.expect(204, "DELETE", "/api/reset")
        self.expect(204, "DELETE", f"/api/reset/{node}")
        self.expect(404, "DELETE", "/api/reset/other@node")
        self.expect(405, "GET", "/api/reset")

    def test_slashes_are_forgiven_where_clients_write_them(self):
        for path in ("//api/whoami", "/api/whoami/", "/api/users/?columns=name"):
            self.expect(200, "GET", path)

    def test_paths_that_cannot_be_decoded(self):
        for path in ("/api/queues/%", "/api/queues/%zz", "/api/queues/%2", "/api/users?name=%q"):
            self.assertEqual(self.expect(400, "GET", path).json["error"], "bad_request", path)

    def test_bodies_that_are_no_objects(self):
        for raw in (b"{bad", b"[]", b"1", b'"x"', b"{}x", b'{"a":1,"a":2}', b"\xff",
                    b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"):
            answer = self.expect(400, "PUT", "/api/users/new", raw=raw)
            self.assertEqual(answer.json, {"error": "bad_request", "reason": "not_json"}, raw)

    def test_bodies_that_are_too_large(self):
        answer = self.expect(400, "PUT", "/api/users/new", raw=b" " * 70_000)
        self.assertIn("body size limit", answer.json["reason"])
        self.expect(400, "POST", "/api/bindings/%2F/e/amq.direct/q/x", raw=b" " * 6_000)

    def test_members_that_are_missing(self):
        self.assertEqual(
            self.expect(400, "PUT", "/api/permissions/%2F/guest", {"configure": ".*"}).json,
            {"error": "bad_request", "reason": "[{key_missing,write},{key_missing,read}]"})
        self.assertEqual(self.expect(400, "PUT", "/api/users/new", {"password": "x"}).json,
                         {"error": "bad_request", "reason": "tags_not_present"})
        self.expect(400, "PUT", "/api/policies/%2F/p", {"pattern": "x"})
        self.expect(400, "PUT", "/api/vhost-limits/%2F/max-queues", {})

    def test_values_of_other_kinds(self):
        for path, body in (
                ("/api/users/new", {"tags": 1, "password": "x"}),
                ("/api/users/new", {"tags": "", "password": 1}),
                ("/api/users/new", {"tags": "", "password": "x", "password_hash": "y"}),
                ("/api/users/new", {"tags": "", "password_hash": "no hash"}),
                ("/api/permissions/%2F/guest", {"configure": "[", "write": "", "read": ""}),
                ("/api/permissions/%2F/guest", {"configure": 1, "write": "", "read": ""}),
                ("/api/permissions/%2F/nobody", {"configure": "", "write": "", "read": ""}),
                ("/api/policies/%2F/p", {"pattern": "[", "definition": {"max-length": 1}}),
                ("/api/policies/%2F/p", {"pattern": "x", "definition": {"nope": 1}}),
                ("/api/policies/%2F/p", {"pattern": "x", "definition": []}),
                ("/api/policies/%2F/p", {"pattern": "x", "definition": {"max-length": 1},
                                         "priority": "high"}),
                ("/api/policies/%2F/p", {"pattern": "x", "definition": {"max-length": 1},
                                         "apply-to": "everything"}),
                ("/api/vhost-limits/%2F/max-queues", {"value": "x"}),
                ("/api/vhost-limits/%2F/max-nope", {"value": 1}),
                ("/api/user-limits/guest/max-nope", {"value": 1}),
                ("/api/parameters/shovel/%2F/x", {"value": {}}),
                ("/api/queues/%2F/q", {"durable": "perhaps"}),
                ("/api/queues/%2F/q", {"arguments": {"x-max-length": "many"}}),
                ("/api/queues/%2F/q", {"arguments": 1}),
                ("/api/exchanges/%2F/x", {"type": "nope"}),
                ("/api/vhosts/new", {"default_queue_type": "stream"}),
                ("/api/vhosts/new", {"tracing": True}),
                ("/api/log-level", {"level": "loud"})):
            answer = self.expect(400, "PUT", path, body)
            self.assertEqual(answer.json["error"], "bad_request", (path, body))
            self.assertTrue(answer.json["reason"], (path, body))

    def test_reserved_names_are_refused(self):
        for method, path in (("PUT", "/api/queues/%2F/amq.q"), ("PUT", "/api/exchanges/%2F/amq.x"),
                             ("DELETE", "/api/exchanges/%2F/amq.direct")):
            answer = self.expect(401, method, path, {} if method == "PUT" else None)
            self.assertEqual(answer.json["error"], "not_authorised")

    def test_pages(self):
        self.assertEqual(self.expect(400, "GET", "/api/queues?page=9").json,
                         {"error": "page_out_of_range",
                          "reason": "Page out of range, page: 9 page size: 100, len: 0"})
        self.assertEqual(self.expect(400, "GET", "/api/queues?page=x").json["reason"],
                         "Pagination parameters are invalid")
        self.assertEqual(
            self.expect(400, "GET", "/api/queues?page=1&page_size=501").json["error"],
            "invalid_pagination_parameters")
        self.expect(400, "GET", "/api/queues?page=1&use_regex=true&name=%5B")
        self.expect(400, "GET", "/api/queues?page=1&use_regex=true&name=" + "a" * 1025)
        # As KEDA asks.
        self.assertEqual(self.get("/api/queues?page=1&pagination=false")["items"], [])

    def test_malformed_http(self):
        for request in (b"GET\r\n\r\n", b"AMQP\x00\x00\x09\x01\r\n\r\n",
                        b"GET /api/overview HTTP/1.1\r\nno colon\r\n\r\n",
                        b"PUT /api/users/x HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                        b"PUT /api/users/x HTTP/1.1\r\nContent-Length: 1\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            self.assertTrue(self.raw(request).startswith(b"HTTP/1.1 400 "), request)
        self.assertTrue(self.raw(b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000)
                        .startswith(b"HTTP/1.1 431 "))

    def test_names_of_others_are_no_markup(self):
        name = "<script>alert(1)</script>/%\"'&\r\n\x01é"
        self.expect(201, "PUT", f"/api/vhosts/{quoted(name)}")
        try:
            self.assertEqual(self.get(f"/api/vhosts/{quoted(name)}")["name"], name)
            self.expect(201, "PUT", f"/api/queues/{quoted(name)}/{quoted(name)}", {})
            self.assertEqual(self.get(f"/api/queues/{quoted(name)}/{quoted(name)}")["name"], name)
            answer = self.ask("GET", f"/api/queues/{quoted(name)}")
            self.assertEqual(answer.fields["content-type"], "application/json")
            self.assertEqual(answer.fields["x-content-type-options"], "nosniff")
            self.assertEqual(answer.fields["x-frame-options"], "DENY")
            self.assertIn("default-src 'self'", answer.fields["content-security-policy"])
            # A name in a field of the answer cannot end it.
            location = self.expect(201, "POST", f"/api/bindings/{quoted(name)}/e/amq.direct/q/"
                                   + quoted(name), {"routing_key": name}).fields["location"]
            self.assertRegex(location, r"^[A-Za-z0-9%._~/-]+$")
        finally:
            self.expect(204, "DELETE", f"/api/vhosts/{quoted(name)}")

    def test_other_origins_are_told_nothing(self):
        answer = self.ask("GET", "/api/whoami", fields={"Origin": "https://evil.example"})
        self.assertNotIn("access-control-allow-origin", answer.fields)
        answer = self.ask("OPTIONS", "/api/users/x", user=None,
                          fields={"Origin": "https://evil.example"})
        self.assertEqual((answer.status, answer.fields["allow"]),
                         (200, "HEAD, GET, PUT, DELETE, OPTIONS"))
        self.assertNotIn("access-control-allow-origin", answer.fields)

    def test_empty_bodies_are_objects(self):
        for number, raw in enumerate((b"", b"null", b"undefined", b"{}")):
            self.expect(201, "PUT", f"/api/queues/%2F/empty{number}", raw=raw)
            self.expect(204, "DELETE", f"/api/queues/%2F/empty{number}")


class Cors(ManagementCase):
    SETTINGS = {"management": {"cors": {"allow_origins": "[https://ui.example]"}}}

    def test_the_origin_that_is_allowed_is_told_so(self):
        fields = {"Origin": "https://ui.example"}
        answer = self.ask("OPTIONS", "/api/users/x", user=None, fields=fields)
        self.assertEqual(answer.fields["access-control-allow-origin"], "https://ui.example")
        self.assertIn("PUT", answer.fields["access-control-allow-methods"])
        answer = self.ask("GET", "/api/whoami", user=ADMIN, fields=fields)
        self.assertEqual(answer.fields["access-control-allow-credentials"], "true")
        answer = self.ask("GET", "/api/whoami", fields={"Origin": "https://ui.example.evil"})
        self.assertNotIn("access-control-allow-origin", answer.fields)


if __name__ == "__main__":
    unittest.main()

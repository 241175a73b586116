#!/usr/bin/python3
"""What operators ask of the node: probes, definitions, reload, log, audit, drain, stop."""

import base64
import gzip
import http.client
import json
import pathlib
import sys
import unittest

import pika

from management_case import DEADLINE, ManagementCase, free_port, wait_until

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / name)
                for name in ("hostile", "monitoring")]
import wire  # noqa: E402
from peer import Peer  # noqa: E402
from watched import Page  # noqa: E402


class Operations(ManagementCase):
    def test_probes_need_no_login(self):
        for path in ("/livez", "/readyz"):
            self.assertEqual(self.expect(200, "GET", path, user=None).body, b"ok\n")
        for check in ("is-in-service", "ready-to-serve-clients", "below-node-connection-limit"):
            self.assertEqual(self.expect(200, "GET", f"/api/health/checks/{check}",
                                         user=None).json["status"], "ok")

    def test_health_checks_say_what_is_wrong(self):
        self.assertEqual(self.get(f"/api/health/checks/port-listener/{self.daemon.port}"),
                         {"status": "ok", "port": self.daemon.port})
        answer = self.expect(503, "GET", "/api/health/checks/port-listener/1").json
        self.assertEqual((answer["status"], answer["reason"], answer["missing"]),
                         ("failed", "No active listener", 1))
        answer = self.expect(503, "GET", "/api/health/checks/protocol-listener/amqp,mqtt").json
        self.assertEqual(answer["missing"], "mqtt")
        self.expect(400, "GET", "/api/health/checks/certificate-expiration/1/fortnights")
        self.expect(400, "GET", "/api/health/checks/port-listener/x")
        for check in ("alarms", "local-alarms", "virtual-hosts", "node-is-quorum-critical",
                      "node-is-mirror-sync-critical", "certificate-expiration/1/months",
                      "protocol-listener/amqp"):
            self.assertEqual(self.get(f"/api/health/checks/{check}")["status"], "ok", check)

    def test_logins_are_counted_until_somebody_forgets_them(self):
        path = f"/api/auth/attempts/{self.get('/api/overview')['node']}"
        self.expect(404, "GET", "/api/auth/attempts/other@node")
        self.expect(204, "DELETE", path)

        def attempts():
            return {row["protocol"]: (row["auth_attempts_succeeded"], row["auth_attempts_failed"],
                                      row["auth_attempts"]) for row in self.get(path)}

        self.assertEqual(attempts()["amqp091"], (0, 0, 0))
        self.amqp()
        with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
            self.amqp(password="wrong")
        self.assertEqual(attempts()["amqp091"], (1, 1, 2))
        before = attempts()["http"]
        self.expect(401, "GET", "/api/whoami", user=("guest", "wrong"))
        after = attempts()["http"]
        self.assertEqual((after[0] - before[0], after[1] - before[1]), (1, 1))
        self.assertEqual(self.get(f"{path}/source"), [])
        self.expect(204, "DELETE", path)
        self.assertEqual(attempts()["amqp091"], (0, 0, 0))

    def test_definitions_come_back_as_they_were(self):
        self.expect(201, "PUT", "/api/vhosts/kept", {"description": "d", "tags": "a,b"})
        self.expect(201, "PUT", "/api/queues/kept/q", {"durable": True})
        self.expect(201, "PUT", "/api/exchanges/kept/x", {"type": "fanout", "durable": True})
        self.expect(201, "POST", "/api/bindings/kept/e/x/q/q", {"routing_key": "k"})
        self.expect(201, "PUT", "/api/policies/kept/p", {
            "pattern": "^q$", "definition": {"max-length": 7}, "apply-to": "queues"})
        answer = self.ask("GET", "/api/definitions?form=harriermq&download=x%22.json")
        self.assertEqual(answer.fields["content-disposition"], 'attachment; filename="x_.json"')
        again = self.ask("GET", "/api/definitions?form=harriermq",
                         fields={"If-None-Match": answer.fields["etag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        one = self.get("/api/definitions/kept")
        self.assertEqual(one["rabbitmq_definition_format"], "single_virtual_host")
        self.assertEqual([queue["name"] for queue in one["queues"]], ["q"])
        self.assertNotIn("vhost", one["queues"][0])
        self.assertNotIn("users", one)
        self.expect(204, "DELETE", "/api/vhosts/kept")
        form = (b"--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"d.json\"\r\n"
                b"Content-Type: application/json\r\n\r\n" + answer.body + b"\r\n--xyz--\r\n")
        self.expect(204, "POST", "/api/definitions", raw=form,
                    fields={"Content-Type": "multipart/form-data; boundary=xyz"})
        self.assertEqual(self.get("/api/definitions/kept"), one)
        # Into another virtual host.
        self.expect(201, "PUT", "/api/vhosts/copy")
        self.expect(204, "POST", "/api/definitions/copy", one)
        self.assertEqual([queue["name"] for queue in self.get("/api/queues/copy")], ["q"])
        self.assertEqual(len(self.get("/api/exchanges/copy/x/bindings/source")), 1)

    def test_definitions_that_make_no_sense_are_named(self):
        self.assertIn("queues[0]", self.expect(400, "POST", "/api/definitions",
                                               {"queues": [{"vhost": "/"}]}).json["reason"])
        self.expect(400, "POST", "/api/definitions", raw=b"{bad")
        self.expect(400, "POST", "/api/definitions", raw=b"--x--\r\n",
                    fields={"Content-Type": "multipart/form-data; boundary=x"})
        self.expect(400, "GET", "/api/definitions?form=xml")

    def test_reload_tells_what_counts_now_and_what_waits(self):
        config = self.daemon.work_dir / "harriermq.yaml"
        before = config.read_text()
        try:
            config.write_text(before + "log: {level: debug}\nserver_properties: {product: Other}\n")
            answer = self.expect(200, "POST", "/api/reload").json
            self.assertEqual([change["key"] for change in answer["in_effect"]], ["log.level"])
            self.assertEqual([change["key"] for change in answer["waiting_for_restart"]],
                             ["server_properties.product"])
            config.write_text(before + "nonsense: 1\n")
            self.assertIn("nonsense", self.expect(400, "POST", "/api/reload").json["reason"])
        finally:
            config.write_text(before)
            self.expect(200, "POST", "/api/reload")

    def test_the_configuration_has_no_secrets(self):
        text = self.expect(200, "GET", "/api/config/effective").body.decode()
        self.assertIn("management:", text)
        self.assertIn(str(self.port), text)

    def test_the_log_can_be_followed(self):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        self.addCleanup(client.close)
        client.request("GET", "/api/livelog", headers={"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="})
        response = client.getresponse()
        self.assertEqual(response.getheader("content-type"), "text/event-stream")
        self.expect(200, "POST", "/api/reload")
        while True:
            line = response.readline()
            self.assertTrue(line, "the stream ended")
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                self.assertLessEqual({"time", "level", "domain", "msg"}, event.keys())
                if event["msg"] == "reloaded":
                    break

    def test_the_log_level_changes(self):
        self.expect(204, "PUT", "/api/log-level", {"level": "debug"})
        self.expect(204, "PUT", "/api/log-level", {"level": "info"})
        self.expect(204, "POST", "/api/rotate-logs")

    def test_the_audit_log_is_shown_and_verified(self):
        self.expect(201, "PUT", "/api/users/audited", {"password": "x", "tags": ""})

        def told():
            return [line for line in self.get("/api/audit?count=100")
                    if line.get("name") == "audited"]
        line = wait_until(told, "its line")[0]
        self.assertEqual(line["user"], "guest")
        report = self.get("/api/audit/verify")
        self.assertTrue(report["whole"])
        self.assertGreater(report["records"], 0)
        self.expect(400, "GET", "/api/audit?count=0")

    def test_quotas_say_what_is_used(self):
        self.expect(204, "PUT", "/api/vhost-limits/%2F/max-connections", {"value": 9})
        self.amqp()
        quotas = self.get("/api/quotas")
        host, = [host for host in quotas["vhosts"] if host["vhost"] == "/"]
        self.assertEqual((host["limits"]["max-connections"], host["used"]["connections"]), (9, 1))
        self.expect(204, "DELETE", "/api/vhost-limits/%2F/max-connections")

    def test_answers_are_compressed_for_those_who_take_it(self):
        answer = self.ask("GET", "/api/feature-flags", fields={"Accept-Encoding": "gzip"})
        self.assertEqual(answer.fields["content-encoding"], "gzip")
        self.assertEqual(json.loads(gzip.decompress(answer.body)), self.get("/api/feature-flags"))

    def test_the_overview_is_what_tools_read(self):
        overview = self.get("/api/overview")
        version = [int(part) for part in overview["rabbitmq_version"].split(".")]
        self.assertGreaterEqual(version, [3, 10, 0])
        self.assertIs(overview["disable_stats"], False)
        for name in ("publish", "publish_in", "publish_out", "confirm", "deliver",
                     "deliver_no_ack", "deliver_get", "get", "get_no_ack", "get_empty", "ack",
                     "redeliver", "return_unroutable", "drop_unroutable"):
            self.assertIsInstance(overview["message_stats"][name], int, name)
            self.assertIn("rate", overview["message_stats"][name + "_details"], name)
        flags = {flag["name"]: flag["state"] for flag in self.get("/api/feature-flags")}
        self.assertEqual((flags["stream_queue"], flags["quorum_queue"]), ("enabled", "enabled"))

    def test_the_clusters_name_is_kept(self):
        self.expect(204, "PUT", "/api/cluster-name", {"name": "mine"})
        self.assertEqual(self.get("/api/cluster-name"), {"name": "mine"})


class Sources(ManagementCase):
    METRICS = free_port()
    SETTINGS = {"auth": {"track_attempt_source": True, "attempt_sources_max": 4},
                "metrics": {"enabled": True, "port": METRICS}}

    def setUp(self):
        self.path = f"/api/auth/attempts/{self.get('/api/overview')['node']}/source"
        self.expect(204, "DELETE", self.path)

    def log_in(self, source, user="guest", password="guest"):
        with Peer(self.daemon.port, source=source) as peer:
            if password == "guest":
                peer.log_in(user, password)
                return
            peer.send(wire.HEADER + wire.start_ok("PLAIN", wire.plain(user, password)))
            peer.expect("connection.start")
            peer.expect("connection.close")

    def sources(self):
        return {(row["remote_address"], row["username"], row["protocol"]):
                (row["auth_attempts_succeeded"], row["auth_attempts_failed"], row["auth_attempts"])
                for row in self.get(self.path)}

    def metrics(self, path):
        client = http.client.HTTPConnection("127.0.0.1", self.METRICS, timeout=DEADLINE)
        try:
            client.request("GET", path)
            return Page(client.getresponse().read().decode())
        finally:
            client.close()

    def test_logins_are_counted_by_address_and_user(self):
        self.log_in("127.0.0.1")
        self.log_in("127.0.0.2")
        self.log_in("127.0.0.2", password="wrong")
        self.log_in("127.0.0.2", password="wrong")
        have = self.sources()
        self.assertEqual(have[("127.0.0.1", "guest", "amqp091")], (1, 0, 1))
        self.assertEqual(have[("127.0.0.2", "guest", "amqp091")], (1, 2, 3))
        self.assertIn(("127.0.0.1", "guest", "http"), have)
        self.assertNotIn(("127.0.0.2", "guest", "http"), have)
        page = self.metrics("/metrics/detailed?family=auth_attempt_detailed_metrics")
        labels = {"remote_address": "127.0.0.2", "username": "guest", "protocol": "amqp091"}
        for name, number in (("total", 3), ("succeeded_total", 1), ("failed_total", 2)):
            self.assertEqual(page.value(f"rabbitmq_detailed_auth_attempts_detailed_{name}",
                                        **labels), number)
        self.assertEqual(self.metrics("/metrics/per-object").value(
            "rabbitmq_auth_attempts_detailed_total", **labels), 3)
        self.assertNotIn("attempts_detailed", self.metrics("/metrics").text)
        self.expect(204, "DELETE", self.path)
        # Who asked is there again.
        self.assertEqual(set(self.sources()), {("127.0.0.1", "guest", "http")})

    def test_by_http_too_and_what_does_not_fit_stands_together(self):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE,
                                            source_address=("127.0.0.2", 0))
        wrong = base64.b64encode(b"guest:wrong").decode()
        client.request("GET", "/api/whoami", headers={"Authorization": "Basic " + wrong})
        self.assertEqual(client.getresponse().status, 401)
        client.close()
        self.expect(200, "GET", "/api/whoami")
        for name in ("one", "two", "three", "four"):
            self.log_in("127.0.0.1", name, "wrong")
        have = self.sources()
        self.assertEqual(have[("127.0.0.2", "guest", "http")], (0, 1, 1))
        self.assertEqual(have[("127.0.0.1", "two", "amqp091")], (0, 1, 1))
        self.assertEqual(have[("", "", "amqp091")], (0, 2, 2))
        self.assertEqual(len(have), 5)
        page = self.metrics("/metrics/detailed?family=auth_attempt_detailed_metrics")
        self.assertEqual(page.value("rabbitmq_detailed_auth_attempts_detailed_failed_total",
                                    remote_address="", username="", protocol="amqp091"), 2)


class Ending(ManagementCase):
    def test_drained_revived_stopped(self):
        self.amqp()
        self.assertEqual(self.expect(200, "PUT", "/api/drain", {"timeout": 1}).json[
            "connections_closed"], 1)
        self.expect(503, "GET", "/readyz", user=None)
        self.expect(200, "GET", "/livez", user=None)
        self.assertTrue(self.get("/api/nodes")[0]["being_drained"])
        self.expect(204, "PUT", "/api/revive")
        self.expect(200, "GET", "/readyz", user=None)
        self.amqp()
        self.expect(204, "POST", "/api/stop")
        self.assertEqual(self.daemon.wait(), 0)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""Messages, queues and bindings by HTTP, seen from AMQP, and the other way round."""

import base64
import unittest

from management_case import ManagementCase, quoted, wait_until


class Messages(ManagementCase):
    def setUp(self):
        self.name = self.id().rsplit(".", 1)[-1]
        self.queue = f"/api/queues/%2F/{self.name}"
        self.expect(201, "PUT", self.queue, {"durable": "true"})
        self.addCleanup(self.ask, "DELETE", self.queue)

    def publish(self, payload="hi", key=None, properties=None, exchange="amq.default", **more):
        return self.expect(200, "POST", f"/api/exchanges/%2F/{exchange}/publish", {
            "routing_key": self.name if key is None else key, "properties": properties or {},
            "payload": payload, "payload_encoding": "string", **more}).json["routed"]

    def got(self, mode="ack_requeue_false", count=1, **more):
        return self.expect(200, "POST", self.queue + "/get", {
            "ackmode": mode, "count": str(count), "encoding": "auto", **more}).json

    def depth(self):
        return self.get(self.queue)["messages_ready"]

    def test_published_is_what_a_client_gets(self):
        self.assertTrue(self.publish("hällo", properties={
            "headers": {"a": 1, "b": [True, None, "x"]}, "delivery_mode": 2, "priority": "3",
            "message_id": "m", "timestamp": 17, "expiration": 60000}))
        method, properties, body = self.amqp().channel().basic_get(self.name, True)
        self.assertEqual(body.decode(), "hällo")
        self.assertEqual(properties.headers, {"a": 1, "b": [True, None, "x"]})
        self.assertEqual((properties.delivery_mode, properties.priority, properties.message_id,
                          properties.timestamp, properties.expiration),
                         (2, 3, "m", 17, "60000"))
        self.assertEqual(method.routing_key, self.name)

    def test_octets_go_as_base64(self):
        octets = bytes(range(256))
        self.publish(base64.b64encode(octets).decode(), payload_encoding="base64")
        message, = self.got()
        self.assertEqual(message["payload_encoding"], "base64")
        self.assertEqual(base64.b64decode(message["payload"]), octets)
        self.publish("text")
        message, = self.got(encoding="base64")
        self.assertEqual(base64.b64decode(message["payload"]), b"text")

    def test_ackmode_decides_what_becomes_of_it(self):
        self.publish()
        for mode in ("ack_requeue_true", "reject_requeue_true"):
            self.assertEqual(self.got(mode)[0]["payload"], "hi")
            self.assertEqual(self.depth(), 1)
        self.assertTrue(self.got()[0]["redelivered"])
        self.assertEqual(self.depth(), 0)
        self.assertEqual(self.got(), [])

    def test_payloads_are_cut_on_demand(self):
        self.publish("x" * 1000)
        message, = self.got(truncate=10)
        self.assertEqual((message["payload"], message["payload_bytes"]), ("x" * 10, 1000))

    def test_what_nobody_takes_is_not_routed(self):
        self.assertFalse(self.publish(key="nowhere"))

    def test_bad_messages_are_refused(self):
        for change in ({"payload_encoding": "rot13"}, {"properties": {"priority": 256}},
                       {"properties": {"delivery_mode": "x"}}, {"properties": 1},
                       {"properties": {"headers": []} , "payload": 1},
                       {"payload": "!", "payload_encoding": "base64"},
                       {"properties": {"reply_to": "x" * 256}}):
            body = {"routing_key": self.name, "properties": {}, "payload": "",
                    "payload_encoding": "string", **change}
            self.expect(400, "POST", "/api/exchanges/%2F/amq.default/publish", body)
        self.assertEqual(self.expect(400, "POST", "/api/exchanges/%2F/nope/publish", {
            "routing_key": "", "properties": {}, "payload": "", "payload_encoding": "string"}).json,
            {"error": "bad_request", "reason": "404 NOT_FOUND - no exchange 'nope' in vhost '/'"})
        self.expect(400, "POST", self.queue + "/get", {"ackmode": "x", "count": 1,
                                                       "encoding": "auto"})
        self.expect(400, "POST", self.queue + "/get", {})
        self.assertEqual(self.depth(), 0)

    def test_redeclaring_otherwise_is_400_with_amqps_text(self):
        self.expect(204, "PUT", self.queue, {"durable": True})
        self.assertEqual(
            self.expect(400, "PUT", self.queue, {"durable": False}).json["reason"],
            f"inequivalent arg 'durable' for queue '{self.name}' in vhost '/': "
            "received 'false' but current is 'true'")

    def test_deleting_conditionally(self):
        self.publish()
        self.expect(400, "DELETE", self.queue + "?if-empty=true")
        self.expect(204, "DELETE", self.queue + "/contents")
        self.expect(204, "DELETE", self.queue + "?if-empty=true&if-unused=true")
        self.expect(404, "DELETE", self.queue)

    def test_bindings_are_named_by_their_location(self):
        pair = f"/api/bindings/%2F/e/amq.direct/q/{self.name}"
        for key, arguments in (("", {}), ("a", {}), ("a/b~c %", {}), ("a", {"x": 1})):
            answer = self.expect(201, "POST", pair, {"routing_key": key, "arguments": arguments})
            place = pair.rsplit("/", 1)[0] + "/" + answer.fields["location"]
            binding = self.get(place)
            self.assertEqual((binding["routing_key"], binding["arguments"]), (key, arguments))
            self.expect(204, "DELETE", place)
            self.expect(404, "GET", place)
        self.assertEqual(self.get(pair), [])
        self.expect(404, "POST", "/api/bindings/%2F/e/nope/q/" + self.name, {})

    def test_browsing_takes_nothing(self):
        for number in range(5):
            self.publish(str(number))
        page = self.get(self.queue + "/messages?count=2")
        self.assertEqual([message["payload"] for message in page["messages"]], ["0", "1"])
        self.assertTrue(page["more"])
        behind = page["messages"][-1]["position"]
        page = self.get(self.queue + f"/messages?count=10&from={behind}")
        self.assertEqual([message["payload"] for message in page["messages"]], ["2", "3", "4"])
        self.assertEqual(self.depth(), 5)
        self.expect(204, "DELETE", self.queue + f"/messages/{page['messages'][1]['position']}")
        self.expect(404, "DELETE", self.queue + "/messages/99999")
        self.expect(400, "DELETE", self.queue + "/messages/x")
        self.assertEqual([message["payload"] for message in self.got(count=9)],
                         ["0", "1", "2", "4"])

    def test_moving(self):
        other = self.name + "-other"
        self.expect(201, "PUT", f"/api/queues/%2F/{other}", {"durable": True})
        self.addCleanup(self.ask, "DELETE", f"/api/queues/%2F/{other}")
        for number in range(5):
            self.publish(str(number))
        self.assertEqual(self.expect(200, "POST", self.queue + "/move", {
            "destination": other, "count": 2}).json, {"moved": 2, "end": "done"})
        self.assertEqual((self.depth(), self.get(f"/api/queues/%2F/{other}")["messages_ready"]),
                         (3, 2))
        self.expect(400, "POST", self.queue + "/move", {})
        self.expect(404, "POST", self.queue + "/move", {"destination": "nope"})

    def test_redriving_dead_letters(self):
        dead = self.name + "-dead"
        source = self.name + "-source"
        self.expect(201, "PUT", f"/api/queues/%2F/{source}", {"durable": True, "arguments": {
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.name}})
        self.addCleanup(self.ask, "DELETE", f"/api/queues/%2F/{source}")
        del dead
        self.publish("again", key=source)
        self.expect(200, "POST", f"/api/queues/%2F/{source}/get", {
            "ackmode": "reject_requeue_false", "count": 1, "encoding": "auto"})
        wait_until(lambda: self.depth() == 1, "the dead letter")
        tried = self.expect(200, "POST", self.queue + "/redrive", {"dry_run": True}).json
        self.assertEqual((tried["by_queue"], tried["dry_run"]), ({source: 1}, True))
        self.assertEqual(self.depth(), 1)
        self.assertEqual(self.expect(200, "POST", self.queue + "/redrive", {}).json["moved"], 1)
        self.assertEqual(self.get(f"/api/queues/%2F/{source}")["messages_ready"], 1)

    def test_a_paused_queue_takes_and_does_not_give(self):
        self.expect(204, "PUT", self.queue + "/pause")
        self.publish()
        self.assertEqual(self.get(self.queue)["state"], "paused")
        self.assertIsNone(self.amqp().channel().basic_get(self.name, True)[0])
        self.expect(204, "PUT", self.queue + "/resume")
        self.assertEqual(self.get(self.queue)["state"], "running")
        self.assertEqual(self.amqp().channel().basic_get(self.name, True)[2], b"hi")

    def test_a_plus_is_a_plus_and_else_a_space(self):
        spaced = f"{self.name} a b"
        self.expect(201, "PUT", f"/api/queues/%2F/{quoted(spaced)}", {})
        self.addCleanup(self.ask, "DELETE", f"/api/queues/%2F/{quoted(spaced)}")
        # As KEDA writes it.
        self.assertEqual(self.get(f"/api/queues/%2F/{self.name}+a+b")["name"], spaced)
        literal = f"{self.name}+a+b"
        self.expect(201, "PUT", f"/api/queues/%2F/{quoted(literal)}", {})
        self.addCleanup(self.ask, "DELETE", f"/api/queues/%2F/{quoted(literal)}")
        self.assertEqual(self.get(f"/api/queues/%2F/{self.name}+a+b")["name"], literal)

    def test_closing_a_connection_tells_its_client_why(self):
        connection = self.amqp(client_properties={"connection_name": self.name})
        mine = wait_until(lambda: [one for one in self.get("/api/connections")
                                   if one["user_provided_name"] == self.name], "it is listed")[0]
        self.expect(204, "DELETE", f"/api/connections/{quoted(mine['name'])}",
                    fields={"X-Reason": "tired of you"})
        with self.assertRaises(Exception) as closed:
            while True:
                connection.process_data_events(1)
        self.assertIn("tired of you", str(closed.exception))
        self.expect(404, "DELETE", f"/api/connections/{quoted(mine['name'])}")


if __name__ == "__main__":
    unittest.main()

import pika

from pika_case import PikaCase


class Routing(PikaCase):
    def routed(self, exchange, bindings, publishes):
        """Binds one queue per entry of bindings; returns what each queue holds in the end."""
        queues = []
        for key, arguments in bindings:
            queues.append(self.queue())
            self.channel.queue_bind(queues[-1], exchange, key, arguments)
        for key, headers, body in publishes:
            properties = pika.BasicProperties(headers=headers)
            self.publish(key, body, properties=properties, exchange=exchange)
        return [self.get_bodies(queue, self.message_count(queue)) for queue in queues]

    def test_a_direct_exchange_compares_keys(self):
        got = self.routed(
            self.exchange("direct"),
            [("a", None), ("b", None), ("a", None)],
            [("a", None, b"1"), ("b", None, b"2"), ("c", None, b"3")],
        )
        self.assertEqual(got, [[b"1"], [b"2"], [b"1"]])

    def test_a_fanout_exchange_ignores_keys(self):
        got = self.routed(
            self.exchange("fanout"), [("a", None), ("", None)], [("b", None, b"1")]
        )
        self.assertEqual(got, [[b"1"], [b"1"]])

    def test_a_topic_exchange_matches_patterns(self):
        keys = ["a", "a.b", "a.b.c", "x.b.c", ""]
        got = self.routed(
            self.exchange("topic"),
            [("#", None), ("a.#", None), ("a.*", None), ("*.b.*", None), ("#.c", None)],
            [(key, None, key.encode()) for key in keys],
        )
        self.assertEqual(
            got,
            [
                [b"a", b"a.b", b"a.b.c", b"x.b.c", b""],
                [b"a", b"a.b", b"a.b.c"],
                [b"a.b"],
                [b"a.b.c", b"x.b.c"],
                [b"a.b.c", b"x.b.c"],
            ],
        )

    def test_a_headers_exchange_matches_all_or_any(self):
        both = {"format": "pdf", "pages": 3}
        got = self.routed(
            self.exchange("headers"),
            [
                ("", {"x-match": "all", **both}),
                ("", {"x-match": "any", **both}),
                ("", both),  # all is the default
                ("", {"x-match": "all"}),
                ("", {"x-match": "any"}),
                ("", {"x-match": "all", "format": None}),  # present, whatever its value
            ],
            [
                ("", both, b"both"),
                ("", {"format": "pdf", "pages": 4}, b"one"),
                ("", {"pages": 4}, b"none"),
                ("", None, b"no headers"),
            ],
        )
        everything = [b"both", b"one", b"none", b"no headers"]
        self.assertEqual(
            got, [[b"both"], [b"both", b"one"], [b"both"], everything, [], [b"both", b"one"]]
        )

    def test_headers_that_start_with_x_count_only_when_asked_for(self):
        wanted = {"x-level": "high"}
        got = self.routed(
            self.exchange("headers"),
            [("", {"x-match": match, **wanted}) for match in ("all-with-x", "any-with-x", "any")],
            [("", wanted, b"match"), ("", {"x-level": "low"}, b"other")],
        )
        self.assertEqual(got, [[b"match"], [b"match"], []])

    def test_two_matching_bindings_of_a_queue_give_one_copy(self):
        exchange = self.exchange("topic")
        queue = self.queue()
        self.channel.queue_bind(queue, exchange, "a.*")
        self.channel.queue_bind(queue, exchange, "*.b")
        self.publish("a.b", b"x", exchange=exchange)
        self.assertEqual(self.message_count(queue), 1)

    def test_exchanges_can_be_bound_to_exchanges_even_in_a_circle(self):
        first, second = self.exchange("fanout"), self.exchange("fanout")
        self.channel.exchange_bind(second, first)
        self.channel.exchange_bind(first, second)
        queue = self.queue()
        self.channel.queue_bind(queue, second)
        self.publish("key", b"x", exchange=first)
        method, _, _ = self.get(queue)
        self.assertEqual((method.exchange, method.routing_key), (first, "key"))
        self.assertEqual(self.message_count(queue), 0)

    def test_an_alternate_exchange_takes_what_was_not_routed(self):
        spare = self.exchange("fanout")
        exchange = self.exchange("direct", arguments={"alternate-exchange": spare})
        routed, unrouted = self.queue(), self.queue()
        self.channel.queue_bind(routed, exchange, "known")
        self.channel.queue_bind(unrouted, spare)
        self.publish("known", b"1", exchange=exchange)
        self.publish("unknown", b"2", exchange=exchange)
        self.assertEqual(self.get_bodies(routed, 1), [b"1"])
        self.assertEqual(self.get_bodies(unrouted, 1), [b"2"])

    def test_cc_and_bcc_add_routing_keys(self):
        queues = [self.queue() for _ in range(3)]
        self.publish(
            queues[0],
            b"x",
            properties=pika.BasicProperties(headers={"CC": [queues[1]], "BCC": [queues[2]]}),
        )
        for queue in queues:
            _, properties, body = self.get(queue)
            self.assertEqual(body, b"x")
            self.assertEqual(properties.headers, {"CC": [queues[1]]})

    def test_unbind_ends_routing(self):
        exchange = self.exchange("direct")
        queue = self.queue()
        self.channel.queue_bind(queue, exchange, "a")
        self.channel.queue_bind(queue, exchange, "b")
        self.channel.queue_unbind(queue, exchange, "a")
        self.publish("a", b"a", exchange=exchange)
        self.publish("b", b"b", exchange=exchange)
        self.assertEqual(self.get_bodies(queue, 1), [b"b"])
        self.assert_empty(queue)

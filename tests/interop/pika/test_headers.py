import datetime
import decimal

import pika

from pika_case import PikaCase


class HeaderTables(PikaCase):
    def round_trip(self, headers):
        queue = self.queue()
        self.publish(queue, b"x", properties=pika.BasicProperties(headers=headers))
        return self.get(queue)[1].headers

    def assert_unchanged(self, value):
        got = self.round_trip({"value": value})["value"]
        self.assertEqual(got, value)
        self.assertIs(type(got), type(value))

    def test_scalars(self):
        for value in (True, False, 0, -1, 2**31 - 1, -(2**31), None, "", "text", "žluťoučký 🦅"):
            with self.subTest(value=value):
                self.assert_unchanged(value)

    def test_integers_beyond_32_bits(self):
        for value in (2**31, 2**53 + 1, 2**63 - 1):
            with self.subTest(value=value):
                self.assertEqual(self.round_trip({"value": value})["value"], value)

    def test_byte_strings(self):
        self.assert_unchanged(bytes(range(256)))

    def test_decimals(self):
        for value in ("3.14159", "0.001", "1234567", "0"):
            with self.subTest(value=value):
                self.assert_unchanged(decimal.Decimal(value))

    def test_timestamps(self):
        self.assert_unchanged(datetime.datetime(2026, 2, 28, 23, 59, 59))
        self.assert_unchanged(datetime.datetime(1970, 1, 1))

    def test_arrays_and_tables_in_each_other(self):
        self.assert_unchanged([])
        self.assert_unchanged({})
        self.assert_unchanged(
            [1, "two", [3, [4, {"five": [b"six", None, True]}]], {"deep": {"deeper": {"n": 7}}}]
        )

    def test_many_headers_keep_their_order(self):
        headers = {f"header-{number}": number for number in range(500)}
        self.assertEqual(list(self.round_trip(headers).items()), list(headers.items()))

    def test_a_name_may_have_255_bytes(self):
        headers = {"k" * 255: "value"}
        self.assertEqual(self.round_trip(headers), headers)

    def test_the_message_survives_a_dead_letter_hop_unchanged(self):
        dead = self.queue()
        queue = self.queue(dead_letter_exchange="", dead_letter_routing_key=dead, message_ttl=0)
        headers = {
            "table": {"array": [1, None, b"\x00"]},
            "decimal": decimal.Decimal("2.5"),
            "time": datetime.datetime(2020, 2, 2),
            "large": 2**40,
        }
        self.publish(queue, b"x", properties=pika.BasicProperties(headers=headers, type="t"))
        _, properties, _ = self.get(dead)
        self.assertEqual({name: properties.headers[name] for name in headers}, headers)
        self.assertEqual(properties.type, "t")

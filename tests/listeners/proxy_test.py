#!/usr/bin/python3
"""The PROXY protocol of a real harriermq: who is believed, and what of it. See listener_case.py.

The proxy's address is 127.0.0.2; who connects from 127.0.0.1 is nobody's proxy.
"""

import contextlib
import socket
import ssl
import time
import unittest

import pika

from listener_case import DEADLINE, HEADER, ListenerCase, free_port, read_to_end
from daemon import wait_until
from relay import Relay
from tls_test import Certificates

PROXY = ("127.0.0.2", 0)
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
NEAR, FAR = "127.0.0.9", "203.0.113.7"


def v1(address, port=50000):
    return f"PROXY TCP4 {address} 192.0.2.1 {port} 5672\r\n".encode()


def v2(command, family, block):
    return SIGNATURE + bytes([0x20 | command, family]) + len(block).to_bytes(2, "big") + block


def v2_tcp4(address, port=50000, extensions=b""):
    return v2(1, 0x11, socket.inet_aton(address) + socket.inet_aton("192.0.2.1") +
              port.to_bytes(2, "big") + (5672).to_bytes(2, "big") + extensions)


LOCAL = v2(0, 0, b"")
HEADERS = 'harriermq_proxy_headers_total{result="%s"}'


class ProxyCase(ListenerCase):
    SETTINGS = {"listeners": {"amqp": {"proxy_protocol": {"trusted": "[127.0.0.2]"}}},
                "limits": {"connection": {"handshake_timeout": "1s"}}}

    def through(self, header=b"", port=None):
        client = socket.create_connection(("127.0.0.1", port or self.daemon.port),
                                          timeout=DEADLINE, source_address=PROXY)
        self.addCleanup(client.close)
        client.sendall(header)
        return client

    def relay(self, greeting):
        def connect():
            return socket.create_connection(("127.0.0.1", self.daemon.port), timeout=DEADLINE,
                                            source_address=PROXY)
        relay = Relay(connect, greeting)
        self.addCleanup(relay.close)
        return relay

    @contextlib.contextmanager
    def one_more(self, result):
        before = self.metric(HEADERS % result)
        yield
        wait_until(lambda: self.metric(HEADERS % result) > before, "a header " + result)
        self.assertEqual(self.metric(HEADERS % result), before + 1)


class Believing(ProxyCase):
    def test_pika_through_a_proxy(self):
        for greeting in (lambda client: v1(NEAR, client[1]),
                         lambda client: v2_tcp4(NEAR, client[1]),
                         lambda client: LOCAL):
            self.assert_serves(self.relay(greeting).port, bytes(300_000))

    def test_guest_is_refused_behind_a_proxy_on_this_machine(self):
        unknown = b"PROXY UNKNOWN\r\n"
        for greeting in (v1(FAR), v2_tcp4(FAR), unknown, v2(1, 0, b""), v2(1, 0x31, bytes(216))):
            relay = self.relay(lambda _, greeting=greeting: greeting)
            with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
                self.connect(relay.port)

    def test_the_log_and_the_refusal_name_the_client(self):
        relay = self.relay(lambda _: v1(FAR, 51234))
        with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
            self.connect(relay.port)
        self.assertIn(f"user can only connect via localhost user=guest peer={FAR}:51234",
                      self.daemon.log())
        self.assert_serves(self.relay(lambda _: v2_tcp4(NEAR, 51235)).port)
        self.assertIn(f"accepted peer={NEAR}:51235 user=guest", self.daemon.log())

    def test_single_octets(self):
        for header in (v1(NEAR), v2_tcp4(NEAR, extensions=b"\x04\x00\x03abc"), LOCAL):
            client = self.through()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.one_more("accepted"):
                for octet in header + HEADER:
                    client.sendall(bytes([octet]))
                self.assert_starts(client)

    def test_one_piece(self):
        for header in (v1(NEAR), v2_tcp4(NEAR), LOCAL):
            self.assert_starts(self.through(header + HEADER))

    def test_the_client_may_send_another_header_and_gains_nothing(self):
        client = self.through(v1(FAR))
        client.sendall(v1(NEAR))
        self.assertEqual(read_to_end(client), HEADER)


class Refusing(ProxyCase):
    def test_what_is_no_header_ends_the_connection_without_a_word(self):
        for garbage in (HEADER, b"GET / HTTP/1.1\r\n\r\n", b"PROXY TCP4 1.2.3.4\r\n",
                        b"PROXY " + b"x" * 200, v2(1, 0x11, b"short"), v2(2, 0x11, bytes(12)),
                        SIGNATURE + b"\x21\x11\xff\xff", v2_tcp4(NEAR, extensions=b"\x01\xff\xff"),
                        v1("127.0.0.256"), b"\x16\x03\x01\x02\x00\x01"):
            with self.subTest(garbage), self.one_more("refused"):
                self.assertEqual(read_to_end(self.through(garbage)), b"")
        self.assertIn("PROXY header refused: there is none peer=127.0.0.2:", self.daemon.log())
        self.assert_serves(self.relay(lambda _: v1(NEAR)).port)

    def test_half_a_header_is_waited_for_as_long_as_a_handshake(self):
        for beginning in (b"", v1(NEAR)[:-1], v2_tcp4(NEAR)[:-1]):
            with self.subTest(beginning), self.one_more("refused"):
                client = self.through(beginning)
                self.assert_serves(self.relay(lambda _: v1(NEAR)).port)
                started = time.monotonic()
                self.assertEqual(read_to_end(client), b"")
                self.assertLess(time.monotonic() - started, DEADLINE / 2)

    def test_the_time_of_the_header_is_the_handshake_s(self):
        started = time.monotonic()
        client = self.through()
        self.assertEqual(read_to_end(client), b"")
        self.assertGreater(time.monotonic() - started, 0.9)
        # A header in time does not begin it anew.
        started = time.monotonic()
        client = self.through(v1(NEAR))
        self.assertEqual(read_to_end(client), b"")
        self.assertGreater(time.monotonic() - started, 0.9)

    def test_a_stranger_s_header_is_garbage(self):
        for header in (v1(NEAR), v2_tcp4(NEAR), LOCAL):
            refused = self.metric(HEADERS % "refused")
            accepted = self.metric(HEADERS % "accepted")
            with socket.create_connection(("127.0.0.1", self.daemon.port), DEADLINE) as client:
                client.sendall(header)
                self.assertEqual(read_to_end(client), HEADER)
            self.assertEqual(self.metric(HEADERS % "refused"), refused)
            self.assertEqual(self.metric(HEADERS % "accepted"), accepted)
        self.assert_serves(self.daemon.port)


class Counting(ProxyCase):
    SETTINGS = {**ProxyCase.SETTINGS,
                "limits": {"accept": {"unauthenticated_per_address_max": 3}}}

    def test_limits_of_an_address_are_the_client_s_not_the_proxy_s(self):
        nameless = [self.through() for _ in range(10)]
        held = [self.through(v1(FAR) + HEADER) for _ in range(3)]
        for client in held:
            self.assert_starts(client)
        refused = self.metric("harriermq_connections_refused_total")
        self.assertEqual(read_to_end(self.through(v1(FAR) + HEADER)), b"")
        self.assertEqual(self.metric("harriermq_connections_refused_total"), refused + 1)
        self.assertIn(f"unauthenticated_per_address_max is reached peer={FAR}:", self.daemon.log())
        for client in nameless:
            client.sendall(v1("203.0.113.8") + HEADER)
            if nameless.index(client) < 3:
                self.assert_starts(client)
            else:
                self.assertEqual(read_to_end(client), b"")
        held[0].close()
        wait_until(lambda: self.is_let_in(FAR), "a place of that address")

    def test_guesses_make_their_own_address_wait(self):
        throttled = "harriermq_auth_throttled_total"

        def guess(address, user):
            relay = self.relay(lambda _: v1(address))
            with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
                pika.BlockingConnection(pika.ConnectionParameters(
                    "127.0.0.1", relay.port,
                    credentials=pika.PlainCredentials(user, "wrong")))

        before = self.metric(throttled)
        for number in range(5):
            guess("198.51.100.1", f"nobody{number}")
        self.assertEqual(self.metric(throttled), before + 1)
        for number in range(5, 9):
            guess(f"198.51.100.{number}", f"nobody{number}")
        self.assertEqual(self.metric(throttled), before + 1)

    def is_let_in(self, address):
        client = self.through(v1(address) + HEADER)
        return client.recv(1) == b"\x01"


class Required(ProxyCase):
    def test_nobody_connects_beside_the_proxy(self):
        # The daemon's own client comes from 127.0.0.1: the TLS listener is the one that requires.
        with socket.create_connection(("127.0.0.1", self.tls_port), DEADLINE) as client:
            self.assertEqual(read_to_end(client), b"")
        self.assertEqual(self.metric("harriermq_proxy_untrusted_total"), 1)
        self.assertIn("refused: it comes from no trusted proxy peer=127.0.0.1:", self.daemon.log())

    def test_tls_begins_behind_the_header(self):
        context = ssl.create_default_context(cafile=self.certificates.authority)
        for header in (v1(NEAR), v2_tcp4(NEAR), LOCAL):
            secure = context.wrap_socket(self.through(header, self.tls_port),
                                         server_hostname="localhost")
            self.addCleanup(secure.close)
            secure.sendall(HEADER)
            self.assertEqual(secure.recv(1), b"\x01")

    def test_header_and_hello_in_one_piece(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=self.certificates.authority)
        client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        plain = self.through(v1(NEAR) + outgoing.read(), self.tls_port)
        while True:
            incoming.write(plain.recv(65536))
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                continue
        self.assertIn(client.version(), ("TLSv1.3", "TLSv1.2"))

    def test_tls_without_a_header_is_refused(self):
        with self.one_more("refused"):
            self.assertEqual(read_to_end(self.through(b"\x16\x03\x01\x00\x05hello",
                                                      self.tls_port)), b"")

    def test_a_header_inside_tls_is_garbage(self):
        context = ssl.create_default_context(cafile=self.certificates.authority)
        secure = context.wrap_socket(self.through(v1(FAR), self.tls_port),
                                     server_hostname="localhost")
        self.addCleanup(secure.close)
        secure.sendall(v1(NEAR))
        self.assertEqual(read_to_end(secure), HEADER)

    def test_a_header_that_does_not_come_ends_with_the_handshake_s_time(self):
        started = time.monotonic()
        with self.one_more("refused"):
            self.assertEqual(read_to_end(self.through(b"PROXY ", self.tls_port)), b"")
        self.assertGreater(time.monotonic() - started, 0.4)

    @classmethod
    def settings(cls):
        cls.certificates = Certificates(cls.folder)
        certificate, key = cls.certificates.issue("server")
        cls.tls_port = free_port()
        return {"listeners": {"amqps": {
            "enabled": True, "port": cls.tls_port, "certificate_file": certificate,
            "key_file": key, "handshake_timeout": "500ms",
            "proxy_protocol": {"trusted": "[127.0.0.2/32]", "required": True}}}}


if __name__ == "__main__":
    unittest.main(verbosity=2)

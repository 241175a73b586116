#!/usr/bin/python3
"""The Unix domain socket listener of a real harriermq. See listener_case.py."""

import contextlib
import os
import pathlib
import signal
import socket
import stat
import tempfile
import unittest

import pika

from listener_case import DEADLINE, HEADER, Daemon, ListenerCase, free_port, read_to_end
from daemon import CONFIG, DaemonEnded, wait_until
from relay import Relay

UNAVAILABLE = 69


def connect_to(path):
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(socket.socket(socket.AF_UNIX))
        client.settimeout(DEADLINE)
        client.connect(str(path))
        stack.pop_all()
        return client


class UnixCase(ListenerCase):
    @classmethod
    def settings(cls):
        cls.path = cls.folder / "mq.sock"
        return {"listeners": {"unix": {"path": cls.path, "mode": '"0666"'}},
                "limits": {"accept": {"unauthenticated_per_address_max": 2}}}

    def client(self):
        client = connect_to(self.path)
        self.addCleanup(client.close)
        return client

    def relay(self):
        relay = Relay(lambda: connect_to(self.path))
        self.addCleanup(relay.close)
        return relay


class Serving(UnixCase):
    def test_pika_as_guest(self):
        port = self.relay().port
        for body in (b"", b"hello", bytes(3 << 20)):
            self.assert_serves(port, body)

    def test_the_log_names_the_process(self):
        self.assert_serves(self.relay().port)
        self.assertIn(f"accepted peer=unix:uid={os.getuid()},pid={os.getpid()} user=guest vhost=/",
                      self.daemon.log())
        self.assertIn(f"unix={self.path}", self.daemon.log())

    def test_raw_exchange_in_single_octets(self):
        client = self.client()
        for octet in HEADER:
            client.sendall(bytes([octet]))
        self.assert_starts(client)

    def test_garbage_and_a_proxy_s_header_are_answered_with_ours(self):
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"PROXY UNKNOWN\r\n" + HEADER):
            client = self.client()
            client.sendall(garbage)
            self.assertEqual(read_to_end(client), HEADER)

    def test_limits_of_an_address_are_none_here(self):
        clients = [self.client() for _ in range(10)]
        for client in clients:
            client.sendall(HEADER)
        for client in clients:
            self.assert_starts(client)
        self.assert_serves(self.daemon.port)

    def test_permission_bits_are_those_asked_for(self):
        mode = self.path.stat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o666)


class Granting(UnixCase):
    @classmethod
    def settings(cls):
        settings = super().settings()
        settings["limits"]["virtual_hosts"] = "[{name: /, connections_max: 1}]"
        return settings

    def test_who_is_refused_a_virtual_host_is_not_said_to_be_accepted(self):
        port = self.relay().port
        self.connect(port)
        refusal = "refused for user 'guest': connection limit (1) is reached"
        with self.assertRaises(pika.exceptions.AMQPConnectionError) as refused:
            self.connect(port)
        self.assertIn(refusal, str(refused.exception))
        wait_until(lambda: refusal in self.daemon.log(), "the line of the refused one's end")
        self.assertEqual(self.daemon.log().count("accepted peer=unix:"), 1)


class LivesAndDeaths(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harrier-unix.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "mq.sock"

    def daemon(self, name="data", path=None):
        daemon = Daemon(self.folder / name, {"listeners": {"unix": {"path": path or self.path}}})
        self.addCleanup(daemon.close)
        return daemon

    def assert_served(self):
        with connect_to(self.path) as client:
            client.sendall(HEADER)
            self.assertEqual(client.recv(1), b"\x01")

    def test_the_file_goes_at_the_stop(self):
        daemon = self.daemon().start()
        client = connect_to(self.path)
        self.addCleanup(client.close)
        client.sendall(HEADER)
        self.assertEqual(client.recv(1), b"\x01")
        self.assertEqual(daemon.term(), 0)
        self.assertFalse(self.path.exists())
        self.assertTrue(read_to_end(client))  # the rest of connection.start, and the end

    def test_a_killed_broker_s_file_is_replaced(self):
        self.daemon().start().kill9()
        self.assertTrue(self.path.is_socket())
        with self.assertRaises(ConnectionRefusedError):
            connect_to(self.path)
        self.daemon().start()
        self.assert_served()

    def test_a_living_broker_s_file_is_not(self):
        self.daemon().start()
        second = self.daemon("other")
        with self.assertRaises(DaemonEnded) as ended:
            second.start()
        self.assertEqual(ended.exception.code, UNAVAILABLE)
        self.assertIn(f"cannot listen on unix:{self.path}: another process listens there",
                      second.log())
        self.assert_served()

    def test_a_file_that_is_no_socket_is_not(self):
        self.path.write_text("precious")
        daemon = self.daemon()
        with self.assertRaises(DaemonEnded) as ended:
            daemon.start()
        self.assertEqual(ended.exception.code, UNAVAILABLE)
        self.assertIn("there is something that is no socket", daemon.log())
        self.assertEqual(self.path.read_text(), "precious")

    def test_a_start_that_fails_leaves_no_file(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            daemon = Daemon(self.folder / "data", {
                "listeners": {"unix": {"path": self.path}},
                "metrics": {"enabled": True, "port": free_port()}})
            self.addCleanup(daemon.close)
            daemon.port = taken.getsockname()[1]
            daemon.launch()
            self.assertEqual(daemon.wait(), UNAVAILABLE)
        self.assertFalse(self.path.exists())
        # Behind the listeners: a data directory that another process has.
        self.daemon().start()
        third = self.daemon(path=self.folder / "third.sock")
        with self.assertRaises(DaemonEnded):
            third.start()
        self.assertFalse((self.folder / "third.sock").exists())

    def test_a_path_too_long_is_an_error_of_the_configuration(self):
        daemon = self.daemon(path="/tmp/" + "x" * 103)
        with self.assertRaises(DaemonEnded) as ended:
            daemon.start()
        self.assertEqual(ended.exception.code, CONFIG)
        self.assertIn("listeners.unix.path: longer than 107 bytes", daemon.log())

    @unittest.skipIf(os.getuid() != 0, "only root can become somebody else")
    def test_who_may_not_write_to_the_file_cannot_connect(self):
        self.folder.chmod(0o711)
        self.daemon().start()
        wait_until(self.path.exists, "the socket")
        child = os.fork()
        if child == 0:
            code = 1
            with contextlib.suppress(BaseException):
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                try:
                    connect_to(self.path)
                except PermissionError:
                    code = 0
            os._exit(code)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assert_served()


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    unittest.main(verbosity=2)

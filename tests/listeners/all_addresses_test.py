#!/usr/bin/python3
"""listeners.amqp.bind "::": all addresses of both kinds, or of the one kind that the machine has."""

import os
import pathlib
import socket
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from daemon import Daemon  # noqa: E402

HEADER = b"AMQP\x00\x00\x09\x01"


class AllAddressesCase(unittest.TestCase):
    def start(self, strace=()):
        folder = tempfile.TemporaryDirectory(prefix="harrier-addresses.")
        self.addCleanup(folder.cleanup)
        os.environ["HARRIERMQ_LISTENERS_AMQP_BIND"] = "::"
        self.addCleanup(os.environ.pop, "HARRIERMQ_LISTENERS_AMQP_BIND")
        daemon = Daemon(pathlib.Path(folder.name) / "data", strace=strace)
        self.addCleanup(daemon.close)
        return daemon.start()

    def assert_serves(self, address, port):
        with socket.create_connection((address, port), timeout=20) as client:
            client.sendall(HEADER)
            self.assertEqual(client.recv(3, socket.MSG_WAITALL), b"\x01\x00\x00")

    def test_serves_both_kinds(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        daemon = self.start()
        for address in ("127.0.0.1", "::1"):
            self.assert_serves(address, daemon.port)

    def test_serves_ipv4_without_ipv6(self):
        # The first socket of the process is the listener's.
        daemon = self.start(strace=["-e", "trace=socket",
                                    "-e", "inject=socket:error=EAFNOSUPPORT:when=1"])
        self.assert_serves("127.0.0.1", daemon.port)
        self.assertEqual(len(daemon.failed_calls()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)

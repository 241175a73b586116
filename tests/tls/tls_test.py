#!/usr/bin/python3
"""The TLS listener of a real harriermq, as clients see it: handshakes good and bad, reloads, bytes.

Environment:
  HARRIERMQ_BINARY       the broker
  HARRIER_PERF_BINARY    the load generator
  HARRIER_TEST_LOOPS     of the broker, 1 unless set
"""

import contextlib
import hashlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import warnings

import pika

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from daemon import CONFIG, Daemon, DaemonEnded, free_port, wait_until  # noqa: E402

AUTHORITY = "that of the case"
DEADLINE = 20  # seconds that anything may take
# TLS 1.1 is to be asked for, which Python advises against.
warnings.simplefilter("ignore", DeprecationWarning)


class Certificates:
    """An authority and what it has signed, as files of one folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.authority = self.folder / "authority.pem"
        self._openssl("req", "-x509", *self._key("authority"), "-subj", "/CN=authority",
                      "-out", self.authority, "-days", "2")

    def issue(self, name, subject="/CN=localhost", alternative="DNS:localhost,IP:127.0.0.1"):
        request = self.folder / "request.pem"
        extensions = self.folder / "extensions"
        extensions.write_text(f"subjectAltName={alternative}\n")
        self._openssl("req", "-new", *self._key(name), "-subj", subject, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.authority,
                      "-CAkey", self.folder / "authority.key", "-days", "2",
                      "-extfile", extensions, "-out", self.folder / f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def revoke(self, *names):
        """The list of everything that was ever revoked, these included."""
        database, configuration = self.folder / "revoked", self.folder / "revocation.cnf"
        database.touch()
        configuration.write_text(
            f"[ca]\ndefault_ca=this\n[this]\ndatabase={database}\n"
            f"certificate={self.authority}\nprivate_key={self.folder / 'authority.key'}\n"
            "default_md=sha256\ndefault_crl_days=2\n")
        for name in names:
            self._openssl("ca", "-config", configuration, "-revoke", self.folder / f"{name}.pem")
        self._openssl("ca", "-config", configuration, "-gencrl", "-out", self.folder / "list.pem")
        return self.folder / "list.pem"

    def _key(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.folder / f"{name}.key")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def close_if_open(connection):
    # This end may not have noticed yet that the broker has closed it.
    with contextlib.suppress(pika.exceptions.AMQPError):
        connection.close()


class TlsCase(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = pathlib.Path(cls.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="harrier-tls.")))
        cls.certificates = Certificates(cls.folder)
        cls.certificate, cls.key = cls.certificates.issue("server")
        cls.tls_port, cls.metrics_port = free_port(), free_port()
        amqps = {"enabled": True, "port": cls.tls_port, "certificate_file": cls.certificate,
                 "key_file": cls.key, **cls.SETTINGS}
        if amqps.get("ca_file") == AUTHORITY:
            amqps["ca_file"] = cls.certificates.authority
        if amqps.get("crl_file") == AUTHORITY:
            amqps["crl_file"] = cls.certificates.revoke()
        cls.daemon = cls.stack.enter_context(Daemon(cls.folder / "data", {
            "listeners": {"amqps": amqps}, "loops": os.environ.get("HARRIER_TEST_LOOPS", 1),
            "metrics": {"enabled": True, "port": cls.metrics_port}}))
        cls.daemon.start()

    def context(self, certificate=None):
        context = ssl.create_default_context(cafile=self.certificates.authority)
        if certificate:
            context.load_cert_chain(*certificate)
        return context

    def socket(self, context=None, name="localhost"):
        plain = self.plain()
        secure = (context or self.context()).wrap_socket(plain, server_hostname=name)
        self.addCleanup(secure.close)
        return secure

    def plain(self):
        plain = socket.create_connection(("127.0.0.1", self.tls_port), timeout=DEADLINE)
        self.addCleanup(plain.close)
        return plain

    def connect(self, context=None):
        connection = pika.BlockingConnection(pika.ConnectionParameters(
            "127.0.0.1", self.tls_port, blocked_connection_timeout=DEADLINE,
            ssl_options=pika.SSLOptions(context or self.context(), "localhost")))
        self.addCleanup(close_if_open, connection)
        return connection

    def assert_serves(self, context=None):
        channel = self.connect(context).channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        self.round_trip(channel, queue, b"hello")

    def round_trip(self, channel, queue, body):
        channel.confirm_delivery()
        channel.basic_publish("", queue, body)
        method, _, received = channel.basic_get(queue, auto_ack=True)
        self.assertIsNotNone(method)
        self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(body).digest())

    def metric(self, line):
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        text = urllib.request.urlopen(url, timeout=DEADLINE).read().decode()
        return next(float(found.rsplit(" ", 1)[1]) for found in text.splitlines()
                    if found.startswith(line))

    def hang_up(self, line):
        count = self.daemon.log().count(line)
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.daemon.log().count(line) > count, line)

    def failed(self):
        return self.metric('harriermq_tls_handshakes_total{result="failed"}')

    @contextlib.contextmanager
    def one_more_failure(self):
        before = self.failed()
        yield
        # The client may hear of it before it is counted.
        wait_until(lambda: self.failed() > before, "a failed handshake")
        self.assertEqual(self.failed(), before + 1)


class Serving(TlsCase):
    SETTINGS = {"handshake_timeout": "500ms"}

    def test_large_messages_both_ways(self):
        channel = self.connect().channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        for size in (1, 16_383, 16_384, 16_385, 1 << 20, 5 << 20):
            self.round_trip(channel, queue, random.Random(size).randbytes(size))

    def test_connection_closes_in_order(self):
        connection = self.connect()
        connection.close()
        self.assertTrue(connection.is_closed)

    def test_versions(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                              (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            self.assertEqual(self.socket(context).version(), name)

    def test_tls_1_1_is_refused(self):
        context = self.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.one_more_failure(), self.assertRaises(ssl.SSLError):
            self.socket(context)
        self.assert_serves()

    def test_ciphers_without_forward_secrecy_are_refused(self):
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"):
            context = self.context()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(cipher + ":@SECLEVEL=0")
            with self.one_more_failure(), self.assertRaises(ssl.SSLError):
                self.socket(context)

    def test_garbage_is_answered_by_an_end(self):
        plain = self.plain()
        with self.one_more_failure():
            plain.sendall(b"AMQP\x00\x00\x09\x01" * 100)
            while plain.recv(4096):
                pass
        self.assert_serves()

    def test_silent_client_is_cut_off_in_time(self):
        with self.one_more_failure():
            plain = self.plain()
            started = time.monotonic()
            self.assertEqual(plain.recv(1), b"")
            self.assertGreater(time.monotonic() - started, 0.4)

    def test_client_that_stops_in_its_hello_holds_nobody(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        hello = self.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            hello.do_handshake()
        bytes_of_hello = outgoing.read()
        plain = self.plain()
        plain.sendall(bytes_of_hello[:len(bytes_of_hello) // 2])
        self.assert_serves()
        self.assertEqual(plain.recv(1), b"")

    def test_hello_in_single_bytes(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        plain = self.plain()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    plain.sendall(bytes([byte]))
                incoming.write(plain.recv(65536))
        # The end of the handshake and the protocol header come together.
        client.write(b"AMQP\x00\x00\x09\x01")
        plain.sendall(outgoing.read())
        received = b""
        while not received:
            incoming.write(plain.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                received = client.read(65536)
        self.assertEqual(received[:3], b"\x01\x00\x00")

    def test_sessions_are_resumed(self):
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.socket(context) as first:
            session = first.session
        second = context.wrap_socket(self.plain(), server_hostname="localhost", session=session)
        self.addCleanup(second.close)
        self.assertTrue(second.session_reused)

    def test_load_with_every_body_verified(self):
        for size, count in ((100, 20_000), (100_000, 300), (1 << 20, 40)):
            result = subprocess.run(
                [os.environ["HARRIER_PERF_BINARY"], "--uri",
                 f"amqps://guest:guest@localhost:{self.tls_port}", "--tls-ca",
                 self.certificates.authority, "--pmessages", str(count), "--size", str(size),
                 "--autoack", "--verify", "--quiet"],
                capture_output=True, text=True, timeout=120)
            self.assertEqual(result.returncode, 0, result)

    def test_metrics(self):
        done = 'harriermq_tls_handshakes_total{result="done"}'
        before = self.metric(done)
        self.socket()
        wait_until(lambda: self.metric(done) == before + 1, "a handshake counted")
        expires = self.metric("harriermq_tls_certificate_expires_seconds")
        self.assertAlmostEqual(expires, time.time() + 2 * 86_400, delta=3600)


class ClientCertificates(TlsCase):
    SETTINGS = {"verify": "require", "ca_file": AUTHORITY}

    def test_without_a_certificate(self):
        with self.one_more_failure():
            secure = self.socket()
            with self.assertRaisesRegex(ssl.SSLError, "CERTIFICATE_REQUIRED"):
                secure.recv(1)

    def test_with_one(self):
        self.assert_serves(self.context(self.certificates.issue("client")))

    def test_with_a_stranger_s(self):
        with tempfile.TemporaryDirectory() as folder:
            stranger = Certificates(folder).issue("client")
            secure = self.socket(self.context(stranger))
            with self.assertRaisesRegex(ssl.SSLError, "UNKNOWN_CA"):
                secure.recv(1)


class Revocation(TlsCase):
    SETTINGS = {"verify": "require", "ca_file": AUTHORITY, "crl_file": AUTHORITY}

    def assert_revoked(self, context):
        with self.one_more_failure(), \
                self.assertRaisesRegex(ssl.SSLError, "CERTIFICATE_REVOKED"):
            self.socket(context).recv(1)

    def test_revoked_from_the_next_reload_on(self):
        gone = self.context(self.certificates.issue("gone"))
        stays = self.context(self.certificates.issue("stays"))
        self.assert_serves(gone)
        revoked = self.certificates.revoke("gone")
        self.hang_up("server: reloaded")
        self.assert_revoked(gone)
        self.assert_serves(stays)

        revoked.write_text("hello\n")
        self.hang_up("not reloaded, everything stays as it was")
        self.assert_revoked(gone)
        self.assert_serves(stays)


class Reloading(TlsCase):
    def served_certificate(self):
        with self.socket() as secure:
            return secure.getpeercert(binary_form=True)

    def test_new_pair_then_a_bad_one(self):
        connection = self.connect()
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        before = self.served_certificate()
        self.certificates.issue("server")
        self.hang_up("server: reloaded")
        renewed = self.served_certificate()
        self.assertNotEqual(renewed, before)
        self.round_trip(channel, queue, bytes(300_000))

        shutil.copy(self.certificates.folder / "authority.key", self.key)
        self.hang_up("not reloaded, everything stays as it was")
        self.assertIn("key values mismatch", self.daemon.log())
        self.assertEqual(self.served_certificate(), renewed)
        self.round_trip(channel, queue, bytes(300_000))
        connection.close()


class ReloadingTheConfiguration(TlsCase):
    def test_what_it_says_of_the_listener_holds_for_later_connections(self):
        old = self.context()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        earlier = self.connect(old)
        channel = earlier.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        config = self.daemon.work_dir / "harriermq.yaml"
        config.write_text(re.sub(r"^( +)certificate_file:", r"\1min_version: 1.3\n\g<0>",
                                 config.read_text(), count=1, flags=re.MULTILINE))
        self.hang_up("in effect key=listeners.amqps.min_version before=1.2 now=1.3")
        with self.one_more_failure(), self.assertRaises(ssl.SSLError):
            self.socket(old)
        self.assert_serves()
        self.round_trip(channel, queue, b"as before")


class Stopping(TlsCase):
    def test_neither_an_open_client_nor_one_in_its_handshake_holds_it_up(self):
        connection = self.connect()
        plain = self.plain()
        plain.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.assert_serves()
        self.daemon.process.send_signal(signal.SIGTERM)
        with self.assertRaises(pika.exceptions.ConnectionClosedByBroker) as caught:
            connection.process_data_events(time_limit=DEADLINE)
        self.assertEqual(caught.exception.reply_code, 320)
        self.assertEqual(plain.recv(1), b"")
        self.assertEqual(self.daemon.process.wait(DEADLINE), 0)


class Starting(unittest.TestCase):
    def test_a_bad_pair_is_told_and_the_exit_is_that_of_a_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            amqps = {"enabled": True, "port": 0, "certificate_file": "/nobody.pem",
                     "key_file": "/nobody.key"}
            with Daemon(pathlib.Path(folder) / "data", {"listeners": {"amqps": amqps}}) as daemon:
                with self.assertRaises(DaemonEnded) as ended:
                    daemon.start()
                self.assertEqual(ended.exception.code, CONFIG)
                self.assertIn("/nobody.pem: cannot be read: No such file", daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/python3
"""Tokens in a real harriermq: logins, scopes, expiry, renewal, and where the keys come from.

Environment:
  HARRIERMQ_BINARY       the broker
  HARRIER_TEST_LOOPS     of the broker, 1 unless set
"""

import contextlib
import http.server
import json
import os
import pathlib
import signal
import ssl
import struct
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

import jwt
import jwt.algorithms
import pika
from cryptography.hazmat.primitives.asymmetric import ec, rsa

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "crash"), str(TESTS / "tls")]
from daemon import CONFIG, Daemon, DaemonEnded, free_port  # noqa: E402
from tls_test import Certificates, close_if_open, wait_until  # noqa: E402

DEADLINE = 20  # seconds that anything may take
ISSUER = "https://issuer.example/realm"
ALL = "rabbitmq.read:*/* rabbitmq.write:*/*/* rabbitmq.configure:*/*"


class UpdateSecret(pika.amqp_object.Method):
    """connection.update-secret, which this pika does not know."""

    INDEX = 0x000A0046
    NAME = "Connection.UpdateSecret"
    synchronous = True

    def __init__(self, secret):
        self.secret = secret.encode()

    def encode(self):
        return [struct.pack(">I", len(self.secret)), self.secret, b"\x07refresh"]


class UpdateSecretOk(pika.amqp_object.Method):
    INDEX = 0x000A0047
    NAME = "Connection.UpdateSecretOk"
    synchronous = False

    def decode(self, encoded, offset=0):
        return self


pika.spec.methods[UpdateSecretOk.INDEX] = UpdateSecretOk


class Signer:
    def __init__(self, key_id, algorithm):
        self.key_id, self.algorithm = key_id, algorithm
        if algorithm.startswith("RS"):
            self.key = rsa.generate_private_key(65537, 2048)
            self.kind = jwt.algorithms.RSAAlgorithm
        else:
            self.key = ec.generate_private_key(ec.SECP256R1())
            self.kind = jwt.algorithms.ECAlgorithm

    def jwk(self):
        return {**json.loads(self.kind.to_jwk(self.key.public_key())), "kid": self.key_id,
                "use": "sig", "alg": self.algorithm}

    def token(self, scope=ALL, seconds=60, **claims):
        claims = {"iss": ISSUER, "aud": ["rabbitmq", "other"], "sub": "ali", "scope": scope,
                  "exp": int(time.time()) + seconds, **claims}
        return jwt.encode(claims, self.key, self.algorithm, headers={"kid": self.key_id})


RSA, EC = Signer("rsa", "RS256"), Signer("ec", "ES256")


def key_set(*signers):
    return json.dumps({"keys": [signer.jwk() for signer in signers]})


class KeyServer:
    """Answers every GET with what it is told to."""

    def __init__(self, tls=None):
        self.status, self.body, self.requests, self.location = 200, "", 0, None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests += 1
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.end_headers()
                self.wfile.write(outer.body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server.server_address[1]}/keys"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class TokenCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enter(tempfile.TemporaryDirectory(prefix="harrier-oauth2.")))
        self.keys = self.folder / "keys.json"

    def enter(self, manager):
        entered = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return entered

    def start(self, **settings):
        self.metrics_port = free_port()
        oauth2 = {"resource_server_id": "rabbitmq", "issuer": ISSUER,
                  "jwks_refetch_interval": "1s", **settings}
        self.daemon = self.enter(Daemon(self.folder / "data", {
            "auth": {"oauth2": oauth2}, "loops": os.environ.get("HARRIER_TEST_LOOPS", 1),
            "metrics": {"enabled": True, "port": self.metrics_port}}))
        self.daemon.start()

    def start_with_file(self, *signers, **settings):
        self.keys.write_text(key_set(*signers))
        self.start(jwks_file=self.keys, **settings)

    def connect(self, token, **parameters):
        connection = self.daemon.connect(
            retry=False, credentials=pika.PlainCredentials("", token), **parameters)
        self.addCleanup(close_if_open, connection)
        return connection

    def assert_let_in(self, token):
        self.connect(token).channel().queue_declare("", exclusive=True)

    def assert_refused(self, token):
        with self.assertRaises(pika.exceptions.ProbableAuthenticationError) as caught:
            self.connect(token)
        self.assertIn("403", str(caught.exception))

    def assert_channel_closed(self, channel, code, text, call):
        with self.assertRaises(pika.exceptions.ChannelClosedByBroker) as caught:
            call(channel)
        self.assertEqual((caught.exception.reply_code, caught.exception.reply_text), (code, text))

    def assert_closed(self, connection, code, text, seconds=DEADLINE):
        with self.assertRaises(pika.exceptions.ConnectionClosedByBroker) as caught:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                connection.process_data_events(time_limit=0.1)
        self.assertEqual((caught.exception.reply_code, caught.exception.reply_text), (code, text))

    def renew(self, connection, token):
        answers = []
        connection._impl.callbacks.add(0, UpdateSecretOk, lambda *_: answers.append(1))
        connection._impl._send_method(0, UpdateSecret(token))
        deadline = time.monotonic() + DEADLINE
        while not answers:
            self.assertLess(time.monotonic(), deadline)
            connection.process_data_events(time_limit=0.1)

    def metric(self, name):
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        text = urllib.request.urlopen(url, timeout=DEADLINE).read().decode()
        return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                    if line.startswith(name + " "))


class Logins(TokenCase):
    def setUp(self):
        super().setUp()
        self.start_with_file(RSA, EC, username_claims="[name, sub]")

    def test_a_token_of_either_kind_lets_in_and_work(self):
        for signer in RSA, EC:
            channel = self.connect(signer.token()).channel()
            queue = channel.queue_declare("", exclusive=True).method.queue
            channel.confirm_delivery()
            channel.basic_publish("", queue, b"hello",
                                  pika.BasicProperties(user_id="ali"))
            self.assertEqual(channel.basic_get(queue, auto_ack=True)[2], b"hello")
        self.assertEqual(self.metric("harriermq_auth_tokens_accepted_total"), 2)
        self.assertEqual(self.metric("harriermq_auth_token_keys"), 2)

    def test_the_mechanism_of_tokens(self):
        class Bearer:
            TYPE = "OAUTHBEARER"
            offered = []  # of the class: pika copies credentials

            def __init__(self, token):
                self.token = token

            def response_for(self, start):
                self.offered.extend(start.mechanisms.split())
                return self.TYPE, f"n,a=ali,\x01auth=Bearer {self.token}\x01\x01".encode()

            def erase_credentials(self):
                pass

        credentials = Bearer(EC.token())
        pika.credentials.VALID_TYPES.append(Bearer)
        self.addCleanup(pika.credentials.VALID_TYPES.remove, Bearer)
        connection = self.daemon.connect(retry=False, credentials=credentials)
        connection.close()
        self.assertIn(b"OAUTHBEARER", Bearer.offered)

    def test_passwords_go_on(self):
        self.daemon.connect(retry=False).close()

    def test_a_token_that_is_wrong_is_refused(self):
        good = EC.token().split(".")
        for token in (EC.token(seconds=-1), EC.token(aud="other"), EC.token(iss="other"),
                      EC.token(sub=""), EC.token(nbf=int(time.time()) + 60),
                      Signer("ec", "ES256").token(), Signer("other", "ES256").token(),
                      ".".join(good[:2]) + ".", ".".join(good[:2] + [good[2][::-1]]),
                      jwt.encode({"iss": ISSUER}, None, "none")):
            self.assert_refused(token)
        log = self.daemon.log()
        self.assertIn("login refused: the token has expired", log)
        self.assertNotIn(good[0], log, "no part of a token is logged")

    def test_scopes_are_the_permissions(self):
        connection = self.connect(EC.token(
            "rabbitmq.configure:%2F/mine-* rabbitmq.read:%2F/mine-* rabbitmq.write:%2F/mine-*"))
        connection.channel().queue_declare("mine-1", exclusive=True)
        refused = "ACCESS_REFUSED - %s access to %s in vhost '/' refused for user 'ali'"
        self.assert_channel_closed(
            connection.channel(), 403, refused % ("configure", "queue 'yours'"),
            lambda channel: channel.queue_declare("yours"))
        self.assert_channel_closed(
            connection.channel(), 403, refused % ("write", "exchange 'amq.default'"),
            lambda channel: (channel.basic_publish("", "mine-1", b""),
                             channel.queue_declare("mine-1", passive=True)))
        self.assert_channel_closed(
            connection.channel(), 403, refused % ("read", "exchange 'amq.topic'"),
            lambda channel: channel.queue_bind("mine-1", "amq.topic", "key"))

    def test_routing_keys_of_topics(self):
        connection = self.connect(EC.token(
            "rabbitmq.write:%2F/amq.topic/sport.* rabbitmq.configure:%2F/q rabbitmq.read:%2F/q"))
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("amq.topic", "sport.chess", b"")
        self.assert_channel_closed(
            channel, 403, "ACCESS_REFUSED - write access to topic 'politics' in exchange "
            "'amq.topic' in vhost '/' refused for user 'ali'",
            lambda channel: channel.basic_publish("amq.topic", "politics", b""))

    def test_a_virtual_host_without_a_scope_is_not_entered(self):
        with self.assertRaises(pika.exceptions.ProbableAccessDeniedError) as caught:
            self.connect(EC.token("rabbitmq.read:other/*"))
        self.assertIn("(530) \"NOT_ALLOWED - access to vhost '/' refused for user 'ali'\"",
                      str(caught.exception))

    def test_the_username_claim(self):
        channel = self.connect(EC.token("rabbitmq.read:*/x", name="veli")).channel()
        self.assert_channel_closed(
            channel, 403, "ACCESS_REFUSED - read access to queue 'q' in vhost '/' refused for user "
            "'veli'", lambda channel: channel.basic_get("q"))

    def test_the_end_of_the_token_ends_the_connection(self):
        connection = self.connect(EC.token(seconds=3))
        self.assert_closed(connection, 320, "CONNECTION_FORCED - credential expired")


class AliasesAndVariables(TokenCase):
    def setUp(self):
        super().setUp()
        self.start_with_file(EC, scope_aliases=json.dumps([
            {"alias": "api://worker", "scopes": [
                "rabbitmq.configure:*/{sub}.*", "rabbitmq.read:*/{sub}.*",
                "rabbitmq.write:*/amq.default"]},
            {"alias": "chained", "scopes": ["rabbitmq.chain"]},
            {"alias": "rabbitmq.chain", "scopes": ["rabbitmq.read:*/*"]}]))

    def test_an_alias_gives_its_scopes_for_the_bearer(self):
        channel = self.connect(EC.token("openid api://worker")).channel()
        channel.queue_declare("ali.q", exclusive=True)
        channel.confirm_delivery()
        channel.basic_publish("", "ali.q", b"hello")
        self.assertEqual(channel.basic_get("ali.q", auto_ack=True)[2], b"hello")
        self.assert_channel_closed(
            channel, 403, "ACCESS_REFUSED - configure access to queue 'veli.q' in vhost '/' "
            "refused for user 'ali'", lambda channel: channel.queue_declare("veli.q"))

    def test_a_name_of_stars_is_a_name(self):
        channel = self.connect(EC.token("api://worker", sub="*")).channel()
        channel.queue_declare("*.q", exclusive=True)
        self.assert_channel_closed(
            channel, 403, "ACCESS_REFUSED - configure access to queue 'veli.q' in vhost '/' "
            "refused for user '*'", lambda channel: channel.queue_declare("veli.q"))

    def test_what_stands_for_nothing_gives_nothing(self):
        for scope in "unknown", "chained", "rabbitmq.read:*/{nobody}", "rabbitmq.read:*/{exp}":
            with self.subTest(scope), self.assertRaises(
                    pika.exceptions.ProbableAccessDeniedError):
                self.connect(EC.token(scope))

    def test_the_virtual_hosts_name(self):
        connection = self.connect(EC.token("rabbitmq.configure:*/x{vhost}"))
        connection.channel().queue_declare("x/", exclusive=True)
        self.assert_channel_closed(
            connection.channel(), 403, "ACCESS_REFUSED - configure access to queue 'x' in vhost "
            "'/' refused for user 'ali'", lambda channel: channel.queue_declare("x"))


class Renewal(TokenCase):
    def setUp(self):
        super().setUp()
        self.start_with_file(EC)

    def test_a_new_token_prolongs_the_connection(self):
        connection = self.connect(EC.token(seconds=3))
        self.renew(connection, EC.token(seconds=60))
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            connection.process_data_events(time_limit=0.1)
        channel.basic_publish("", queue, b"")
        self.assertIsNotNone(channel.basic_get(queue, auto_ack=True)[0])

    def test_a_consumer_without_the_right_to_read_is_cancelled(self):
        connection = self.connect(EC.token())
        channel = connection.channel()
        cancelled = []
        channel.add_on_cancel_callback(lambda frame: cancelled.append(frame.method.consumer_tag))
        for name in "kept", "lost":
            channel.queue_declare(name, exclusive=True)
            channel.basic_consume(name, lambda *_: None, consumer_tag=name)
        self.renew(connection, EC.token("rabbitmq.read:%2F/kept rabbitmq.write:%2F/*"))
        wait_until(lambda: connection.process_data_events(0.1) or cancelled, "a cancel")
        self.assertEqual(cancelled, ["lost"])
        self.assert_channel_closed(
            connection.channel(), 403, "ACCESS_REFUSED - configure access to queue 'new' in vhost "
            "'/' refused for user 'ali'", lambda channel: channel.queue_declare("new"))

    def test_a_wrong_token_ends_the_connection(self):
        for token in (EC.token(seconds=-1), EC.token(sub="veli"), "guest", "",
                      Signer("ec", "ES256").token()):
            connection = self.connect(EC.token())
            connection._impl._send_method(0, UpdateSecret(token))
            self.assert_closed(connection, 530, "NOT_ALLOWED - New secret was refused by one of "
                               "the backends")

    def test_a_password_needs_no_renewal(self):
        connection = self.daemon.connect(retry=False)
        self.addCleanup(close_if_open, connection)
        self.renew(connection, "whatever")


class Keys(TokenCase):
    def test_a_file_is_read_again_at_sighup(self):
        self.start_with_file(RSA)
        self.assert_let_in(RSA.token())
        self.keys.write_text(key_set(EC))
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.metric("harriermq_auth_token_key_fetches_total") >= 2, "a reading")
        self.assert_let_in(EC.token())
        self.assert_refused(RSA.token())

    def test_a_bad_file_keeps_the_keys_of_before(self):
        self.start_with_file(RSA)
        self.keys.write_text("{}")
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.metric("harriermq_auth_token_key_failures_total") >= 1, "a failure")
        self.assert_let_in(RSA.token())

    def test_a_url_is_asked_for_a_key_that_is_not_known(self):
        server = self.enter(KeyServer())
        server.body = key_set(RSA)
        self.start(jwks_url=server.url())
        self.assert_let_in(RSA.token())
        server.body = key_set(RSA, EC)
        # Not more often than once a second.
        wait_until(lambda: self.lets_in(EC.token()), "the new key")
        self.assert_let_in(RSA.token())

    def test_strangers_cannot_have_the_url_asked_all_the_time(self):
        server = self.enter(KeyServer())
        server.body = key_set(EC)
        self.start(jwks_url=server.url(), jwks_refetch_interval="1h")
        self.assert_let_in(EC.token())
        for _ in range(10):
            self.assert_refused(Signer("other", "ES256").token())
        self.assertEqual(server.requests, 1)

    def test_an_answer_that_is_no_key_set_keeps_the_keys_of_before(self):
        server = self.enter(KeyServer())
        server.body = key_set(EC)
        self.start(jwks_url=server.url(), jwks_size_max="4KiB")
        self.assert_let_in(EC.token())
        elsewhere = self.enter(KeyServer())
        elsewhere.body = key_set(RSA)
        for status, body, location in ((404, key_set(RSA), None), (500, "", None),
                                       (200, "<html>", None),
                                       (200, key_set(RSA) + " " * 4096, None),
                                       (302, "", elsewhere.url())):
            server.status, server.body, server.location = status, body, location
            failures = self.metric("harriermq_auth_token_key_failures_total")
            self.daemon.process.send_signal(signal.SIGHUP)
            wait_until(lambda: self.metric("harriermq_auth_token_key_failures_total") > failures,
                       f"a failure for {status}")
            self.assert_let_in(EC.token())
        self.assertEqual(elsewhere.requests, 0)

    def test_the_urls_certificate_is_verified(self):
        certificates = Certificates(self.folder)
        server = self.enter(KeyServer(tls=certificates.issue("server")))
        server.body = key_set(EC)
        strangers = self.folder / "strangers"
        strangers.mkdir()
        for settings in ({}, {"jwks_ca_file": Certificates(strangers).authority}):
            with self.subTest(settings=settings):
                self.start(jwks_url=server.url(), **settings)
                wait_until(lambda: self.metric("harriermq_auth_token_key_failures_total") >= 1,
                           "a failure")
                self.assert_refused(EC.token())
                self.daemon.term()
        self.start(jwks_url=server.url(), jwks_ca_file=certificates.authority)
        self.assert_let_in(EC.token())
        self.daemon.term()
        other = self.enter(KeyServer(tls=certificates.issue(
            "other", subject="/CN=other", alternative="DNS:other.example")))
        other.body = key_set(EC)
        self.start(jwks_url=other.url(), jwks_ca_file=certificates.authority)
        wait_until(lambda: self.metric("harriermq_auth_token_key_failures_total") >= 1, "a failure")
        self.assert_refused(EC.token())

    def test_a_broker_starts_and_ends_without_its_key_server(self):
        self.start(jwks_url=f"http://127.0.0.1:{free_port()}/")
        self.assert_refused(EC.token())
        self.daemon.connect(retry=False).close()
        self.assertEqual(self.daemon.term(), 0)

    def lets_in(self, token):
        with contextlib.suppress(pika.exceptions.ProbableAuthenticationError):
            self.assert_let_in(token)
            return True
        return False


class Starting(TokenCase):
    def assert_ends(self, text, **settings):
        with self.assertRaises(DaemonEnded) as ended:
            self.start(**settings)
        self.assertEqual(ended.exception.code, CONFIG)
        self.assertIn(text, self.daemon.log())

    def test_what_is_wrong_is_told(self):
        self.assert_ends("auth.oauth2.jwks_file: exactly one of")
        self.assert_ends("auth.oauth2.jwks_file: '/nowhere.json' cannot be opened",
                         jwks_file="/nowhere.json")
        self.assert_ends("auth.oauth2.jwks_url: 'http://keys.example/' is not https",
                         jwks_url="http://keys.example/")
        self.assert_ends("auth.oauth2.issuer", issuer='""', jwks_url="https://keys.example/")
        self.assert_ends("auth.oauth2.algorithms: 'HS256' is not known", algorithms="[HS256]",
                         jwks_url="https://keys.example/")


if __name__ == "__main__":
    unittest.main(verbosity=2)

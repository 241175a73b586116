"""A client that speaks the handshake of AMQP 0-9-1 in raw frames, and SCRAM in it."""

import base64
import hashlib
import hmac
import os
import secrets
import socket
import struct

DEADLINE = 20  # seconds that anything may take
START, START_OK, SECURE, SECURE_OK, TUNE, TUNE_OK = 10, 11, 20, 21, 30, 31
OPEN, OPEN_OK, CLOSE, CLOSE_OK = 40, 41, 50, 51


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(f"{code} {text}")
        self.code = code


def longstr(octets):
    return struct.pack(">I", len(octets)) + octets


def shortstr(octets):
    return bytes([len(octets)]) + octets


def field(name, kind, value):
    return shortstr(name) + kind + value


class RawConnection:
    """Up to tune, step by step."""

    def __init__(self):
        address = os.environ["AMQP_TEST_HOST"], int(os.environ["AMQP_TEST_PORT"])
        self.socket = socket.create_connection(address, timeout=DEADLINE)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(b"AMQP\x00\x00\x09\x01")
        method, arguments = self.read()
        assert method == START
        table = struct.unpack(">I", arguments[2:6])[0]
        self.mechanisms = self.longstr_at(arguments, 6 + table).decode().split()

    @staticmethod
    def longstr_at(octets, at):
        size = struct.unpack(">I", octets[at:at + 4])[0]
        return octets[at + 4:at + 4 + size]

    def read(self):
        kind, channel, size = struct.unpack(">BHI", self.file.read(7))
        payload = self.file.read(size)
        assert self.file.read(1) == b"\xce" and (kind, channel) == (1, 0)
        class_id, method = struct.unpack(">HH", payload[:4])
        assert class_id == 10
        if method == CLOSE:
            self.send(CLOSE_OK, b"")
            code = struct.unpack(">H", payload[4:6])[0]
            raise Refused(code, payload[7:7 + payload[6]].decode())
        return method, payload[4:]

    def send(self, method, arguments):
        payload = struct.pack(">HH", 10, method) + arguments
        self.socket.sendall(struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce")

    def start_ok(self, mechanism, response):
        capabilities = field(b"authentication_failure_close", b"t", b"\x01")
        properties = field(b"capabilities", b"F", longstr(capabilities))
        self.send(START_OK, longstr(properties) + shortstr(mechanism.encode()) +
                  longstr(response) + shortstr(b"en_US"))

    def challenge(self):
        method, arguments = self.read()
        assert method == SECURE, method
        return self.longstr_at(arguments, 0)

    def answer(self, response):
        self.send(SECURE_OK, longstr(response))

    def open(self):
        method, arguments = self.read()
        assert method == TUNE, method
        self.send(TUNE_OK, arguments)
        self.send(OPEN, shortstr(b"/") + b"\x00\x00")
        method, _ = self.read()
        assert method == OPEN_OK, method

    def close(self):
        self.send(CLOSE, struct.pack(">H", 200) + shortstr(b"") + b"\x00\x00\x00\x00")
        method, _ = self.read()
        assert method == CLOSE_OK, method
        self.drop()

    def drop(self):
        self.file.close()
        self.socket.close()


class Scram:
    """RFC 5802, the client's side."""

    def __init__(self, digest, user, password, gs2="n,,"):
        self.digest, self.password, self.gs2 = digest, password.encode(), gs2
        name = user.replace("=", "=3D").replace(",", "=2C")
        self.bare = f"n={name},r={secrets.token_urlsafe(18)}"

    @property
    def mechanism(self):
        return f"SCRAM-SHA-{self.digest[3:]}"

    def first(self):
        return (self.gs2 + self.bare).encode()

    def final(self, challenge):
        challenge = challenge.decode()
        nonce, salt, iterations = (part[2:] for part in challenge.split(","))
        assert nonce.startswith(self.bare.split(",r=")[1])
        self.salted = hashlib.pbkdf2_hmac(
            self.digest, self.password, base64.b64decode(salt), int(iterations))
        binding = base64.b64encode(self.gs2.encode()).decode()
        without_proof = f"c={binding},r={nonce}"
        self.auth = f"{self.bare},{challenge},{without_proof}".encode()
        client_key = hmac.digest(self.salted, b"Client Key", self.digest)
        stored_key = hashlib.new(self.digest, client_key).digest()
        signature = hmac.digest(stored_key, self.auth, self.digest)
        proof = bytes(one ^ other for one, other in zip(client_key, signature))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def check(self, verifier):
        server_key = hmac.digest(self.salted, b"Server Key", self.digest)
        expected = base64.b64encode(hmac.digest(server_key, self.auth, self.digest))
        assert verifier == b"v=" + expected, verifier


def log_in(scram):
    connection = RawConnection()
    connection.start_ok(scram.mechanism, scram.first())
    connection.answer(scram.final(connection.challenge()))
    scram.check(connection.challenge())
    connection.answer(b"")
    connection.open()
    return connection

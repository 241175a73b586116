"""A client of raw AMQP frames: publishes whole floods as bytes made before, and keeps to no rule that
a library would, such as sending heartbeats."""

import collections
import select
import socket
import struct
import time

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
HEARTBEAT_FRAME = struct.pack(">BHIB", HEARTBEAT, 0, 0, 0xCE)
PATIENCE_S = 30


class Gone(Exception):
    """The broker has ended the connection, or does not answer."""


def short(text):
    data = text.encode()
    return bytes([len(data)]) + data


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(channel, name, arguments=b""):
    return frame(METHOD, channel, struct.pack(">HH", *name) + arguments)


def message(queue, body):
    """A publish through the default exchange, without properties."""
    return (method(1, (60, 40), b"\0\0" + short("") + short(queue) + b"\0") +
            frame(HEADER, 1, struct.pack(">HHQH", 60, 0, len(body), 0)) +
            (frame(BODY, 1, body) if body else b""))


class Client:
    """A connection with channel 1 open."""

    def __init__(self, port, virtual_host="/", heartbeat_s=0):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = bytearray()
        self.inbox = collections.deque()  # (type, payload)
        self.heartbeats = 0
        self.send(b"AMQP\0\0\x09\x01")
        self.expect((10, 10))
        self.send(method(0, (10, 11), struct.pack(">I", 0) + short("PLAIN") +
                         struct.pack(">I", 12) + b"\0guest\0guest" + short("en_US")))
        self.expect((10, 30))
        self.send(method(0, (10, 31), struct.pack(">HIH", 2047, 131072, heartbeat_s)))
        self.call((10, 40), short(virtual_host) + b"\0\0", channel=0)
        self.call((20, 10), b"\0")

    def send(self, data):
        self.socket.sendall(data)

    def call(self, name, arguments, channel=1):
        """Sends a method and waits for its answer, which has the next number."""
        self.send(method(channel, name, arguments))
        return self.expect((name[0], name[1] + 1))

    def expect(self, name):
        while True:
            kind, payload = self.next_frame()
            if kind == METHOD:
                got = struct.unpack_from(">HH", payload)
                if got == name:
                    return payload[4:]
                if got in ((10, 50), (20, 40)):
                    raise Gone(f"closed by the broker: {payload[4:]!r}")

    def read(self, seconds):
        """Reads once what comes within so long; heartbeats are counted and left out."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return
        data = self.socket.recv(1 << 20)
        if not data:
            raise Gone("the broker closed the socket")
        self.pending += data
        begin = 0
        while len(self.pending) >= begin + 8:
            kind, _, size = struct.unpack_from(">BHI", self.pending, begin)
            if len(self.pending) < begin + 8 + size:
                break
            if kind == HEARTBEAT:
                self.heartbeats += 1
            else:
                self.inbox.append((kind, bytes(self.pending[begin + 7:begin + 7 + size])))
            begin += 8 + size
        del self.pending[:begin]

    def next_frame(self):
        deadline = time.monotonic() + PATIENCE_S
        while not self.inbox:
            if time.monotonic() > deadline:
                raise Gone(f"no answer for {PATIENCE_S} s")
            self.read(1)
        return self.inbox.popleft()

    def next_body(self):
        """Of a delivery whose body is one frame."""
        while True:
            kind, payload = self.next_frame()
            if kind == BODY:
                return payload

    def round_trip(self):
        """Everything sent before has been handled when this returns."""
        self.call((60, 10), bytes(7))  # basic.qos without limits

    def declare(self, queue, **arguments):
        """A queue of this connection; the values of `arguments` are integers."""
        table = b"".join(short("x-" + name.replace("_", "-")) + b"l" + struct.pack(">q", value)
                         for name, value in arguments.items())
        # exclusive: it goes with the connection
        self.call((50, 10), b"\0\0" + short(queue) + b"\x04" +
                  struct.pack(">I", len(table)) + table)

    def consume(self, queue):
        # no-ack
        self.call((60, 20), b"\0\0" + short(queue) + short("c") + b"\x02" + struct.pack(">I", 0))

    def close(self):
        self.socket.close()

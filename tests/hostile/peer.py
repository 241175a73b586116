"""A client made of bytes: it sends what it is told to and reports every frame that comes back."""

import contextlib
import os
import socket
import struct
import time

import wire

DEADLINE = float(os.environ.get("HARRIER_TEST_DEADLINE", 20))  # seconds that any answer may take


class Ended(Exception):
    """The broker closed the socket where a frame was expected."""


class Frame:
    def __init__(self, kind, channel, payload):
        self.kind, self.channel, self.payload = kind, channel, payload
        self.name = None
        if kind == wire.METHOD:
            number = struct.unpack_from(">HH", payload)
            self.name = wire.NAME.get(number, str(number))

    def close_fields(self):
        """(code, text, (class, method)) of a channel.close or connection.close."""
        code, size = struct.unpack_from(">HB", self.payload, 4)
        text = self.payload[7:7 + size].decode("utf-8", "surrogateescape")
        return code, text, struct.unpack_from(">HH", self.payload, 7 + size)

    def __str__(self):
        if self.name in ("connection.close", "channel.close"):
            return f"{self.name}{self.close_fields()} on {self.channel}"
        return f"{self.name or f'frame of type {self.kind}'} on {self.channel}"


class Peer:
    """Not logged in until log_in(); as a context it ends its socket without a word."""

    def __init__(self, port, host="127.0.0.1", source=None, context=None):
        address = (source, 0) if source else None
        self.socket = socket.create_connection((host, port), DEADLINE, address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.received = b""
        # What came until now, for those who look for what should not be in it.
        self.everything = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()

    def drop(self):
        with contextlib.suppress(OSError):
            self.socket.close()

    def reset(self):
        """Ends with RST, as a client that crashed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, octets):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(octets)

    def log_in(self, user="guest", password="guest", virtual_host="/", channels=(1,),
               frame_max=None, client=None):
        self.send(wire.HEADER + wire.start_ok("PLAIN", wire.plain(user, password), client))
        self.expect("connection.start")
        offered = struct.unpack_from(">HI", self.expect("connection.tune").payload, 4)
        self.send(wire.tune_ok(offered[0], frame_max or offered[1]) + wire.open_host(virtual_host))
        self.expect("connection.open-ok")
        for channel in channels:
            self.call(wire.channel_open(channel), "channel.open-ok")
        return self

    def _read(self):
        try:
            octets = self.socket.recv(1 << 16)
        except ConnectionResetError:
            octets = b""
        if not octets:
            raise Ended()
        self.received += octets
        self.everything += octets

    def frame(self):
        """The next frame that is no heartbeat; Ended when the socket is closed instead."""
        while True:
            while len(self.received) < 8:
                self._read()
            kind, channel, size = struct.unpack_from(">BHI", self.received)
            while len(self.received) < size + 8:
                self._read()
            payload, end = self.received[7:7 + size], self.received[7 + size]
            if end != wire.END:
                raise AssertionError(f"a frame of the broker ends in {end}")
            self.received = self.received[size + 8:]
            if kind != wire.HEARTBEAT:
                return Frame(kind, channel, payload)

    def expect(self, name):
        frame = self.frame()
        if frame.name != name:
            raise AssertionError(f"expected {name}, got {frame}")
        return frame

    def call(self, octets, name):
        self.send(octets)
        return self.expect(name)

    def read_message(self):
        """The body whose deliver or get-ok was just read."""
        header = self.frame()
        if header.kind != wire.CONTENT_HEADER:
            raise AssertionError(f"expected a content header, got {header}")
        size = struct.unpack_from(">Q", header.payload, 4)[0]
        octets = b""
        while len(octets) < size:
            octets += self.frame().payload
        return octets

    def read_to_end(self):
        """Everything until the broker ends the socket."""
        try:
            while True:
                self._read()
        except Ended:
            return self.received

    def await_no_answer(self, seconds):
        """True if nothing comes and the socket stays open for so long."""
        self.socket.settimeout(seconds)
        try:
            self._read()
        except TimeoutError:
            return True
        except Ended:
            return False
        finally:
            self.socket.settimeout(DEADLINE)
        return False


class HonestPair:
    """A publisher and a consumer on connections of their own, there before anything bad happens."""

    def __init__(self, port, **login):
        self.publisher = Peer(port).log_in(**login)
        self.consumer = Peer(port).log_in(**login)
        self.consumer.call(wire.queue_declare(1, "honest", auto_delete=True), "queue.declare-ok")
        # What others may not touch.
        self.consumer.call(wire.queue_declare(1, "honest.own", exclusive=True), "queue.declare-ok")
        self.consumer.call(wire.queue_bind(1, "honest.own", "amq.fanout"), "queue.bind-ok")
        self.consumer.call(wire.consume(1, "honest", no_ack=True), "basic.consume-ok")
        self.publisher.call(wire.confirm_select(1), "confirm.select-ok")
        self.count = 0
        self.slowest = 0.0

    def round_trip(self):
        """One message there, confirmed and received; AssertionError or a time-out if not."""
        self.count += 1
        text = b"honest %d" % self.count
        start = time.monotonic()
        self.publisher.call(wire.publish(1, "", "honest", text), "basic.ack")
        self.consumer.expect("basic.deliver")
        received = self.consumer.read_message()
        self.slowest = max(self.slowest, time.monotonic() - start)
        if received != text:
            raise AssertionError(f"sent {text!r}, received {received!r}")

    def close(self):
        self.publisher.drop()
        self.consumer.drop()

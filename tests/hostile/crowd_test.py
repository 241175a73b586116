#!/usr/bin/python3
"""A crowd of idle and half-open connections from several loopback addresses, and honest clients.

crowd_test.py [--idle 300] [--half-open 100] [--seconds-long 2]

The idle ones have logged in and say nothing but heartbeats' silence; the half-open ones stop
somewhere before that, a third of them over TLS, and each is replaced when the broker has had
enough of it. Meanwhile honest clients connect, send and receive. The limit for connections of one
address is reached with one address of its own. Prints the honest clients' connect times.
"""

import argparse
import collections
import contextlib
import pathlib
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import wire  # noqa: E402
from node import SANITIZED, Node, free_port  # noqa: E402
from peer import Ended, HonestPair, Peer  # noqa: E402

PER_ADDRESS = 1024  # the default of limits.accept.connections_per_address_max
IDLE_KIB_MAX = 16  # resident memory for each idle connection with a channel
CONNECT_P99_MAX = 1.0  # seconds
HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(60)
STOPS = (b"", wire.HEADER[:4], wire.HEADER, wire.HEADER + wire.start_ok()[:20],
         wire.HEADER + wire.start_ok(), wire.HEADER + wire.start_ok() + wire.tune_ok())


def settings(folder, tls_port, half_open):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", folder / "key.pem",
         "-out", folder / "certificate.pem"], check=True, capture_output=True)
    return {
        "listeners": {"amqps": {"enabled": True, "port": tls_port, "handshake_timeout": "5s",
                                "certificate_file": str(folder / "certificate.pem"),
                                "key_file": str(folder / "key.pem")}},
        "limits": {"accept": {"unauthenticated_max": 2 * half_open + 100,
                              "unauthenticated_per_address_max": half_open // 4 + 50},
                   "connection": {"handshake_timeout": "5s"}},
    }


class Crowd:
    """Half-open connections, always so many; whoever is cut off comes again from elsewhere."""

    def __init__(self, ports, count):
        self.ports, self.count = ports, count
        self.selector = selectors.DefaultSelector()
        self.begun = self.ended = 0

    def fill(self):
        while self.begun - self.ended < self.count:
            number = self.begun
            peer = socket.socket()
            peer.setblocking(False)
            peer.bind((f"127.0.2.{number % 8 + 1}", 0))
            secure = number % 3 == 0
            with contextlib.suppress(BlockingIOError):
                peer.connect(("127.0.0.1", self.ports[secure]))
            said = HELLO[:number % len(HELLO)] if secure else STOPS[number % len(STOPS)]
            self.begun += 1
            self.selector.register(peer, selectors.EVENT_WRITE if said else selectors.EVENT_READ,
                                   said)

    def step(self):
        for key, event in self.selector.select(0):
            try:
                if event & selectors.EVENT_WRITE:
                    key.fileobj.send(key.data)
                    self.selector.modify(key.fileobj, selectors.EVENT_READ)
                    continue
                if key.fileobj.recv(4096):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            self.selector.unregister(key.fileobj)
            key.fileobj.close()
            self.ended += 1
        self.fill()

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


def log_in_many(node, count):
    """`count` idle connections, from as many addresses as their limit asks for."""
    peers = []
    for number in range(count):
        address = f"127.0.1.{number // (PER_ADDRESS - 100) + 1}"
        peer = Peer(node.port, source=address).log_in()
        peer.everything.clear()
        peers.append(peer)
    return peers


def one_address_too_many(node):
    """Fills one address; the next from there is closed without a word, others come in."""
    with contextlib.ExitStack() as stack:
        for _ in range(PER_ADDRESS):
            stack.enter_context(Peer(node.port, source="127.0.3.1").log_in(channels=()))
        for _ in range(10):
            with Peer(node.port, source="127.0.3.1") as refused:
                refused.send(wire.HEADER)
                if refused.read_to_end() != b"":
                    raise AssertionError("more connections of one address than may be")
        with Peer(node.port, source="127.0.3.2") as other:
            other.log_in()


def connect_once(node):
    """Seconds until a new client has sent itself a message."""
    start = time.monotonic()
    with Peer(node.port) as peer:
        peer.log_in()
        peer.call(wire.queue_declare(1, "", exclusive=True), "queue.declare-ok")
        peer.send(wire.publish(1, "", "h.none", mandatory=True))
        peer.expect("basic.return")
        peer.read_message()
    return time.monotonic() - start


def run(node, options, tls_port):
    honest = HonestPair(node.port)
    before = node.resident()
    start = time.monotonic()
    idle = log_in_many(node, options.idle)
    took = time.monotonic() - start
    each = (node.resident() - before) / max(options.idle, 1) / 1024
    print(f"{options.idle} idle connections: logged in within {took:.1f} s, {each:.1f} KiB each")
    crowd = Crowd({False: node.port, True: tls_port}, options.half_open)
    times = []
    end = time.monotonic() + options.seconds_long
    while time.monotonic() < end:
        crowd.step()
        honest.round_trip()
        times.append(connect_once(node))
    crowd_peak = node.resident()
    print(f"{options.half_open} half-open connections at a time, {crowd.begun} in all, "
          f"{crowd.ended} cut off; resident {crowd_peak >> 20} MiB")
    crowd.close()
    one_address_too_many(node)
    # Nobody was cut off for being idle.
    for peer in idle:
        peer.call(wire.qos(1, 0), "basic.qos-ok")
        peer.drop()
    honest.close()
    return judge(options, crowd, times, honest, each)


def judge(options, crowd, times, honest, each):
    times.sort()
    p99 = times[len(times) * 99 // 100]
    print(f"honest: {len(times)} connected and served, p50 {times[len(times) // 2] * 1000:.1f} ms, "
          f"p99 {p99 * 1000:.1f} ms, at most {times[-1] * 1000:.1f} ms; {honest.count} messages, "
          f"the slowest {honest.slowest * 1000:.1f} ms")
    faults = collections.Counter()
    faults["honest clients wait"] = p99 > CONNECT_P99_MAX
    faults["an idle connection costs too much"] = (
        not SANITIZED and options.idle >= 1000 and each > IDLE_KIB_MAX)
    faults["nobody half-open was cut off"] = options.seconds_long > 6 and crowd.ended == 0
    found = [fault for fault, is_so in faults.items() if is_so]
    for fault in found:
        print("FAILED " + fault)
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle", type=int, default=300)
    parser.add_argument("--half-open", type=int, default=100)
    parser.add_argument("--seconds-long", type=float, default=2)
    options = parser.parse_args()
    # The broker inherits it.
    wanted = options.idle + options.half_open + PER_ADDRESS + 1000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(f"{wanted} descriptors are needed, {hard} are allowed: see ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="harrier-crowd.") as name:
        folder, tls_port = pathlib.Path(name), free_port()
        with Node(settings(folder, tls_port, options.half_open)) as node:
            try:
                return run(node, options, tls_port)
            except Ended as error:
                raise SystemExit(f"somebody was cut off\n{node.log()}") from error


if __name__ == "__main__":
    sys.exit(main())

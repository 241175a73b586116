"""Peers that say nothing, too little, or read nothing, all at the same time, plain and over TLS.

The broker's patience is short here. None may end sooner than it, all must end soon after, and the
honest pair is served all the while.
"""

import pathlib
import ssl
import subprocess
import tempfile
import time
import warnings

import wire
from node import Node, free_port
from peer import HonestPair, Peer

NAME = "slow"
PATIENCE = 1.0  # seconds; of each of the broker's time-outs
LATE = 10.0  # seconds after which the broker has forgotten someone
# TLS 1.1 is to be asked for, which Python advises against.
warnings.simplefilter("ignore", DeprecationWarning)


def _settings(folder, tls_port):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", folder / "key.pem",
         "-out", folder / "certificate.pem"], check=True, capture_output=True)
    limits = dict.fromkeys(("handshake_timeout", "close_timeout", "write_stall_timeout",
                            "partial_frame_timeout", "refusal_delay"), "1s")
    return {
        "limits": {"connection": limits,
                   "accept": {"unauthenticated_per_address_max": 200}},
        "auth": {"throttle_delay_max": "0s", "hash_iterations_sha256": 10_000},
        "listeners": {"amqps": {"enabled": True, "port": tls_port, "handshake_timeout": "1s",
                                "certificate_file": str(folder / "certificate.pem"),
                                "key_file": str(folder / "key.pem")}},
    }


class Slow:
    """One who sends `octets`, then `drip` octet by octet, until the broker has had enough. `late`
    is whether the broker's patience is what must end it; else it ends at once."""

    def __init__(self, name, peer, octets=b"", drip=b"", late=True):
        self.name, self.peer, self.late = name, peer, late
        self.drip = drip
        peer.send(octets)
        peer.socket.settimeout(0)
        self.start = time.monotonic()
        self.took = None

    def step(self):
        """Drips one octet and looks whether it is over."""
        if self.drip:
            self.peer.send(self.drip[:1])
            self.drip = self.drip[1:]
        while self.took is None:
            try:
                over = not self.peer.socket.recv(1 << 16)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False
            except (ConnectionError, ssl.SSLError):
                over = True
            if over:
                self.took = time.monotonic() - self.start
        return True

    def complaint(self):
        if self.took is None:
            return f"still there after {LATE} s"
        if self.late and self.took < 0.8 * PATIENCE:
            return f"ended after {self.took:.2f} s already"
        if not self.late and self.took > 0.8 * PATIENCE:
            return f"ended after {self.took:.2f} s only"
        return None


def _handshakes(new):
    hello = wire.HEADER
    login = hello + wire.start_ok()
    tuned = login + wire.tune_ok()
    wrong = hello + wire.start_ok("PLAIN", wire.plain("guest", "wrong"), {})
    for name, octets in (("nothing", b""), ("one octet", b"A"), ("half a header", hello[:4]),
                         ("a header less one octet", hello[:7]), ("a header", hello),
                         ("half of start-ok", hello + wire.start_ok()[:20]),
                         ("start-ok without its end", login[:-1]), ("start-ok", login),
                         ("half of tune-ok", login + wire.tune_ok()[:10]), ("tune-ok", tuned),
                         ("half of open", tuned + wire.open_host()[:10]),
                         ("a wrong password", wrong), ("a mistake", hello + wire.open_host()),
                         ("a header and heartbeats", hello + wire.heartbeat() * 3)):
        yield Slow(f"says {name} and waits", new(), octets)
    for name, octets, drip in (("the header", b"", hello), ("start-ok", hello, wire.start_ok()),
                               ("tune-ok", login, wire.tune_ok()),
                               ("heartbeats", hello, wire.heartbeat() * 100)):
        yield Slow(f"says {name} octet by octet", new(), octets, drip)


def _frames(new):
    frame = wire.queue_declare(1, "q")
    content = wire.publish_method(1) + wire.header(1, 1000)
    for name, octets in (("one octet of a frame", frame[:1]), ("a frame's start", frame[:7]),
                         ("half a frame", frame[:20]), ("a frame without its end", frame[:-1]),
                         ("the start of a large frame", wire.frame_start(1, 1, 131072)),
                         ("half a body frame", content + wire.body(1, "x" * 1000)[:500]),
                         ("a mistake and no answer to the close", wire.channel_open(1))):
        yield Slow(f"is open, says {name} and waits", new().log_in(), octets)
    yield Slow("is open and says a frame octet by octet", new().log_in(), b"",
               wire.body(1, "x" * 10_000))
    yield Slow("is open and lets a channel's close unanswered, then half a frame", new().log_in(),
               wire.ack(1, 1) + frame[:9])


def _reader(new):
    """Asks for far more than sockets buffer and reads nothing."""
    peer = new().log_in()
    peer.call(wire.queue_declare(1, "slow.big", exclusive=True), "queue.declare-ok")
    octets = b"x" * 100_000
    for _ in range(150):
        peer.send(wire.publish(1, "", "slow.big", octets))
    peer.call(wire.qos(1, 0), "basic.qos-ok")
    peer.send(wire.consume(1, "slow.big", no_ack=True))
    return peer


def _tls(folder, port):
    def raw():
        return Peer(port)

    def secure():
        context = ssl.create_default_context(cafile=folder / "certificate.pem")
        context.check_hostname = False
        return Peer(port, context=context)

    hello = bytes.fromhex("16030100c8010000c40303") + bytes(194)
    for name, octets in (("nothing", b""), ("one octet", b"\x16"), ("a record's start", hello[:5]),
                         ("half a hello", hello[:60]), ("a hello less one octet", hello[:-1]),
                         ("a record of 16 KiB that never comes", b"\x16\x03\x01\x40\x00")):
        yield Slow(f"TLS: says {name} and waits", raw(), octets)
    yield Slow("TLS: says a hello octet by octet", raw(), b"", hello)
    for name, octets in (("plain AMQP", wire.HEADER), ("HTTP", b"GET / HTTP/1.1\r\n\r\n"),
                         ("zeros", bytes(100)), ("ones", b"\xff" * 100),
                         ("a record that is too large", b"\x16\x03\x01\xff\xff" + bytes(100)),
                         ("an alert", b"\x15\x03\x01\x00\x02\x02\x28"),
                         ("application data", b"\x17\x03\x03\x00\x05hello"),
                         ("a hello of zeros", hello),
                         ("SSL 2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(40)),
                         ("PROXY v1", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n")):
        yield Slow(f"TLS: says {name}", raw(), octets, late=False)
    yield from _handshakes_over(secure)


def _handshakes_over(secure):
    yield Slow("TLS is done, says nothing", secure())
    yield Slow("TLS is done, says a header", secure(), wire.HEADER)
    yield Slow("TLS is done, half a frame when open", secure().log_in(),
               wire.queue_declare(1, "q")[:12])
    yield Slow("TLS is done, says another protocol", secure(), b"HELO mail\r\n", late=False)


def _bad_hellos(folder, port, failures):
    """Handshakes that must fail: old versions and ciphers. Returns how many."""
    weak = (("TLS 1.0", ssl.TLSVersion.TLSv1, "ALL:@SECLEVEL=0"),
            ("TLS 1.1", ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
            ("no forward secrecy", ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256"),
            ("CBC", ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA"),
            ("no encryption", ssl.TLSVersion.TLSv1_2, "eNULL:@SECLEVEL=0"),
            ("nobody's certificate", ssl.TLSVersion.TLSv1_2, "aNULL:@SECLEVEL=0"))
    for name, version, ciphers in weak:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers(ciphers)
        context.minimum_version = context.maximum_version = version
        try:
            Peer(port, context=context).drop()
            failures.add(NAME, f"TLS: {name} is taken")
        except (ssl.SSLError, ConnectionError):
            pass
    return len(weak)


def run(failures):
    with tempfile.TemporaryDirectory(prefix="harrier-slow.") as name:
        folder, tls_port = pathlib.Path(name), free_port()
        with Node(_settings(folder, tls_port)) as node:
            honest = HonestPair(node.port)
            before = node.resident()
            node.forget_peak()
            count = _bad_hellos(folder, tls_port, failures)
            count += _wait_for_all(node, folder, tls_port, honest, failures)
            failures.check_memory(node, before, NAME)
            honest.close()
    return count


def _wait_for_all(node, folder, tls_port, honest, failures):
    def new():
        return Peer(node.port)

    start = time.monotonic()
    reader = _reader(new)
    everyone = [*_handshakes(new), *_frames(new), *_tls(folder, tls_port)]
    patient = new().log_in()  # says nothing, which is its right
    waiting = list(everyone)
    while waiting and time.monotonic() - start < LATE:
        waiting = [slow for slow in waiting if not slow.step()]
        honest.round_trip()
        time.sleep(0.02)
    for slow in everyone:
        complaint = slow.complaint()
        if complaint:
            failures.add(f"{NAME}: {slow.name}", complaint)
        slow.peer.drop()
    patient.call(wire.qos(1, 0), "basic.qos-ok")
    # Cut off, its own queue went with it.
    gone = new().log_in()
    gone.send(wire.queue_declare(1, "slow.big", passive=True))
    if gone.expect("channel.close").close_fields()[0] != 404:
        failures.add(NAME, "a consumer that reads nothing is still there")
    for peer in (reader, patient, gone):
        peer.drop()
    print(f"{NAME}: {len(everyone) + 2} cases, {time.monotonic() - start:.1f} s")
    return len(everyone) + 2

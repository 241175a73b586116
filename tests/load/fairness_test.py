"""fairness_test.py HARRIER_PERF HARRIERMQ: what a flooding publisher leaves to others.

The design (docs/concurrency.md): a turn of a loop reads a connection once, 128 KiB at most, and
512 KiB of all together, then ends what the turn began and writes it out. So between two looks at any
other connection a flood gets 512 KiB through, however much of it waits. Every bound here is a number
of bytes of the flood, not a time: a slow machine slows both sides.
"""

import multiprocessing
import os
import pathlib
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))

import brokers  # noqa: E402
from client import HEARTBEAT_FRAME, Client, Gone, message  # noqa: E402

READ_MAX = 128 << 10  # of a connection in a turn
READ_MAX_OVER_SHARE = 16 << 10  # of one that publishes more than it may
INPUT_PER_TURN = 512 << 10
# For a machine that lets clients wait for a processor, not for what the broker does.
SLACK = 8
# Above what the design lets wait, several times (docs/concurrency.md: input between loops), and far
# below what floods.
MEMORY_MAX = 32 << 20
DEADLINE_S = 60
VIRTUAL_HOSTS = """virtual_hosts:
  - /
  - shop
users:
  - name: guest
    password: guest
    permissions:
      - virtual_host: /
      - virtual_host: shop
"""
FORK = multiprocessing.get_context("fork")
PROGRAMS = []


class Flood:
    """A connection that publishes the same again and again, `bytes_max` or until stop(); start()
    makes a process for it, so that it and the test do not wait for each other's interpreter."""

    def __init__(self, port, queue, body, bytes_max, virtual_host="/"):
        self.client = Client(port, virtual_host)
        one = message(queue, body)
        self.chunk = memoryview(one * (READ_MAX // len(one) + 1))
        self.rest = self.chunk
        self.bytes_max = bytes_max
        self.sent = FORK.Value("Q", 0, lock=False)
        self.stopping = FORK.Value("b", False, lock=False)
        self.process = FORK.Process(target=self.run, daemon=True)

    def send(self):
        sent = self.client.socket.send(self.rest)
        self.sent.value += sent
        self.rest = self.rest[sent:] or self.chunk

    def fill(self):
        """As much as the socket takes of a broker that does not read."""
        self.client.socket.setblocking(False)
        try:
            while True:
                self.send()
        except BlockingIOError:
            self.client.socket.settimeout(DEADLINE_S)

    def bytes_sent(self):
        return self.sent.value

    def start(self):
        self.process.start()

    def run(self):
        # Whole messages only.
        while self.rest is not self.chunk or not (self.stopping.value or
                                                  self.sent.value >= self.bytes_max):
            self.send()

    def is_over(self):
        return not self.process.is_alive()

    def stop(self):
        self.stopping.value = True
        self.process.join(DEADLINE_S)
        assert self.process.exitcode == 0, "the broker does not read the flood"
        # It has handled all of it when it answers.
        self.client.round_trip()
        self.client.close()

    def give_up(self):
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()
        self.client.close()


class Memory:
    """How much a process grew at its highest."""

    def __init__(self, pid):
        self.folder = pathlib.Path(f"/proc/{pid}")
        (self.folder / "clear_refs").write_text("5")  # VmHWM begins anew
        self.before = self.bytes("VmRSS")

    def bytes(self, name):
        text = (self.folder / "status").read_text()
        return int(text.split(f"\n{name}:")[1].split()[0]) << 10

    def growth(self):
        return self.bytes("VmHWM") - self.before


class Fairness:
    """Of a broker with LOOPS loops. With two, virtual host / is on the first, shop and all
    connections on the second."""

    LOOPS = 0
    # What the design lets two floods get through while one message goes there and back.
    BYTES_PER_TRIP = 0

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="harrier-fairness.")
        cls.broker = brokers.Harrier(PROGRAMS[0], cls.folder.name, "harriermq", PROGRAMS[1],
                                     f"loops: {cls.LOOPS}\n{VIRTUAL_HOSTS}")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.broker.stop)
        cls.broker.start()

    def flood(self, queue, body, bytes_max):
        flood = Flood(self.broker.port, queue, body, bytes_max)
        self.addCleanup(flood.give_up)
        return flood

    def two_floods(self, bytes_max):
        """Of messages without a queue: what grows then is only what is on its way."""
        return [self.flood("nowhere", bytes(16), bytes_max) for _ in range(2)]

    def client(self, *arguments, **named):
        client = Client(self.broker.port, *arguments, **named)
        self.addCleanup(client.close)
        return client

    # The broker stands still while floods fill their sockets and one message comes on another
    # connection. What of the floods is before it in the queue was read before it.
    def test_a_message_waits_for_one_read_of_each_flooding_connection(self):
        consumer = self.client()
        consumer.declare("watched")
        body = bytes(4000)
        floods = [self.flood("watched", body, 4 << 20) for _ in range(4)]
        publisher = self.client()
        os.kill(self.broker.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.broker.process.pid, os.WSTOPPED)
        try:
            for flood in floods:
                flood.fill()
            publisher.send(message("watched", b"the one"))
        finally:
            os.kill(self.broker.process.pid, signal.SIGCONT)
        # Twice: some may have been read in the turn before.
        bound = 2 * len(floods) * READ_MAX
        for flood in floods:
            self.assertGreater(flood.bytes_sent(), READ_MAX, "the sockets hold too little")
            flood.start()
        self.assertGreater(sum(flood.bytes_sent() for flood in floods), 2 * bound)
        consumer.consume("watched")
        before = 0
        while consumer.next_body() != b"the one":
            before += len(message("watched", body))
        print(f"loops: {self.LOOPS}, {before >> 10} KiB were read first", flush=True)
        self.assertLessEqual(before, bound)
        for flood in floods:
            flood.stop()

    def ping_pong(self, virtual_host):
        """One message on its way at a time, while two connections flood virtual host /."""
        pinger = self.client(virtual_host)
        pinger.declare("ping")
        pinger.consume("ping")
        ping = message("ping", b"ping")
        floods = self.two_floods(64 << 20)
        memory = Memory(self.broker.process.pid)
        for flood in floods:
            flood.start()
        trips, most, flooded = 0, 0, 0
        while not any(flood.is_over() for flood in floods):
            pinger.send(ping)
            self.assertEqual(pinger.next_body(), b"ping")
            trips += 1
            before, flooded = flooded, sum(flood.bytes_sent() for flood in floods)
            most = max(most, flooded - before)
        for flood in floods:
            flood.stop()
        self.assertGreaterEqual(flooded, floods[0].bytes_max)
        grown = memory.growth()
        print(f"loops: {self.LOOPS}, {virtual_host}: {trips} round trips in {flooded >> 20} MiB, "
              f"at most {most >> 10} KiB in one; {grown >> 10} KiB of memory", flush=True)
        self.assertGreaterEqual(trips, flooded / (SLACK * self.BYTES_PER_TRIP))
        self.assertLess(grown, MEMORY_MAX)

    def test_a_consumer_of_another_queue_is_served(self):
        self.ping_pong("/")

    def test_another_tenant_is_served(self):
        self.ping_pong("shop")

    # One client keeps to the heartbeats, one sends nothing more and must be found out.
    def test_heartbeats_go_on(self):
        floods = self.two_floods(1 << 50)
        for flood in floods:
            flood.start()
        alive, dead = self.client(heartbeat_s=1), self.client(heartbeat_s=1)
        answered, dead_is_gone = 0, False
        begin = time.monotonic()
        while alive.heartbeats < 4 or not dead_is_gone:
            self.assertLess(time.monotonic() - begin, DEADLINE_S, "no heartbeats, or no end")
            alive.read(0.1)
            if alive.heartbeats > answered:
                alive.send(HEARTBEAT_FRAME)
                answered = alive.heartbeats
            try:
                if not dead_is_gone:
                    dead.read(0)
            except (Gone, ConnectionResetError):
                dead_is_gone = True
        elapsed_s = time.monotonic() - begin
        print(f"loops: {self.LOOPS}, {alive.heartbeats} heartbeats in {elapsed_s:.1f} s", flush=True)
        # A library gives up when two were due and none came.
        self.assertGreaterEqual(alive.heartbeats, int(elapsed_s / 2))
        alive.round_trip()
        for flood in floods:
            self.assertFalse(flood.is_over())
            flood.stop()

    def test_a_length_limit_holds(self):
        length_max = 100
        self.client().declare("short", max_length=length_max)
        floods = [self.flood("short", bytes(16), 16 << 20) for _ in range(8)]
        for flood in floods:
            flood.start()
        longest = 0
        while not all(flood.is_over() for flood in floods):
            longest = max(longest, self.broker.metric("rabbitmq_queue_messages_ready"))
        for flood in floods:
            flood.stop()
        print(f"at most {longest:.0f} messages in a queue of {length_max}", flush=True)
        # The one that is being put in is counted before it makes room for itself.
        self.assertLessEqual(longest, length_max + 1)


class OneLoop(Fairness, unittest.TestCase):
    LOOPS = 1
    BYTES_PER_TRIP = INPUT_PER_TURN


class TwoLoops(Fairness, unittest.TestCase):
    LOOPS = 2
    # Between the loops each connection has its guaranteed and its borrowed credit on the way.
    BYTES_PER_TRIP = INPUT_PER_TURN + 2 * ((128 << 10) + (1 << 20))


class OverItsShare(unittest.TestCase):
    """Who publishes more than it may is read in small pieces, and nobody else is."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="harrier-share.")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.broker = brokers.Harrier(
            PROGRAMS[0], cls.folder.name, "harriermq", PROGRAMS[1],
            "limits:\n  publish_rate_burst: 100ms\n  virtual_hosts:\n"
            "    - {name: shop, publish_byte_rate_max: 8MiB}\n"
            "    - {name: attic, stored_bytes_max: 1MiB, quota_action: reject}\n"
            f"{VIRTUAL_HOSTS.replace('  - shop', '  - shop' + chr(10) + '  - attic')}"
            "      - virtual_host: attic\n")
        cls.addClassCleanup(cls.broker.stop)
        cls.broker.start()

    def bytes_and_reads(self):
        return self.broker.metrics(
            [f"rabbitmq_detailed_connection_incoming_{what}_total" for what in ("bytes", "packets")],
            "/metrics/detailed?family=connection_coarse_metrics&family=connection_metrics")

    def mean_read(self, virtual_host):
        """Of a flood, once 4 MiB of it have been read."""
        client = Client(self.broker.port, virtual_host)
        self.addCleanup(client.close)
        client.declare("watched", max_length=1000)
        flood = Flood(self.broker.port, "watched", bytes(4000), 32 << 20, virtual_host)
        self.addCleanup(flood.give_up)
        before = self.bytes_and_reads()
        flood.start()
        deadline = time.monotonic() + DEADLINE_S
        looks = []
        for wanted in (4 << 20, 12 << 20):
            while (look := self.bytes_and_reads())[0] - before[0] < wanted:
                self.assertLess(time.monotonic(), deadline, "the flood is not read")
            looks.append(look)
        flood.stop()
        mean = (looks[1][0] - looks[0][0]) / (looks[1][1] - looks[0][1])
        print(f"{virtual_host}: {mean:.0f} bytes a read", flush=True)
        return mean

    def test_a_flood_within_its_limits_is_read_in_large_pieces(self):
        self.assertGreater(self.mean_read("/"), 2 * READ_MAX_OVER_SHARE)

    def test_above_a_rate_in_small_ones(self):
        self.assertLessEqual(self.mean_read("shop"), READ_MAX_OVER_SHARE)

    def test_refused_for_what_its_virtual_host_stores_in_small_ones(self):
        client = Client(self.broker.port, "attic")
        self.addCleanup(client.close)
        client.declare("full")
        client.send(message("full", bytes(100_000)) * 10)
        client.round_trip()
        self.assertLessEqual(self.mean_read("attic"), READ_MAX_OVER_SHARE)


if __name__ == "__main__":
    PROGRAMS[:] = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)

#!/usr/bin/python3
"""Every sync takes 200 ms longer: confirms are late, nothing is lost, the others do not notice (T6)."""

import statistics
import sys
import threading
import time
import shutil

from client import Client
from daemon import SKIPPED
from workspace import Workspace, arguments, finish

sys.dont_write_bytecode = True
_DELAY = 0.2
_PROMPT = 0.1  # what a round trip that needs no disk may take at the 95th percentile


class Bystander(threading.Thread):
    """Round trips of transient messages through a transient queue, with a short heartbeat."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.daemon_under_test = daemon
        self.trips = []
        self.error = None
        self.stopping = threading.Event()

    def run(self):
        try:
            connection = self.daemon_under_test.connect(heartbeat=2)
            channel = connection.channel()
            queue = channel.queue_declare("", exclusive=True).method.queue
            arrived = []
            channel.basic_consume(queue, lambda *_: arrived.append(1), auto_ack=True)
            while not self.stopping.is_set():
                began = time.monotonic()
                channel.basic_publish("", queue, b"x")
                while not arrived and time.monotonic() < began + 5:
                    connection.process_data_events(1)
                arrived.clear()
                self.trips.append(time.monotonic() - began)
                time.sleep(0.005)
            connection.close()
        except Exception as error:
            self.error = error


class Idler(threading.Thread):
    """Says nothing but heartbeats."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.connection = daemon.connect(heartbeat=2)
        self.error = None
        self.stopping = threading.Event()

    def run(self):
        try:
            while not self.stopping.is_set():
                self.connection.process_data_events(0.2)
            self.connection.close()
        except Exception as error:
            self.error = error


def _publish_slowly(workspace, seconds):
    """Latencies of confirms, with a publish every few milliseconds."""
    client = Client(workspace.model, workspace.daemon.connect())
    channel = client.channel(confirm=True)
    client.declare(channel, "slow")
    client.declare(channel, "barrier")
    latencies = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        began = time.monotonic()
        for _ in range(20):
            client.publish(channel, ["slow"])
        client.wait_for_confirms()
        latencies.append(time.monotonic() - began)
    client.connection.close()
    return latencies


def main():
    options = arguments(__doc__, seconds_long=8.0)
    if shutil.which("strace") is None:
        print("skipped: needs strace")
        sys.exit(SKIPPED)
    strace = ["-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_exit={int(_DELAY * 1e6)}"]
    with Workspace(strace=strace) as workspace:
        workspace.daemon.start()
        others = [Bystander(workspace.daemon), Idler(workspace.daemon)]
        for other in others:
            other.start()
        latencies = _publish_slowly(workspace, options.seconds_long)
        for other in others:
            other.stopping.set()
            other.join(10)
            workspace.expect(other.error is None, f"{type(other).__name__}: {other.error!r}")
        trips = others[0].trips
        slowest = statistics.quantiles(trips, n=20)[-1] if len(trips) > 20 else float("inf")
        print(f"confirms: {min(latencies):.3f} to {max(latencies):.3f} s; "
              f"others: {len(trips)} round trips, 95 % below {slowest:.4f} s")
        workspace.expect(min(latencies) >= _DELAY, "a confirm came before the disk was asked")
        workspace.expect(slowest < _PROMPT, "transient traffic waits for the disk")
        workspace.daemon.kill9()
        workspace.model.crashed()
        workspace.daemon.strace = []
        workspace.daemon.start()
        client = workspace.client()
        client.drain("slow")
        client.connection.close()
        workspace.model.finish()
    finish(workspace, "slow_disk")


if __name__ == "__main__":
    main()

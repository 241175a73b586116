"""baseline_test.py HARRIER_PERF HARRIERMQ [--connections N]: nothing is left of connections that have gone.

Three batches of N connections, each with a channel, an exclusive queue and a consumer: closed in
order, dropped without a word, and many open at once. After each the broker
must have its descriptors back exactly and its gauges at zero. The first two warm up: allocator, statistics
and tables have their size then. The third may not let it grow by more than BYTES_EACH for each connection. Without N a few thousand, as ctest does; 100,000 take some minutes.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))

import brokers  # noqa: E402

# A connection alone takes some 5 KiB: far less than if one in fifty were forgotten.
BYTES_EACH = 64
# What the allocator keeps back differs from batch to batch, whatever their size.
ALLOCATOR_BYTES = 128 << 10
AT_ONCE_MAX = 2000
DEADLINE_S = 60
GAUGES = ("rabbitmq_connections", "rabbitmq_channels", "rabbitmq_consumers", "rabbitmq_queues")


class Failure(Exception):
    """What is left, and of what."""


def descriptors(pid):
    """{descriptor: what it is}"""
    folder = pathlib.Path(f"/proc/{pid}/fd")
    found = {}
    for name in os.listdir(folder):
        try:
            found[int(name)] = os.readlink(folder / name)
        except FileNotFoundError:
            pass
    return found


def resident_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("\nVmRSS:")[1].split()[0]) << 10


def look(broker):
    """(gauges that are not 0, descriptors): a round trip with the broker."""
    left = {name: count for name in GAUGES if (count := broker.metric(name)) != 0}
    return left, descriptors(broker.process.pid)


def settle(broker, descriptors_before):
    """Waits until all is as before; what is not there in time is not on its way out."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        left, found = look(broker)
        if not left and len(found) == descriptors_before:
            return
        if time.monotonic() > deadline:
            raise Failure(f"after {DEADLINE_S} s: {left or 'all gauges are 0'}; {len(found)} "
                          f"descriptors, not {descriptors_before}: {sorted(found.values())}")


def batch(broker, connections):
    half = connections // 2
    for count, switches in ((connections - half, ()), (half, ("drop",))):
        line = broker.load("churn connections", "with-consumers", *switches, count=count)
        if line["done"] != count:
            raise Failure(f"{line['done']} of {count} connections were made")
    broker.load("idle", "with-consumers", count=min(connections, AT_ONCE_MAX), time=0)


def run(broker, connections):
    # A look is a connection to the metrics, the start one for AMQP: either may not have gone yet.
    before = min(len(look(broker)[1]) for _ in range(50))
    opened = broker.metric("rabbitmq_connections_opened_total")
    resident = 0
    for number in (1, 2, 3):
        batch(broker, connections)
        settle(broker, before)
        grown = resident_bytes(broker.process.pid) - resident
        resident += grown
        print(f"batch {number} of {connections} connections: {before} descriptors as before, "
              f"{grown >> 10} KiB more resident", flush=True)
    allowed = BYTES_EACH * connections + ALLOCATOR_BYTES
    if grown > allowed:
        raise Failure(f"grown by {grown} bytes, more than {allowed}")
    made = broker.metric("rabbitmq_connections_opened_total") - opened
    if made < 2 * connections:
        raise Failure(f"only {made} connections were opened")


def main(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", nargs=2)
    parser.add_argument("--connections", type=int, default=3000)
    parser.add_argument("--loops", type=int, default=1)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="harrier-baseline.") as folder:
        broker = brokers.Harrier(options.programs[0], folder, "harriermq", options.programs[1],
                                 f"loops: {options.loops}\nlog:\n  level: warning\n")
        try:
            broker.start()
            run(broker, options.connections)
        except (Failure, brokers.BenchError) as failure:
            print("not ok -", failure)
            print((broker.folder / "output").read_text(encoding="utf-8")[-2000:])
            return 1
        finally:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/python3
"""What scrapes cost on a node with very many queues: time, size, and how long they hold the loops.

  HARRIERMQ_BINARY=build/release/bin/harriermq tests/bench/scrape_bench.py [--queues 100000]

By hand; docs/benchmarks.md has the figures. Each page is asked for several times, the median stands.
Turns are those of all loops while the page was made, from harriermq_loop_turn_seconds.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
import many_queues  # noqa: E402
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from daemon import Daemon, free_port  # noqa: E402

PAGES = {
    "/metrics": 20,
    "/metrics/detailed?family=queue_coarse_metrics": 5,
    "/metrics/detailed?family=queue_coarse_metrics&queue=^q0000": 5,
    "/metrics/per-object": 3,
}


def get(port, path):
    began = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=120) as answer:
        size = 0
        while chunk := answer.read(1 << 20):
            size += len(chunk)
    return time.perf_counter() - began, size


def turns(port):
    """How many took longer than 1 ms, and than 5 ms, so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    counts = {"0.001": 0, "0.005": 0, "+Inf": 0}
    for line in text.splitlines():
        for bound in counts:
            if line.startswith("harriermq_loop_turn_seconds_bucket") and f'le="{bound}"' in line:
                counts[bound] += int(line.rsplit(" ", 1)[1])
    return counts["+Inf"] - counts["0.001"], counts["+Inf"] - counts["0.005"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--queues", type=int, default=100_000)
    arguments.add_argument("--loops", type=int, default=2)
    arguments = arguments.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="harrier-scrape.") as folder:
        definitions = pathlib.Path(folder) / "definitions.json"
        many_queues.write_definitions(
            definitions, [f"q{number:06}" for number in range(arguments.queues)])
        daemon = Daemon(pathlib.Path(folder) / "data", {
            "metrics": {"enabled": True, "port": port}, "loops": arguments.loops,
            "definitions": {"load": str(definitions)},
            "memory": {"high_watermark": "2GiB", "cache": "64MiB"}})
        daemon.start()
        try:
            print(f"{arguments.queues} queues, {arguments.loops} loops")
            for path, rounds in PAGES.items():
                get(port, path)
                before = turns(port)
                measured = [get(port, path) for _ in range(rounds)]
                after = turns(port)
                took = statistics.median(seconds for seconds, _ in measured)
                print(f"{path}: {took * 1000:.1f} ms, {measured[0][1] / 1e6:.2f} MB, "
                      f"turns above 1 ms: {after[0] - before[0]}, above 5 ms: {after[1] - before[1]}")
        finally:
            daemon.kill9()


if __name__ == "__main__":
    main()

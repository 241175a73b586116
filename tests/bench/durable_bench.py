"""durable_bench.py: HarrierMQ and RabbitMQ 3.10 side by side, for script/bench durable.

Rounds of all brokers, each a fresh node, in an order that turns; HarrierMQ twice in each round, so
that the second against the first shows what a difference is worth here (A/A). Every line of
harrier-perf goes to build/bench/durable-<date>.jsonl with its round; the table is made from it.
Takes minutes and gigabytes, both bounded; ends only what it started and removes its folder.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import brokers
import durable_report

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("throughput", "latency", "backlog", "queues")
DISK_BYTES_NEEDED = 12 << 30


class Sizes:
    """How much of everything; --quick shows only that it runs."""

    def __init__(self, quick):
        self.rounds = 1 if quick else 3
        self.throughput_s = 3 if quick else 10
        self.latency_s = 3 if quick else 10
        self.raw_s = 1 if quick else 3
        self.backlog = 500_000 if quick else 10_000_000
        self.queues = 20_000 if quick else 100_000
        # RabbitMQ needs minutes for what is asked of us: only to have an order of magnitude.
        self.rabbit_backlog = 30_000 if quick else 1_000_000
        self.rabbit_queues = 300 if quick else 5_000


class Results:
    """The lines so far, each also in the file as soon as it is there."""

    def __init__(self, path):
        self.path = path
        self.lines = []

    def add(self, line, **context):
        line = dict(line, **context, load_average=os.getloadavg()[0], cpu_pressure=cpu_pressure())
        self.lines.append(line)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        figures = "failed: " + line["error"] if "error" in line else "done"
        print(f"round {line.get('round')}: {line.get('label')} {line.get('part')}: {figures}",
              flush=True)

    def attempt(self, broker, part, round_number, action):
        """Runs `action`; its line or its failure is a result. Returns whether it went well."""
        context = {"part": part, "round": round_number}
        try:
            self.add(action(), **context)
            return True
        except brokers.BenchError as error:
            self.add({"label": broker.label, "error": str(error)}, **context)
            return False


def cpu_pressure():
    """Share of the last 10 s in which somebody waited for a processor, percent; None: not known."""
    try:
        return float(Path("/proc/pressure/cpu").read_text().split("avg10=")[1].split()[0])
    except (OSError, IndexError, ValueError):
        return None


def environment(data_root):
    """What the figures were measured on."""
    def output(*command):
        result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        return result.stdout.strip() if result.returncode == 0 else None
    model = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {"part": "environment", "label": "machine", "processor": model[0] if model else None,
            "processors": os.cpu_count(), "kernel": platform.release(),
            "commit": output("git", "rev-parse", "--short", "HEAD"),
            "changed": bool(output("git", "status", "--porcelain")),
            "rabbitmq": output("dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"),
            "file_system": output("stat", "-f", "-c", "%T", str(data_root))}


class Bench:
    def __init__(self, options, sizes, results, folder):
        self.options = options
        self.sizes = sizes
        self.results = results
        self.folder = Path(folder)
        self.nodes = 0

    def fresh(self, label):
        """A node that has never run, in a folder of its own."""
        self.nodes += 1
        folder = self.folder / f"{self.nodes:03}-{label}"
        folder.mkdir()
        if label.startswith("harriermq"):
            return brokers.Harrier(self.options.load, folder, label, self.options.binary,
                                   self.options.extra_yaml)
        return brokers.Rabbit(self.options.load, folder, label, int(label[-1]))

    def with_fresh(self, label, round_number, use):
        broker = self.fresh(label)
        try:
            if self.results.attempt(broker, "start", round_number, lambda: {
                    "label": label, "ready_s": broker.start()}):
                use(broker)
        finally:
            broker.stop()
            shutil.rmtree(broker.folder, ignore_errors=True)

    def run(self):
        labels = ["harriermq", "rabbitmq-v1", "harriermq-again", "rabbitmq-v2"]
        if self.options.no_rabbitmq:
            labels = ["harriermq", "harriermq-again"]
        for round_number in range(1, self.sizes.rounds + 1):
            turn = (round_number - 1) % len(labels)
            for label in labels[turn:] + labels[:turn]:
                self.with_fresh(label, round_number, lambda b: self.flow(b, round_number))
            if "backlog" in self.options.parts:
                self.with_fresh("harriermq", round_number, lambda b: self.backlog(b, round_number))
                self.with_fresh("harriermq", round_number,
                                lambda b: self.restart(b, "restart-empty", round_number))
            if "queues" in self.options.parts:
                self.with_fresh("harriermq", round_number,
                                lambda b: self.queues(b, round_number, self.sizes.queues))
        if not self.options.no_rabbitmq:
            for label in ("rabbitmq-v1", "rabbitmq-v2"):
                if "backlog" in self.options.parts:
                    self.with_fresh(label, 1, self.rabbit_backlog)
                if "queues" in self.options.parts:
                    self.with_fresh(label, 1,
                                    lambda b: self.queues(b, 1, self.sizes.rabbit_queues))

    def flow(self, broker, round_number):
        def attempt(part, *switches, **options):
            self.results.attempt(broker, part, round_number, lambda: broker.load(
                "load", *switches, limit_s=240, flag="persistent", size=1024, confirm=1000,
                qos=1000, ahead=100_000, warmup_seconds=2, **options))

        def attempt_confirms(part, *switches, **options):
            self.results.attempt(broker, part, round_number, lambda: broker.load(
                "confirms", *switches, limit_s=240, warmup_seconds=1, **options))
        if "throughput" in self.options.parts:
            attempt("throughput", time=self.sizes.throughput_s)
        if broker.label == "harriermq-again":
            return
        if "throughput" in self.options.parts:
            attempt("throughput-multiple", time=self.sizes.throughput_s, multi_ack_every=100)
        if "latency" in self.options.parts:
            for producers in (1, 64):
                attempt_confirms(f"latency-{producers}", producers=producers,
                                 time=self.sizes.latency_s, raw_dir=self.folder,
                                 raw_seconds=self.sizes.raw_s)
        if self.options.strace:
            attempt("throughput-strace", "strace", time=3)
            for producers in (1, 64):
                attempt_confirms(f"latency-{producers}-strace", "strace", producers=producers,
                                 time=3)

    def backlog(self, broker, round_number):
        messages = {"pmessages": self.sizes.backlog, "cache_bytes": self.options.cache_bytes}
        self.results.attempt(broker, "backlog", round_number,
                             lambda: broker.load("backlog", **messages))
        if not self.results.attempt(broker, "backlog-kept", round_number, lambda: broker.load(
                "backlog", "keep", empty_messages=0, **messages)):
            return
        if self.restart(broker, "restart-backlog", round_number):
            self.results.attempt(broker, "backlog-drained", round_number,
                                 lambda: broker.load("backlog", "drain-only", **messages))

    def rabbit_backlog(self, broker):
        messages = {"pmessages": self.sizes.rabbit_backlog}
        if self.results.attempt(broker, "backlog", 1, lambda: broker.load(
                "backlog", "keep", **messages)) and self.restart(broker, "restart-backlog", 1):
            self.results.attempt(broker, "backlog-drained", 1,
                                 lambda: broker.load("backlog", "drain-only", **messages))

    def queues(self, broker, round_number, count):
        if not self.results.attempt(broker, "queues", round_number,
                                    lambda: broker.load("queues", count=count)):
            return
        if self.restart(broker, "restart-queues", round_number):
            self.results.attempt(broker, "queues-checked", round_number,
                                 lambda: broker.load("queues", "check", count=count, sample=1000))

    def restart(self, broker, part, round_number):
        """kill -9 and start again: the time until a connection opens."""
        broker.kill()
        return self.results.attempt(broker, part, round_number, lambda: {
            "label": broker.label, "ready_s": broker.start(limit_s=300)})


def parse(words):
    parser = argparse.ArgumentParser(prog="script/bench durable", allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="small and one round: does it run?")
    parser.add_argument("--no-rabbitmq", action="store_true", help="HarrierMQ alone")
    parser.add_argument("--strace", action="store_true",
                        help="count flushes of every broker, in additional short runs")
    parser.add_argument("--data-root", type=Path, default=ROOT / "build" / "bench",
                        help="folder on the disk to measure; not a tmpfs")
    parser.add_argument("--only", default=",".join(PARTS), metavar="PART,...",
                        help="of " + ", ".join(PARTS))
    parser.add_argument("--rounds", type=int, help="instead of 3, or 1 with --quick")
    parser.add_argument("--cache-bytes", type=int, default=0,
                        help="the message cache configured: memory growth up to it is allowed")
    parser.add_argument("--config", type=Path,
                        help="YAML added to HarrierMQ's configuration (not metrics:)")
    parser.add_argument("--binary", type=Path,
                        default=ROOT / "build" / "release" / "bin" / "harriermq")
    parser.add_argument("--load", type=Path,
                        default=ROOT / "build" / "release" / "bin" / "harrier-perf")
    options = parser.parse_args(words)
    options.parts = options.only.split(",")
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if options.rounds is not None and not 1 <= options.rounds <= 20:
        parser.error("--rounds must be 1 to 20")
    options.extra_yaml = options.config.read_text(encoding="utf-8") if options.config else ""
    return options


def prepare(name, options, output):
    """Folders, RabbitMQ and an orderly end for a run called `name`; where its lines go."""
    if not options.no_rabbitmq and not Path(brokers.RABBITMQ_SERVER).exists():
        sys.exit("bench: RabbitMQ is missing: script/setup --bench, or --no-rabbitmq")
    options.data_root.mkdir(parents=True, exist_ok=True)
    output.mkdir(parents=True, exist_ok=True)
    # So that `finally` runs, and with it the end of every node.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    return Results(output / time.strftime(f"{name}-%Y-%m-%dT%H%M%S.jsonl"))


def main(words):
    options = parse(words)
    sizes = Sizes(options.quick)
    sizes.rounds = options.rounds or sizes.rounds
    results = prepare("durable", options, ROOT / "build" / "bench")
    if not options.quick and shutil.disk_usage(options.data_root).free < DISK_BYTES_NEEDED:
        sys.exit(f"bench: less than {DISK_BYTES_NEEDED >> 30} GiB free in {options.data_root}")
    with tempfile.TemporaryDirectory(prefix="durable-", dir=options.data_root) as folder:
        results.add(environment(options.data_root), quick=options.quick, round=0)
        Bench(options, sizes, results, folder).run()
    print(durable_report.table(results.lines))
    print(f"\nraw lines: {results.path}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)

"""matrix_bench.py [W1 ... loops]: HarrierMQ beside RabbitMQ 3.10, for script/bench.

Rounds over one node of each broker, in an order that turns, HarrierMQ twice in each so that the
second against the first shows what a difference is worth here (A/A). Every line of harrier-perf goes
to build/bench/matrix-<date>.jsonl; matrix_report.py makes the table and the chart from it.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import brokers
import matrix_report
from durable_bench import ROOT, environment, prepare
from matrix_workloads import CONFIGURATION, ROWS, WORKLOADS

HARRIER, AGAIN, RABBIT = matrix_report.HARRIER, matrix_report.AGAIN, matrix_report.RABBIT


def parse(words):
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="W1...W12,loops",
                        help="only these; all of them")
    parser.add_argument("--rounds", type=int, default=3, help="3")
    parser.add_argument("--scale", type=float, default=1.0,
                        help="so many times the messages; 0.02 shows that everything runs")
    parser.add_argument("--no-rabbitmq", action="store_true", help="HarrierMQ alone")
    parser.add_argument("--binary", type=Path, default=ROOT / "build/release/bin/harriermq")
    parser.add_argument("--load", type=Path, default=ROOT / "build/release/bin/harrier-perf")
    parser.add_argument("--data-root", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench",
                        help="folder of the raw lines and the chart")
    options = parser.parse_args(words)
    unknown = set(options.workloads) - set(WORKLOADS)
    if unknown:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    if options.rounds < 1 or options.scale <= 0:
        parser.error("--rounds and --scale are positive")
    return options


class Bench:
    def __init__(self, options, results, folder):
        self.options = options
        self.results = results
        self.folder = Path(folder)
        self.nodes = {}

    def start(self):
        labels = [HARRIER, AGAIN] if self.options.no_rabbitmq else [HARRIER, RABBIT, AGAIN]
        for label in labels:
            self.nodes[label] = self.node(label)
            self.nodes[label].start()

    def node(self, label, configuration=CONFIGURATION, tls=False):
        """One that has never run. The A/A control is one more of the same program and options."""
        folder = Path(tempfile.mkdtemp(prefix=label + "-", dir=self.folder))
        if label == RABBIT:
            return brokers.Rabbit(self.options.load, folder, label, 1)
        kind = brokers.TlsHarrier if tls else brokers.Harrier
        return kind(self.options.load, folder, label, self.options.binary, configuration)

    def stop(self):
        for node in self.nodes.values():
            node.stop()

    def run(self):
        labels = list(self.nodes)
        for group in self.groups():
            for round_number in range(1, self.options.rounds + 1):
                turn = (round_number - 1) % len(labels)
                for label in labels[turn:] + labels[:turn]:
                    for row in group:
                        if self.is_due(row, label, round_number):
                            self.measure(row, label, round_number)

    def groups(self):
        """Rows that are judged against each other are measured one after the other in each round:
        in between the machine may change its speed."""
        groups = {}
        for row in ROWS:
            chosen = not self.options.workloads or row.workload in self.options.workloads
            if chosen and not row.measured_by and self.options.scale >= row.least_scale:
                groups.setdefault(row.against or row.name, []).append(row)
        return groups.values()

    def is_due(self, row, label, round_number):
        if label == RABBIT:
            return not row.ours_only and not row.tls and round_number <= row.rabbit_rounds
        return label == HARRIER or row.control

    def measure(self, row, label, round_number):
        if not row.fresh and not row.tls:
            return self.load(row, self.nodes[label], round_number)
        node = self.node(label, row.configuration, row.tls)
        try:
            node.start()
            self.load(row, node, round_number)
        finally:
            node.stop()

    def load(self, row, node, round_number):
        share = row.rabbit_share if node.label == RABBIT else 1
        options = row.scaled(self.options.scale * share)
        self.results.attempt(node, row.name, round_number, lambda: self.figures(row, node, options))

    def figures(self, row, node, options):
        line = node.load(row.subcommand, *row.switches, limit_s=300, **options)
        for percent in row.percentages:
            scheduled = node.load(row.subcommand, *row.switches, limit_s=300,
                                  rate=line[row.figure] * percent / 100, **options)
            line.update((f"{name}_at_{percent}", scheduled[name])
                        for name in ("latency_p50_us", "latency_p99_us", "send_lag_p99_us"))
        return line


def main(words):
    options = parse(words)
    results = prepare("matrix", options, options.output)
    with tempfile.TemporaryDirectory(prefix="matrix-", dir=options.data_root) as folder:
        results.add(environment(options.data_root), scale=options.scale, round=0)
        bench = Bench(options, results, folder)
        try:
            bench.start()
            bench.run()
        finally:
            bench.stop()
    print(matrix_report.table(results.lines))
    chart = results.path.with_suffix(".svg")
    chart.write_text(matrix_report.chart(results.lines), encoding="utf-8")
    print(f"\nraw lines: {results.path}\nchart: {chart}")
    return 1 if any("error" in line for line in results.lines) else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (KeyboardInterrupt, brokers.BenchError) as trouble:
        sys.exit(130 if isinstance(trouble, KeyboardInterrupt) else f"bench: {trouble}")

"""durable_report.py FILE.jsonl: the table of a durable benchmark, from its raw lines.

A figure is the median of the rounds with the lowest and the highest; a ratio is the median of the
rounds' own ratios, because two figures of the same minutes share its noise.
"""

import json
import statistics
import sys

HARRIER, AGAIN, V1, V2 = "harriermq", "harriermq-again", "rabbitmq-v1", "rabbitmq-v2"
NOTHING = "–"


def quotients(ours, theirs):
    """{round: ours / theirs} of the rounds that both have."""
    return {r: ours[r] / theirs[r] for r in ours.keys() & theirs.keys() if theirs[r]}


def median(figures):
    """Of {round: figure}; None if there is none."""
    return statistics.median(figures.values()) if figures else None


class Lines:
    def __init__(self, lines):
        self.lines = lines

    def rounds(self, part, label, field):
        """{round: figure}, only what was measured."""
        return {line["round"]: line[field] for line in self.lines
                if (line.get("part"), line.get("label")) == (part, label)
                and line.get(field) is not None}

    def ratio(self, part, label, other, field):
        """Median of the rounds' ratios of two brokers; None if there is none."""
        return median(quotients(self.rounds(part, label, field), self.rounds(part, other, field)))

    def ratio_within(self, part, label, field, other_field):
        return median(quotients(self.rounds(part, label, field),
                                self.rounds(part, label, other_field)))

    def median(self, part, label, field):
        return median(self.rounds(part, label, field))

    # A broker that never flushes would meet every target. None is proof enough, a text says what is
    # missing.
    def proof_of_flushes(self):
        counts = [line["flushes"] for line in self.lines
                  if line.get("label") == HARRIER and line.get("flushes") is not None
                  and line.get("part", "").startswith(("throughput", "latency-"))]
        if not counts:
            return "but flushes were not counted"
        return None if all(counts) else "but NOTHING WAS FLUSHED"

    # One that is ready because it has forgotten everything, too.
    def proof_of_restart(self, restarted, found):
        missing = self.succeeded(restarted) - self.succeeded(found)
        return "but what was stored is LOST" if missing else None

    def succeeded(self, part):
        """The rounds in which this part of HarrierMQ went well."""
        return {line["round"] for line in self.lines if "error" not in line
                and (line.get("part"), line.get("label")) == (part, HARRIER)}

    def errors(self):
        return [line for line in self.lines if "error" in line]


def short(figure):
    if figure is None:
        return NOTHING
    if abs(figure) >= 1000:
        return f"{figure:,.0f}"
    return f"{figure:.3g}"


def spread(figures):
    """Median (lowest–highest)."""
    values = list(figures.values())
    if not values:
        return NOTHING
    if len(values) == 1:
        return short(values[0])
    return f"{short(statistics.median(values))} ({short(min(values))}–{short(max(values))})"


def verdict(figure, at_least=None, at_most=None, proof=None):
    """`figure`, and whether it meets its target. `proof` names what is missing to believe it."""
    if figure is None:
        return NOTHING
    good = (at_least is None or figure >= at_least) and (at_most is None or figure <= at_most)
    return f"{short(figure)} {(proof or 'met') if good else 'MISSED'}"


# (what, part, field), and for a judged row the target's words and the function that judges it.
def rows_of(lines):
    def of_harrier(part, field, proof=None, **limits):
        return verdict(lines.median(part, HARRIER, field), **limits, proof=proof)
    flushed = lines.proof_of_flushes()
    backlog_kept = lines.proof_of_restart("restart-backlog", "backlog-drained")
    queues_kept = lines.proof_of_restart("restart-queues", "queues-checked")
    return [
        ("1 KiB, window 1,000: messages per broker CPU s", "throughput",
         "messages_per_broker_cpu_s", "≥ 10 × v1",
         verdict(lines.ratio("throughput", HARRIER, V1, "messages_per_broker_cpu_s"), at_least=10,
                 proof=flushed)),
        ("  consumed/s", "throughput", "consumed_per_s", "≥ 1 × v2",
         verdict(lines.ratio("throughput", HARRIER, V2, "consumed_per_s"), at_least=1,
                 proof=flushed)),
        ("  confirmed/s", "throughput", "confirmed_per_s"),
        ("  generator CPU, µs per message", "throughput", "generator_cpu_us_per_message"),
        ("  flushes per 1,000 messages", "throughput", "flushes_per_1000_messages"),
        ("  flushes per 1,000 messages, by strace", "throughput-strace", "flushes_per_1000_messages"),
        ("  acks of 100: consumed/s", "throughput-multiple", "consumed_per_s"),
        ("  acks of 100: messages per broker CPU s", "throughput-multiple",
         "messages_per_broker_cpu_s"),
        ("1 publisher, 1 unconfirmed: confirm p50, µs", "latency-1", "confirm_p50_us",
         "≤ 1.3 × raw p50",
         verdict(lines.ratio_within("latency-1", HARRIER, "confirm_p50_us", "raw_flush_p50_us"),
                 at_most=1.3, proof=flushed)),
        ("  raw fdatasync p50, µs", "latency-1", "raw_flush_p50_us"),
        ("  confirm p95, µs", "latency-1", "confirm_p95_us"),
        ("  confirm p99, µs", "latency-1", "confirm_p99_us"),
        ("  raw fdatasync p99, µs", "latency-1", "raw_flush_p99_us"),
        ("  confirm max, µs", "latency-1", "confirm_max_us"),
        ("  flushes per 1,000 messages", "latency-1", "flushes_per_1000_messages"),
        ("  flushes per 1,000 messages, by strace", "latency-1-strace", "flushes_per_1000_messages"),
        ("64 publishers, 1 unconfirmed each: confirmed/s", "latency-64", "confirmed_per_s"),
        ("  confirm p50, µs", "latency-64", "confirm_p50_us"),
        ("  confirm p99, µs", "latency-64", "confirm_p99_us"),
        ("  flushes per 1,000 messages", "latency-64", "flushes_per_1000_messages"),
        ("  flushes per 1,000 messages, by strace", "latency-64-strace", "flushes_per_1000_messages"),
        ("backlog of 100 B: messages", "backlog", "messages"),
        ("  RSS growth beyond the cache, bytes per message", "backlog",
         "rss_beyond_cache_bytes_per_message", "≤ 8",
         of_harrier("backlog", "rss_beyond_cache_bytes_per_message", at_most=8)),
        ("  RSS after fill, bytes", "backlog", "rss_after_bytes"),
        ("  empty queue, messages/s", "backlog", "empty_per_s"),
        ("  fill, messages/s", "backlog", "fill_per_s"),
        ("  fill, last tenth, messages/s", "backlog", "fill_last_tenth_per_s"),
        ("  drain, messages/s", "backlog", "drain_per_s"),
        ("  drain after restart, messages/s", "backlog-drained", "drain_per_s"),
        ("  fill : empty queue", "backlog", "fill_to_empty", "≥ 0.75",
         of_harrier("backlog", "fill_to_empty", at_least=0.75)),
        ("  drain : empty queue", "backlog", "drain_to_empty", "≥ 0.75",
         of_harrier("backlog", "drain_to_empty", at_least=0.75)),
        ("  ready after kill -9, s", "restart-backlog", "ready_s", "≤ 2 s",
         of_harrier("restart-backlog", "ready_s", proof=backlog_kept, at_most=2)),
        ("nothing stored: ready after kill -9, s", "restart-empty", "ready_s"),
        ("durable queues", "queues", "declared"),
        ("  bytes per queue", "queues", "rss_bytes_per_queue", "≤ 1,024",
         of_harrier("queues", "rss_bytes_per_queue", at_most=1024)),
        ("  declares/s", "queues", "declares_per_s", "≥ 5,000",
         of_harrier("queues", "declares_per_s", at_least=5000)),
        ("  ready after kill -9, s", "restart-queues", "ready_s", "≤ 3 s",
         of_harrier("restart-queues", "ready_s", proof=queues_kept, at_most=3)),
        ("  found after that, of a sample", "queues-checked", "declared"),
    ]


def noise(lines):
    """The A/A control: how far HarrierMQ is from itself."""
    words = []
    for what, field in (("CPU", "messages_per_broker_cpu_s"), ("consumed/s", "consumed_per_s")):
        first, again = (lines.rounds("throughput", label, field) for label in (HARRIER, AGAIN))
        ratios = quotients(again, first)
        if ratios:
            words.append(f"{what} {spread(ratios)}")
    return "A/A, HarrierMQ : itself: " + (", ".join(words) or "not measured")


def aligned(rows):
    """The lines of a Markdown table whose columns stand under each other."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
            for row in rows]


def failures(lines):
    return [f"failed: round {line['round']}, {line['label']}, {line['part']}: {line['error']}"
            for line in lines.errors()]


def table(raw_lines):
    lines = Lines(raw_lines)
    shown = [("what", "HarrierMQ", "RabbitMQ v1", "RabbitMQ v2", "target", "result"),
             ("---",) * 6]
    for what, part, field, *judged in rows_of(lines):
        target, result = judged or ("", "")
        figures = tuple(spread(lines.rounds(part, label, field)) for label in (HARRIER, V1, V2))
        if target or set(figures) != {NOTHING}:
            shown.append((what, *figures, target, result))
    text = ["", *aligned(shown), "", noise(lines)]
    pressures = [line["cpu_pressure"] for line in raw_lines if line.get("cpu_pressure") is not None]
    if pressures:
        text.append(f"waiting for a processor: median {short(statistics.median(pressures))} % of "
                    "the time")
    return "\n".join(text + failures(lines))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(table([json.loads(line) for line in file]))

"""bench_smoke.py DURABLE_LOAD HARRIERMQ: the load generator runs and its counts agree. No timing.

Every mode once with a few hundred messages against our broker, so that the benchmark is not found
broken on the day it is needed.
"""

import sys
import tempfile

import brokers

LATENCY_KEYS = {"confirm_p50_us", "confirm_p95_us", "confirm_p99_us", "confirm_max_us",
                "confirmed_per_s", "flushes", "flushes_per_1000_messages", "flush_source",
                "raw_flush_p50_us", "raw_flush_p99_us"}
USAGE_KEYS = {"broker_cpu_s", "messages_per_broker_cpu_s", "generator_cpu_us_per_message"}
THROUGHPUT_KEYS = {"confirmed_per_s", "consumed_per_s", "flushes", "rss_bytes"} | USAGE_KEYS
BACKLOG_KEYS = {"fill_per_s", "drain_per_s", "empty_per_s", "fill_to_empty", "drain_to_empty",
                "rss_before_bytes", "rss_after_bytes", "rss_anon_after_bytes",
                "rss_bytes_per_message", "fill_generator_cpu_us_per_message"}
QUEUES_KEYS = {"declares_per_s", "rss_bytes_per_queue", "rss_after_bytes"}


def expect(line, keys, **counts):
    missing = sorted(keys - line.keys())
    if missing:
        raise brokers.BenchError(f"{line['mode']}: no {', '.join(missing)} in {line}")
    for name, value in counts.items():
        if line[name] != value:
            raise brokers.BenchError(f"{line['mode']}: {name} is {line[name]}, not {value}: {line}")
    print("ok -", line["mode"])


def check(broker, folder):
    for ack_every in (1, 7):
        line = broker.load("throughput", messages=500, warmup_messages=50, window=40, prefetch=30,
                           ack_every=ack_every)
        expect(line, THROUGHPUT_KEYS, messages=500, delivered=500, left_in_queue=0,
               body_bytes_delivered=500 * 1024)
    # The window of one message, and a body of several frames.
    line = broker.load("throughput", messages=20, warmup_messages=2, window=1, size=300_000)
    expect(line, THROUGHPUT_KEYS, delivered=20, left_in_queue=0, body_bytes_delivered=6_000_000)
    for publishers in (1, 8):
        line = broker.load("latency", publishers=publishers, queues=2, messages=300,
                           warmup_messages=20, raw_dir=folder, raw_seconds=0.1)
        expect(line, LATENCY_KEYS | USAGE_KEYS, messages=300, confirm_count=300, left_in_queue=320)
    line = broker.load("backlog", messages=1000, empty_messages=200)
    expect(line, BACKLOG_KEYS, backlog_count=1000, left_in_queue=0)
    line = broker.load("backlog", "keep", messages=500)
    expect(line, BACKLOG_KEYS, backlog_count=500, left_in_queue=500)
    line = broker.load("backlog", "drain-only", messages=500)
    expect(line, BACKLOG_KEYS, backlog_count=500, left_in_queue=0)
    expect(broker.load("queues", queues=300), QUEUES_KEYS, declared=300)
    expect(broker.load("queues", "check", queues=300, sample=30), QUEUES_KEYS, declared=30)
    try:
        broker.load("queues", "check", queues=301, sample=301)
    except brokers.BenchError as error:
        if "404" not in str(error):
            raise
    else:
        raise brokers.BenchError("queues --check found a queue that was never declared")
    print("ok - a missing queue is noticed")


def main(load_program, binary):
    with tempfile.TemporaryDirectory(prefix="bench_smoke_") as folder:
        broker = brokers.Harrier(load_program, folder, "harriermq", binary)
        try:
            broker.start()
            check(broker, folder)
        except brokers.BenchError as error:
            print("not ok -", error)
            print((broker.folder / "output").read_text(encoding="utf-8")[-4000:])
            return 1
        finally:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

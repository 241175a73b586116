"""bench_smoke.py HARRIER_PERF HARRIERMQ: every workload of harrier-perf runs and its counts agree.

Each with a few hundred messages against our broker, so that no benchmark is found broken on the day
it is needed. No timing. HARRIER_PERF_RABBITMQ=1 takes Debian's RabbitMQ instead, by hand.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import brokers
import tls_proxy

CONFIRM_KEYS = {"confirm_p50_us", "confirm_p95_us", "confirm_p99_us", "confirm_max_us",
                "confirmed_per_s", "flushes", "flushes_per_1000_messages", "flush_source",
                "raw_flush_p50_us", "raw_flush_p99_us"}
USAGE_KEYS = {"broker_cpu_s", "messages_per_broker_cpu_s", "generator_cpu_us_per_message",
              "broker_cpu_us_per_message"}
LOAD_KEYS = {"confirmed_per_s", "consumed_per_s", "flushes", "rss_bytes", "latency_p50_us",
             "latency_p999_us", "broker_cpu_us_per_delivery"} | USAGE_KEYS
BACKLOG_KEYS = {"fill_per_s", "drain_per_s", "empty_per_s", "fill_to_empty", "drain_to_empty",
                "rss_before_bytes", "rss_after_bytes", "rss_anon_after_bytes",
                "rss_bytes_per_message", "fill_generator_cpu_us_per_message"}
EXPIRY_KEYS = {"quiet_max_us", "expiring_p99_us", "expiring_max_us", "expired_per_s",
               "expiring_broker_cpu_us_per_message", "rss_bytes_per_message"}
QUEUES_KEYS = {"declares_per_s", "rss_bytes_per_queue", "rss_peak_bytes"}


class Smoke:
    def __init__(self, broker, folder):
        self.broker = broker
        self.folder = folder

    def run(self, name, workload, *switches, figures=(), counts=None, **options):
        """Runs a workload; `counts` are figures it must have."""
        line = self.broker.load(workload, *switches, limit_s=50, **options)
        missing = sorted(set(figures) - line.keys())
        if missing:
            raise brokers.BenchError(f"{name}: no {', '.join(missing)} in {line}")
        for figure, value in (counts or {}).items():
            if line[figure] != value:
                raise brokers.BenchError(
                    f"{name}: {figure} is {line[figure]}, not {value}: {line}")
        print("ok -", name, flush=True)
        return line

    def load(self, name, *switches, messages, copies=1, left=0, counts=None, **options):
        """The default workload with every check it has."""
        producers = options.get("producers", 1)
        expected = {"messages": messages * producers, "delivered": messages * producers * copies,
                    "left_in_queue": left, "drained": True, "verified": True, **(counts or {})}
        return self.run(name, "load", "verify", *switches, figures=LOAD_KEYS, counts=expected,
                        pmessages=messages, **options)

    def refuses(self, name, words, workload, *switches, **options):
        try:
            self.broker.load(workload, *switches, limit_s=50, **options)
        except brokers.BenchError as error:
            if words not in str(error):
                raise
        else:
            raise brokers.BenchError(f"{name}: was not refused")
        print("ok -", name, flush=True)


def check_acknowledgements(smoke):
    smoke.load("no acknowledgements", "autoack", messages=2000, warmup_messages=100)
    smoke.load("each acknowledged", messages=500, qos=30)
    smoke.load("acknowledged by seven", messages=500, qos=30, multi_ack_every=7)
    smoke.load("confirms and acknowledgements", messages=500, flag="persistent", confirm=40,
               qos=30, counts={"confirmed": 500}, size=1024)
    smoke.load("one unconfirmed, bodies of several frames", messages=20, flag="persistent",
               confirm=1, size=300_000, counts={"body_bytes_delivered": 6_000_000})
    smoke.load("three rounds", "autoack", messages=100, rounds=3, counts={
        "messages": 300, "delivered": 300})
    smoke.load("one thread", messages=500, threads=1, qos=10)
    smoke.load("slow consumer", messages=50, consumer_rate=5000, qos=10)


def check_topologies(smoke):
    smoke.load("many of each", messages=100, producers=5, consumers=7, threads=3)
    smoke.load("a pattern of queues", messages=100, producers=2, consumers=10,
               queue_pattern="smoke-%d", queue_pattern_to=10)
    smoke.load("fan-out", "autoack", messages=200, consumers=4, copies=4, type="fanout")
    smoke.load("one key to two queues", messages=100, consumers=2, copies=2, type="direct")
    smoke.load("topic", messages=300, type="topic", keys=50)
    smoke.load("topic with wildcards", "wildcards", messages=300, type="topic", keys=50)
    smoke.load("headers", messages=300, type="headers", keys=20)
    smoke.load("priorities", messages=300, priorities=10, queue_args={"x-max-priority": 10})
    smoke.load("transactions", messages=250, ptxsize=100, ctxsize=50, qos=100,
               counts={"committed": 250})
    smoke.load("a schedule", messages=50, rate=1000, producers=2, counts={"latency_count": 100})
    smoke.refuses("what nobody takes is noticed", "basic.return", "load", "predeclared",
                  pmessages=10, flag="mandatory", consumers=0, exchange="amq.direct",
                  routing_key="nowhere")


def check_others(smoke):
    for producers in (1, 8):
        smoke.run("confirms", "confirms", producers=producers, queue_count=2, pmessages=40,
                  warmup_messages=3, raw_dir=smoke.folder, raw_seconds=0.1,
                  figures=CONFIRM_KEYS | USAGE_KEYS,
                  counts={"messages": 40 * producers, "confirm_count": 40 * producers,
                          "left_in_queue": 43 * producers})
    smoke.run("backlog", "backlog", pmessages=1000, empty_messages=200, figures=BACKLOG_KEYS,
              counts={"backlog_count": 1000, "left_in_queue": 0})
    smoke.run("backlog kept", "backlog", "keep", pmessages=500,
              counts={"backlog_count": 500, "left_in_queue": 500})
    smoke.run("backlog drained", "backlog", "drain-only", pmessages=500,
              counts={"backlog_count": 500, "left_in_queue": 0})
    smoke.run("queues", "queues", count=300, figures=QUEUES_KEYS, counts={"declared": 300})
    smoke.run("queues found again", "queues", "check", count=300, sample=30,
              counts={"declared": 30})
    smoke.refuses("a missing queue is noticed", "404", "queues", "check", count=301, sample=301)
    for kind in ("connections", "channels", "queues", "bindings", "consumers"):
        smoke.run("churn " + kind, "churn " + kind, count=50, window=7, figures=USAGE_KEYS,
                  counts={"done": 50})
    for switches in (("with-consumers",), ("with-consumers", "drop")):
        smoke.run("churn connections, " + ", ".join(switches), "churn connections", *switches,
                  count=50, figures=USAGE_KEYS, counts={"done": 50})
    smoke.run("expiry", "expiry", pmessages=2000, time=0.1, figures=EXPIRY_KEYS,
              counts={"messages": 2000, "left_in_queue": 0})
    weighed = smoke.run("messages that wait", "load", consumers=0, pmessages=100, size=65536,
                        type="fanout", queue_pattern="waiting-%d", queue_pattern_to=3,
                        counts={"left_in_queue": 300})
    if not weighed["rss_bytes_per_message"]:
        raise brokers.BenchError(f"what waits weighs nothing: {weighed}")
    smoke.run("idle", "idle", "with-consumers", count=20, time=0.1, counts={"connections": 20})
    smoke.run("rawdisk", "rawdisk", dir=smoke.folder, time=0.05, figures={"raw_flush_p50_us"})


# The proxy stands in for a broker with TLS; a certificate that is not trusted is refused.
def check_tls(smoke):
    certificate, key = tls_proxy.make_certificate(smoke.folder)
    (smoke.folder / "other").mkdir()
    stranger, _ = tls_proxy.make_certificate(smoke.folder / "other")
    with tls_proxy.TlsProxy(certificate, key, smoke.broker.port) as proxy:
        uri = f"amqps://localhost:{proxy.port}"
        smoke.load("TLS", messages=500, confirm=50, qos=30, size=1000, uri=uri,
                   tls_ca=certificate, counts={"tls": True})
        smoke.load("TLS, bodies of several frames", messages=10, size=300_000, uri=uri)
        smoke.refuses("a stranger's certificate", "no TLS", "load", pmessages=1, uri=uri,
                      tls_ca=stranger)


# Lines for people, a row for each interval, and the exit codes.
def check_program(smoke):
    csv = smoke.folder / "rows.csv"
    command = [str(smoke.broker.load_program), "-h", smoke.broker.uri(), "-C", "2000", "-r", "4000",
               "-a", "-i", "0.1", "-d", "smoke", "-qa", "x-max-length=100000", "-o", str(csv)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=50)
    rows = csv.read_text(encoding="utf-8").splitlines()
    if result.returncode != 0 or "id: smoke, receiving rate avg" not in result.stdout:
        raise brokers.BenchError(f"harrier-perf: {result}")
    if len(rows) < 2 or {row.count(",") for row in rows} != {19}:
        raise brokers.BenchError(f"harrier-perf: rows are {rows}")
    print("ok - lines and rows")
    # A queue that keeps one message loses those behind it.
    lossy = subprocess.run(command[:3] + ["-C", "500", "-q", "1", "-qa", "x-max-length=1",
                                          "--verify", "--drain-s", "0.1", "--quiet"],
                           capture_output=True, text=True, timeout=50)
    if lossy.returncode != 3 or "received, not 500" not in lossy.stderr:
        raise brokers.BenchError(f"harrier-perf --verify of a loss: {lossy}")
    print("ok - a loss is noticed")
    with subprocess.Popen(command[:3] + ["-z", "40", "-r", "1000", "-i", "0.05"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as stopped:
        line = stopped.stdout.readline()
        stopped.send_signal(signal.SIGINT)
        output, errors = stopped.communicate(timeout=50)
    if "received:" not in line or "receiving rate avg" not in output or stopped.returncode != 130:
        raise brokers.BenchError(f"harrier-perf, interrupted: {stopped} {line} {output} {errors}")
    print("ok - an interrupted run ends in order")
    wrong = subprocess.run(command[:1] + ["-c", "0"], capture_output=True, text=True, timeout=50)
    if wrong.returncode != 2 or "--confirm" not in wrong.stderr:
        raise brokers.BenchError(f"harrier-perf -c 0: {wrong}")
    print("ok - a wrong option")


def main(load_program, binary):
    with tempfile.TemporaryDirectory(prefix="bench_smoke_") as folder:
        if os.environ.get("HARRIER_PERF_RABBITMQ"):
            broker = brokers.Rabbit(load_program, folder, "rabbitmq", 1)
        else:
            broker = brokers.Harrier(load_program, folder, "harriermq", binary)
        smoke = Smoke(broker, Path(folder))
        try:
            broker.start()
            check_acknowledgements(smoke)
            check_topologies(smoke)
            check_others(smoke)
            check_tls(smoke)
            check_program(smoke)
        except brokers.BenchError as error:
            print("not ok -", error)
            print((broker.folder / "output").read_text(encoding="utf-8")[-4000:])
            return 1
        finally:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""The rows of the matrix W1 to W12: what harrier-perf is asked, which figure counts, what it may be."""

from dataclasses import dataclass

CPU = "broker_cpu_us_per_message"
CPU_OF_DELIVERY = "broker_cpu_us_per_delivery"
# Options that --scale multiplies.
COUNTS = ("pmessages", "warmup_messages", "count", "time")


@dataclass(frozen=True)
class Row:
    workload: str
    name: str  # for the table
    options: dict | None = None
    subcommand: str = "load"
    switches: tuple = ()
    figure: str = CPU
    unit: str = "µs of CPU"
    at_most: float | None = None
    at_least: float | None = None
    # RabbitMQ's cost over ours, or our rate over its.
    times_rabbit: float | None = None
    # Times the figure of another row of the same run, at most.
    against: str | None = None
    at_most_times: float | None = None
    # Another row's load gives this figure too.
    measured_by: str | None = None
    # On a node of its own: memory that earlier rows left free would hide what this one takes.
    fresh: bool = False
    control: bool = False  # measured a second time on HarrierMQ, as A/A
    ours_only: bool = False
    rabbit_share: float = 0.1  # of the messages: it takes so much longer
    rabbit_rounds: int = 3

    def scaled(self, factor):
        return {name: max(1, round(value * factor)) if name in COUNTS else value
                for name, value in self.options.items()}


def messages(count, **options):
    return dict(options, pmessages=count, warmup_messages=count // 4)


W1 = "W1 16 B, no ack"
PERSISTENT = {"flag": "persistent", "size": 1024, "confirm": 2000, "qos": 1000}

ROWS = [
    Row("W1", W1, messages(2_000_000), switches=("autoack",), at_most=0.25, times_rabbit=40,
        control=True),
    Row("W2", "W2 1 KiB", messages(400_000, size=1024), switches=("autoack",), at_most=0.8,
        control=True),
    Row("W2", "W2 16 KiB", messages(60_000, size=16384), switches=("autoack",), at_most=10,
        rabbit_share=0.3),
    Row("W3", "W3 64 B, an ack each", messages(600_000, size=64, qos=1000), at_most=0.45,
        control=True),
    Row("W3", "W3 64 B, an ack for 100",
        messages(800_000, size=64, qos=1000, multi_ack_every=100), at_most=0.3),
    Row("W4", "W4 1 KiB persistent, confirms", messages(400_000, **PERSISTENT), at_most=1.5),
    Row("W4", "W4 confirmed per second", measured_by="W4 1 KiB persistent, confirms",
        figure="confirmed_per_s", unit="1/s", times_rabbit=10),
    Row("W5", "W5 p50 at 10,000/s", {"rate": 10_000, "size": 100, "time": 5, "spin_us": 100},
        switches=("autoack",), figure="latency_p50_us", unit="µs", at_most=60, rabbit_share=1),
    Row("W5", "W5 p99 at 10,000/s", measured_by="W5 p50 at 10,000/s", figure="latency_p99_us",
        unit="µs", at_most=150),
    Row("W6", "W6 256 B to 4 queues, a delivery",
        messages(200_000, size=256, type="fanout", consumers=4), switches=("autoack",),
        figure=CPU_OF_DELIVERY, at_most=0.15),
    Row("W6", "W6 256 B to 50 queues, a delivery",
        messages(20_000, size=256, type="fanout", consumers=50), switches=("autoack",),
        figure=CPU_OF_DELIVERY, at_most=0.15),
    Row("W7", "W7 topic, 1,000 bindings", messages(400_000, type="topic", keys=1000),
        switches=("autoack", "wildcards")),
    Row("W7", "W7 topic, 100,000 bindings", messages(400_000, type="topic", keys=100_000),
        switches=("autoack", "wildcards"), ours_only=True, against="W7 topic, 1,000 bindings",
        at_most_times=1.2),
    Row("W7", "W7 headers, 1,000 bindings", messages(100_000, type="headers", keys=1000),
        switches=("autoack",)),
    Row("W7", "W7 transient binds per second", {"count": 100_000, "window": 1000},
        subcommand="churn bindings", figure="binds_per_s", unit="1/s", at_least=50_000, fresh=True,
        rabbit_share=0.02),
    Row("W7", "W7 bytes of a binding", measured_by="W7 transient binds per second",
        figure="rss_bytes_per_binding", unit="B", at_most=150),
    Row("W8", "W8 transient declares per second", {"count": 50_000, "window": 1000},
        subcommand="queues", switches=("transient",), figure="declares_per_s", unit="1/s",
        at_least=50_000, rabbit_share=0.02, rabbit_rounds=1),
    Row("W9", "W9 bytes of an idle connection", {"count": 10_000, "time": 5}, subcommand="idle",
        figure="rss_bytes_per_connection", unit="B", at_most=4096, fresh=True, rabbit_share=0.2,
        rabbit_rounds=1),
    Row("W9", "W9 connections opened per second", measured_by="W9 bytes of an idle connection",
        figure="opens_per_s", unit="1/s", at_least=5000),
    Row("W9", "W9 CPU of idle connections", measured_by="W9 bytes of an idle connection",
        figure="idle_cpu_percent", unit="%", at_most=0.5),
    Row("W10", "W10 backlog, fill, 100 B", {"pmessages": 1_000_000, "size": 100},
        subcommand="backlog", figure="fill_broker_cpu_us_per_message", at_most=0.4, rabbit_rounds=1),
    Row("W10", "W10 backlog, drain, 100 B", measured_by="W10 backlog, fill, 100 B",
        figure="drain_broker_cpu_us_per_message", at_most=0.4),
    Row("W11", "W11 16 B, 10 priorities",
        messages(1_000_000, priorities=10, queue_args={"x-max-priority": 10}),
        switches=("autoack",), against=W1, at_most_times=1.2),
    Row("W11", "W11 transactions of 100, per second", messages(300_000, ptxsize=100),
        switches=("autoack",), figure="consumed_per_s", unit="1/s", times_rabbit=10),
    Row("W12", "W12 connection, channel, close", {"count": 5000}, subcommand="churn connections",
        at_most=60, rabbit_share=0.05),
]
WORKLOADS = list(dict.fromkeys(row.workload for row in ROWS))

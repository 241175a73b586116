"""The rows of the matrix W1 to W12: what harrier-perf is asked, which figure counts, what it may be.
"""

from dataclasses import dataclass

CPU = "broker_cpu_us_per_message"
CPU_OF_DELIVERY = "broker_cpu_us_per_delivery"
RSS = "rss_bytes_per_message"
CONFIGURATION = "loops: 1\n"
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
    # Times the figure of another row of the same round: at most of a cost, at least of a rate.
    against: str | None = None
    against_times: float | None = None
    # RabbitMQ's figure on a machine of this kind that was not throttled: what at_most was asked by.
    quiet_rabbit: float | None = None
    # Judged by the best round: what the broker itself makes is in every round, what the machine
    # makes is not.
    best_round: bool = False
    # Another row's load gives this figure too.
    measured_by: str | None = None
    # On a node of its own: memory that earlier rows left free would hide what this one takes.
    fresh: bool = False
    tls: bool = False  # likewise, and its clients speak TLS; RabbitMQ is not asked
    control: bool = False  # measured a second time on HarrierMQ, as A/A
    ours_only: bool = False
    configuration: str = CONFIGURATION  # HarrierMQ's; another one needs `fresh`
    # Then once at each of these percentages of the rate that came out; figures get "_at_<percent>".
    percentages: tuple = ()
    least_scale: float = 0  # below it not at all
    rabbit_share: float = 0.1  # of the messages: it takes so much longer
    rabbit_rounds: int = 3

    def scaled(self, factor):
        return {name: max(1, round(value * factor)) if name in COUNTS else value
                for name, value in self.options.items()}


def messages(count, **options):
    return dict(options, pmessages=count, warmup_messages=count // 4)


W1 = "W1 16 B, no ack"
PERSISTENT = {"flag": "persistent", "size": 1024, "confirm": 2000, "qos": 1000}
SCHEDULED = {"rate": 10_000, "size": 100, "time": 5, "spin_us": 100}
TOPIC = {"switches": ("autoack", "wildcards")}
WAITING = {"pmessages": 2000, "size": 16384, "type": "fanout", "consumers": 0,
           "queue_pattern": "waiting-%d"}
# One message on its way on each connection: nothing to put together.
UNBATCHED = messages(4000, producers=50, consumers=50, queue_pattern="unbatched-%d",
                     queue_pattern_to=50, confirm=1)
ONE_LOOP = "loops: 1, 100 unbatched connections, per second"
CLIFF = "W5 most per second, 100 B"
CLIFF_AT = (20, 40, 60, 80)

ROWS = [
    Row("W1", W1, messages(2_000_000), switches=("autoack",), at_most=0.25, times_rabbit=40,
        quiet_rabbit=10.7, control=True),
    Row("W2", "W2 1 KiB", messages(400_000, size=1024), switches=("autoack",), at_most=0.8,
        quiet_rabbit=13.7, control=True),
    Row("W2", "W2 16 KiB", messages(60_000, size=16384), switches=("autoack",), at_most=10,
        quiet_rabbit=25.5, rabbit_share=0.3),
    Row("W2", "W2 1 KiB, every body verified, per second", messages(400_000, size=1024),
        switches=("autoack", "verify"), figure="consumed_per_s", unit="1/s"),
    Row("W1", "W1 16 B, no ack, over TLS", messages(1_000_000), switches=("autoack",), tls=True),
    Row("W2", "W2 1 KiB over TLS", messages(200_000, size=1024), switches=("autoack",), tls=True),
    Row("W2", "W2 16 KiB over TLS", messages(30_000, size=16384), switches=("autoack",), tls=True),
    Row("W3", "W3 64 B, an ack each", messages(600_000, size=64, qos=1000), at_most=0.45,
        quiet_rabbit=16.4, control=True),
    Row("W3", "W3 64 B, an ack for 100",
        messages(800_000, size=64, qos=1000, multi_ack_every=100), at_most=0.3, quiet_rabbit=13.8),
    Row("W4", "W4 1 KiB persistent, confirms", messages(400_000, **PERSISTENT), at_most=1.5,
        quiet_rabbit=48.6),
    Row("W4", "W4 confirmed per second", measured_by="W4 1 KiB persistent, confirms",
        figure="confirmed_per_s", unit="1/s", times_rabbit=10),
    Row("W4", "W4 100 unconfirmed", messages(200_000, **dict(PERSISTENT, confirm=100))),
    Row("W4", "W4 100 unconfirmed, confirmed per second", measured_by="W4 100 unconfirmed",
        figure="confirmed_per_s", unit="1/s"),
    Row("W4", "W4 one unconfirmed", messages(20_000, **dict(PERSISTENT, confirm=1))),
    Row("W4", "W4 one unconfirmed, confirmed per second", measured_by="W4 one unconfirmed",
        figure="confirmed_per_s", unit="1/s"),
    Row("W4", "W4 one unconfirmed, p50 of a confirm", measured_by="W4 one unconfirmed",
        figure="confirm_p50_us", unit="µs"),
    Row("W5", "W5 p50 at 10,000/s", SCHEDULED, switches=("autoack",), figure="latency_p50_us",
        unit="µs", at_most=60, quiet_rabbit=123, rabbit_share=1),
    Row("W5", "W5 p99 at 10,000/s", measured_by="W5 p50 at 10,000/s", figure="latency_p99_us",
        unit="µs", at_most=150, quiet_rabbit=293),
    # RabbitMQ cannot keep up with these here: its latency would be that of a backlog. Faster than
    # 10,000/s a producer that spins would never sleep, and leave one core of two for all others.
    Row("W5", "W5 p50 at 50,000/s", dict(SCHEDULED, rate=50_000, spin_us=0), switches=("autoack",),
        figure="latency_p50_us", unit="µs", at_most=60, ours_only=True),
    Row("W5", "W5 p99 at 50,000/s", measured_by="W5 p50 at 50,000/s", figure="latency_p99_us",
        unit="µs", at_most=150),
    Row("W5", "W5 p50 at 10,000/s, persistent, confirms",
        dict(SCHEDULED, flag="persistent", confirm=2000, qos=1000), figure="latency_p50_us",
        unit="µs", ours_only=True),
    *(Row("W5", f"W5 {what} at 10,000/s, persistent, confirms",
          measured_by="W5 p50 at 10,000/s, persistent, confirms", figure=figure, unit="µs")
      for what, figure in (("p99", "latency_p99_us"), ("p50 of a confirm", "confirm_p50_us"),
                           ("p99 of a confirm", "confirm_p99_us"))),
    Row("W5", CLIFF, {"size": 100, "time": 3}, switches=("autoack",), figure="consumed_per_s",
        unit="1/s", ours_only=True, percentages=CLIFF_AT),
    *(Row("W5", f"W5 {which} at {percent} % of that", measured_by=CLIFF,
          figure=f"latency_{which}_us_at_{percent}", unit="µs")
      for percent in CLIFF_AT for which in ("p50", "p99")),
    Row("W6", "W6 256 B to 4 queues, a delivery",
        messages(200_000, size=256, type="fanout", consumers=4), switches=("autoack",),
        figure=CPU_OF_DELIVERY, at_most=0.15, quiet_rabbit=10.6),
    Row("W6", "W6 256 B to 50 queues, a delivery",
        messages(20_000, size=256, type="fanout", consumers=50), switches=("autoack",),
        figure=CPU_OF_DELIVERY, at_most=0.15, quiet_rabbit=18.7),
    Row("W6", "W6 memory of 16 KiB in 1 queue", WAITING, figure=RSS, unit="B", fresh=True,
        rabbit_share=1, rabbit_rounds=1),
    Row("W6", "W6 memory of 16 KiB in 100 queues", dict(WAITING, queue_pattern_to=100),
        figure=RSS, unit="B", against="W6 memory of 16 KiB in 1 queue", against_times=1.5,
        fresh=True, rabbit_rounds=1),
    Row("W7", "W7 topic, 1,000 bindings", messages(400_000, type="topic", keys=1000), **TOPIC),
    Row("W7", "W7 topic, 100,000 bindings", messages(400_000, type="topic", keys=100_000),
        ours_only=True, against="W7 topic, 1,000 bindings", against_times=1.2, **TOPIC),
    Row("W7", "W7 topic, 1,000,000 bindings", messages(400_000, type="topic", keys=1_000_000),
        ours_only=True, against="W7 topic, 1,000 bindings", against_times=1.2, fresh=True,
        configuration=CONFIGURATION + "limits:\n  virtual_host:\n    bindings_max: 1000000\n",
        least_scale=0.1, **TOPIC),
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
    Row("W8", "W8 bytes of a durable queue", {"count": 50_000, "window": 1000},
        subcommand="queues", figure="rss_bytes_per_queue", unit="B", at_most=1024, fresh=True,
        rabbit_share=0.02, rabbit_rounds=1),
    Row("W9", "W9 bytes of an idle connection", {"count": 10_000, "time": 5}, subcommand="idle",
        figure="rss_bytes_per_connection", unit="B", at_most=4096, quiet_rabbit=79 * 1024,
        fresh=True, rabbit_share=0.2, rabbit_rounds=1),
    Row("W9", "W9 connections opened per second", measured_by="W9 bytes of an idle connection",
        figure="opens_per_s", unit="1/s", at_least=5000),
    Row("W9", "W9 CPU of idle connections", measured_by="W9 bytes of an idle connection",
        figure="idle_cpu_percent", unit="%", at_most=0.5),
    Row("W10", "W10 backlog, fill, 100 B", {"pmessages": 1_000_000, "size": 100},
        subcommand="backlog", figure="fill_broker_cpu_us_per_message", at_most=0.4,
        quiet_rabbit=34, rabbit_rounds=1),
    Row("W10", "W10 backlog, drain, 100 B", measured_by="W10 backlog, fill, 100 B",
        figure="drain_broker_cpu_us_per_message", at_most=0.4, quiet_rabbit=23),
    Row("W11", "W11 16 B, 10 priorities",
        messages(1_000_000, priorities=10, queue_args={"x-max-priority": 10}),
        switches=("autoack",), against=W1, against_times=1.2, quiet_rabbit=13.7),
    Row("W11", "W11 transactions of 100, per second", messages(300_000, ptxsize=100),
        switches=("autoack",), figure="consumed_per_s", unit="1/s", times_rabbit=10),
    Row("W11", "W11 acks in transactions of 100, per second",
        messages(300_000, ctxsize=100, qos=1000), figure="consumed_per_s", unit="1/s"),
    Row("W11", "W11 longest wait while a million expire", {"pmessages": 1_000_000, "spin_us": 100},
        subcommand="expiry", figure="expiring_max_us", unit="µs", at_most=2000, best_round=True),
    Row("W11", "W11 longest wait without", measured_by="W11 longest wait while a million expire",
        figure="quiet_max_us", unit="µs"),
    Row("W11", "W11 expired per second", measured_by="W11 longest wait while a million expire",
        figure="expired_per_s", unit="1/s"),
    Row("W12", "W12 connection, channel, close", {"count": 5000}, subcommand="churn connections",
        at_most=60, quiet_rabbit=2664, rabbit_share=0.05),
    Row("W12", "W12 over TLS 1.3, ECDSA", {"count": 5000}, subcommand="churn connections", tls=True),
    Row("loops", ONE_LOOP, UNBATCHED, figure="consumed_per_s", unit="1/s", ours_only=True,
        fresh=True),
    Row("loops", "loops: 2, the same, per second", UNBATCHED, figure="consumed_per_s", unit="1/s",
        ours_only=True, fresh=True, configuration="loops: 2\n", against=ONE_LOOP, against_times=0.9),
    Row("loops", "loops: 1, the same", measured_by=ONE_LOOP),
    Row("loops", "loops: 2, the same", measured_by="loops: 2, the same, per second"),
]
WORKLOADS = list(dict.fromkeys(row.workload for row in ROWS))

"""The mixed load: threads that do everything clients do, each until its connection breaks."""

import random
import threading
import time
import traceback

from client import GONE, Client
from topology import FAN, topic_queues

_IN_FLIGHT = 300


class Load:
    """start(), `ending = True`, the end of the daemon, join(); or start(), stop(). `faults` has what no
    crash explains."""

    def __init__(self, model, daemon, seed, workers=None):
        self.model = model
        self.daemon = daemon
        self.faults = []
        self.stopping = threading.Event()
        self.ending = False  # set before the daemon is ended
        random_source = random.Random(seed)
        self.threads = [
            threading.Thread(
                target=self._run, name=worker.__name__, daemon=True,
                args=(worker, random.Random(random_source.random())))
            for worker in (workers or WORKERS)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def _run(self, worker, source):
        try:
            client = Client(self.model, self.daemon.connect())
            worker(client, source, self.stopping)
            client.close()
        except GONE as error:
            if not self.ending:
                self.faults.append(f"{worker.__name__}: {error!r} while the daemon runs")
        except Exception as error:  # a bug of the test itself must not look like success
            if not (self.ending and _is_pikas_own(error)):
                self.faults.append(f"{worker.__name__}: {error!r}")

    def join(self, seconds=30):
        """After the daemon has ended, or after stop()."""
        deadline = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.1, deadline - time.monotonic()))
            if thread.is_alive():
                self.faults.append(f"{thread.name} hangs")

    def stop(self):
        self.stopping.set()
        self.join()


def _is_pikas_own(error):
    """pika 1.2 stumbles now and then over a socket that vanishes while it connects: an AttributeError
    on None, deep inside it."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, AttributeError) and "/pika/" in frames[-1].filename


def _size(source):
    return int(source.choice((150, 200, 400, 1000, 4000, 20000)) * (0.75 + source.random() / 2))


def publish_with_confirms(client, source, stopping):
    channel = client.channel(confirm=True)
    while not stopping.is_set():
        for _ in range(source.randrange(1, 40)):
            _publish_somewhere(client, channel, source)
        client.poll()
        client.wait_for_confirms(at_most=_IN_FLIGHT)
        if source.random() < 0.05:
            client.wait_for_confirms()
            client.model.confirms_complete(channel.name)
    client.wait_for_confirms()


def _publish_somewhere(client, channel, source):
    kind = source.randrange(10)
    size = _size(source)
    if kind < 3:
        client.publish(channel, FAN, "fan", "", size)
    elif kind < 5:
        key = source.choice(("a.b.c", "a.c", "a.x.c", "a", "b.b.c"))
        client.publish(channel, topic_queues(key), "topic", key, size)
    elif kind == 5:
        client.publish(channel, ["priority"], priority=source.randrange(6), size=size)
    elif kind == 6:
        client.publish(channel, ["ttl"], size=size,
                       ttl=source.choice((None, 0.05, 0.5)))
    else:
        queue = source.choice(("work", "auto", "quorum", "purged", "fan1"))
        client.publish(channel, [queue], size=size, persistent=source.random() < 0.9)


def publish_as_well(client, source, stopping):
    publish_with_confirms(client, source, stopping)


def publish_short(client, source, stopping):
    """The only publisher of `short`, so that its order is known; and of large bodies."""
    channel = client.channel(confirm=True)
    while not stopping.is_set():
        for _ in range(source.randrange(1, 60)):
            client.publish(channel, ["short"], size=200)
        size = int(source.choice((2_000, 64_000, 250_000, 600_000)) * (0.5 + source.random() / 2))
        client.publish(channel, ["large"], size=size)
        if source.random() < 0.2:
            client.publish(channel, FAN, "fan", "", size)
        client.poll(0.01)
        client.wait_for_confirms(at_most=60)


def transact(client, source, stopping):
    """Publishes to two queues and acknowledges from a third, in one transaction."""
    feed = client.channel(confirm=True)
    channel = client.channel(prefetch=20)
    channel.tx_select()
    received = []
    client.consume(channel, "txin", lambda _, tag, queue, name: received.append((tag, name)))
    number = 0
    while not stopping.is_set():
        number += 1
        for _ in range(source.randrange(4)):
            client.publish(feed, ["txin"])
        client.poll(0.005)
        name = f"{client.name}-tx{number}"
        for _ in range(source.randrange(1, 5)):
            client.publish(channel, [source.choice(("tx1", "tx2"))], transaction=name,
                           size=_size(source))
        committing = source.random() < 0.8
        if committing:
            for tag, message in received:
                client.model.acked("txin", message, channel.name, transaction=name)
                channel.basic_ack(tag)
            received.clear()
            client.model.tx_committing(name)
            channel.tx_commit()
            client.model.tx_committed(name)
        else:
            channel.tx_rollback()
            client.model.tx_rolled_back(name)


def consume(client, source, stopping):
    channels = {}
    for queue in ("fan1", "topic1", "priority"):
        channels[queue] = client.channel(prefetch=source.choice((1, 10, 100)))
        client.consume(channels[queue], queue)
    client.consume(client.channel(prefetch=20), "work", client.reject)
    client.consume(client.channel(), "auto", auto_ack=True)
    while not stopping.is_set():
        client.poll(0.02)
        if source.random() < 0.2:
            client.barrier_by_name(channels["fan1"])


def requeue(client, source, stopping):
    """Keeps some, settles some, and closes the channel, which puts the kept ones back."""
    while not stopping.is_set():
        queue = source.choice(("fan3", "quorum"))
        channel = client.channel(prefetch=source.choice((5, 20, 50)))
        acking = source.random()
        consumer = client.consume(
            channel, queue,
            lambda *what, share=acking: client.ack(*what) if source.random() < share else None)
        client.poll(0.03)
        client.barrier_by_name(channel)
        client.stop_consuming(channel, consumer)


def change_queues(client, source, stopping):
    """New queues that get messages and go again; purging."""
    confirming = client.channel(confirm=True)
    channel = client.channel()
    number = 0
    kept = []
    while not stopping.is_set():
        number += 1
        queue = f"new-{client.name}-{number}"
        client.declare(channel, queue)
        for _ in range(source.randrange(5)):
            client.publish(confirming, [queue])
        if source.random() < 0.5:
            client.wait_for_confirms()
        kept.append(queue)
        if len(kept) > 2:
            client.delete(channel, kept.pop(source.randrange(len(kept))))
        if source.random() < 0.2:
            client.purge(channel, "purged")
        client.poll(0.02)


WORKERS = [publish_with_confirms, publish_as_well, publish_short, transact, consume, requeue,
           change_queues]

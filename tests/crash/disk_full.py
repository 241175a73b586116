#!/usr/bin/python3
"""The disk fills up under producers and consumers: publishers are held, everybody else goes on (T5).

Three rounds: no bytes left; no bytes left and a crash meanwhile; no inodes left.
"""

import sys
import time

from client import GONE
from disk import LoopDisk, need_loop_devices
from workspace import Workspace, arguments, finish_all

sys.dont_write_bytecode = True
_BLOCKED_SECONDS = 10
# The broker holds publishers for 10 s after a write found no room (ResourceAlarms::kCriticalHold).
_RESUMED_SECONDS = 30
_SETTINGS = {"disk": {"free_limit": "4MiB", "reserve": "4MiB"}}


class Producer:
    """A client that announced connection.blocked, as pika always does."""

    def __init__(self, workspace):
        self.client = workspace.client(blocked_connection_timeout=None)
        self.blocked = False
        self.client.connection.add_on_connection_blocked_callback(self._told(True))
        self.client.connection.add_on_connection_unblocked_callback(self._told(False))
        self.channel = self.client.channel(confirm=True)

    def _told(self, value):
        def told(*_):
            self.blocked = value
        return told

    def publish_until(self, condition, seconds, size=4000, queue="backlog"):
        """Publishes as a patient client would until `condition()`; whether that came in time."""
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            for _ in range(10):
                if not self.blocked and self.client.unconfirmed() < 50:
                    self.client.publish(self.channel, [queue], size=size)
            self.client.poll(0.005)
        return condition()


def _others_go_on(workspace, what):
    """Consumers, acks, purge and queue.delete at zero free space."""
    try:
        consumer = workspace.client(blocked_connection_timeout=20)
        channel = consumer.channel(prefetch=50)
        channel.received = 0
        tag = consumer.consume(channel, "backlog")
        deadline = time.monotonic() + 10
        while channel.received < 200 and time.monotonic() < deadline:
            consumer.poll(0.05)
        workspace.expect(channel.received >= 200, f"{what}: only {channel.received} deliveries")
        consumer.barrier_by_name(channel)
        consumer.stop_consuming(channel, tag)
        channel = consumer.channel()
        consumer.purge(channel, "purged")
        consumer.delete(channel, "doomed")
        consumer.connection.close()
    except (*GONE, TimeoutError) as error:
        workspace.faults.append(f"{what}: consuming, purging or deleting failed: {error!r}")


def _prepare(workspace):
    workspace.daemon.start()
    producer = Producer(workspace)
    channel = producer.client.channel()
    for queue in ("backlog", "doomed", "purged", "barrier"):
        producer.client.declare(channel, queue)
    for _ in range(500):
        producer.client.publish(producer.channel, ["backlog"], size=2000)
        producer.client.publish(producer.channel, ["doomed"])
        producer.client.publish(producer.channel, ["purged"])
    producer.client.wait_for_confirms()
    return producer


def _resume(workspace, producer, what):
    began = time.monotonic()
    free = producer.publish_until(lambda: not producer.blocked, _RESUMED_SECONDS)
    workspace.expect(free, f"{what}: still blocked {_RESUMED_SECONDS} s after space came back")
    if free:
        before = workspace.model.confirmed_count
        came = producer.publish_until(
            lambda: workspace.model.confirmed_count >= before + 200, _RESUMED_SECONDS)
        workspace.expect(came, f"{what}: no confirms after space came back")
    print(f"{what}: resumed after {time.monotonic() - began:.1f} s", flush=True)


def _end(workspace, what):
    workspace.daemon.kill9()
    workspace.model.crashed()
    workspace.daemon.start()
    client = workspace.client()
    workspace.expect(client.count("doomed") is None, f"{what}: the deleted queue came back")
    for queue in ("backlog", "purged"):
        client.drain(queue)
    client.connection.close()
    workspace.model.finish()
    code = workspace.daemon.term()
    workspace.expect(code == 0, f"{what}: SIGTERM ended with {code}")


def bytes_round(crash):
    what = "disk full, with a crash" if crash else "disk full"
    with LoopDisk(megabytes=96) as disk, Workspace(_SETTINGS, disk=disk) as workspace:
        workspace.title = what
        producer = _prepare(workspace)
        disk.fill()
        began = time.monotonic()
        workspace.expect(producer.publish_until(lambda: producer.blocked, _BLOCKED_SECONDS),
                         f"no connection.blocked within {_BLOCKED_SECONDS} s")
        print(f"{what}: blocked after {time.monotonic() - began:.1f} s, "
              f"{disk.free_bytes()} bytes free", flush=True)
        _others_go_on(workspace, what)
        if crash:
            workspace.daemon.kill9()
            workspace.model.crashed()
            workspace.daemon.start()
            producer = Producer(workspace)
            workspace.expect(producer.publish_until(lambda: producer.blocked, _BLOCKED_SECONDS),
                             "not blocked again after a restart on the full disk")
        disk.empty_filler()
        _resume(workspace, producer, what)
        _end(workspace, what)
    return workspace


def inodes_round():
    what = "no inodes"
    with LoopDisk(megabytes=96, inodes=96) as disk, Workspace(_SETTINGS, disk=disk) as workspace:
        workspace.title = what
        producer = _prepare(workspace)
        disk.use_up_inodes()
        # More than the journal holds, so that files must be made.
        target = workspace.model.confirmed_count + 3000
        producer.publish_until(
            lambda: producer.blocked or workspace.model.confirmed_count >= target,
            2 * _BLOCKED_SECONDS)
        workspace.expect(producer.blocked or workspace.model.confirmed_count >= target,
                         "neither blocked nor confirmed")
        workspace.expect(workspace.daemon.is_alive(), "the daemon ended")
        _others_go_on(workspace, what)
        disk.empty_filler()
        _resume(workspace, producer, what)
        _end(workspace, what)
    return workspace


def main():
    arguments(__doc__)
    need_loop_devices()
    finish_all([bytes_round(crash=False), bytes_round(crash=True), inodes_round()], "disk_full")


if __name__ == "__main__":
    main()

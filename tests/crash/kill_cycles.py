#!/usr/bin/python3
"""kill -9 under a mixed load, again and again; everything promised is still true (T1).

--cycles N --seed S. Without durability only these make sense: --rehearse 1, no kill at all, must
pass; --lie lost (twice, phantom, body, deleted, purged), a rehearsal with one lie, must fail.
Exits 1 with a report if a promise was broken; the data stays.
"""

import functools
import random
import sys
import time

from body import make_body
from daemon import DaemonEnded
from load import Load
from topology import QUEUES, TTL_SECONDS, declare_all
from workspace import Workspace, arguments, finish

sys.dont_write_bytecode = True
_CHECKED_DELETED = 30
_DRAIN_EVERY = 8


def check_definitions(workspace, client):
    """Each queue exists or not as the model knows; what is in doubt is settled."""
    model = workspace.model
    channel = client.channel()
    new = [name for name in model.queues if name.startswith("new-")]
    deleted = [name for name in new if model.queues[name].state == "deleted"]
    for name in deleted[:-_CHECKED_DELETED]:
        del model.queues[name]
    for name in list(model.queues):
        queue = model.queues[name]
        count = client.count(name)
        if count is None:
            model.queue_missing(name)
        else:
            model.queue_found(name)
            if queue.state == "declared":
                model.counted(name, count)
        if name in QUEUES or queue.state == "deleted":
            continue
        if queue.state == "declared" and count is not None:
            client.drain(name)  # a queue of the last cycle: what it holds must be right
        client.delete(channel, name)
    channel.close()


def drain_all(client):
    """Sources of dead letters first, then where those go."""
    time.sleep(max(TTL_SECONDS, 0.5) + 0.1)
    client.drain("work", client.reject)
    for name in QUEUES:
        if name not in ("work", "dead"):
            client.drain(name)
    # A dead letter is sent in a later turn, and waits while the journal is short of room.
    for _ in range(4):
        client.poll(0.3)
        client.drain("dead")


def one_cycle(workspace, source, number):
    daemon, model = workspace.daemon, workspace.model
    load = Load(model, daemon, source.random()).start()
    time.sleep(source.uniform(0.05, 0.6))
    load.ending = True
    if source.random() < 0.1:
        code = daemon.term()
        workspace.expect(code == 0, f"cycle {number}: SIGTERM ended with {code}")
    else:
        daemon.kill9()
    load.join()
    workspace.faults += load.faults
    model.crashed()
    while source.random() < 0.25:  # a crash while it starts or recovers
        daemon.launch()
        time.sleep(source.uniform(0, 0.08))
        daemon.kill9()
        model.crashed()
    daemon.start()
    check(workspace, number)


def rehearsal(workspace, source, number, lie=""):
    """No crash: the load stops, or all connections break. What the test itself gets wrong shows
    here, with a broker that is not durable, too. A `lie` is told in the third cycle."""
    load = Load(workspace.model, workspace.daemon, source.random()).start()
    time.sleep(source.uniform(0.05, 0.6))
    if source.random() < 0.3:
        load.stop()
    else:
        load.ending = True
        workspace.daemon.cut_clients()
        load.join()
        time.sleep(0.3)  # the broker handles what was sent to it before
        workspace.model.crashed()
    workspace.faults += load.faults
    if lie and number == 3:
        tell(lie, workspace.daemon.connect().channel())
    check(workspace, number)


def tell(lie, channel, queue="fan2"):
    """Does to a queue, behind the model's back, what a bad broker might."""
    _, _, body = channel.basic_get(queue, auto_ack=lie == "lost")
    if lie == "twice":
        channel.basic_publish("", queue, body)
    elif lie == "phantom":
        channel.basic_publish("", queue, make_body("nobody-1", 200))
    elif lie == "body":
        channel.basic_publish("", queue, body[:-1] + bytes([body[-1] ^ 1]))
    elif lie == "deleted":
        channel.queue_delete(queue)
    elif lie == "purged":
        channel.queue_purge(queue)
    channel.close()


def check(workspace, number):
    client = workspace.client()
    check_definitions(workspace, client)
    if number % _DRAIN_EVERY == 0:
        drain_all(client)
    client.connection.close()


def run(workspace, cycles, seed, cycle=one_cycle):
    source = random.Random(seed)
    workspace.daemon.start()
    client = workspace.client()
    declare_all(client)
    client.connection.close()
    for number in range(1, cycles + 1):
        try:
            cycle(workspace, source, number)
        except DaemonEnded as error:
            workspace.faults.append(f"cycle {number}: {error}")
        if workspace.faults_so_far():
            print(f"stopped after cycle {number}", flush=True)
            return
        if number % 20 == 0:
            print(f"{number} cycles, {workspace.seconds():.0f} s", flush=True)
    client = workspace.client()
    drain_all(client)
    client.connection.close()
    workspace.model.finish()
    code = workspace.daemon.term()
    workspace.expect(code == 0, f"the last SIGTERM ended with {code}")


def main():
    options = arguments(__doc__, cycles=100, rehearse=0, lie="")
    with Workspace() as workspace:
        cycle = one_cycle
        if options.rehearse or options.lie:
            cycle = functools.partial(rehearsal, lie=options.lie)
        run(workspace, options.cycles, options.seed, cycle)
    finish(workspace, f"kill_cycles, {options.cycles} cycles")


if __name__ == "__main__":
    main()

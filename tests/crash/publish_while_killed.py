#!/usr/bin/python3
"""The acceptance script: publishes with confirms while the broker is killed 20 times.

Whoever publishes does what an application should: what was not confirmed is published again. In the
end every confirmed message has arrived, and what arrived twice was flagged redelivered the second
time. Uses the model for nothing but counting, so that the two check each other.
"""

import random
import sys
import threading
import time

import pika

from body import make_body, read_body
from client import GONE
from workspace import Workspace, arguments, finish

sys.dont_write_bytecode = True
_QUEUE = "orders"
_UNCONFIRMED_MAX = 200


class Publisher(threading.Thread):
    def __init__(self, workspace):
        super().__init__(daemon=True)
        self.workspace = workspace
        self.confirmed = set()
        self.numbers = 0
        self.again = []  # not confirmed when the connection broke
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            try:
                self._publish(self.workspace.daemon.connect(retry=False))
            except GONE:
                time.sleep(0.02)

    def _publish(self, connection):
        channel = connection.channel()
        channel.queue_declare(_QUEUE, durable=True)
        waiting, selected, tag = {}, [], 0

        def settled(frame):
            last = frame.method.delivery_tag
            for tag in [t for t in waiting if t <= last] if frame.method.multiple else [last]:
                name = waiting.pop(tag)
                if isinstance(frame.method, pika.spec.Basic.Ack):
                    self.confirmed.add(name)
                    self.workspace.model.confirmed_count += 1
                else:
                    self.again.append(name)

        channel._impl.confirm_delivery(settled, selected.append)
        try:
            while not selected:
                connection.process_data_events(0.002)
            while not self.stopping.is_set() or waiting:
                while len(waiting) < _UNCONFIRMED_MAX and not self.stopping.is_set():
                    tag += 1
                    waiting[tag] = name = self._next()
                    channel._impl.basic_publish(
                        "", _QUEUE, make_body(name, 300), pika.BasicProperties(delivery_mode=2))
                connection.process_data_events(0.002)
        finally:
            # A second copy is another message, as it is for an application: hence the suffix.
            self.again += [name + "+" for name in waiting.values()]

    def _next(self):
        if self.again:
            return self.again.pop()
        self.numbers += 1
        return f"order-{self.numbers}"


class Consumer(threading.Thread):
    def __init__(self, workspace):
        super().__init__(daemon=True)
        self.workspace = workspace
        self.seen = set()
        self.twice = 0
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            try:
                connection = self.workspace.daemon.connect(retry=False)
                channel = connection.channel()
                channel.queue_declare(_QUEUE, durable=True)
                channel.basic_qos(prefetch_count=50)
                channel.basic_consume(_QUEUE, self._delivered)
                while not self.stopping.is_set():
                    connection.process_data_events(0.05)
                connection.close()
            except GONE:
                time.sleep(0.02)

    def _delivered(self, channel, method, _, body):
        name, whole = read_body(body)
        self.workspace.model.delivered_count += 1
        self.workspace.expect(whole, f"wrong body: {name!r}")
        if name in self.seen:
            self.twice += 1
            self.workspace.expect(method.redelivered, f"{name} came twice without redelivered")
        self.seen.add(name)
        channel.basic_ack(method.delivery_tag)


def main():
    options = arguments(__doc__, kills=20)
    source = random.Random(options.seed)
    with Workspace() as workspace:
        workspace.daemon.start()
        publisher, consumer = Publisher(workspace), Consumer(workspace)
        publisher.start()
        consumer.start()
        for _ in range(options.kills):
            time.sleep(source.uniform(0.1, 0.7))
            workspace.daemon.kill9()
            workspace.daemon.start()
        time.sleep(0.3)
        publisher.stopping.set()
        publisher.join(30)
        workspace.expect(not publisher.is_alive(), "the publisher waits for confirms forever")
        deadline = time.monotonic() + 30
        while not publisher.confirmed <= consumer.seen and time.monotonic() < deadline:
            time.sleep(0.05)
        consumer.stopping.set()
        consumer.join(10)
        lost = sorted(publisher.confirmed - consumer.seen)
        workspace.expect(not lost, f"confirmed message lost: {len(lost)}, such as {lost[:5]}")
        workspace.expect(publisher.confirmed, "nothing was confirmed at all")
        print(f"{len(publisher.confirmed)} confirmed, {consumer.twice} delivered twice and flagged")
    finish(workspace, f"publish_while_killed, {options.kills} kills")


if __name__ == "__main__":
    main()

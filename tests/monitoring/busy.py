"""Clients that do a bit of everything, over and over, so that no counter stands still."""

import contextlib
import threading

import pika

QUORUM = {"x-queue-type": "quorum"}


class Busy:
    """with Busy(parameters): … — raises what a client raised when it ends."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.stopping = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(60)
        if self.error:
            raise self.error

    def _run(self):
        try:
            connection = pika.BlockingConnection(self.parameters)
            channel = connection.channel()
            self._declare(channel)
            quiet = connection.channel()
            while not self.stopping.is_set():
                self._round(connection, quiet)
                self.stopping.wait(0.05)
            connection.close()
        except Exception as error:  # noqa: BLE001 - told by __exit__
            self.error = error

    def _declare(self, channel):
        for name, arguments in (("classic", {}), ("quorum", QUORUM)):
            channel.queue_declare(name, durable=True, arguments=arguments)
        # Messages that wait and are held, consumed by nobody.
        channel.queue_declare("waiting", durable=True)
        for _ in range(3):
            channel.basic_publish("", "waiting", b"w", pika.BasicProperties(delivery_mode=2))
        channel.queue_declare("short", durable=True, arguments={
            "x-max-length": 1, "x-overflow": "reject-publish"})
        channel.queue_declare("dying", durable=True, arguments={
            "x-max-length": 1, "x-dead-letter-exchange": "amq.fanout"})

    def _round(self, connection, quiet):
        channel = connection.channel()
        for size in (10, 500, 5_000, 50_000):
            for name in ("classic", "quorum"):
                quiet.basic_publish("", name, b"x" * size)
        quiet.basic_publish("", "no-such-queue", b"dropped")
        for body in (b"a", b"b"):
            quiet.basic_publish("", "short", body)
            quiet.basic_publish("", "dying", body)
        channel.confirm_delivery()
        for name in ("classic", "quorum"):
            for _ in range(4):
                channel.basic_publish("", name, b"y", pika.BasicProperties(delivery_mode=2))
        with contextlib.suppress(pika.exceptions.UnroutableError):
            channel.basic_publish("", "no-such-queue", b"returned", mandatory=True)
        for name in ("classic", "quorum"):
            self._take(channel, name)
        channel.queue_declare("passing", auto_delete=True)
        channel.queue_delete("passing")
        channel.close()
        pika.BlockingConnection(self.parameters).close()

    def _take(self, channel, name):
        got = channel.basic_get(name, auto_ack=False)[0]
        if got:
            channel.basic_nack(got.delivery_tag, requeue=True)
        channel.basic_get(name, auto_ack=True)
        for auto_ack in (False, True):
            for number, (method, _, _) in enumerate(
                    channel.consume(name, auto_ack=auto_ack, inactivity_timeout=0.2)):
                if method is None:
                    break
                if not auto_ack:
                    channel.basic_ack(method.delivery_tag)
                if number == 3:
                    break
            channel.cancel()
        while channel.basic_get(name, auto_ack=True)[0]:
            pass

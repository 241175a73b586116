"""One client connection that tells the model everything it does and sees.

pika's BlockingChannel waits for each confirm. To have many publishes on their way the confirms are
taken from its `_impl`, the channel below it, which is the same in all of pika 1.x.
"""

import itertools
import threading
import time

import pika

from body import make_body, read_body

# What a client meets when the broker is killed under it.
GONE = (pika.exceptions.AMQPError, OSError)
_names = itertools.count(1)


class Client:
    """A connection and its channels. Not shared between threads."""

    def __init__(self, model, connection, name=""):
        self.model = model
        self.connection = connection
        self.name = f"{name or threading.current_thread().name}.{next(_names)}"
        self._channels = itertools.count(1)
        self._messages = itertools.count(1)
        self.waiting = {}  # channel name: tags not confirmed yet
        self.consumers = {}  # name: whether it acknowledges automatically

    def channel(self, confirm=False, prefetch=0):
        channel = self.connection.channel()
        channel.name = f"{self.name}/{next(self._channels)}"
        channel.tag = 0
        if prefetch:
            channel.basic_qos(prefetch_count=prefetch)
        if confirm:
            self._confirm(channel)
        return channel

    def _confirm(self, channel):
        waiting = self.waiting[channel.name] = {}
        selected = []

        def settled(frame):
            method = frame.method
            is_ack = isinstance(method, pika.spec.Basic.Ack)
            self.model.confirmed(channel.name, method.delivery_tag, method.multiple, is_ack)
            last = method.delivery_tag
            for tag in [t for t in waiting if t <= last] if method.multiple else [last]:
                waiting.pop(tag, None)

        channel._impl.confirm_delivery(settled, selected.append)
        while not selected:
            self.connection.process_data_events(time_limit=0.002)

    def close(self):
        """Orderly: what is unsettled goes back, what is on its way to auto-ack consumers is lost."""
        self.connection.close()
        for consumer, automatic in self.consumers.items():
            self.model.consumer_gone(consumer, orderly=not automatic)

    # ---- queues

    def declare(self, channel, queue, arguments=None, **properties):
        self.model.queue_declaring(queue, **properties)
        channel.queue_declare(queue, durable=True, arguments=arguments or {})
        self.model.queue_declared(queue)

    def delete(self, channel, queue):
        self.model.queue_deleting(queue)
        channel.queue_delete(queue)
        self.model.queue_deleted(queue)

    def purge(self, channel, queue):
        token = self.model.purging(queue)
        channel.queue_purge(queue)
        self.model.purged(token)

    def count(self, queue):
        """message_count, or None if there is no such queue."""
        channel = self.connection.channel()
        try:
            return channel.queue_declare(queue, passive=True).method.message_count
        except pika.exceptions.ChannelClosedByBroker as error:
            if error.reply_code != 404:
                raise
            return None
        finally:
            if channel.is_open:
                channel.close()

    def barrier(self, channel, queue, arguments=None):
        """Everything this connection sent before is handled and on disk when this returns: the
        reply to a declare waits for all that was appended before it."""
        token = self.model.barrier_sent(self.name)
        channel.queue_declare(queue, durable=True, arguments=arguments or {})
        self.model.barrier_passed(token)

    # ---- publishing

    def publish(self, channel, queues, exchange="", key=None, size=200, persistent=True, priority=0,
                ttl=None, transaction=None, name=None):
        """`queues`: where the model expects it to go; the key is the queue if nothing else is said."""
        name = name or f"{self.name}-{next(self._messages)}"
        confirm = channel.name in self.waiting
        if confirm:
            channel.tag += 1
            self.waiting[channel.name][channel.tag] = name
        properties = pika.BasicProperties(
            delivery_mode=2 if persistent else 1, priority=priority or None,
            expiration=None if ttl is None else str(int(ttl * 1000)))
        self.model.published(channel.name, name, queues, persistent, priority, ttl, transaction,
                             confirm, time.time())
        channel._impl.basic_publish(exchange, queues[0] if key is None else key,
                                    make_body(name, size), properties)
        return name

    def poll(self, seconds=0):
        self.connection.process_data_events(time_limit=seconds)

    def unconfirmed(self):
        return sum(map(len, self.waiting.values()))

    def wait_for_confirms(self, at_most=0, seconds=60):
        deadline = time.monotonic() + seconds
        while self.unconfirmed() > at_most:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.unconfirmed()} confirms are missing after {seconds} s")
            self.poll(0.003)  # returns early for deliveries only

    # ---- consuming

    def consume(self, channel, queue, handle=None, auto_ack=False):
        """`handle(channel, tag, queue, name)` settles; without it everything is acknowledged."""
        consumer = f"{channel.name}:{queue}"
        handle = handle or self.ack

        def delivered(_, method, properties, body):
            name, whole = read_body(body)
            count = (properties.headers or {}).get("x-delivery-count")
            self.model.delivered(queue, name, consumer, method.redelivered, whole, count)
            channel.received = getattr(channel, "received", 0) + 1
            if not auto_ack:
                handle(channel, method.delivery_tag, queue, name)

        self.model.consuming(queue, consumer, auto_ack)
        self.consumers[consumer] = auto_ack
        channel.basic_consume(queue, delivered, auto_ack, consumer_tag=consumer)
        return consumer

    def ack(self, channel, tag, queue, name):
        self.model.acked(queue, name, channel.name)
        channel.basic_ack(tag)

    def reject(self, channel, tag, queue, name):
        self.model.rejected(queue, name, channel.name)
        channel.basic_reject(tag, requeue=False)

    def stop_consuming(self, channel, consumer, orderly=True):
        """Closing the channel puts back what was not settled."""
        channel.close()
        self.model.consumer_gone(consumer, orderly)
        self.consumers.pop(consumer, None)

    def drain(self, queue, handle=None, seconds=60):
        """Takes what the queue holds and makes sure that the acks are on disk."""
        count = self.count(queue)
        if count is None:
            self.model.queue_missing(queue)
            return
        self.model.queue_found(queue)
        self.model.counted(queue, count)
        channel = self.channel(prefetch=200)
        channel.received = 0
        consumer = self.consume(channel, queue, handle)
        deadline = time.monotonic() + seconds
        while channel.received < count and time.monotonic() < deadline:
            before = channel.received
            self.poll(0.5)
            if channel.received == before and not self.count(queue):
                break  # fewer came than were counted, or they expired meanwhile
        while self.count(queue):
            self.poll(0.02)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{queue} cannot be drained in {seconds} s")
        self.poll(0)
        self.barrier_by_name(channel)
        self.model.drained(queue)
        self.stop_consuming(channel, consumer)

    def barrier_by_name(self, channel):
        self.barrier(channel, "barrier")

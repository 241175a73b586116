"""Publish and subscribe: every subscriber has a queue of its own and binds what it wants."""

import os

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.exchange_declare("events", "topic", durable=True)


def subscribe(name, *patterns):
    # The broker names the queue; it goes when the subscriber does.
    queue = channel.queue_declare("", exclusive=True).method.queue
    for pattern in patterns:
        channel.queue_bind(queue, "events", pattern)
    return name, queue


subscribers = [subscribe("billing", "order.paid", "order.refunded"),
               subscribe("warehouse", "order.paid"),
               subscribe("archive", "order.#")]

channel.confirm_delivery()
for key in ("order.created", "order.paid", "order.refunded"):
    channel.basic_publish("events", key, b"order 17")

for name, queue in subscribers:
    heard = []
    while True:
        method, _, _ = channel.basic_get(queue, auto_ack=True)
        if method is None:
            break
        heard.append(method.routing_key)
    print(f"{name}: {', '.join(heard)}")
channel.exchange_delete("events")
connection.close()

"""Poison message: what kills every consumer is set aside after a number of deliveries."""

import os

import pika

url = pika.URLParameters(os.environ["AMQP_URL"])
connection = pika.BlockingConnection(url)
channel = connection.channel()
channel.confirm_delivery()
channel.queue_declare("orders.poison", durable=True)
channel.queue_declare("orders", durable=True, arguments={
    "x-queue-type": "quorum", "x-delivery-limit": 2,
    "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "orders.poison"})
for body in (b"good 1", b"not an order", b"good 2"):
    channel.basic_publish("", "orders", body, pika.BasicProperties(delivery_mode=2))

done, crashes = [], 0
while len(done) < 2:
    consumer = pika.BlockingConnection(url)
    messages = consumer.channel()
    messages.basic_qos(prefetch_count=1)
    for method, properties, body in messages.consume("orders"):
        if not body.startswith(b"good"):
            crashes += 1
            break  # as if the process had died: the connection goes, the message comes back
        done.append(body.decode())
        messages.basic_ack(method.delivery_tag)
        if len(done) == 2:
            break
    consumer.close()
print(f"done: {', '.join(done)}; consumers that died: {crashes}")

for method, properties, body in channel.consume("orders.poison", auto_ack=True):
    death = properties.headers["x-death"][0]
    print(f"set aside: {body.decode()!r}, from {death['queue']}, for {death['reason']}")
    break
channel.cancel()
for queue in ("orders", "orders.poison"):
    channel.queue_delete(queue)
connection.close()

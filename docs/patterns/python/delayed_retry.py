"""Delayed retry: what fails waits in a queue whose messages expire back into the work queue."""

import os

import pika

ATTEMPTS = 3
connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.queue_declare("work", durable=True, arguments={
    "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "work.wait"})
channel.queue_declare("work.wait", durable=True, arguments={
    "x-message-ttl": 100,  # milliseconds
    "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "work"})
channel.queue_declare("work.failed", durable=True)
channel.basic_publish("", "work", b"charge card 4", pika.BasicProperties(delivery_mode=2))


def failures(properties):
    """How often `work` has given this message up: the broker counts in x-death."""
    deaths = (properties.headers or {}).get("x-death", [])
    return next((death["count"] for death in deaths
                 if (death["queue"], death["reason"]) == ("work", "rejected")), 0)


for method, properties, body in channel.consume("work"):
    attempt = failures(properties) + 1
    if attempt < ATTEMPTS:
        print(f"attempt {attempt}: the bank does not answer, later")
        channel.basic_reject(method.delivery_tag, requeue=False)
        continue
    print(f"attempt {attempt}: given up, somebody has to look")
    # First where it is safe, then away from here: a crash between the two leaves it twice.
    channel.basic_publish("", "work.failed", body, properties)
    channel.basic_ack(method.delivery_tag)
    break
channel.cancel()

_, _, body = channel.basic_get("work.failed", auto_ack=True)
print("in work.failed:", body.decode())
for queue in ("work", "work.wait", "work.failed"):
    channel.queue_delete(queue)
connection.close()

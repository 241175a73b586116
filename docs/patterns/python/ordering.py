"""Ordering: one consumer at a time per queue, and the next one takes over where it stopped."""

import multiprocessing
import os

import pika

URL = pika.URLParameters(os.environ["AMQP_URL"])


def book(seen, hang_at=None):
    """A consumer in a process of its own, which tells `seen` what it has booked."""
    channel = pika.BlockingConnection(URL).channel()
    channel.basic_qos(prefetch_count=1)  # a second one in its hands could overtake the first

    def entry(channel, method, properties, body):
        number = int(body)
        if number == hang_at:
            return  # taken, and never acknowledged
        seen.put(number)
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume("ledger", entry)
    channel.start_consuming()


def start(*arguments):
    seen = multiprocessing.Queue()
    process = multiprocessing.Process(target=book, args=(seen, *arguments), daemon=True)
    process.start()
    return process, seen


connection = pika.BlockingConnection(URL)
channel = connection.channel()
channel.confirm_delivery()
channel.queue_declare("ledger", durable=True, arguments={"x-single-active-consumer": True})
for number in range(1, 7):
    channel.basic_publish("", "ledger", str(number).encode(), pika.BasicProperties(delivery_mode=2))

first, first_saw = start(4)
print("first booked", *(first_saw.get(timeout=20) for _ in range(3)), "and hangs")
second, second_saw = start()
while channel.queue_declare("ledger", passive=True).method.consumer_count < 2:
    pass
print("second waits:", str(second_saw.empty()).lower())
first.kill()
print("first is dead; second booked", *(second_saw.get(timeout=20) for _ in range(3)))
second.kill()
channel.queue_delete("ledger")
connection.close()

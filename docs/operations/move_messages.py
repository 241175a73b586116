#!/usr/bin/python3
"""Moves the messages of one queue to another broker: move_messages.py FROM-URL QUEUE TO-URL

Takes a message, publishes it at the other broker, and acknowledges it when that one has it on disk:
killed at any moment it loses nothing and leaves one message twice at most. Properties and headers go
along; the queue has to be there already. Ends when the queue is empty. Debian: python3-pika.
"""

import sys

import pika


def move(source_url, queue, target_url):
    source = pika.BlockingConnection(pika.URLParameters(source_url))
    target = pika.BlockingConnection(pika.URLParameters(target_url))
    taker, giver = source.channel(), target.channel()
    giver.confirm_delivery()
    moved = 0
    while True:
        method, properties, body = taker.basic_get(queue)
        if method is None:
            break
        # Straight into the queue: where it was published before is no concern of this. Raises when
        # the queue is not there or does not take it.
        giver.basic_publish("", queue, body, properties, mandatory=True)
        taker.basic_ack(method.delivery_tag)
        moved += 1
    target.close()
    source.close()
    return moved


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(f"{move(*sys.argv[1:])} messages moved")

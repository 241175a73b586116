#!/usr/bin/python3
"""client.py PORT QUEUE: holds a connection with two channels, one of which consumes from QUEUE.

Prints a line when it is there, and goes when its standard input ends.
"""

import select
import sys

import pika


def main(port, queue):
    connection = pika.BlockingConnection(pika.ConnectionParameters(
        "127.0.0.1", int(port), client_properties={"connection_name": "test of the web page"}))
    consuming, confirming = connection.channel(), connection.channel()
    confirming.confirm_delivery()
    consuming.basic_qos(prefetch_count=7)
    consuming.basic_consume(queue, lambda *delivery: None, consumer_tag="watcher")
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            connection.process_data_events(0.2)
        except pika.exceptions.AMQPConnectionError:
            return  # closed from the page
    connection.close()


main(*sys.argv[1:])

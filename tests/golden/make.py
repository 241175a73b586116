#!/usr/bin/python3
"""make.py FOLDER: makes golden.tar.gz there with $HARRIERMQ_BINARY, once for each format version.

Never made again for a version that was released: what old brokers wrote is what new ones must read.
"""

import os
import pathlib
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from contents import QUEUES, body, properties  # noqa: E402
from golden_daemon import GoldenDaemon  # noqa: E402


def declare(channel):
    channel.exchange_declare("dead", "direct", durable=True)
    for queue, arguments in QUEUES.items():
        channel.queue_declare(queue, durable=True, arguments=arguments)
    channel.queue_bind("dead", "dead", "s")
    channel.exchange_declare("first", "topic", durable=True)
    channel.exchange_declare("second", "headers", durable=True,
                             arguments={"alternate-exchange": "dead"})
    channel.exchange_bind("second", "first", "a.#")
    channel.queue_bind("bound", "second", arguments={"x-match": "all", "kind": "golden"})
    channel.queue_declare("gone", durable=True)
    channel.basic_publish("", "gone", b"deleted", properties())
    channel.queue_delete("gone")


def publish_backlog(channel):
    # More than the journal holds: most of it goes to runs, and some of that dies there.
    for i in range(400):
        channel.basic_publish("", "backlog", body("backlog", i, 20000), properties())
    for _ in range(100):
        method, _, _ = channel.basic_get("backlog")
        channel.basic_ack(method.delivery_tag)


def publish_rest(connection, channel):
    for i in range(10):
        channel.basic_publish("", "plain", body("plain", i), properties())
    for priority in (0, 3, 5):
        for i in (priority * 10, priority * 10 + 1):
            channel.basic_publish("", "priorities", body("priorities", i),
                                  properties(priority=priority))
    for i in range(3):
        channel.basic_publish("", "expiring", body("expiring", i),
                              properties(expiration="300000000000"))
    for i in range(5):
        channel.basic_publish("", "short", body("short", i), properties())
    for i in range(4):
        channel.basic_publish("", "quorum", body("quorum", i), properties())
    for i in range(3):
        channel.basic_publish("first", "a.b", body("bound", i),
                              properties(headers={"kind": "golden"}))
    channel.basic_publish("", "plain", b"transient")  # is not written
    transaction = connection.channel()
    transaction.tx_select()
    for i in range(5):
        transaction.basic_publish("", "tx", body("tx", i), properties())
    transaction.tx_commit()
    transaction.basic_publish("", "tx", b"never committed", properties())


def leave_unacked(connection, channel):
    for i in range(6):
        channel.basic_publish("", "unacked", body("unacked", i), properties())
    consuming = connection.channel()
    tags = [consuming.basic_get("unacked")[0].delivery_tag for _ in range(4)]
    consuming.basic_ack(tags[1])
    consuming.basic_ack(tags[2])
    # Came back twice; then they are delivered again, and the process is killed.
    consuming.basic_nack(tags[0], requeue=True)
    tag = consuming.basic_get("unacked")[0].delivery_tag
    consuming.basic_nack(tag, requeue=True)
    quorum = connection.channel()
    quorum.basic_nack(quorum.basic_get("quorum")[0].delivery_tag, requeue=True)


def main(folder):
    with tempfile.TemporaryDirectory(prefix="harrier-golden.") as temporary:
        data = pathlib.Path(temporary) / "data"
        with GoldenDaemon(data) as daemon:
            daemon.start()
            connection = daemon.connect()
            channel = connection.channel()
            channel.confirm_delivery()
            declare(channel)
            publish_backlog(channel)
            publish_rest(connection, channel)
            leave_unacked(connection, channel)
            shop = daemon.connect(virtual_host="shop").channel()
            shop.confirm_delivery()
            shop.queue_declare("plain", durable=True)
            for i in range(7):
                shop.basic_publish("", "plain", body("shop", i), properties())
            daemon.kill9()
        (data / "reserve.bin").unlink(missing_ok=True)
        with tarfile.open(pathlib.Path(folder) / "golden.tar.gz", "w:gz") as archive:
            archive.add(data, "data", filter=anonymous)


def anonymous(member):
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.curdir)

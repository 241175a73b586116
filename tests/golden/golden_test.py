#!/usr/bin/python3
"""golden_test.py FOLDER: the broker of today reads what each earlier one wrote, message by message.

First harrier-journal, which changes nothing; then the broker, killed and started a second time, since
the first start writes in today's format.
"""

import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import pika  # noqa: E402
from contents import QUEUES, expected  # noqa: E402
from golden_daemon import GoldenDaemon  # noqa: E402


def tool(data, *words):
    done = subprocess.run([os.environ["HARRIER_JOURNAL_BINARY"], "--data-dir", str(data), *words],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def check_statistics(data):
    tool(data, "verify", "--deep")
    found = json.loads(tool(data, "stat", "--json"))
    counts = {(queue["virtual_host"], queue["name"]): queue["messages"]
              for queue in found["queues"]}
    assert counts == {key: len(messages) for key, messages in expected().items()}, counts
    assert any(queue["paged"] for queue in found["queues"] if queue["name"] == "backlog")


def check_message(key, wanted, got):
    method, found, body = got
    text, marks = wanted
    assert body == text, (key, body[:60], text[:60])
    assert found.delivery_mode == 2
    assert found.priority == marks.get("priority"), (key, found)
    assert found.expiration == marks.get("expiration"), (key, found)
    headers = found.headers or {}
    assert headers.get("kind") == ("golden" if marks.get("headers") else None), (key, headers)
    death = headers.get("x-death")
    assert (death[0]["queue"] if death else None) == marks.get("x-death"), (key, headers)
    # It was killed: nothing may look as if it had never been delivered if it may have been.
    if key[1] == "unacked" and body.startswith((b"unacked 0 ", b"unacked 3 ")):
        assert method.redelivered, key
    if key[1] == "quorum" and body.startswith(b"quorum 0 "):
        assert headers.get("x-delivery-count", 0) >= 1, headers


def check_messages(daemon):
    for (host, queue), messages in expected().items():
        channel = daemon.connect(virtual_host=host).channel()
        for wanted in messages:
            got = channel.basic_get(queue)
            assert got[0] is not None, (host, queue, wanted)
            check_message((host, queue), wanted, got)
        assert channel.basic_get(queue)[0] is None, (host, queue)
        channel.connection.close()  # all of it comes back


def check_definitions(daemon):
    channel = daemon.connect().channel()
    for queue, arguments in QUEUES.items():
        channel.queue_declare(queue, durable=True, arguments=arguments)  # 406 if it were another
    channel.exchange_declare("first", "topic", durable=True)
    channel.exchange_declare("second", "headers", durable=True,
                             arguments={"alternate-exchange": "dead"})
    try:
        channel.queue_declare("gone", passive=True)
    except pika.exceptions.ChannelClosedByBroker as error:
        assert error.reply_code == 404
    else:
        raise AssertionError("a deleted queue is back")
    channel = daemon.connect().channel()
    # Through both exchanges, and past the second one to its alternate.
    channel.basic_publish("first", "a.x", b"by way of", pika.BasicProperties(
        headers={"kind": "golden"}))
    channel.basic_publish("first", "a.x", b"nowhere")
    channel.basic_publish("second", "s", b"alternate")
    bodies = []
    while (got := channel.basic_get("bound", auto_ack=True))[0] is not None:
        bodies.append(got[2])
    assert bodies[-1] == b"by way of", bodies
    bodies = []
    while (got := channel.basic_get("dead", auto_ack=True))[0] is not None:
        bodies.append(got[2])
    assert bodies[-1] == b"alternate", bodies


def main(folder):
    with tempfile.TemporaryDirectory(prefix="harrier-golden.") as temporary:
        with tarfile.open(pathlib.Path(folder) / "golden.tar.gz") as archive:
            archive.extractall(temporary)
        data = pathlib.Path(temporary) / "data"
        check_statistics(data)
        with GoldenDaemon(data) as daemon:
            daemon.start()
            check_messages(daemon)
            daemon.kill9()
            check_statistics(data)
            daemon.start()
            check_messages(daemon)
            check_definitions(daemon)
            assert daemon.term() == 0
        tool(data, "verify", "--deep")
    print("everything is there")


if __name__ == "__main__":
    main(sys.argv[1])

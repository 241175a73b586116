"""Data directories that a real broker made, and harrier-journal run on them."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))

import pika  # noqa: E402
from daemon import Daemon  # noqa: E402

PERSISTENT = pika.BasicProperties(delivery_mode=2)


def run_tool(data_dir, *words):
    """(exit code, standard output, standard error); never the end by a signal."""
    binary = os.environ["HARRIER_JOURNAL_BINARY"]
    done = subprocess.run([binary, "--data-dir", str(data_dir), *words], capture_output=True,
                          timeout=60)
    if done.returncode < 0:
        raise AssertionError(f"{words} ended by signal {-done.returncode}: {done.stderr!r}")
    return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")


def statistics(data_dir):
    code, output, errors = run_tool(data_dir, "stat", "--json")
    assert code == 0, (code, output, errors)
    return json.loads(output)


def copy(data_dir, to):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(data_dir, to)
    return to


def fill(data_dir):
    """Queues with messages in the journal and in runs; ended in order."""
    with Daemon(data_dir) as daemon:
        daemon.start()
        channel = daemon.connect().channel()
        channel.confirm_delivery()
        for queue in ("old", "young", "empty"):
            channel.queue_declare(queue, durable=True)
        for i in range(300):
            channel.basic_publish("", "old", b"%03d" % i + b"o" * 20000, PERSISTENT)
        # More than the journal holds: what is old goes to a run.
        for i in range(150):
            channel.basic_publish("", "empty", b"e" * 60000, PERSISTENT)
        channel.queue_purge("empty")
        for i in range(20):
            channel.basic_publish("", "young", b"%03d" % i, PERSISTENT)
        assert daemon.term() == 0
    return data_dir


def drain(data_dir, queues):
    """The bodies in each queue, by a broker that starts on the directory."""
    found = {}
    with Daemon(data_dir) as daemon:
        daemon.start()
        channel = daemon.connect().channel()
        for queue in queues:
            found[queue] = []
            while True:
                method, _, body = channel.basic_get(queue, auto_ack=False)
                if method is None:
                    break
                found[queue].append(body)
        daemon.kill9()
    return found

#!/usr/bin/python3
"""A broker goes on making checkpoints after a start, also where a shard has nothing in the journal.

The record of a virtual host is written once. When its segment has been freed, the journal knows no
record of shard 0, the checkpoint does.
"""

import pathlib
import sys
import tempfile
import unittest

from directories import PERSISTENT, Daemon, run_tool, statistics

sys.dont_write_bytecode = True


class CheckpointAfterStart(unittest.TestCase):
    def publish(self, daemon, count, size):
        channel = daemon.connect(blocked_connection_timeout=20).channel()
        channel.confirm_delivery()
        channel.queue_declare("q", durable=True)
        for _ in range(count):
            channel.basic_publish("", "q", bytes(size), PERSISTENT)

    def start_again(self, end, size):
        with tempfile.TemporaryDirectory(prefix="harrier-tool.") as folder:
            data = pathlib.Path(folder) / "data"
            before = 0
            for _ in range(3):
                with Daemon(data) as daemon:
                    daemon.start()
                    # Several times what the journal holds.
                    self.publish(daemon, 24_000_000 // size, size)
                    end(daemon)
                found = statistics(data)
                self.assertGreater(found["generation"], before + 2)
                before = found["generation"]
            code, output, errors = run_tool(data, "verify", "--deep")
            self.assertLessEqual(code, 1, output + errors)
            self.assertEqual(sum(queue["messages"] for queue in found["queues"]),
                             3 * (24_000_000 // size))

    def test_after_an_orderly_end(self):
        self.start_again(lambda daemon: self.assertEqual(daemon.term(), 0), 60_000)

    def test_after_a_kill(self):
        self.start_again(Daemon.kill9, 60_000)

    def test_with_messages_of_several_records(self):
        self.start_again(Daemon.kill9, 1_200_000)


if __name__ == "__main__":
    unittest.main(verbosity=2)

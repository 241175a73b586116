#!/usr/bin/python3
"""harrier-journal on directories that are healthy, torn, damaged, incomplete, foreign, newer, in use."""

import pathlib
import random
import re
import struct
import sys
import tempfile
import unittest

from directories import PERSISTENT, Daemon, copy, drain, fill, run_tool, statistics

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))

from crc32c import crc32c  # noqa: E402

BLOCK = 4096


def flip(path, offset, mask=1):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


class HarrierJournal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="harrier-tool.")
        cls.root = pathlib.Path(cls.folder.name)
        cls.whole = fill(cls.root / "whole")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.data = copy(self.whole, self.root / "copy")

    def verify(self, *words):
        code, output, errors = run_tool(self.data, "verify", *words)
        self.assertEqual(errors, "" if code in (0, 1, 65) or output else errors)
        return code, output + errors

    def newest(self, folder):
        return max((self.data / folder).iterdir())

    def old_run(self):
        """The newest run with messages of the queue `old`."""
        return max(path for path in (self.data / "runs").iterdir()
                   if path.read_bytes().count(b"ooooooooooo") > 1)

    def used_segment(self):
        """The file of the newest segment."""
        def number(path):
            with open(path, "rb") as file:
                head = file.read(BLOCK)
            return struct.unpack(">Q", head[56:64])[0] if head.startswith(b"HMQSEGM\n") else 0
        return max((self.data / "journal").iterdir(), key=number)

    # ---- verify

    def test_healthy(self):
        for words in ((), ("--deep",)):
            code, output = self.verify(*words)
            self.assertEqual(code, 0, output)
            self.assertIn("whole", output)

    def test_reading_changes_nothing(self):
        def contents():
            return {path: path.read_bytes() for path in self.data.rglob("*") if path.is_file()
                    and path.name != "LOCK"}
        before = contents()
        for words in (("verify", "--deep"), ("stat",), ("dump", "--lsn", "1.."),
                      ("repair", "--dry-run")):
            run_tool(self.data, *words)
        flip(self.newest("checkpoints"), 700)
        damaged = contents()
        run_tool(self.data, "repair", "--dry-run")
        self.assertEqual(contents(), damaged)
        self.assertEqual(before.keys(), damaged.keys())

    def test_an_audit_log_is_not_odd(self):
        for name in ("audit.jsonl", "audit.jsonl.00000000000000000017"):
            (self.data / name).write_bytes(b"")
        code, output = self.verify()
        self.assertEqual(code, 0, output)
        (self.data / "audit.jsonly").write_bytes(b"")
        self.assertEqual(self.verify()[0], 1)

    def test_leftovers_are_odd(self):
        (self.data / "checkpoints" / "00000000000000ff.tmp").write_bytes(b"half")
        (self.data / "runs" / "00000000000000ff.run").write_bytes(b"half")
        (self.data / "node.new").write_bytes(b"half")
        code, output = self.verify()
        self.assertEqual(code, 1, output)
        for name in ("00000000000000ff.tmp", "00000000000000ff.run", "node.new"):
            self.assertIn(name, output)

    def test_torn_tail_is_odd(self):
        with Daemon(self.data) as daemon:
            daemon.start()
            channel = daemon.connect().channel()
            channel.confirm_delivery()
            channel.basic_publish("", "young", b"the last message", PERSISTENT)
            daemon.kill9()
        path = self.used_segment()
        # As if the power had gone in the middle of that flush.
        contents = path.read_bytes()
        at = contents.index(b"the last message")
        path.write_bytes(contents[:at] + bytes(len(contents) - at))
        code, output = self.verify()
        self.assertEqual(code, 1, output)
        self.assertIn("torn", output)

    def test_flipped_bit_in_the_journal(self):
        path = self.used_segment()
        flip(path, BLOCK + 90)
        code, output = self.verify()
        self.assertEqual(code, 65, output)
        self.assertIn(path.name, output)
        self.assertRegex(output, r"offset|batch")

    def test_missing_run(self):
        run = self.old_run()
        run.unlink()
        code, output = self.verify()
        self.assertEqual(code, 65, output)
        self.assertIn(run.name, output)
        self.assertIn("'old'", output)
        self.assertRegex(output, r"positions \d+\.\.\d+, up to \d+ messages")

    def test_deep_finds_a_damaged_block(self):
        run = self.old_run()
        flip(run, run.read_bytes().index(b"ooooooooooo"))
        self.assertEqual(self.verify()[0], 0)
        code, output = self.verify("--deep")
        self.assertEqual(code, 65, output)
        self.assertIn("'old' of virtual host '/'", output)
        self.assertRegex(output, r"offset \d+")

    def test_damaged_checkpoint(self):
        path = self.newest("checkpoints")
        flip(path, path.stat().st_size - 20)
        code, output = self.verify()
        self.assertEqual(code, 65, output)
        self.assertIn(path.name, output)

    def test_newer_version(self):
        for path in (self.newest("checkpoints"), self.used_segment()):
            self.data = copy(self.whole, self.data)
            size = 512 if path.suffix == ".ckpt" else BLOCK
            contents = bytearray(path.read_bytes()[:size])
            contents[8:12] = b"\0\2\0\2"
            contents[-4:] = struct.pack(">I", crc32c(bytes(contents[:-4])))
            with open(path, "r+b") as file:
                file.write(contents)
            for words in (("verify",), ("repair", "--quarantine")):
                code, output, errors = run_tool(self.data, *words)
                self.assertEqual(code, 78, output + errors)
                self.assertIn("newer", output + errors)

    def test_foreign(self):
        other = fill(self.root / "other")
        for path in (other / "checkpoints").iterdir():
            (self.data / "checkpoints" / path.name).write_bytes(path.read_bytes())
        code, output = self.verify()
        self.assertEqual(code, 78, output)
        self.assertIn("another node", output)

    def test_no_data_directory(self):
        empty = self.root / "empty"
        empty.mkdir(exist_ok=True)
        self.assertEqual(run_tool(empty, "verify")[0], 78)
        self.assertEqual(list(empty.iterdir()), [])
        self.assertEqual(run_tool(self.root / "none", "verify")[0], 74)

    def test_damaged_node_file(self):
        flip(self.data / "node", 40)
        self.assertEqual(run_tool(self.data, "verify")[0], 65)

    def test_refuses_while_a_broker_runs(self):
        with Daemon(self.data) as daemon:
            daemon.start()
            for words in (("verify",), ("stat",), ("dump", "--lsn", "1.."),
                          ("repair", "--quarantine")):
                code, output, errors = run_tool(self.data, *words)
                self.assertEqual(code, 73, output + errors)
                self.assertIn("in use", errors)

    # ---- stat and dump

    def test_statistics(self):
        found = statistics(self.data)
        queues = {queue["name"]: queue for queue in found["queues"]}
        self.assertEqual({name: queue["messages"] for name, queue in queues.items()},
                         {"old": 300, "young": 20, "empty": 0})
        self.assertGreater(queues["old"]["paged"], 0)
        self.assertEqual(queues["young"]["young_bytes"] + queues["young"]["paged_bytes"], 60)
        self.assertEqual(found["epoch"], 1)
        self.assertTrue(found["clean"])
        self.assertEqual(found["segments_used"] + found["segments_free"], 8)
        self.assertEqual(sum(run["alive"] for run in found["runs"] if run["named"]),
                         sum(queue["paged"] for queue in queues.values()))
        code, output, _ = run_tool(self.data, "stat")
        self.assertEqual(code, 0)
        self.assertIn("'young' of '/'", output)

    def test_dump(self):
        code, output, errors = run_tool(self.data, "dump", "--lsn", "1..", "--shard", "1")
        self.assertEqual((code, errors), (0, ""))
        lines = output.splitlines()
        self.assertTrue(all(line.startswith("shard 1 lsn ") for line in lines))
        publishes = [line for line in lines if "key 'young'" in line]
        self.assertEqual(len(publishes), 20)
        self.assertIn("body 3 bytes crc ", publishes[0])
        self.assertNotIn("'000'", output)
        lsn = re.match(r"shard 1 lsn (\d+)", publishes[4])[1]
        code, output, _ = run_tool(self.data, "dump", "--lsn", lsn, "--bodies")
        self.assertEqual(len(output.splitlines()), 1, output)
        self.assertTrue(output.endswith("'004'\n"), output)
        self.assertEqual(run_tool(self.data, "dump", "--lsn", "5..4")[0], 64)

    # ---- repair

    def test_nothing_to_repair(self):
        for words in ("--dry-run", "--quarantine"):
            code, output, _ = run_tool(self.data, "repair", words)
            self.assertEqual((code, output), (0, "nothing to repair\n"))
        self.assertEqual(run_tool(self.data, "repair")[0], 64)

    def repair(self):
        code, planned, errors = run_tool(self.data, "repair", "--dry-run")
        self.assertEqual(code, 0, planned + errors)
        self.assertIn("nothing was changed", planned)
        code, output, errors = run_tool(self.data, "repair", "--quarantine")
        self.assertEqual(code, 0, output + errors)
        self.assertIn("repaired", output)
        code, left = self.verify("--deep")
        self.assertLessEqual(code, 1, left)
        return output

    def test_repairs_a_missing_run(self):
        # Both generations name it.
        named = [run for run in statistics(self.data)["runs"] if run["named"] and run["alive"]]
        gone = named[0]
        (self.data / "runs" / f"{gone['run']:016x}.run").unlink()
        output = self.repair()
        self.assertIn("'old' of virtual host '/'", output)
        found = drain(self.data, ("old", "young"))
        self.assertEqual(len(found["young"]), 20)
        self.assertEqual(len(found["old"]), 300 - gone["alive"])
        numbers = [int(body[:3]) for body in found["old"]]
        self.assertEqual(numbers, sorted(numbers))

    def test_repairs_a_damaged_block_and_keeps_the_others(self):
        run = self.old_run()
        alive = sum(run["alive"] for run in statistics(self.data)["runs"])
        flip(run, run.read_bytes().index(b"ooooooooooo"))
        self.repair()
        self.assertTrue(any((self.data / "quarantine").glob(f"*{run.name}")))
        found = drain(self.data, ("old", "young"))
        lost = 300 - len(found["old"])
        self.assertTrue(0 < lost <= 4 < alive, lost)
        self.assertTrue(all(body[3:] == b"o" * 20000 for body in found["old"]))

    def test_repairs_the_journal(self):
        flip(self.used_segment(), BLOCK + 90)
        output = self.repair()
        self.assertRegex(output, r"batches \d+\.\.\d+ are lost")
        drain(self.data, ("old", "young"))

    def test_starts_from_the_journal_alone(self):
        for path in (self.data / "checkpoints").iterdir():
            flip(path, 700 if path.stat().st_size > 700 else 520)
        code, output = self.verify()
        self.assertEqual(code, 65)
        self.assertIn("does not start", output)
        output = self.repair()
        self.assertIn("no checkpoint is whole", output)
        with Daemon(self.data) as daemon:
            daemon.start()
            daemon.connect().channel().queue_declare("fresh", durable=True)
            daemon.kill9()
        self.assertIn("fresh", [queue["name"] for queue in statistics(self.data)["queues"]])

    # ---- anything

    def test_never_crashes_on_damage(self):
        source = random.Random(20261124)
        files = [path.relative_to(self.whole) for path in sorted(self.whole.rglob("*"))
                 if path.is_file() and path.name not in ("LOCK", "reserve.bin")]
        for trial in range(25):
            self.data = copy(self.whole, self.data)
            for _ in range(source.randrange(1, 4)):
                path = self.data / source.choice(files)
                size = path.stat().st_size
                kind = source.randrange(4)
                if kind == 0 or size == 0:
                    path.unlink(missing_ok=True)
                    path.write_bytes(b"")
                elif kind == 1:
                    with open(path, "r+b") as file:
                        file.truncate(source.randrange(size))
                else:
                    for _ in range(20):
                        flip(path, source.randrange(min(size, 60000)), 1 << source.randrange(8))
            with self.subTest(trial=trial):
                for words in (("verify", "--deep"), ("stat",), ("stat", "--json"),
                              ("dump", "--lsn", "1..", "--bodies"), ("repair", "--dry-run")):
                    code, output, errors = run_tool(self.data, *words)
                    self.assertIn(code, (0, 1, 65, 74, 78), (words, output, errors))
                code, output, errors = run_tool(self.data, "repair", "--quarantine")
                self.assertIn(code, (0, 65, 78), (output, errors))
                if code == 0:
                    code, output, errors = run_tool(self.data, "verify", "--deep")
                    self.assertIn(code, (0, 1), output + errors)


if __name__ == "__main__":
    unittest.main(verbosity=2)

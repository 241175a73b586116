#!/usr/bin/python3
"""Runs docs/operations/security.md: its commands in order, in one shell, with the YAML it shows.

A block without a language is what the `sh` block before it prints, shortened: its lines come in
this order, with others in between. A reply code is taken literally, other numbers and `…` stand for
any. A block of one command that only looks (tail, grep, curl) is repeated until it prints that.
Ports are the test's own.

Environment: HARRIERMQ_BINARY, HARRIER_PERF_BINARY, HARRIER_AUDIT_BINARY.
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/operations/security.md"
DEADLINE = float(os.environ.get("HARRIER_TEST_DEADLINE", 30))  # seconds until a look shows it
LOOKS = ("tail ", "grep ", "curl ")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What is printed differently each time: hashes and serials, and all numbers but reply codes.
ANY = re.compile(r"…|\b[0-9a-fA-F]{32,}\b|(?<![\w.:])[345]\d\d(?= [A-Z])|\d[\d.:,T+Z-]*")
MARK = "the block has ended"
# Less of the disk than by default, and none of its alarms.
SMALL = {"HARRIERMQ_JOURNAL_SEGMENT_SIZE": "1MiB", "HARRIERMQ_JOURNAL_SEGMENTS": "8",
         "HARRIERMQ_JOURNAL_PENDING_MAX": "1MiB", "HARRIERMQ_DISK_FREE_LIMIT": "1MiB",
         "HARRIERMQ_DISK_RESERVE": "0",
         "HARRIERMQ_MANAGEMENT_ENABLED": "false"}


def pattern(line):
    """A regular expression for a line as the page shows it."""
    def part(match):
        text = match.group()
        if text == "…":
            return ".*"
        if re.fullmatch(r"[345]\d\d", text):
            return text
        return "[0-9a-fA-F]+" if len(text) >= 32 else r"\d[\d.:,T+Z-]*"
    end, parts = 0, []
    for match in ANY.finditer(line):
        parts += [re.escape(line[end:match.start()]), part(match)]
        end = match.end()
    return "".join(parts) + re.escape(line[end:])


def missing(shown, output):
    """The first line of `shown` that does not come in `output` in its turn, or None."""
    printed = iter(output.splitlines())
    for line in shown.splitlines():
        expression = re.compile(pattern(line))
        if not any(expression.fullmatch(one) for one in printed):
            return line
    return None


class Patterns(unittest.TestCase):
    def test_reply_codes_are_literal_and_other_numbers_are_not(self):
        shown = "… closed: 530 NOT_ALLOWED - vhost 'x1' (10) at 2026-12-01T00:41:30Z"
        self.assertIsNone(missing(shown, "a\nb closed: 530 NOT_ALLOWED - vhost 'x2' (7) at 1T2Z\n"))
        other = "b closed: 403 NOT_ALLOWED - vhost 'x2' (7) at 1T2Z\n"
        self.assertEqual(missing(shown, other), shown)

    def test_lines_come_in_order(self):
        self.assertIsNone(missing("a\nb", "a\nx\nb"))
        self.assertEqual(missing("a\nb", "b\na"), "b")


class Shell:
    """One bash that keeps its variables from block to block."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.count = 0
        self.process = subprocess.Popen(["bash"], cwd=folder, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, text):
        """What it prints on both outputs."""
        self.count += 1
        script = self.folder / f"block-{self.count}.sh"
        script.write_text(text)
        self.process.stdin.write(f". '{script}' < /dev/null\necho; echo '{MARK}'\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == MARK + "\n":
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"the shell ended in\n{text}\n{''.join(lines)}")

    def close(self):
        # Its session is all that it started, the broker too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Walkthrough(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harrier-walk.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        with contextlib.ExitStack() as probes:
            self.ports = {}
            for name in ("LISTENERS_AMQP", "LISTENERS_AMQPS", "METRICS", "MANAGEMENT"):
                probe = probes.enter_context(socket.create_server(("127.0.0.1", 0)))
                self.ports[name] = probe.getsockname()[1]
        programs = {pathlib.Path(os.environ[name]).resolve().parent for name in
                    ("HARRIERMQ_BINARY", "HARRIER_PERF_BINARY", "HARRIER_AUDIT_BINARY")}
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("HARRIERMQ_")}
        clean.update(SMALL)
        clean.update((f"HARRIERMQ_{name}_PORT", str(port)) for name, port in self.ports.items())
        clean["PATH"] = ":".join([*map(str, programs), clean["PATH"]])
        self.shell = Shell(self.folder, clean)
        self.addCleanup(self.shell.close)

    def with_ports(self, text):
        """The commands, to where this test's broker listens."""
        text = text.replace("@localhost/", f"@localhost:{self.ports['LISTENERS_AMQPS']}/")
        text = text.replace("localhost:5671", f"localhost:{self.ports['LISTENERS_AMQPS']}")
        return text.replace("127.0.0.1:15692", f"127.0.0.1:{self.ports['METRICS']}")

    def run_block(self, text, shown):
        command = self.with_ports(text)
        looks = text.startswith(LOOKS) and text.count("\n") == 1
        deadline = time.monotonic() + DEADLINE
        while True:
            output = self.shell.run(command)
            line = missing(shown, output)
            if line is None:
                return output
            if not looks or time.monotonic() > deadline:
                log = self.folder / "trial/log"
                self.fail(f"the page's line\n  {line}\nis not printed by\n{text}but\n{output}\n"
                          f"log:\n{log.read_text() if log.exists() else ''}")
            time.sleep(0.05)

    def test_the_page(self):
        blocks = FENCE.findall(PAGE.read_text(encoding="utf-8"))
        outputs = {}
        for (language, text), (following, shown) in zip(blocks, blocks[1:] + [("end", "")]):
            if language == "yaml":
                (self.folder / "trial/harriermq.yaml").write_text(text)
            elif language == "sh":
                outputs[text] = self.run_block(text, shown if following == "" else "")
        # Without its quota team A would have a hundred times that.
        limited = [output for text, output in outputs.items() if "-C 5000" in text]
        rates = [int(rate) for rate in re.findall(r"receiving rate avg: (\d+)", "".join(limited))]
        self.assertEqual(len(rates), 1)
        self.assertLess(rates[0], 2500)
        audit = outputs[next(text for text in outputs if "changed.jsonl" in text)]
        self.assertEqual(audit.count("whole: "), 1, audit)
        shown = [text for text in outputs if text.startswith("openssl x509 -in")]
        self.assertEqual(len(set(re.findall(r"serial=(\w+)", outputs[shown[0]]))), 1)
        self.assertGreater(len(outputs), 20)


if __name__ == "__main__":
    unittest.main()

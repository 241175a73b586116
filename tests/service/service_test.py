#!/usr/bin/python3
"""What a service manager sees of a real harriermq: ready, alive, reloading, stopping, and signals.

Environment:
  HARRIERMQ_BINARY       the broker
  HARRIER_TEST_LOOPS     of the broker, 1 unless set
"""

import contextlib
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from daemon import Daemon  # noqa: E402
from held_thread import NotPermitted, held, threads_in  # noqa: E402

DEADLINE = 30  # seconds that anything may take
LOOPS = int(os.environ.get("HARRIER_TEST_LOOPS", 1))
EPOLL_WAIT = {"x86_64": (232, 281), "aarch64": (22,)}[platform.machine()]


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not in time: " + what)
        time.sleep(0.01)


class ServiceCase(unittest.TestCase):
    WATCHDOG = 0.4  # seconds

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="harrier-service.")))
        self.manager = self.stack.enter_context(
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.manager.bind(str(self.folder / "notify"))
        self.manager.settimeout(DEADLINE)
        self.daemon = self.stack.enter_context(Daemon(self.folder / "data", {"loops": LOOPS}))
        environment = {"NOTIFY_SOCKET": str(self.folder / "notify"),
                       "WATCHDOG_USEC": str(int(self.WATCHDOG * 1e6))}
        with patched_environment(environment):
            self.daemon.launch()

    def next(self, but="WATCHDOG=1"):
        while True:
            message = self.manager.recv(4096).decode()
            if message != but and not message.startswith("EXTEND_TIMEOUT_USEC="):
                return message

    def wait_until_ready(self):
        while not self.next().startswith("READY=1"):
            pass

    def test_hears_a_whole_life(self):
        self.assertEqual(self.next(), f"STATUS=Starting: recovering {self.daemon.data_dir}")
        self.assertEqual(self.next(), f"READY=1\nSTATUS=Serving: AMQP on port {self.daemon.port}, "
                                      "with TLS on off, management on off, metrics on off")
        # Whoever was told so can connect.
        self.daemon.connect(retry=False).close()
        self.assertEqual(self.daemon.log().count("Server startup complete"), 1)

        before = time.monotonic_ns() // 1000
        self.daemon.process.send_signal(signal.SIGHUP)
        reloading = self.next().split("\n")
        self.assertEqual(reloading[0], "RELOADING=1")
        moment = int(reloading[1].removeprefix("MONOTONIC_USEC="))
        self.assertTrue(before <= moment <= time.monotonic_ns() // 1000, moment)
        self.assertTrue(self.next().startswith("READY=1\n"))

        self.daemon.process.send_signal(signal.SIGTERM)
        self.assertTrue(self.next().startswith("STOPPING=1\n"))
        self.assertEqual(self.daemon.wait(), 0)

    def test_ready_again_after_a_reload_that_is_refused(self):
        self.wait_until_ready()
        (self.daemon.work_dir / "harriermq.yaml").write_text("no_such_key: 1\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.next().startswith("RELOADING=1\n"))
        self.assertTrue(self.next().startswith("READY=1\n"))
        self.daemon.connect(retry=False).close()

    def test_watchdog_is_fed_at_half_of_its_interval(self):
        self.wait_until_ready()
        self.assertEqual(self.next(but=None), "WATCHDOG=1")
        times = []
        for _ in range(5):
            self.assertEqual(self.next(but=None), "WATCHDOG=1")
            times.append(time.monotonic())
        # Four pauses of half an interval: no less, whatever the machine's load adds.
        self.assertGreater(times[-1] - times[0], 3 * self.WATCHDOG / 2)

    def test_a_loop_that_stands_still_is_not_fed_for(self):
        self.wait_until_ready()
        pid = self.daemon.process.pid
        # Loops sleep in epoll_wait, and so does the exporter's thread, which is off here.
        sleeping = []

        def all_sleep():
            sleeping[:] = [thread for call in EPOLL_WAIT for thread in threads_in(pid, call)]
            return len(sleeping) == LOOPS
        wait_until(all_sleep, f"{LOOPS} loops asleep")
        for thread in sleeping:
            try:
                with held(thread):
                    wait_until(lambda: "a loop stands still" in self.daemon.log_of_this_start(),
                               "the loop is missed")
                    self.drain()
                    # Longer than a manager would wait: nothing comes.
                    self.manager.settimeout(2 * self.WATCHDOG)
                    with self.assertRaises(TimeoutError):
                        self.manager.recv(4096)
                    self.manager.settimeout(DEADLINE)
            except NotPermitted as error:
                self.skipTest(f"ptrace: {error}")
            self.assertEqual(self.next(but=None), "WATCHDOG=1")

    def drain(self):
        self.manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.manager.recv(4096)
        self.manager.settimeout(DEADLINE)

    def test_lives_on_through_signals_that_mean_nothing_to_it(self):
        self.wait_until_ready()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGCHLD):
            self.daemon.process.send_signal(number)
        self.daemon.connect(retry=False).close()
        self.assertEqual(self.daemon.term(), 0)


class UnreadyCase(unittest.TestCase):
    def test_a_failed_start_says_why(self):
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            manager = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            manager.bind("\0harriermq-service-test-%d" % os.getpid())
            manager.settimeout(DEADLINE)
            taken = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            daemon = stack.enter_context(Daemon(folder / "data"))
            daemon.port = taken.getsockname()[1]
            name = "@harriermq-service-test-%d" % os.getpid()
            with patched_environment({"NOTIFY_SOCKET": name}):
                daemon.launch()
            self.assertEqual(daemon.wait(), 69)
            manager.setblocking(False)
            heard = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    heard.append(manager.recv(4096).decode())
            self.assertTrue(heard[-1].startswith("STOPPING=1\nSTATUS=Not started: "), heard)
            self.assertNotIn("READY=1", "\n".join(heard))


class FirstProcessCase(unittest.TestCase):
    """In a container it is process 1: signals reach it, and it buries orphans."""

    def test_ends_by_sigterm_and_leaves_no_zombies(self):
        unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
        if shutil.which("unshare") is None or subprocess.run(
                [*unshare, "true"], capture_output=True).returncode != 0:
            self.skipTest("no namespaces here")
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            # The shell becomes process 1 of the namespace, leaves two orphans, of which one ends at
            # once, and becomes the broker.
            wrapper = folder / "harriermq"
            wrapper.write_text("#!/bin/sh\nexec %s sh -c '(true & sleep 1 &); exec \"$0\" \"$@\"' "
                               "%s \"$@\"\n" % (" ".join(unshare), os.environ["HARRIERMQ_BINARY"]))
            wrapper.chmod(0o755)
            daemon = stack.enter_context(Daemon(folder / "data"))
            with patched_environment({"HARRIERMQ_BINARY": str(wrapper)}):
                daemon.start()
            outer = daemon.process.pid
            broker = int(pathlib.Path(f"/proc/{outer}/task/{outer}/children").read_text())
            children = pathlib.Path(f"/proc/{broker}/task/{broker}/children")
            wait_until(lambda: children.read_text() == "", "the orphans are buried")
            os.kill(broker, signal.SIGTERM)
            self.assertEqual(daemon.wait(), 0)


@contextlib.contextmanager
def patched_environment(variables):
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""A real harriermq process on a loopback port with a data directory of its own.

Environment:
  HARRIERMQ_BINARY       the program
  HARRIER_CRASH_OMIT     sections of the configuration to leave out, separated by commas: for
                         binaries that do not know them yet
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

import pika

SKIPPED = 77  # what ctest is told to take for "skipped"
CORRUPT, IN_USE, IO_FAILURE, CONFIG = 65, 73, 74, 78
START_SECONDS = float(os.environ.get("HARRIER_TEST_START_DEADLINE", 60))
# What pika raises without a broker; ValueError if the socket was closed before it looked whose it is.
UNREACHABLE = (pika.exceptions.AMQPError, OSError, ValueError)

# As small as the configuration allows, so that segments are recycled, runs written and merged, and
# checkpoints made all the time.
SMALL = {
    "journal": {"segment_size": "1MiB", "segments": 8, "pending_max": "1MiB"},
    "memory": {"high_watermark": "256MiB", "cache": "16MiB"},
    "disk": {"free_limit": "1MiB", "reserve": "1MiB"},
    "metrics": {"enabled": False},
    "management": {"enabled": False},
    # Its writes and syncs would be counted among those that are made to fail.
    "audit": {"file": '""'},
    "loops": 1,
    "shutdown_timeout": "2s",
}


class DaemonEnded(Exception):
    """It ended before it could be used."""

    def __init__(self, code, log):
        super().__init__(f"the daemon exited with {code}\n{log[-2000:]}")
        self.code = code


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_until(condition, what, limit_s=20):
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not in time: " + what)
        time.sleep(0.01)


def _yaml(settings, depth=0):
    for key, value in settings.items():
        if isinstance(value, dict):
            yield "  " * depth + f"{key}:"
            yield from _yaml(value, depth + 1)
        else:
            text = str(value).lower() if isinstance(value, bool) else value
            yield "  " * depth + f"{key}: {text}"


def merged(*layers):
    """Settings, the later ones winning; None takes a key away."""
    result = {}
    for layer in layers:
        for key, value in layer.items():
            if isinstance(value, dict):
                value = merged(result.get(key, {}), value)
            result[key] = value
    return {key: value for key, value in result.items() if value is not None}


class Daemon:
    """start(), then connect() as often as wanted, then one of kill9(), term(), wait()."""

    def __init__(self, data_dir, settings=None, strace=()):
        self.data_dir = pathlib.Path(data_dir)
        self.work_dir = pathlib.Path(tempfile.mkdtemp(prefix="harrier-daemon."))
        self.log_path = self.work_dir / "daemon.log"
        self.trace_path = self.work_dir / "strace.log"
        self.settings = merged(SMALL, settings or {})
        for section in filter(None, os.environ.get("HARRIER_CRASH_OMIT", "").split(",")):
            self.settings.pop(section, None)
        self.strace = list(strace)
        self.port = free_port()
        self.process = None
        self.starts = 0
        self.sockets = []

    def _command(self):
        binary = os.environ.get("HARRIERMQ_BINARY")
        if not binary or not os.access(binary, os.X_OK):
            raise SystemExit(f"HARRIERMQ_BINARY is not a program: {binary!r}")
        config = self.work_dir / "harriermq.yaml"
        settings = merged(
            self.settings,
            {"listeners": {"amqp": {"bind": "127.0.0.1", "port": self.port}}})
        config.write_text("\n".join(_yaml(settings)) + "\n")
        command = [binary, "--config", str(config), "--data-dir", str(self.data_dir)]
        if self.strace:
            # -D: our child is the daemon, not strace, so that its pid and exit code are ours.
            return ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-ttt", "-e", "signal=none",
                    "-o", str(self.trace_path),
                    *self.strace, *command]
        return command

    def launch(self):
        """Starts the process and does not wait for it to be of use."""
        self.starts += 1
        self.sockets.clear()
        with open(self.log_path, "ab") as log:
            log.write(b"--- start %d\n" % self.starts)
            self.process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def start(self):
        """Starts it and waits until it serves clients, recovery included."""
        for attempt in range(5):
            self.launch()
            try:
                self.wait_until_open()
                return self
            except DaemonEnded:
                if "already in use" not in self.log_of_this_start() or attempt == 4:
                    raise
                self.port = free_port()
        return self

    def wait_until_open(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connect(retry=False).close()
                return
            except UNREACHABLE as error:
                if not self.is_alive():
                    raise DaemonEnded(self.process.returncode, self.log()) from error
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not open after {START_SECONDS} s\n{self.log()}") from error
            time.sleep(0.01)

    def parameters(self, **named):
        return pika.ConnectionParameters(
            "127.0.0.1", self.port, socket_timeout=10, blocked_connection_timeout=named.pop(
                "blocked_connection_timeout", 60), **named)

    def connect(self, retry=True, **named):
        deadline = time.monotonic() + (10 if retry else 0)
        while True:
            try:
                connection = pika.BlockingConnection(self.parameters(**named))
                transport = connection._impl._transport
                if transport is None:  # the broker ended right behind open-ok
                    raise pika.exceptions.ConnectionWrongStateError("lost as soon as it was open")
                self.sockets.append(transport._sock)
                return connection
            except UNREACHABLE:
                if time.monotonic() > deadline or not self.is_alive():
                    raise
                time.sleep(0.02)

    def cut_clients(self):
        """All connections break, and the broker goes on: to a client this looks like a crash of a
        broker that loses nothing. Proves that the tests themselves are honest about crashes."""
        for client in self.sockets:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self.sockets.clear()

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def kill9(self):
        if self.is_alive():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def term(self, seconds=30):
        """Stops it as an operator would; returns the exit code."""
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=30):
        """The exit code; a negative one is a signal. TimeoutError if it goes on."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"still runs after {seconds} s\n{self.log()[-2000:]}") from None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_of_this_start(self):
        return self.log().rpartition(f"--- start {self.starts}\n")[2]

    def failed_calls(self):
        """Times (time.time()) at which calls were entered that strace made fail."""
        text = self.trace_path.read_text(errors="replace") if self.trace_path.exists() else ""
        entered, failed = {}, []
        for line in text.splitlines():
            thread, at, what = line.split(None, 2)
            if not what.startswith("<..."):
                entered[thread] = float(at)
            if "(INJECTED)" in what and " = -1 " in what:
                failed.append(entered[thread])
        return failed

    def count_calls(self, call):
        text = self.trace_path.read_text(errors="replace") if self.trace_path.exists() else ""
        return len(re.findall(rf" {call}\(", text))

    def close(self):
        """Ends our process, if it runs."""
        if self.process is not None:
            self.kill9()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

"""A real harriermq process on loopback ports, and what the kernel says of its memory.

Environment: HARRIERMQ_BINARY, the program.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import peer

START_SECONDS = float(os.environ.get("HARRIER_TEST_START_DEADLINE", 60))
# Sanitizers reserve far more than they use.
SANITIZED = bool(os.environ.get("HARRIER_TEST_SANITIZED"))

BASE = {
    "loops": int(os.environ.get("HARRIER_TEST_LOOPS", 1)),
    "journal": {"segment_size": "1MiB", "segments": 8, "pending_max": "1MiB"},
    "disk": {"free_limit": "1MiB", "reserve": 0},
    "metrics": {"enabled": False},
    "management": {"enabled": False},
    "shutdown_timeout": "2s",
    "log": {"level": "warning"},
}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def merged(*layers):
    result = {}
    for layer in layers:
        for key, value in layer.items():
            if isinstance(value, dict):
                value = merged(result.get(key, {}), value)
            result[key] = value
    return result


class Node:
    """As a context: runs from enter to exit, and must then end with 0 on SIGTERM."""

    def __init__(self, settings=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="harrier-hostile."))
        self.settings = merged(BASE, settings or {})
        self.log_path = self.folder / "log"
        self.process = None
        self.port = None

    def __enter__(self):
        for attempt in range(5):
            self.port = free_port()
            if self._start():
                return self
            if "already in use" not in self.log():
                break
        raise SystemExit(f"the broker did not start:\n{self.log()}")

    def _start(self):
        binary = os.environ.get("HARRIERMQ_BINARY")
        if not binary or not os.access(binary, os.X_OK):
            raise SystemExit(f"HARRIERMQ_BINARY is not a program: {binary!r}")
        listeners = {"listeners": {"amqp": {"bind": "0.0.0.0", "port": self.port}}}
        config = self.folder / "harriermq.yaml"
        # JSON is YAML, too.
        config.write_text(json.dumps(merged(self.settings, listeners)))
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [binary, "--config", config, "--data-dir", self.folder / "data"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, AssertionError, peer.Ended):
                with peer.Peer(self.port) as client:
                    client.log_in(channels=())
                return True
            time.sleep(0.01)
        return False

    def __exit__(self, kind, *_):
        alive = self.process.poll() is None
        code = None
        if alive:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.process.wait(30)
            if code is None:
                self.process.kill()
                self.process.wait()
        log = self.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None and code != 0:
            raise AssertionError(f"the broker ended with {code} (alive before: {alive})\n{log}")
        for report in ("AddressSanitizer", "ThreadSanitizer", "runtime error:"):
            assert report not in log, log

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def is_alive(self):
        return self.process.poll() is None

    def _memory(self, field):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {field} in /proc")

    def resident(self):
        return self._memory("VmRSS")

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak(self):
        return self._memory("VmHWM")

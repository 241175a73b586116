"""A Celery worker process and waiting until it is ready."""

import os
import signal
import subprocess
import sys
import threading

DEADLINE = 40


class Worker:
    """Runs `celery worker` on one queue; its log is kept for when a test fails."""

    def __init__(self, name, queue, pool="prefork", concurrency=2):
        self._lines = []
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "interop_app", "worker"]
            + ["--hostname", f"{name}@interop", "--queues", queue, "--pool", pool]
            + ["--concurrency", str(concurrency), "--loglevel", "INFO", "--events"],
            cwd=os.environ["INTEROP_TEMP"],
            env={**os.environ, "C_FORCE_ROOT": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(DEADLINE):
            self.kill()
            raise AssertionError("the worker did not become ready:\n" + self.log())

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line)
            if " ready." in line:
                self._ready.set()

    def log(self):
        """The end of it, without the middle of long lines."""
        return "".join(f"{line.rstrip():.200}\n" for line in self._lines[-40:])

    def stop(self):
        """A warm shutdown; returns the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the worker did not stop:\n" + self.log()) from None
        finally:
            self._reader.join(DEADLINE)
            self._process.stdout.close()

    def kill(self):
        self._process.kill()
        self._process.wait()

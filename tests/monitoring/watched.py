"""A harriermq whose metrics are read, and the text format taken apart."""

import contextlib
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from daemon import Daemon, free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)+)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def unescaped(text):
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


class Page:
    """samples: [(name, {label: value}, number)]; types and helps by family, in their order."""

    def __init__(self, text):
        self.text = text
        self.samples, self.types, self.helps = [], {}, {}
        for line in text.splitlines():
            if line.startswith("# HELP "):
                _, _, name, text = line.split(" ", 3)
                assert name not in self.helps, f"{name} stands twice"
                self.helps[name] = text
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, f"{name} stands twice"
                self.types[name] = kind
            else:
                found = SAMPLE.fullmatch(line)
                assert found, f"no sample: {line!r}"
                labels = {name: unescaped(value) for name, value in LABEL.findall(found[2] or "")}
                self.samples.append((found[1], labels, float(found[3])))

    def values(self, family, **labels):
        return [number for name, have, number in self.samples
                if name == family and all(have.get(key) == value for key, value in labels.items())]

    def value(self, family, **labels):
        found = self.values(family, **labels)
        assert len(found) == 1, f"{family}{labels}: {found}"
        return found[0]


class WatchedTest(unittest.TestCase):
    """One broker for the whole class, with a port for metrics."""

    settings = {}
    more_metrics = {}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="harrier-monitoring.")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.metrics_port = free_port()
        settings = {"metrics": {"enabled": True, "port": cls.metrics_port, **cls.more_metrics},
                    "loops": 2,
                    "shutdown_timeout": "50ms", **cls.settings}
        cls.daemon = Daemon(cls.folder / "data", settings)
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.kill9)

    def get(self, path, **headers):
        """(status, headers, body)."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.metrics_port}{path}",
                                         headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()

    def page(self, path="/metrics"):
        status, headers, body = self.get(path)
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["Content-Type"], CONTENT_TYPE)
        return Page(body)

    def promtool(self, *words, text=None):
        """Clean: it says nothing against it."""
        done = subprocess.run(["promtool", *map(str, words)], input=text, capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr


def is_open(port):
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

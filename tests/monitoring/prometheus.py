"""Debian's prometheus with a configuration of ours, on a loopback port and a folder of its own."""

import json
import pathlib
import signal
import subprocess
import time
import urllib.parse
import urllib.request

import yaml
from watched import ROOT, free_port

START_SECONDS = 60


class Prometheus:
    """with Prometheus(folder, target) as prometheus: prometheus.query("up")"""

    def __init__(self, folder, target, more_rules=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.process = None
        # The example as it is given out, but for where, how often and whose rules besides.
        shipped = ROOT / "config/prometheus"
        config = yaml.safe_load((shipped / "prometheus.yml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(shipped / name) for name in config["rule_files"]]
        config["rule_files"] += [str(path) for path in more_rules]
        for job in config["scrape_configs"]:
            job.update(scrape_interval="1s", scrape_timeout="1s")
            job["static_configs"] = [{"targets": [target]}]
        self.config = self.folder / "prometheus.yml"
        self.config.write_text(yaml.safe_dump(config), encoding="utf-8")

    def __enter__(self):
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.config}", f"--storage.tsdb.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.ask("query", query="1")
                return self
            except (OSError, AssertionError) as error:  # 503 until it is ready
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((self.folder / "log").read_text()[-2000:]) from error
            time.sleep(0.05)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, what, **fields):
        """What its HTTP API answers; an AssertionError with its words if it refuses."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(fields)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{fields}: {error.read().decode()}") from error

    def query(self, expression):
        return self.ask("query", query=expression)["result"]

    def names(self):
        return set(self.ask("label/__name__/values"))

"""The brokers that the durable benchmark compares, each a fresh node on loopback in a folder of its own.

A node is started, killed and stopped by the process we made; nothing else is ever signalled.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import tls_proxy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tool"))
import rabbitmq  # noqa: E402

RABBITMQ_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"


class BenchError(Exception):
    """What went wrong with a broker or a run, for the reader of the results."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end(process, stop_signal, patience_s):
    """Ends a process of ours and what is left of its session; it must have one of its own."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Broker:
    """A node; subclasses say how it is run. start() may follow kill(): the data stays."""

    start_limit_s = 60
    metrics_port = 0
    queue_arguments = {}

    def __init__(self, load_program, folder, label):
        self.load_program = Path(load_program).resolve()
        self.folder = Path(folder)
        self.label = label
        self.port = free_port()
        self.process = None

    def start(self, limit_s=None):
        """Seconds until a connection opened; raises BenchError."""
        limit_s = limit_s or self.start_limit_s
        since = time.monotonic_ns()
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True)
        return self.load("await", since=since, time=limit_s)["ready_s"]

    def load(self, workload, *switches, limit_s=900, **options):
        """Runs harrier-perf against this node: its figures as a dictionary.

        `workload` is a subcommand with its operands, or "load" for none; options and switches are
        named as the program's long options, with _ for -.
        """
        command = [str(self.load_program), *(workload.split() if workload != "load" else []),
                   "--uri", options.pop("uri", self.uri()), "--limit-s", str(limit_s),
                   "--json", "-", "--quiet"]
        if workload != "await":
            command += ["--broker-pid", str(self.process.pid)]
        if self.metrics_port:
            command += ["--metrics-url", f"http://127.0.0.1:{self.metrics_port}/metrics"]
        arguments = dict(self.queue_arguments, **options.pop("queue_args", {}))
        if arguments:
            options["queue_args"] = ",".join(f"{name}={value}" for name, value in arguments.items())
        for name, value in options.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                command += ["--" + name.replace("_", "-"), str(one)]
        command += ["--" + switch for switch in switches]
        return dict(run_load(command, limit_s), label=self.label, queue_arguments=arguments)

    def uri(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    def kill(self):
        if self.process is not None:
            end(self.process, signal.SIGKILL, 30)
            self.process = None

    def stop(self):
        if self.process is not None:
            end(self.process, signal.SIGTERM, 30)
            self.process = None

    def environment(self):
        return None


def run_load(command, limit_s):
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=limit_s + 10)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[1]} did not end in {limit_s + 10} s") from None
    if result.returncode != 0:
        raise BenchError(result.stderr.strip() or f"harrier-perf ended with {result.returncode}")
    return json.loads(result.stdout)


class Harrier(Broker):
    def __init__(self, load_program, folder, label, binary, extra_yaml=""):
        super().__init__(load_program, folder, label)
        self.binary = Path(binary).resolve()
        self.metrics_port = free_port()
        self.config = self.folder / "harriermq.yaml"
        # All clients are here.
        accept = "limits:\n  accept:\n    connections_per_address_max: 1000000\n"
        if "limits:\n" in extra_yaml:
            extra_yaml = extra_yaml.replace("limits:\n", accept)
        else:
            extra_yaml = extra_yaml + accept
        self.config.write_text(f"metrics:\n  enabled: true\n  bind: 127.0.0.1\n"
                               f"  port: {self.metrics_port}\n"
                               f"management:\n  enabled: false\n{extra_yaml}", encoding="utf-8")

    def metric(self, name):
        return self.metrics([name], "/metrics")[0]

    def metrics(self, names, page):
        """The sums of families that one page has."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}{page}",
                                    timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return [sum(float(line.rpartition(" ")[2]) for line in lines
                    if line.startswith((name + " ", name + "{"))) for name in names]

    def command(self):
        return [str(self.binary), "--config", str(self.config), "--bind", "127.0.0.1",
                "--port", str(self.port), "--data-dir", str(self.folder / "data")]


class TlsHarrier(Harrier):
    """Everything but the wait for its start goes over TLS, with an ECDSA key."""

    def __init__(self, load_program, folder, label, binary, extra_yaml=""):
        self.certificate, key = tls_proxy.make_certificate(Path(folder))
        self.tls_port = free_port()
        super().__init__(load_program, folder, label, binary, extra_yaml + f"""listeners:
  amqps:
    enabled: true
    port: {self.tls_port}
    certificate_file: {self.certificate}
    key_file: {key}
    handshakes_per_second_max: 1000000
""")

    def load(self, workload, *switches, limit_s=900, **options):
        if workload != "await":
            options.update(uri=f"amqps://guest:guest@localhost:{self.tls_port}/%2F",
                           tls_ca=self.certificate)
        return super().load(workload, *switches, limit_s=limit_s, **options)


class Rabbit(Broker):
    """RabbitMQ of Debian's package, with an epmd of its own, so that none stays behind.

    queue_version 1 flushes a persistent message before its confirm; 2 hands it to the page cache.
    """

    start_limit_s = 120

    def __init__(self, load_program, folder, label, queue_version):
        super().__init__(load_program, folder, label)
        # 1 is the default: without the argument older releases are measured alike.
        self.queue_arguments = {"x-queue-version": queue_version} if queue_version > 1 else {}
        self.epmd = None
        self.epmd_port = free_port()
        self.node_port = free_port()
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            "log.file.level = warning\n"
            "collect_statistics = none\n"
            "disk_free_limit.absolute = 100MB\n", encoding="utf-8")
        (self.folder / "enabled_plugins").write_text("[].\n", encoding="utf-8")

    def command(self):
        return [RABBITMQ_SERVER]

    def environment(self):
        return rabbitmq.environment(self.folder, f"bench{self.port}", self.node_port,
                                    self.epmd_port)

    def start(self, limit_s=None):
        if self.epmd is None:
            self.epmd = subprocess.Popen(
                ["epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True)
            # The node makes a daemon of its own if it finds none, and that one would stay.
            self.await_epmd()
        return super().start(limit_s)

    def await_epmd(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.epmd.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.epmd_port)) == 0:
                    return
            time.sleep(0.01)
        raise BenchError("epmd does not listen")

    def stop(self):
        super().stop()
        if self.epmd is not None:
            end(self.epmd, signal.SIGTERM, 5)
            self.epmd = None

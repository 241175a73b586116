"""Debian's RabbitMQ with its own name, ports, epmd and folder, for tests of what both brokers read.

It takes some seconds to start; installed() says whether it is there.
"""

import os
import pathlib
import signal
import socket
import subprocess
import time

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl"
START_SECONDS = 120


def installed():
    return os.path.exists(SERVER)


def free_ports(count):
    """Below those that the system gives to clients: its node refuses one that was just in use."""
    ports = []
    for port in range(21000 + os.getpid() * 7 % 9000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
        if len(ports) == count:
            return ports
    raise AssertionError("no free ports")


def environment(folder, name, node_port, epmd_port):
    """Of a node `name` that keeps everything below `folder` and talks on loopback only."""
    folder = str(folder)
    return {
        # The cookie is in HOME.
        "PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8",
        "RABBITMQ_NODENAME": f"{name}@localhost",
        "RABBITMQ_CONF_ENV_FILE": folder + "/no-such-file",
        "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq.conf",
        "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/enabled_plugins",
        "RABBITMQ_MNESIA_BASE": folder + "/mnesia",
        "RABBITMQ_LOG_BASE": folder + "/log",
        "RABBITMQ_PID_FILE": folder + "/pid",
        "RABBITMQ_DIST_PORT": str(node_port),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
            "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_PORT": str(epmd_port), "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_CRASH_DUMP_SECONDS": "0",
        # The start script becomes the node: its process id is the one to measure and to end.
        "detached": "true",
    }


class Rabbit:
    """with Rabbit(folder) as rabbit: rabbit.control("list_users")"""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.node_port, self.epmd_port = free_ports(3)
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.file.level = warning\n"
            "disk_free_limit.absolute = 50MB\n", encoding="utf-8")
        (self.folder / "enabled_plugins").write_text("[].\n", encoding="utf-8")
        self.epmd = self.node = None

    def environment(self):
        return environment(self.folder, f"harrier{self.port}", self.node_port, self.epmd_port)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def start(self):
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                 "stderr": subprocess.DEVNULL, "start_new_session": True}
        # The node makes a daemon of its own if it finds none, and that one would stay.
        self.epmd = subprocess.Popen(["epmd", "-port", str(self.epmd_port), "-address",
                                      "127.0.0.1"], **quiet)
        deadline = time.monotonic() + START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.epmd_port)) == 0:
                    break
            if time.monotonic() > deadline:
                raise AssertionError("epmd does not listen")
            time.sleep(0.02)
        with open(self.folder / "output", "ab") as output:
            self.node = subprocess.Popen(
                [SERVER], env=self.environment(), cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True)
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if time.monotonic() > deadline or self.node.poll() is not None:
                raise AssertionError("RabbitMQ does not start: " +
                                     (self.folder / "output").read_text(errors="replace")[-2000:])
            time.sleep(0.1)

    def __exit__(self, *_):
        for process in (self.node, self.epmd):
            if process is None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def control(self, *words):
        done = subprocess.run([CONTROL, *words], env=self.environment(), capture_output=True,
                              text=True, timeout=START_SECONDS)
        if done.returncode != 0:
            raise AssertionError(f"rabbitmqctl {words}: {done.stdout}{done.stderr}")
        return done.stdout

#!/usr/bin/python3
"""What a policy over very many queues costs: until it is answered, until all are under it, CPU.

  HARRIERMQ_BINARY=build/release/bin/harriermq tests/bench/policies_bench.py [--queues 100000]

By hand; docs/benchmarks.md has the figures. A policy is set, changed and deleted through the HTTP
API while a client asks for a queue again and again; its longest wait is what others notice.
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time
import urllib.request

import pika

sys.dont_write_bytecode = True
import many_queues  # noqa: E402
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from daemon import Daemon, free_port  # noqa: E402

STEPS = {"set": 10, "change": 20, "delete": None}  # max-length


class Api:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/api"
        login = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        login.add_password(None, self.base, "guest", "guest")
        self.opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(login))

    def __call__(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method, headers={"content-type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        with self.opener.open(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def under(api, name, length):
    queue = api("GET", f"/queues/%2F/{name}")
    return queue["effective_policy_definition"].get("max-length") == length


def measure(api, channel, queues, step, length):
    began = time.perf_counter()
    if length is None:
        api("DELETE", "/policies/%2F/all")
    else:
        api("PUT", "/policies/%2F/all", {"pattern": "^q", "apply-to": "queues",
                                         "definition": {"max-length": length}})
    answered = time.perf_counter() - began
    waiting, longest = {queues[0], queues[len(queues) // 2], queues[-1]}, 0
    while waiting:
        waiting = {name for name in waiting if not under(api, name, length)}
        asked = time.perf_counter()
        channel.queue_declare(queues[0], passive=True)
        longest = max(longest, time.perf_counter() - asked)
        if time.perf_counter() - began > 120:
            sys.exit(f"{step}: {waiting} are not under it after 120 s")
    print(f"{step}: answered after {answered * 1000:.0f} ms, the first, middle and last queue under "
          f"it after {(time.perf_counter() - began) * 1000:.0f} ms, longest wait of another client "
          f"{longest * 1000:.1f} ms")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--queues", type=int, default=100_000)
    arguments = arguments.parse_args()
    queues = [f"q{number:06}" for number in range(arguments.queues)]
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="harrier-policies.") as folder:
        definitions = pathlib.Path(folder) / "definitions.json"
        many_queues.write_definitions(definitions, queues)
        daemon = Daemon(pathlib.Path(folder) / "data", {
            "management": {"enabled": True, "port": port}, "loops": 1,
            "definitions": {"load": str(definitions)}})
        daemon.start()
        try:
            api = Api(port)
            api("GET", "/overview")
            connection = pika.BlockingConnection(
                pika.ConnectionParameters("127.0.0.1", daemon.port))
            channel = connection.channel()
            for step, length in STEPS.items():
                before = cpu_seconds(daemon.process.pid)
                measure(api, channel, queues, step, length)
                print(f"  CPU of the broker, {arguments.queues} queues: "
                      f"{cpu_seconds(daemon.process.pid) - before:.2f} s")
            connection.close()
        finally:
            daemon.kill9()


if __name__ == "__main__":
    main()

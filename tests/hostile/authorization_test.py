#!/usr/bin/python3
"""Who may do what: operation by rights by virtual host by interface, against a model.

Each user has a pattern out of three for each right, and in the second virtual host the same ones
in turn, so that a right that leaked from one to the other would show. operations.py is the model.
No octet that a user is sent may name a virtual host that it is not in. Prints one count.
"""

import itertools
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import operations  # noqa: E402
import topic_permissions  # noqa: E402
import wire  # noqa: E402
from node import Node, free_port  # noqa: E402
from operations import RIGHTS, Refusal  # noqa: E402
from peer import Ended, Peer  # noqa: E402

HOSTS = ("tenant-one", "tenant-two")
HIDDEN = "a-tenant-nobody-may-see"
PATTERNS = ("", r"^own\.", ".*")
CASES_MIN = 2000


class User:
    def __init__(self, name, patterns, tags=()):
        self.name, self.tags = name, list(tags)
        # The second virtual host has them turned by one.
        self.rights = {HOSTS[0]: dict(zip(RIGHTS, patterns)),
                       HOSTS[1]: dict(zip(RIGHTS, patterns[1:] + patterns[:1]))}

    def settings(self):
        permissions = [{"virtual_host": host, **rights} for host, rights in self.rights.items()]
        return {"name": self.name, "password": "pw", "tags": self.tags, "permissions": permissions}


def all_users():
    for place, patterns in enumerate(itertools.product(PATTERNS, repeat=3)):
        yield User(f"user{place}", patterns)
    # Tags are for tools: they open nothing to clients.
    for tag in ("administrator", "monitoring", "policymaker", "management"):
        yield User(f"tagged-{tag}", ("", "", ""), [tag])
    # The one rule of permissions that its patterns get by their words alone.
    yield User("default-only", ("", r"^amq\.default$", ""))
    yield User("generated-only", (r"^amq\.gen-", "", ""))
    yield User("case", (r"^OWN\.", r"^OWN\.", r"^OWN\."))
    yield User("exact", (r"^own\.new$", r"^own\.x$", r"^own\.q$"))
    yield User("anywhere", (r"n\.n", r"\.x", r"q"))


class Interface:
    """Where clients come in."""

    def __init__(self, name, port, context=None):
        self.name, self.port, self.context = name, port, context

    def connect(self, user, host):
        return Peer(self.port, context=self.context).log_in(user, "pw", host)


class Stage:
    """What there is in a virtual host, made by an owner who stays."""

    def __init__(self, port, host):
        self.host = host
        self.owner = Peer(port).log_in("owner", "pw", host)
        for prefix in ("own.", "other."):
            for name, kind, arguments in operations.EXCHANGES:
                self.exchange(prefix + name, kind, arguments)
            for name in ("q", "q2"):
                self.queue(prefix + name)
            self.queue(prefix + "dead", arguments={"x-dead-letter-exchange": "amq.fanout"})
            self.queue(prefix + "locked", exclusive=True)

    def exchange(self, name, kind="direct", arguments=None):
        self.owner.call(wire.exchange_declare(1, name, kind, arguments=arguments,
                                              internal=name.endswith("internal")),
                        "exchange.declare-ok")

    def queue(self, name, **more):
        self.owner.call(wire.queue_declare(1, name, **more), "queue.declare-ok")

    def mend(self, operation):
        for kind, name in operation.makes:
            delete = wire.queue_delete if kind == "queue" else wire.exchange_delete
            self.owner.call(delete(1, name), f"{kind}.delete-ok")
        for kind, name in operation.deletes:
            if kind == "queue":
                self.queue(name)
            else:
                self.exchange(name, "fanout")


def answer(peer, operation):
    """The reply's name, None where nothing came, or a Refusal; channel 1 is open again."""
    # The channel is closed behind it, which needs no right: what comes before close-ok is all.
    peer.send(operation.octets + wire.close(1))
    names, refusal = [], None
    while not names or names[-1] != "channel.close-ok":
        frame = peer.frame()
        names.append(frame.name)
        if frame.name == "connection.close":
            raise AssertionError(f"{operation.name}: {frame}")
        if frame.name == "channel.close":
            code, text, _ = frame.close_fields()
            word, _, detail = text.partition(" - ")
            refusal = Refusal(code, word, re.sub(r"amq\.gen-[\w-]+", "amq.gen-*", detail))
    peer.call(wire.channel_open(1), "channel.open-ok")
    if refusal:
        return refusal
    # Of a publish only what was selected before is answered.
    return None if operation.name.startswith("basic.publish") else names[0]


def shortened(refusal):
    """As it fits into a reply text."""
    if not isinstance(refusal, Refusal):
        return refusal
    text = f"{refusal.word} - {refusal.text}"
    return refusal if len(text) <= 255 else Refusal(
        refusal.code, refusal.word, (text[:252] + "...").partition(" - ")[2])


def run_user(stage, interface, user, table, failures):
    host = stage.host
    count = 0
    with interface.connect(user.name, host) as peer:
        for operation in table:
            wanted = shortened(operations.expected(operation, user.rights[host], user.name, host))
            got = answer(peer, operation)
            count += 1
            if got != wanted:
                failures.append(f"{operation.name} by {user.name} {user.rights[host]} in {host} "
                                f"over {interface.name}: expected {wanted}, got {got}")
            if not isinstance(got, Refusal):
                stage.mend(operation)
        check_hidden(peer, host, failures)
    return count


def check_hidden(peer, host, failures):
    for name in (*HOSTS, HIDDEN):
        if name != host and name.encode() in peer.everything:
            failures.append(f"a client in {host} is told of {name}")


def doors(interface, users, failures):
    """Connecting itself: a virtual host without a permission, one that is not there."""
    count = 0
    for user in users:
        for host, text in ((HIDDEN, f"access to vhost '{HIDDEN}' refused for user '{user.name}'"),
                           ("nowhere", "vhost nowhere not found")):
            with Peer(interface.port, context=interface.context) as peer:
                peer.send(wire.HEADER + wire.start_ok("PLAIN", wire.plain(user.name, "pw"))
                          + wire.tune_ok() + wire.open_host(host))
                peer.expect("connection.start")
                peer.expect("connection.tune")
                got = peer.expect("connection.close").close_fields()
                count += 1
                if got != (530, f"NOT_ALLOWED - {text}", wire.ID["connection.open"]):
                    failures.append(f"{user.name} opens {host}: {got}")
    return count


def settings(folder, tls_port, users):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", folder / "key.pem",
         "-out", folder / "certificate.pem"], check=True, capture_output=True)
    full = {"configure": True, "write": True, "read": True}
    owner = {"name": "owner", "password": "pw", "permissions": [
        {"virtual_host": host, **full} for host in (*HOSTS, HIDDEN)]}
    guest = {"name": "guest", "password": "guest", "permissions": [{"virtual_host": "/", **full}]}
    return {
        "virtual_hosts": ["/", *HOSTS, HIDDEN],
        "users": [guest, owner, *(user.settings() for user in users),
                  *topic_permissions.users(HOSTS)],
        "auth": {"hash_iterations_sha256": 10_000, "cache_lifetime": "1h"},
        "listeners": {"amqps": {"enabled": True, "port": tls_port,
                                "certificate_file": str(folder / "certificate.pem"),
                                "key_file": str(folder / "key.pem")}},
    }


def run(node, interfaces, users, failures):
    stages = [Stage(node.port, host) for host in HOSTS]
    # In the hidden virtual host lies what is looked for elsewhere.
    hidden = Peer(node.port).log_in("owner", "pw", HIDDEN)
    hidden.call(wire.queue_declare(1, "own.only-there-q"), "queue.declare-ok")
    hidden.call(wire.exchange_declare(1, "own.only-there-x"), "exchange.declare-ok")
    table = [*operations.operations(), *operations.only_elsewhere()]
    count = 0
    for interface in interfaces:
        for user in users:
            for stage in stages:
                count += run_user(stage, interface, user, table, failures)
        count += doors(interface, users, failures)
        for stage in stages:
            count += topic_permissions.run(stage, interface, answer, failures)
    # Nobody has reached it.
    hidden.call(wire.queue_declare(1, "own.only-there-q", passive=True), "queue.declare-ok")
    hidden.call(wire.exchange_declare(1, "own.only-there-x", passive=True), "exchange.declare-ok")
    print(f"{len(table)} operations, {len(users)} users, {len(HOSTS)} virtual hosts, "
          f"{len(interfaces)} interfaces")
    return count


def main():
    start = time.monotonic()
    users = list(all_users())
    failures = []
    with tempfile.TemporaryDirectory(prefix="harrier-authorization.") as name:
        folder, tls_port = pathlib.Path(name), free_port()
        with Node(settings(folder, tls_port, users)) as node:
            context = ssl.create_default_context(cafile=folder / "certificate.pem")
            interfaces = [Interface("AMQP", node.port), Interface("AMQPS", tls_port, context)]
            try:
                count = run(node, interfaces, users, failures)
            except Ended as error:
                raise SystemExit(f"the broker ended a connection\n{node.log()}") from error
    if count < CASES_MIN:
        failures.append(f"only {count} cases, {CASES_MIN} are asked for")
    for failure in failures[:40]:
        print("FAILED " + failure)
    print(f"authorization: {count} cases, {len(failures)} failed, "
          f"{time.monotonic() - start:.1f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

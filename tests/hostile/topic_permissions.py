"""Topic permissions: the second layer, asked only of topic exchanges, for every routing key."""

import re

import wire
from operations import Operation, Refusal

# Name of the user: rows of (exchange, write, read). The braces stand for names, not for patterns.
ROWS = {
    "t.none": (),
    "t.nothing": (("own.topic", "", ""),),
    "t.all": (("own.topic", ".*", ".*"),),
    "t.write": (("own.topic", "^a\\.", ""),),
    "t.read": (("own.topic", "", "^a\\."),),
    "t.own-name": (("own.topic", "^{username}\\.", "^{username}\\."),),
    "t.own-host": (("own.topic", "^{vhost}\\.", "^{vhost}\\."),),
    "t.other-exchange": (("other.topic", "", ""),),
    "t.two": (("own.topic", "^a", "^b"), ("other.topic", "^b", "^a")),
    "t|.*": (("own.topic", "^{username}$", "^{username}$"),),
}
KEYS = ("a.x", "b", "", "#", "a.#", "t.own-name.x", "tXown-name.x", "tenant-one.x", "tenant-two.x",
        "tenantXone.x", "t|.*", "t", "anything")


def users(hosts):
    every = {"configure": True, "write": True, "read": True}
    for name, rows in ROWS.items():
        yield {"name": name, "password": "pw",
               "permissions": [{"virtual_host": host, **every} for host in hosts],
               "topic_permissions": [{"virtual_host": host, "exchange": exchange, "write": write,
                                      "read": read}
                                     for host in hosts for exchange, write, read in rows]}


def allows(user, host, exchange, right, key):
    for name, write, read in ROWS[user]:
        if name == exchange:
            pattern = write if right == "write" else read
            pattern = (pattern.replace("{username}", re.escape(user))
                       .replace("{vhost}", re.escape(host)))
            # No pattern is that of the empty key, which there is.
            return re.search(pattern or "^$", key) is not None
    return True


def _refusal(user, host, exchange, right, key):
    return Refusal(403, "ACCESS_REFUSED",
                   f"{right} access to topic '{key}' in exchange '{exchange}' in vhost '{host}' "
                   f"refused for user '{user}'")


def _asking():
    """Name, octets, right, keys in the order they are asked about, the reply."""
    for exchange in ("own.topic", "other.topic", "own.x"):
        for key in KEYS:
            yield (f"basic.publish {key!r} to {exchange}", wire.publish(1, exchange, key), exchange,
                   "write", (key,), None)
            yield (f"queue.bind {key!r} to {exchange}",
                   wire.queue_bind(1, "own.q", exchange, key), exchange, "read", (key,),
                   "queue.bind-ok")
            yield (f"queue.unbind {key!r} from {exchange}",
                   wire.queue_unbind(1, "own.q", exchange, key), exchange, "read", (key,),
                   "queue.unbind-ok")
            yield (f"exchange.bind {key!r} to {exchange}",
                   wire.exchange_bind(1, "own.y", exchange, key), exchange, "read", (key,),
                   "exchange.bind-ok")
            yield (f"exchange.unbind {key!r} from {exchange}",
                   wire.exchange_bind(1, "own.y", exchange, key, verb="unbind"), exchange, "read",
                   (key,), "exchange.unbind-ok")
        for header in ("CC", "BCC"):
            for key in KEYS:
                copies = wire.headers_property(wire.table({header: [key]}))
                yield (f"basic.publish with {header} {key!r} to {exchange}",
                       wire.publish(1, exchange, "a.x", props=copies), exchange, "write",
                       ("a.x", key), None)


def run(stage, interface, answer, failures):
    """`answer` sends an operation and says what came of it. Returns how many there were."""
    count = 0
    for user in ROWS:
        with interface.connect(user, stage.host) as peer:
            for name, octets, exchange, right, keys, reply in _asking():
                wanted = reply
                for key in keys:
                    if exchange.endswith("topic") and not allows(user, stage.host, exchange, right,
                                                                 key):
                        wanted = _refusal(user, stage.host, exchange, right, key)
                        break
                got = answer(peer, Operation(name, octets, (), reply))
                count += 1
                if got != wanted:
                    failures.append(f"{name} by {user} in {stage.host} over {interface.name}: "
                                    f"expected {wanted}, got {got}")
    return count

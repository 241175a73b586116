"""What the golden directory of version 1 holds: made once, looked for ever after."""

import hashlib

import pika

def yaml_users():
    """The list that daemon.py's small YAML writer cannot write."""
    return """virtual_hosts:
  - /
  - shop
users:
  - name: guest
    password: guest
    permissions:
      - virtual_host: /
      - virtual_host: shop
"""


def body(name, i, size=40):
    text = f"{name} {i} "
    return (text + hashlib.sha256(text.encode()).hexdigest() * (size // 64 + 1))[:size].encode()


def properties(**named):
    return pika.BasicProperties(delivery_mode=2, **named)


# Name → arguments. Every kind of durable queue that there is.
QUEUES = {
    "plain": {},
    "backlog": {},
    "unacked": {},
    "priorities": {"x-max-priority": 5},
    "expiring": {"x-message-ttl": 315_360_000_000},
    "short": {"x-max-length": 3, "x-dead-letter-exchange": "dead", "x-dead-letter-routing-key": "s"},
    "quorum": {"x-queue-type": "quorum", "x-delivery-limit": 10},
    "dead": {},
    "tx": {},
    "bound": {},
    "single": {"x-single-active-consumer": True},
}


def expected():
    """(virtual host, queue) → [(body, what else marks it)], in the order of delivery."""
    return {
        ("/", "plain"): [(body("plain", i), {}) for i in range(10)],
        ("/", "backlog"): [(body("backlog", i, 20000), {}) for i in range(100, 400)],
        ("/", "unacked"): [(body("unacked", i), {}) for i in range(6) if i not in (1, 2)],
        ("/", "priorities"): [(body("priorities", i), {"priority": p})
                              for p in (5, 3, 0) for i in (p * 10, p * 10 + 1)],
        ("/", "expiring"): [(body("expiring", i), {"expiration": "300000000000"})
                            for i in range(3)],
        ("/", "short"): [(body("short", i), {}) for i in (2, 3, 4)],
        ("/", "dead"): [(body("short", i), {"x-death": "short"}) for i in (0, 1)],
        ("/", "quorum"): [(body("quorum", i), {}) for i in range(4)],
        ("/", "tx"): [(body("tx", i), {}) for i in range(5)],
        ("/", "bound"): [(body("bound", i), {"headers": True}) for i in range(3)],
        ("/", "single"): [],
        ("shop", "plain"): [(body("shop", i), {}) for i in range(7)],
    }

"""Patterns, loops, fan-outs and headers made to cost the broker more than they cost the client."""

import functools
import time

import wire
from case import Case, answered, channel_closed, group

# What a turn of all of a case's work may take; honest messages wait for it.
QUICK = 5.0


def _returned(count):
    return answered(*["basic.return"] * count)


# ---- topic patterns

LONG_KEY = ".".join("a" * 128)
PATTERNS = {
    "only #": ["#"],
    "# 128 times": [".".join("#" * 128)],
    "# of every number": [".".join("#" * count) for count in range(1, 129)],
    "# and * in turn": [".".join("#*" * 64)[:255].rstrip(".")],
    "* and # in turn, at every length": [".".join(("*#" * 64)[:count]) for count in range(1, 129)],
    "a and # in turn": [".".join("a#" * 64)[:255].rstrip(".")],
    "# and a in turn, and b at the end": [".".join("#a" * 63) + ".b"],
    "many # and one that is not there": [".".join("#" * 126) + ".z"],
    "* 128 times": [".".join("*" * 128)],
    "empty words": ["." * 255],
    "empty words and #": [".#" * 127],
    "nothing": [""],
}


def _match(patterns, key, peer):
    """Binds them all to one queue and publishes; each message comes once, and soon."""
    peer.send(wire.exchange_declare(1, "h.topic", "topic", auto_delete=True, no_wait=True)
              + wire.queue_declare(1, "h.q", exclusive=True))
    peer.expect("queue.declare-ok")
    for pattern in patterns:
        peer.send(wire.queue_bind(1, "h.q", "h.topic", pattern))
    for _ in patterns:
        peer.expect("queue.bind-ok")
    start = time.monotonic()
    # Another key each time, or the route would be remembered.
    for number in range(100):
        peer.send(wire.publish(1, "h.topic", key if number % 2 else key[:-1]))
    declared = peer.call(wire.queue_declare(1, "h.q", passive=True), "queue.declare-ok")
    took = time.monotonic() - start
    if took > QUICK:
        raise AssertionError(f"100 publishes took {took:.1f} s")
    messages = int.from_bytes(declared.payload[-8:-4], "big")
    if messages not in (0, 50, 100):
        raise AssertionError(f"100 publishes made {messages} messages of one queue")


def _patterns():
    for name, patterns in PATTERNS.items():
        for key_name, key in (("128 words", LONG_KEY), ("empty words", "." * 254),
                              ("one word of 254 octets", "a" * 254)):
            yield Case(f"pattern: {name}; key: {key_name}",
                       functools.partial(_match, patterns, key), answered())
    yield Case("a key of # matches as a word",
               wire.queue_declare(1, "h.q", exclusive=True, no_wait=True)
               + wire.queue_bind(1, "h.q", "amq.topic", "a.*") + wire.publish(1, "amq.topic", "#")
               + wire.publish(1, "amq.topic", "a.#") + wire.get(1, "h.q") + wire.get(1, "h.q"),
               answered("queue.bind-ok", "basic.get-ok", "basic.get-empty"))


# ---- loops

def _alternates(names, closing):
    """Fanout exchanges without bindings, each the alternate of the one before."""
    octets = b""
    for place, name in enumerate(names):
        after = names[(place + 1) % len(names)] if closing or place + 1 < len(names) else ""
        octets += wire.exchange_declare(1, name, "fanout", no_wait=True,
                                        arguments={"alternate-exchange": after})
    return octets


def _exchange_loops():
    for count in (1, 2, 3, 50):
        names = tuple(f"h.ae{place}" for place in range(count))
        yield Case(f"{count} alternate exchanges in a ring",
                   _alternates(names, True) + wire.publish(1, names[0], "k", mandatory=True),
                   _returned(1), leaves=names)
        octets = b"".join(wire.exchange_declare(1, name, "fanout", no_wait=True) for name in names)
        octets += b"".join(wire.exchange_bind(1, names[(place + 1) % count], name)
                           for place, name in enumerate(names))
        yield Case(f"{count} exchanges bound in a ring",
                   octets + wire.publish(1, names[0], "k", mandatory=True),
                   answered(*["exchange.bind-ok"] * count, "basic.return"), leaves=names)
    names = tuple(f"h.all{place}" for place in range(25))
    octets = b"".join(wire.exchange_declare(1, name, "fanout", no_wait=True) for name in names)
    octets += b"".join(wire.exchange_bind(1, to, name) for name in names for to in names)
    octets += (wire.queue_declare(1, "h.q", exclusive=True, no_wait=True)
               + b"".join(wire.queue_bind(1, "h.q", name) for name in names)
               + wire.publish(1, names[0], "k") + wire.get(1, "h.q") + wire.get(1, "h.q"))
    yield Case("25 exchanges bound each to each, and a queue to all", octets,
               answered(*["exchange.bind-ok"] * 625, *["queue.bind-ok"] * 25, "basic.get-ok",
                        "basic.get-empty"), leaves=names)
    yield Case("the default exchange as alternate does not lead back",
               wire.exchange_declare(1, "h.ae", "direct", no_wait=True,
                                     arguments={"alternate-exchange": ""})
               + wire.publish(1, "h.ae", "h.no-queue", mandatory=True), _returned(1),
               leaves=("h.ae",))


def _dead_letter_ring(count, arguments, messages, peer):
    """Queues that dead-letter to each other by themselves: a message may not go round for ever."""
    for place in range(count):
        fields = {"x-dead-letter-exchange": "",
                  "x-dead-letter-routing-key": f"h.dl{(place + 1) % count}", **arguments}
        peer.call(wire.queue_declare(1, f"h.dl{place}", exclusive=True, arguments=fields),
                  "queue.declare-ok")
    peer.call(wire.confirm_select(1), "confirm.select-ok")
    for _ in range(messages):
        peer.send(wire.publish(1, "", "h.dl0"))
    confirmed = 0
    while confirmed < messages:
        frame = peer.expect("basic.ack")
        confirmed = int.from_bytes(frame.payload[4:12], "big")
    deadline = time.monotonic() + QUICK
    while time.monotonic() < deadline:
        left = 0
        for place in range(count):
            declared = peer.call(wire.queue_declare(1, f"h.dl{place}", passive=True),
                                 "queue.declare-ok")
            left += int.from_bytes(declared.payload[-8:-4], "big")
        # By time all must be gone; by length one may stay in each.
        if left <= (0 if "x-message-ttl" in arguments else count):
            return
    raise AssertionError(f"{left} of {messages} messages still go round")


def _dead_letter_loops():
    for count in (1, 2, 10):
        for name, arguments in (("time", {"x-message-ttl": 0}), ("length", {"x-max-length": 1}),
                                ("no room at all", {"x-max-length": 0})):
            yield Case(f"{count} queues dead-letter in a ring by {name}",
                       functools.partial(_dead_letter_ring, count, arguments, 200), answered())
    yield Case("rejected to itself, 200 times", _reject_to_itself, answered())


def _reject_to_itself(peer):
    """With a reject in the ring a client decides how often; the header may not grow with it."""
    peer.call(wire.queue_declare(1, "h.self", exclusive=True, arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "h.self"}), "queue.declare-ok")
    peer.send(wire.publish(1, "", "h.self"))
    for tag in range(1, 201):
        peer.call(wire.get(1, "h.self", no_ack=False), "basic.get-ok")
        header = peer.frame()
        if len(header.payload) > 1000:
            raise AssertionError(f"the header has {len(header.payload)} octets after {tag} rounds")
        peer.frame()
        peer.send(wire.reject(1, tag, requeue=False))


# ---- fan-out and headers

def _fan_out():
    yield Case("1 MiB to 500 queues is kept once", _one_body_many_queues, answered())
    for name, octets, said in (
            ("CC of text", {"CC": "key"}, '{unacceptable_type_in_header,"CC",longstr}'),
            ("CC of a table", {"CC": {"a": "b"}}, '{unacceptable_type_in_header,"CC",table}'),
            ("BCC of a number", {"BCC": 1}, '{unacceptable_type_in_header,"BCC",long}'),
            ("CC of 257 keys", {"CC": ["k"] * 257},
             "CC and BCC name more than 256 routing keys"),
            ("CC and BCC of 129 keys each", {"CC": ["k"] * 129, "BCC": ["k"] * 129},
             "CC and BCC name more than 256 routing keys"),
            ("CC of 4,096 keys", {"CC": [""] * 4096},
             "CC and BCC name more than 256 routing keys"),
            ("CC of a key of 256 octets", {"CC": ["k" * 256]},
             "a routing key in CC has more than 255 octets"),
            ("BCC of a key of 100,000 octets", {"BCC": ["k" * 100_000]},
             "a routing key in BCC has more than 255 octets")):
        yield Case(name,
                   wire.publish(1, "", "h.none", props=wire.headers_property(wire.table(octets))),
                   channel_closed(406, f"invalid message: {said}", "basic.publish"))
    yield Case("CC of the same queue 256 times comes once",
               wire.queue_declare(1, "h.q", exclusive=True, no_wait=True)
               + wire.publish(1, "", "h.q",
                              props=wire.headers_property(wire.table({"CC": ["h.q"] * 256})))
               + wire.get(1, "h.q") + wire.get(1, "h.q"),
               answered("basic.get-ok", "basic.get-empty"))


def _one_body_many_queues(peer):
    peer.send(wire.exchange_declare(1, "h.fan", "fanout", auto_delete=True, no_wait=True))
    for place in range(500):
        peer.send(wire.queue_declare(1, f"h.fan{place}", exclusive=True, no_wait=True)
                  + wire.queue_bind(1, f"h.fan{place}", "h.fan"))
    for _ in range(500):
        peer.expect("queue.bind-ok")
    octets = b"x" * (1 << 20)
    peer.send(wire.publish_method(1, "h.fan", "") + wire.header(1, len(octets)))
    for start in range(0, len(octets), 131064):
        peer.send(wire.body(1, octets[start:start + 131064]))
    peer.call(wire.qos(1, 0), "basic.qos-ok")


def _headers_exchange():
    def bind(arguments):
        return (wire.queue_declare(1, "h.q", exclusive=True, no_wait=True)
                + wire.queue_bind(1, "h.q", "amq.headers", "", arguments))

    for count in (65, 1000, 4096):
        yield Case(f"a headers binding of {count} arguments",
                   bind({f"k{place}": place for place in range(count)}),
                   channel_closed(406, "a binding of a headers exchange has at most 64 arguments, "
                                       f"not {count}", "queue.bind"))
    for value, said in (("some", "<<\"some\">>"), ("", "<<>>"), ("ALL", "<<\"ALL\">>")):
        yield Case(f"x-match of {value!r}", bind({"x-match": value}),
                   channel_closed(406, f"Invalid x-match field value {said}; expected all, any, "
                                       "all-with-x, or any-with-x", "queue.bind"))
    yield Case("x-match of a number", bind({"x-match": 1}),
               channel_closed(406, "Invalid x-match field type long (value 1); expected longstr",
                              "queue.bind"))
    many = {f"k{place}": place for place in range(4096)}
    yield Case("4,096 headers against a binding of 64",
               bind({f"k{place}": place for place in range(64)})
               + wire.publish(1, "amq.headers", "", props=wire.headers_property(wire.table(many)))
               + wire.get(1, "h.q"), answered("queue.bind-ok", "basic.get-ok"))


def groups():
    return [group("patterns", _patterns()),
            group("loops", _exchange_loops(), _dead_letter_loops()),
            group("fan-out", _fan_out(), _headers_exchange())]

"""RabbitMQ's table of permissions as data: what each operation sends, which rights it asks for and
in which order, and what is answered when all are held.

This is the model that the broker is compared with; it shares no line with it.
"""

import dataclasses
import re

import wire

LOCKED = ("cannot obtain exclusive access to locked queue '{q}' in vhost '{vhost}'. It could be "
          "originally declared on another connection or the exclusive property value does not "
          "match that of the original declaration.")
DEFAULT = "operation not permitted on the default exchange"
RIGHTS = ("configure", "write", "read")
REPLY_TO = "amq.rabbitmq.reply-to"
# What is made for the operations in each virtual host, for each prefix of names.
EXCHANGES = (("x", "direct", {}), ("y", "fanout", {}), ("internal", "direct", {}),
             ("topic", "topic", {}),
             ("with-alternate", "direct", {"alternate-exchange": "amq.fanout"}))


@dataclasses.dataclass(frozen=True)
class Refusal:
    code: int
    word: str
    text: str


@dataclasses.dataclass(frozen=True)
class Operation:
    name: str
    octets: bytes
    # (right or "any", kind, name), in the order in which they are asked for.
    asked: tuple
    # The name of the reply, None for what has none, or a Refusal.
    outcome: object
    # Said before any right is asked for.
    first: bool = False
    # What must be deleted when it was allowed: ("queue" or "exchange", name).
    makes: tuple = ()
    # What it may delete and the next one needs.
    deletes: tuple = ()


def expected(operation, rights, user, vhost):
    """What the broker must answer to this user with `rights` (a pattern for each right)."""
    if not operation.first:
        for right, kind, name in operation.asked:
            asked = RIGHTS if right == "any" else (right,)
            if not any(matches(rights[one], name) for one in asked):
                shown = name or "amq.default"
                return Refusal(403, "ACCESS_REFUSED",
                               f"{asked[0]} access to {kind} '{shown}' in vhost '{vhost}' refused "
                               f"for user '{user}'")
    if isinstance(operation.outcome, Refusal):
        text = operation.outcome.text.replace("{vhost}", vhost)
        return dataclasses.replace(operation.outcome, text=text)
    return operation.outcome


def matches(pattern, name):
    # RabbitMQ: no pattern is that of the empty name, and the default exchange has another one.
    return re.search(pattern or "^$", name or "amq.default") is not None


def _not_found(kind, name):
    return Refusal(404, "NOT_FOUND", f"no {kind} '{name}' in vhost '{{vhost}}'")


def _refused(text):
    return Refusal(403, "ACCESS_REFUSED", text)


def _locked(name):
    return Refusal(405, "RESOURCE_LOCKED", LOCKED.replace("{q}", name))


def _configure(kind, name):
    return ("configure", kind, name)


def _exchange_declares(p):
    def declare(what, name, kind="direct", asked=None, outcome="exchange.declare-ok", **more):
        makes = (("exchange", name),) if name.startswith(p + "new") else ()
        return Operation(f"exchange.declare {what}", wire.exchange_declare(1, name, kind, **more),
                         asked or (_configure("exchange", name),), outcome, makes=makes)

    x, new = p + "x", p + "new"
    yield declare("of a new one", new)
    yield declare("of a new topic", new + "t", "topic")
    yield declare("of a new internal one", new + "i", internal=True)
    yield declare("again", x)
    yield declare("otherwise", x, "topic", outcome=Refusal(
        406, "PRECONDITION_FAILED", f"inequivalent arg 'type' for exchange '{x}' in vhost "
                                    "'{vhost}': received 'topic' but current is 'direct'"))
    for alternate in ("own.y", "other.y", "", "own.missing", "other.missing"):
        yield declare(f"with {alternate or 'the default'} as alternate", new,
                      arguments={"alternate-exchange": alternate},
                      asked=(_configure("exchange", new), ("read", "exchange", new),
                             ("write", "exchange", alternate)))
    yield declare("with an alternate again", p + "with-alternate",
                  arguments={"alternate-exchange": "amq.fanout"})
    for what, name in (("passive", x), ("passive of a missing one", p + "missing")):
        yield Operation(f"exchange.declare {what}",
                        wire.exchange_declare(1, name, passive=True), (("any", "exchange", name),),
                        "exchange.declare-ok" if name == x else _not_found("exchange", name))


def _exchange_others(p):
    x = p + "x"
    yield Operation("exchange.delete", wire.exchange_delete(1, p + "y"),
                    (_configure("exchange", p + "y"),), "exchange.delete-ok",
                    deletes=(("exchange", p + "y"),))
    yield Operation("exchange.delete of a missing one", wire.exchange_delete(1, p + "missing"),
                    (_configure("exchange", p + "missing"),), "exchange.delete-ok")
    for verb in ("bind", "unbind"):
        reply = f"exchange.{verb}-ok"
        for q in ("own.", "other."):
            asked = (("write", "exchange", p + "y"), ("read", "exchange", q + "x"))
            yield Operation(f"exchange.{verb} from {q}x",
                            wire.exchange_bind(1, p + "y", q + "x", "k", verb=verb), asked, reply)
        yield Operation(f"exchange.{verb} to an internal one",
                        wire.exchange_bind(1, p + "internal", x, "k", verb=verb),
                        (("write", "exchange", p + "internal"), ("read", "exchange", x)), reply)
        yield Operation(f"exchange.{verb} from the default one",
                        wire.exchange_bind(1, p + "y", "", "k", verb=verb),
                        (("write", "exchange", p + "y"),), _refused(DEFAULT))
        yield Operation(f"exchange.{verb} to the default one",
                        wire.exchange_bind(1, "", x, "k", verb=verb),
                        (("write", "exchange", ""),), _refused(DEFAULT))
        missing = p + "missing"
        yield Operation(f"exchange.{verb} of missing ones",
                        wire.exchange_bind(1, missing, missing + "2", "k", verb=verb),
                        (("write", "exchange", missing), ("read", "exchange", missing + "2")),
                        reply if verb == "unbind" else _not_found("exchange", missing + "2"))


def _publishes(p):
    def publish(what, exchange, outcome=None, before=b"", **more):
        return Operation(f"basic.publish {what}",
                         before + wire.publish(1, exchange, "to-nobody", **more),
                         (("write", "exchange", exchange),), outcome)

    yield publish("to an exchange", p + "x")
    yield publish("in a transaction", p + "x", before=wire.select(1))
    yield publish("with confirms", p + "y", before=wire.confirm_select(1))
    yield publish("to an exchange with an alternate", p + "with-alternate")
    yield publish("to a missing exchange", p + "missing", _not_found("exchange", p + "missing"))
    yield publish("to an internal exchange", p + "internal", _refused(
        f"cannot publish to internal exchange '{p}internal' in vhost '{{vhost}}'"))
    yield publish("copied to another's queue", p + "x", props=wire.headers_property(
        wire.table({"CC": ["other.q"]})))


def _queue_declares(p):
    def declare(what, name, asked=None, outcome="queue.declare-ok", **more):
        makes = (("queue", name),) if name.startswith(p + "new") else ()
        return Operation(f"queue.declare {what}", wire.queue_declare(1, name, **more),
                         asked or (_configure("queue", name),), outcome, makes=makes)

    q, new = p + "q", p + "new"
    yield declare("of a new one", new)
    yield declare("of a new durable one", new + "d", durable=True)
    # Whoever may declare it may delete it; nobody else could.
    yield Operation("queue.declare of an exclusive one",
                    wire.queue_declare(1, p + "mine", exclusive=True)
                    + wire.queue_delete(1, p + "mine"), (_configure("queue", p + "mine"),),
                    "queue.declare-ok")
    yield declare("again", q)
    yield declare("otherwise", q, durable=True, outcome=Refusal(
        406, "PRECONDITION_FAILED", f"inequivalent arg 'durable' for queue '{q}' in vhost "
                                    "'{vhost}': received 'true' but current is 'false'"))
    for letters in ("own.x", "other.x", "", "own.missing", "other.missing"):
        yield declare(f"with {letters or 'the default'} for dead letters", new,
                      arguments={"x-dead-letter-exchange": letters},
                      asked=(_configure("queue", new), ("read", "queue", new),
                             ("write", "exchange", letters)))
    yield declare("with dead letters and a wrong argument", new,
                  arguments={"x-dead-letter-exchange": "other.x", "x-message-ttl": -1},
                  asked=(_configure("queue", new), ("read", "queue", new),
                         ("write", "exchange", "other.x")),
                  outcome=Refusal(406, "PRECONDITION_FAILED", f"invalid arg 'x-message-ttl' for "
                                  f"queue '{new}' in vhost '{{vhost}}': {{value_negative,-1}}"))
    yield declare("with dead letters again", p + "dead",
                  arguments={"x-dead-letter-exchange": "amq.fanout"})
    yield declare("of another's", p + "locked", outcome=_locked(p + "locked"))
    for what, name, outcome in (("passive", q, "queue.declare-ok"),
                                ("passive of a missing one", p + "missing",
                                 _not_found("queue", p + "missing")),
                                ("passive of another's", p + "locked", _locked(p + "locked"))):
        yield declare(what, name, (("any", "queue", name),), outcome, passive=True)


def _queue_uses(p):
    targets = (("", p + "q", None), (" of a missing one", p + "missing",
                                     _not_found("queue", p + "missing")),
               (" of another's", p + "locked", _locked(p + "locked")))
    for what, name, refusal in targets:
        read, configure = (("read", "queue", name),), (_configure("queue", name),)
        yield Operation("basic.get" + what, wire.get(1, name), read, refusal or "basic.get-empty")
        yield Operation("basic.consume" + what, wire.consume(1, name), read,
                        refusal or "basic.consume-ok")
        yield Operation("queue.purge" + what, wire.queue_purge(1, name), read,
                        refusal or "queue.purge-ok")
        gone = refusal is not None and refusal.code == 404
        yield Operation("queue.delete" + what, wire.queue_delete(1, name), configure,
                        "queue.delete-ok" if gone else refusal or "queue.delete-ok",
                        deletes=() if refusal else (("queue", name),))
        for source in ("own.x", "other.x"):
            asked = (("write", "queue", name), ("read", "exchange", source))
            yield Operation(f"queue.bind{what} to {source}", wire.queue_bind(1, name, source, "k"),
                            asked, refusal or "queue.bind-ok")
            yield Operation(f"queue.unbind{what} from {source}",
                            wire.queue_unbind(1, name, source, "no"), asked, "queue.unbind-ok")
        for verb, octets in (("bind", wire.queue_bind(1, name, "", "k")),
                             ("unbind", wire.queue_unbind(1, name, "", "k"))):
            yield Operation(f"queue.{verb}{what}, the default exchange", octets,
                            (("write", "queue", name),), _refused(DEFAULT))


def _for_nobody_in_particular():
    """Names that no prefix can have."""
    yield Operation("exchange.declare of the default one", wire.exchange_declare(1, ""), (),
                    _refused(DEFAULT), first=True)
    yield Operation("exchange.declare passive of the default one",
                    wire.exchange_declare(1, "", passive=True), (), _refused(DEFAULT), first=True)
    yield Operation("exchange.delete of the default one", wire.exchange_delete(1, ""), (),
                    _refused(DEFAULT), first=True)
    yield Operation("exchange.delete of a predeclared one", wire.exchange_delete(1, "amq.direct"),
                    (), _refused("deletion of system exchange 'amq.direct' in vhost '{vhost}' not "
                                 "allowed"), first=True)
    for kind, octets in (("exchange", wire.exchange_declare(1, "amq.zz")),
                         ("queue", wire.queue_declare(1, "amq.zz"))):
        yield Operation(f"{kind}.declare of a reserved name", octets, (_configure(kind, "amq.zz"),),
                        _refused(f"{kind} name 'amq.zz' contains reserved prefix 'amq.*'"))
    yield Operation("exchange.declare of a predeclared one",
                    wire.exchange_declare(1, "amq.direct", durable=True),
                    (_configure("exchange", "amq.direct"),), "exchange.declare-ok")
    yield Operation("queue.declare of a name of the server's own",
                    wire.queue_declare(1, "", exclusive=True),
                    (_configure("queue", "amq.gen-*"),), "queue.declare-ok")
    yield Operation("basic.publish to the default exchange", wire.publish(1, "", "own.q2"),
                    (("write", "exchange", ""),), None)
    yield Operation("queue.bind of the replies", wire.queue_bind(1, REPLY_TO, "own.x"),
                    (("write", "queue", REPLY_TO), ("read", "exchange", "own.x")),
                    _not_found("queue", REPLY_TO))
    for name, octets, reply in (
            ("basic.qos", wire.qos(1, 1), "basic.qos-ok"),
            ("basic.recover", wire.recover(1), "basic.recover-ok"),
            ("basic.cancel", wire.cancel(1, "none"), "basic.cancel-ok"),
            ("confirm.select", wire.confirm_select(1), "confirm.select-ok"),
            ("tx.select", wire.select(1), "tx.select-ok"),
            ("tx.commit", wire.select(1) + wire.commit(1), "tx.select-ok"),
            ("channel.flow", wire.channel_flow(1), "channel.flow-ok"),
            ("queue.declare of the replies", wire.queue_declare(1, REPLY_TO, passive=True),
             "queue.declare-ok"),
            ("basic.consume of replies", wire.consume(1, REPLY_TO, no_ack=True),
             "basic.consume-ok")):
        yield Operation(name, octets, (), reply)


def operations():
    for p in ("own.", "other."):
        for table in (_exchange_declares, _exchange_others, _publishes, _queue_declares,
                      _queue_uses):
            for operation in table(p):
                yield dataclasses.replace(operation, name=f"{operation.name} ({p})")
    yield from _for_nobody_in_particular()


def only_elsewhere():
    """Of what exists in the other virtual host only: it is not there, whatever one may do."""
    q, x = "own.only-there-q", "own.only-there-x"
    read = (("read", "queue", q),)
    for name, octets, asked, outcome in (
            ("basic.get", wire.get(1, q), read, _not_found("queue", q)),
            ("basic.consume", wire.consume(1, q), read, _not_found("queue", q)),
            ("queue.purge", wire.queue_purge(1, q), read, _not_found("queue", q)),
            ("queue.declare passive", wire.queue_declare(1, q, passive=True),
             (("any", "queue", q),), _not_found("queue", q)),
            ("exchange.declare passive", wire.exchange_declare(1, x, passive=True),
             (("any", "exchange", x),), _not_found("exchange", x)),
            ("basic.publish", wire.publish(1, x, "k"), (("write", "exchange", x),),
             _not_found("exchange", x)),
            ("queue.bind", wire.queue_bind(1, "own.q", x), (("write", "queue", "own.q"),
                                                           ("read", "exchange", x)),
             _not_found("exchange", x)),
            ("queue.bind of the queue", wire.queue_bind(1, q, "own.x"),
             (("write", "queue", q), ("read", "exchange", "own.x")), _not_found("queue", q)),
            ("exchange.bind", wire.exchange_bind(1, x, "own.x"),
             (("write", "exchange", x), ("read", "exchange", "own.x")), _not_found("exchange", x)),
            ("queue.delete", wire.queue_delete(1, q), (_configure("queue", q),),
             "queue.delete-ok"),
            ("exchange.delete", wire.exchange_delete(1, x), (_configure("exchange", x),),
             "exchange.delete-ok")):
        yield Operation(f"{name} of what is elsewhere", octets, asked, outcome)

"""What is others': reply addresses, exclusive queues, names of users, other virtual hosts."""

import functools

import wire
from case import Case, answered, channel_closed, closed, group

REPLY_TO = "amq.rabbitmq.reply-to"
LOCKED = ("cannot obtain exclusive access to locked queue 'honest.own' in vhost '/'. It could be "
          "originally declared on another connection or the exclusive property value does not "
          "match that of the original declaration.")


# ---- direct replies

def _ask(peer):
    """The address under which replies reach channel 2 of this peer."""
    peer.call(wire.consume(2, REPLY_TO, "asker", no_ack=True), "basic.consume-ok")
    peer.call(wire.queue_declare(1, "h.ask", exclusive=True), "queue.declare-ok")
    peer.send(wire.publish(2, "", "h.ask", props=wire.reply_to_property(REPLY_TO)))
    peer.call(wire.get(1, "h.ask"), "basic.get-ok")
    header = peer.frame()
    peer.frame()
    address = header.payload[15:15 + header.payload[14]].decode()
    if not address.startswith(REPLY_TO + ".") or len(address) < len(REPLY_TO) + 1 + 22:
        raise AssertionError(f"{address} can be guessed")
    return address


def _forged(change, peer):
    """Nobody is reached by an address that is not quite it, and the asker hears nothing."""
    address = _ask(peer)
    peer.send(wire.publish(1, "", change(address), "forged") + wire.qos(1, 0))
    peer.expect("basic.qos-ok")


def _real(peer):
    address = _ask(peer)
    peer.send(wire.publish(1, "", address, "answer"))


def _addresses_differ(peer):
    known = set()
    for channel in range(3, 53):
        peer.send(wire.channel_open(channel) + wire.consume(channel, REPLY_TO, no_ack=True))
        peer.expect("channel.open-ok")
        peer.expect("basic.consume-ok")
        peer.send(wire.publish(channel, "", "h.none", mandatory=True,
                               props=wire.reply_to_property(REPLY_TO)))
        peer.expect("basic.return")
        header = peer.frame()
        peer.frame()
        known.add(header.payload[15:15 + header.payload[14]][len(REPLY_TO) + 1:])
    # No two of one connection share more than their beginning.
    if len({token[:12] for token in known}) != 50 or len({token[-8:] for token in known}) != 50:
        raise AssertionError(f"tokens are alike: {sorted(known)[:3]}")


def _bind_real(peer):
    address = _ask(peer)
    peer.send(wire.queue_bind(1, address, "amq.fanout"))
    frame = peer.expect("channel.close")
    if frame.close_fields() != (404, f"NOT_FOUND - no queue '{address}' in vhost '/'", (50, 20)):
        raise AssertionError(str(frame))


def _replies():
    changes = {
        "one letter less": lambda a: a[:-1],
        "one letter more": lambda a: a + "A",
        "another last letter": lambda a: a[:-1] + ("A" if a[-1] != "A" else "B"),
        "another first letter": lambda a: REPLY_TO + "." + ("A" if a[len(REPLY_TO) + 1] != "A"
                                                            else "B") + a[len(REPLY_TO) + 2:],
        "in other case": lambda a: REPLY_TO + "." + a[len(REPLY_TO) + 1:].swapcase(),
        "without its token": lambda a: REPLY_TO + ".",
        "of the pseudo-queue": lambda a: REPLY_TO,
        "with a pattern": lambda a: REPLY_TO + ".*",
        "with a blank": lambda a: a + " ",
        "with NUL": lambda a: a + "\0",
        "of 255 octets": lambda a: a + "A" * (255 - len(a)),
    }
    for name, change in changes.items():
        yield Case(f"a reply to the address {name}", functools.partial(_forged, change), answered())
    yield Case("a reply to the true address comes", _real, answered("basic.deliver"))
    yield Case("50 addresses of one connection", _addresses_differ, answered())
    yield Case("the true address is bound", _bind_real, None)
    yield Case("the pseudo-queue is bound", wire.queue_bind(1, REPLY_TO, "amq.fanout"),
               channel_closed(404, f"no queue '{REPLY_TO}' in vhost '/'", "queue.bind"))
    for name, octets in (("basic.get", wire.get(1, REPLY_TO)),
                         ("queue.purge", wire.queue_purge(1, REPLY_TO))):
        yield Case(f"{name} of the pseudo-queue", octets,
                   channel_closed(404, f"no queue '{REPLY_TO}' in vhost '/'", name))
    yield Case("an address that nobody has is declared",
               wire.queue_declare(1, REPLY_TO + ".forged"),
               channel_closed(404, f"no queue '{REPLY_TO}.forged' in vhost '/'", "queue.declare"))
    yield Case("an address that nobody has is consumed from",
               wire.consume(1, REPLY_TO + ".forged", no_ack=True),
               channel_closed(404, f"no queue '{REPLY_TO}.forged' in vhost '/'", "basic.consume"))
    yield Case("replies with acknowledgement", wire.consume(1, REPLY_TO),
               channel_closed(406, "reply consumer cannot acknowledge", "basic.consume"))
    yield Case("replies twice", wire.consume(1, REPLY_TO, "a", no_ack=True, no_wait=True)
               + wire.consume(1, REPLY_TO, "b", no_ack=True),
               channel_closed(406, "reply consumer already set", "basic.consume"))
    yield Case("a question without a consumer of replies",
               wire.publish(1, "", "h.none", props=wire.reply_to_property(REPLY_TO)),
               channel_closed(406, "fast reply consumer does not exist", "basic.publish"))


# ---- others' queues and names

def _locked():
    for how, name, octets in (
            ("again", "queue.declare", wire.queue_declare(1, "honest.own")),
            ("exclusively", "queue.declare", wire.queue_declare(1, "honest.own", exclusive=True)),
            ("passively", "queue.declare", wire.queue_declare(1, "honest.own", passive=True)),
            ("to a fanout", "queue.bind", wire.queue_bind(1, "honest.own", "amq.fanout")),
            ("from a fanout", "queue.unbind", wire.queue_unbind(1, "honest.own", "amq.fanout")),
            ("whole", "queue.purge", wire.queue_purge(1, "honest.own")),
            ("whole", "queue.delete", wire.queue_delete(1, "honest.own")),
            ("once", "basic.get", wire.get(1, "honest.own")),
            ("from", "basic.consume", wire.consume(1, "honest.own"))):
        yield Case(f"another's exclusive queue, {name} {how}", octets,
                   channel_closed(405, LOCKED, name))


def _identity():
    for name in ("root", "", "guest ", "GUEST", "guest\0", "g" * 255):
        yield Case(f"a message of user {name[:10]!r}",
                   wire.publish(1, "", "h.none", props=wire.user_id_property(name)),
                   channel_closed(406, f"user_id property set to '{name}' but authenticated user "
                                       "was 'guest'", "basic.publish"))
    yield Case("a message of one's own name",
               wire.publish(1, "", "h.none", props=wire.user_id_property("guest"), mandatory=True),
               answered("basic.return"))
    yield Case("update-secret of a password changes nothing", wire.update_secret("forged" * 1000),
               answered("connection.update-secret-ok"))
    yield Case("update-secret on a channel",
               wire.method(1, "connection.update-secret", wire.long("x") + wire.short("y")),
               closed(503, "unimplemented method", "connection.update-secret"))


def groups():
    return [group("replies", _replies()), group("others", _locked(), _identity())]

"""Methods at the wrong time, on the wrong channel, of the wrong side, or that name nothing."""

import wire
from case import Case, End, answered, channel_closed, closed, group
from wire import method, u16

RUNNING = "unexpected method in connection state running"
NOT_OPEN = "expected 'channel.open'"
SERVERS = "unimplemented method"


def _channel_0():
    arguments = {
        "connection.start": b"\0\x09" + bytes(12), "connection.secure": bytes(4),
        "connection.tune": bytes(8), "connection.open-ok": b"\0", "connection.blocked": b"\0",
        "connection.unblocked": b"", "connection.update-secret-ok": b"",
        "connection.close-ok": b"",
    }
    sent = {name: method(0, name, octets) for name, octets in arguments.items()}
    sent |= {
        "connection.start-ok": wire.start_ok(), "connection.secure-ok": wire.secure_ok("x"),
        "connection.tune-ok": wire.tune_ok(), "connection.open": wire.open_host(),
        "channel.open": wire.channel_open(0), "channel.flow": wire.channel_flow(0),
        "channel.close": method(0, "channel.close", u16(0) + b"\0" + bytes(4)),
        "exchange.declare": wire.exchange_declare(0, "x"), "queue.declare":
            wire.queue_declare(0, "q"), "basic.publish": wire.publish_method(0),
        "basic.ack": wire.ack(0, 1), "basic.consume": wire.consume(0, "q"),
        "basic.get": wire.get(0, "q"), "tx.select": wire.select(0),
        "confirm.select": wire.confirm_select(0),
    }
    for name, octets in sent.items():
        yield Case(f"{name} on channel 0 of an open connection", octets,
                   closed(504, RUNNING, name))


def _unopened():
    for name, octets in (
            ("queue.declare", wire.queue_declare(9, "q")), ("basic.ack", wire.ack(9, 1)),
            ("basic.get", wire.get(9, "q")), ("basic.consume", wire.consume(9, "q")),
            ("basic.qos", wire.qos(9, 1)), ("basic.nack", wire.nack(9, 1)),
            ("basic.cancel", wire.cancel(9, "t")), ("basic.recover", wire.recover(9)),
            ("exchange.declare", wire.exchange_declare(9, "x")),
            ("basic.publish", wire.publish(9, "", "q")),
            ("channel.close", wire.close(9)), ("channel.close-ok", wire.close_ok(9)),
            ("confirm.select", wire.confirm_select(9)), ("channel.flow", wire.channel_flow(9)),
            ("tx.commit", wire.commit(9)), ("tx.rollback", wire.rollback(9))):
        yield Case(f"{name} on a channel that is not open", octets, closed(504, NOT_OPEN, name))


def _servers_methods():
    arguments = {
        "exchange.declare-ok": b"", "exchange.delete-ok": b"", "exchange.bind-ok": b"",
        "exchange.unbind-ok": b"", "queue.declare-ok": b"\x01q" + bytes(8), "queue.bind-ok": b"",
        "queue.unbind-ok": b"", "queue.purge-ok": bytes(4), "queue.delete-ok": bytes(4),
        "basic.qos-ok": b"", "basic.consume-ok": b"\x01t", "basic.get-empty": b"\0",
        "basic.recover-ok": b"", "confirm.select-ok": b"", "tx.select-ok": b"",
        "tx.commit-ok": b"", "tx.rollback-ok": b"", "channel.open-ok": bytes(4),
        "basic.deliver": b"\x01t" + bytes(11), "basic.return": bytes(5),
        "basic.get-ok": bytes(15),
    }
    for name, octets in arguments.items():
        yield Case(f"{name} from a client", method(1, name, octets), closed(503, SERVERS, name))
    for name, octets in (("connection.close", wire.close()[11:-1]),
                         ("connection.tune-ok", bytes(8)), ("connection.open", b"\x01/\0\0"),
                         ("connection.start-ok", wire.start_ok()[11:-1])):
        yield Case(f"{name} on a channel", method(1, name, octets), closed(503, SERVERS, name))


def _numbers():
    for channel in (2048, 65535):
        yield Case(f"channel {channel} is opened", wire.channel_open(channel),
                   closed(530, "number of channels opened (2047) has reached the negotiated "
                               "channel_max (2047)"))
        for name, octets in (("method", wire.qos(channel, 1)), ("header", wire.header(channel, 1)),
                             ("body", wire.body(channel, "x"))):
            yield Case(f"a {name} on channel {channel}", octets,
                       closed(504, f"channel number {channel} is above the negotiated channel_max "
                                   "(2047)"))
    yield Case("a channel is opened twice", wire.channel_open(1),
               closed(504, "second 'channel.open' seen", "channel.open"))


def _tags():
    for name, octets in (("ack", wire.ack), ("nack", wire.nack), ("reject", wire.reject)):
        for tag in (0, 1, 5, (1 << 64) - 1):
            if name == "ack" and tag == 0:
                continue
            yield Case(f"{name} of {tag}, which was not delivered", octets(1, tag),
                       channel_closed(406, f"unknown delivery tag {tag}", f"basic.{name}"))
    for name, octets in (("ack", wire.ack(1, 9, True)), ("nack", wire.nack(1, 9, True))):
        yield Case(f"{name} of everything up to 9, of nothing", octets,
                   channel_closed(406, "unknown delivery tag 9", f"basic.{name}"))
    yield Case("one delivery is acknowledged twice",
               wire.queue_declare(1, "twice", exclusive=True) + wire.publish(1, "", "twice")
               + wire.get(1, "twice", no_ack=False) + wire.ack(1, 1) + wire.ack(1, 1),
               channel_closed(406, "unknown delivery tag 1", "basic.ack"))


def _modes():
    yield Case("commit without select", wire.commit(1),
               channel_closed(406, "channel is not transactional", "tx.commit"))
    yield Case("rollback without select", wire.rollback(1),
               channel_closed(406, "channel is not transactional", "tx.rollback"))
    yield Case("confirms and then transactions", wire.confirm_select(1) + wire.select(1),
               channel_closed(406, "cannot switch from confirm to tx mode", "tx.select"))
    yield Case("flow is stopped", wire.channel_flow(1, False),
               closed(540, "active=false", "channel.flow"))
    yield Case("publish immediate", wire.publish(1, "", "q", immediate=True),
               closed(540, "immediate=true", "basic.publish"))
    yield Case("qos by size", wire.qos(1, 1, size=1),
               closed(540, "prefetch_size!=0 (1)", "basic.qos"))
    yield Case("recover without requeue", wire.recover(1, False),
               closed(540, "requeue=false", "basic.recover"))
    yield Case("recover-async without requeue",
               method(1, "basic.recover-async", wire.bits(False)),
               closed(540, "requeue=false", "basic.recover-async"))


def _names():
    yield Case("the last queue, when none was declared", wire.get(1, ""),
               channel_closed(404, "no previously declared queue", "basic.get"))
    for name, octets in (("queue.purge", wire.queue_purge(1, "nope")),
                         ("basic.get", wire.get(1, "nope")),
                         ("basic.consume", wire.consume(1, "nope")),
                         ("queue.bind", wire.queue_bind(1, "nope", "amq.direct"))):
        yield Case(f"{name} of a missing queue", octets,
                   channel_closed(404, "no queue 'nope' in vhost '/'", name))
    for name, octets in (("basic.publish", wire.publish(1, "nope", "k")),
                         ("exchange.bind", wire.exchange_bind(1, "amq.fanout", "nope")),
                         ("exchange.declare", wire.exchange_declare(1, "nope", passive=True))):
        yield Case(f"{name} of a missing exchange", octets,
                   channel_closed(404, "no exchange 'nope' in vhost '/'", name))
    yield Case("a reserved queue", wire.queue_declare(1, "amq.mine"),
               channel_closed(403, "queue name 'amq.mine' contains reserved prefix 'amq.*'",
                              "queue.declare"))
    yield Case("a reserved exchange", wire.exchange_declare(1, "amq.mine"),
               channel_closed(403, "exchange name 'amq.mine' contains reserved prefix 'amq.*'",
                              "exchange.declare"))
    yield Case("a predeclared exchange is deleted", wire.exchange_delete(1, "amq.topic"),
               channel_closed(403, "deletion of system exchange 'amq.topic' in vhost '/' not "
                                   "allowed", "exchange.delete"))
    refused = "operation not permitted on the default exchange"
    for name, octets in (("exchange.declare", wire.exchange_declare(1, "")),
                         ("exchange.delete", wire.exchange_delete(1, "")),
                         ("queue.bind", wire.queue_declare(1, "q0", exclusive=True, no_wait=True)
                          + wire.queue_bind(1, "q0", "")),
                         ("exchange.bind", wire.exchange_bind(1, "", "amq.fanout")),
                         ("exchange.unbind",
                          wire.exchange_bind(1, "amq.fanout", "", verb="unbind"))):
        yield Case(f"{name} of the default exchange", octets, channel_closed(403, refused, name))
    for kind in ("", "x-none", "DIRECT", "t" * 255):
        yield Case(f"an exchange of type {kind[:10]!r}", wire.exchange_declare(1, "x", kind),
                   channel_closed(406, f"unknown exchange type '{kind}'", "exchange.declare"))


def _consumers():
    declare = wire.queue_declare(1, "q1", exclusive=True, no_wait=True)
    yield Case("a tag is used twice",
               declare + wire.consume(1, "q1", "t", no_wait=True) + wire.consume(1, "q1", "t"),
               closed(530, "attempt to reuse consumer tag 't'", "basic.consume"))
    yield Case("exclusive beside another",
               declare + wire.consume(1, "q1", "a", no_wait=True)
               + wire.consume(1, "q1", "b", exclusive=True),
               channel_closed(403, "queue 'q1' in vhost '/' in exclusive use", "basic.consume"))
    yield Case("an unknown tag is cancelled", wire.cancel(1, "none"), answered("basic.cancel-ok"))


# Of queue.declare: name, bad value, what RabbitMQ says of it.
ARGUMENTS = (
    ("x-message-ttl", -1, "{value_negative,-1}"),
    ("x-message-ttl", "1000", '"expected integer, got longstr"'),
    ("x-expires", 0, "{value_zero,0}"),
    ("x-expires", -5, "{value_negative,-5}"),
    ("x-max-length", -1, "{value_negative,-1}"),
    ("x-max-length", "many", '"expected integer, got longstr"'),
    ("x-max-length-bytes", -1, "{value_negative,-1}"),
    ("x-max-priority", -1, "{value_negative,-1}"),
    ("x-max-priority", 256, "{max_value_exceeded,256}"),
    ("x-dead-letter-routing-key", "k", "routing_key_but_no_dlx_defined"),
    ("x-overflow", "explode", "invalid_overflow"),
    ("x-queue-mode", "fast", "\"unsupported queue mode 'fast'\""),
    ("x-queue-type", "stack", "\"unsupported queue type 'stack'\""),
    ("x-single-active-consumer", "yes", "{unacceptable_type,longstr}"),
)
EXPIRATIONS = {"-1": "{value_negative,-1}", "x": "no_integer", "1.5": '{leftover_string,".5"}',
               "": "no_integer", "9" * 100: f"{{value_too_large,{'9' * 100}}}",
               "4294967296000": "{value_too_large,4294967296000}"}


def _arguments():
    for name, value, said in ARGUMENTS:
        yield Case(f"{name} of {value!r}",
                   wire.queue_declare(1, "args", exclusive=True, arguments={name: value}),
                   channel_closed(406, f"invalid arg '{name}' for queue 'args' in vhost '/': "
                                       f"{said}", "queue.declare"))
    for place, name, octets in (
            ("queue", "x-dead-letter-exchange", wire.queue_declare),
            ("exchange", "alternate-exchange", wire.exchange_declare)):
        yield Case(f"{name} of 1", octets(1, "args", arguments={name: 1}),
                   channel_closed(406, f"invalid type 'long' for arg '{name}' in {place} 'args' "
                                       "in vhost '/'", f"{place}.declare"))
    for text, said in EXPIRATIONS.items():
        yield Case(f"expiration {text[:12]!r}",
                   wire.publish(1, "", "q", props=wire.expiration_property(text)),
                   channel_closed(406, f"invalid expiration '{text}': {said}", "basic.publish"))


def _after_close():
    yield Case("nonsense behind connection.close is dropped",
               wire.close() + wire.channel_open(7) + wire.header(1, 1) + wire.body(7, "x")
               + wire.open_host(), End(wire.method(0, "connection.close-ok")))
    yield Case("nonsense behind a mistake is dropped",
               wire.channel_open(1) + wire.channel_open(1) + wire.header(1, 1) + wire.body(7, "x")
               + wire.open_host(), closed(504, "second 'channel.open' seen", "channel.open"))
    yield Case("methods behind a channel's mistake are dropped",
               wire.ack(1, 7) + wire.get(1, "nope") + wire.ack(1, 8) + wire.publish(1, "no", "k"),
               channel_closed(406, "unknown delivery tag 7", "basic.ack"))
    yield Case("acks of a channel that is closed are ignored",
               wire.close(1) + wire.ack(1, 1) + wire.nack(1, 2), answered("channel.close-ok"))


def groups():
    return [group("states", _channel_0(), _unopened(), _servers_methods(), _numbers(), _tags(),
                  _modes(), _names(), _consumers(), _arguments(), _after_close())]

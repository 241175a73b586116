"""AMQP 0-9-1 as bytes: what a client sends, so that every part of it can be written wrong."""

import struct

HEADER = b"AMQP\x00\x00\x09\x01"
METHOD, CONTENT_HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
END = 0xCE

ID = {
    "connection.start": (10, 10), "connection.start-ok": (10, 11), "connection.secure": (10, 20),
    "connection.secure-ok": (10, 21), "connection.tune": (10, 30), "connection.tune-ok": (10, 31),
    "connection.open": (10, 40), "connection.open-ok": (10, 41), "connection.close": (10, 50),
    "connection.close-ok": (10, 51), "connection.blocked": (10, 60),
    "connection.unblocked": (10, 61), "connection.update-secret": (10, 70),
    "connection.update-secret-ok": (10, 71),
    "channel.open": (20, 10), "channel.open-ok": (20, 11), "channel.flow": (20, 20),
    "channel.flow-ok": (20, 21), "channel.close": (20, 40), "channel.close-ok": (20, 41),
    "access.request": (30, 10), "access.request-ok": (30, 11),
    "exchange.declare": (40, 10), "exchange.declare-ok": (40, 11), "exchange.delete": (40, 20),
    "exchange.delete-ok": (40, 21), "exchange.bind": (40, 30), "exchange.bind-ok": (40, 31),
    "exchange.unbind": (40, 40), "exchange.unbind-ok": (40, 51),
    "queue.declare": (50, 10), "queue.declare-ok": (50, 11), "queue.bind": (50, 20),
    "queue.bind-ok": (50, 21), "queue.purge": (50, 30), "queue.purge-ok": (50, 31),
    "queue.delete": (50, 40), "queue.delete-ok": (50, 41), "queue.unbind": (50, 50),
    "queue.unbind-ok": (50, 51),
    "basic.qos": (60, 10), "basic.qos-ok": (60, 11), "basic.consume": (60, 20),
    "basic.consume-ok": (60, 21), "basic.cancel": (60, 30), "basic.cancel-ok": (60, 31),
    "basic.publish": (60, 40), "basic.return": (60, 50), "basic.deliver": (60, 60),
    "basic.get": (60, 70), "basic.get-ok": (60, 71), "basic.get-empty": (60, 72),
    "basic.ack": (60, 80), "basic.reject": (60, 90), "basic.recover-async": (60, 100),
    "basic.recover": (60, 110), "basic.recover-ok": (60, 111), "basic.nack": (60, 120),
    "confirm.select": (85, 10), "confirm.select-ok": (85, 11),
    "tx.select": (90, 10), "tx.select-ok": (90, 11), "tx.commit": (90, 20),
    "tx.commit-ok": (90, 21), "tx.rollback": (90, 30), "tx.rollback-ok": (90, 31),
}
NAME = {number: name for name, number in ID.items()}


def as_bytes(text):
    return text.encode() if isinstance(text, str) else bytes(text)


def u8(value):
    return struct.pack(">B", value)


def u16(value):
    return struct.pack(">H", value)


def u32(value):
    return struct.pack(">I", value)


def u64(value):
    return struct.pack(">Q", value)


def short(text):
    text = as_bytes(text)
    return u8(len(text)) + text


def long(text):
    text = as_bytes(text)
    return u32(len(text)) + text


def bits(*flags):
    return u8(sum(bool(flag) << place for place, flag in enumerate(flags)))


def value(item):
    """A field table's value with its letter; bytes are taken as they are, letter included."""
    if isinstance(item, bool):
        return b"t" + u8(item)
    if isinstance(item, int):
        return b"l" + struct.pack(">q", item)
    if isinstance(item, str):
        return b"S" + long(item)
    if isinstance(item, dict):
        return b"F" + table(item)
    if isinstance(item, list):
        return b"A" + long(b"".join(map(value, item)))
    return item


def table(fields):
    return long(b"".join(short(name) + value(item) for name, item in fields.items()))


def frame(kind, channel, payload, end=END):
    payload = as_bytes(payload)
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + u8(end)


def frame_start(kind, channel, size):
    """The seven octets before a payload."""
    return struct.pack(">BHI", kind, channel, size)


def method(channel, name, arguments=b""):
    number = ID[name] if isinstance(name, str) else name
    return frame(METHOD, channel, struct.pack(">HH", *number) + arguments)


def heartbeat(channel=0):
    return frame(HEARTBEAT, channel, b"")


def properties(flags=0, values=b""):
    return u16(flags) + values


def header(channel, body_size, props=b"\0\0", class_id=60, weight=0):
    return frame(CONTENT_HEADER, channel, u16(class_id) + u16(weight) + u64(body_size) + props)


def body(channel, octets):
    return frame(BODY, channel, octets)


# ---- methods' arguments

CAPABILITIES = {"authentication_failure_close": True, "consumer_cancel_notify": True,
                "connection.blocked": True, "basic.nack": True, "publisher_confirms": True}


def plain(user, password):
    return b"\0" + as_bytes(user) + b"\0" + as_bytes(password)


def start_ok(mechanism="PLAIN", response=b"\0guest\0guest", client=None, locale="en_US"):
    if client is None:
        client = {"product": "hostile", "capabilities": CAPABILITIES}
    return method(0, "connection.start-ok",
                  table(client) + short(mechanism) + long(response) + short(locale))


def secure_ok(response):
    return method(0, "connection.secure-ok", long(response))


def tune_ok(channel_max=2047, frame_max=131072, beat=0):
    return method(0, "connection.tune-ok", u16(channel_max) + u32(frame_max) + u16(beat))


def open_host(virtual_host="/"):
    return method(0, "connection.open", short(virtual_host) + short("") + bits())


def close(channel=0, code=200, text="bye"):
    name = "channel.close" if channel else "connection.close"
    return method(channel, name, u16(code) + short(text) + u16(0) + u16(0))


def close_ok(channel=0):
    return method(channel, "channel.close-ok" if channel else "connection.close-ok")


def channel_open(channel):
    return method(channel, "channel.open", short(""))


def channel_flow(channel, active=True):
    return method(channel, "channel.flow", bits(active))


def exchange_declare(channel, name, kind="direct", passive=False, durable=False, auto_delete=False,
                     internal=False, no_wait=False, arguments=None):
    return method(channel, "exchange.declare",
                  u16(0) + short(name) + short(kind)
                  + bits(passive, durable, auto_delete, internal, no_wait)
                  + table(arguments or {}))


def exchange_delete(channel, name, if_unused=False):
    return method(channel, "exchange.delete", u16(0) + short(name) + bits(if_unused))


def exchange_bind(channel, destination, source, key="", arguments=None, verb="bind"):
    return method(channel, f"exchange.{verb}",
                  u16(0) + short(destination) + short(source) + short(key) + bits()
                  + table(arguments or {}))


def queue_declare(channel, name, passive=False, durable=False, exclusive=False, auto_delete=False,
                  no_wait=False, arguments=None):
    return method(channel, "queue.declare",
                  u16(0) + short(name) + bits(passive, durable, exclusive, auto_delete, no_wait)
                  + table(arguments or {}))


def queue_bind(channel, queue, exchange, key="", arguments=None):
    return method(channel, "queue.bind",
                  u16(0) + short(queue) + short(exchange) + short(key) + bits()
                  + table(arguments or {}))


def queue_unbind(channel, queue, exchange, key="", arguments=None):
    return method(channel, "queue.unbind",
                  u16(0) + short(queue) + short(exchange) + short(key) + table(arguments or {}))


def queue_purge(channel, queue):
    return method(channel, "queue.purge", u16(0) + short(queue) + bits())


def queue_delete(channel, queue, if_unused=False, if_empty=False):
    return method(channel, "queue.delete", u16(0) + short(queue) + bits(if_unused, if_empty))


def qos(channel, count, size=0, everywhere=False):
    return method(channel, "basic.qos", u32(size) + u16(count) + bits(everywhere))


def consume(channel, queue, tag="", no_ack=False, exclusive=False, no_wait=False, arguments=None):
    return method(channel, "basic.consume",
                  u16(0) + short(queue) + short(tag) + bits(False, no_ack, exclusive, no_wait)
                  + table(arguments or {}))


def cancel(channel, tag):
    return method(channel, "basic.cancel", short(tag) + bits())


def publish_method(channel, exchange="", key="no-such-queue", mandatory=False, immediate=False):
    return method(channel, "basic.publish",
                  u16(0) + short(exchange) + short(key) + bits(mandatory, immediate))


def publish(channel, exchange, key, octets=b"m", props=b"\0\0", mandatory=False, immediate=False):
    octets = as_bytes(octets)
    frames = (publish_method(channel, exchange, key, mandatory, immediate)
              + header(channel, len(octets), props))
    return frames + (body(channel, octets) if octets else b"")


def get(channel, queue, no_ack=True):
    return method(channel, "basic.get", u16(0) + short(queue) + bits(no_ack))


def ack(channel, tag, multiple=False):
    return method(channel, "basic.ack", u64(tag) + bits(multiple))


def nack(channel, tag, multiple=False, requeue=True):
    return method(channel, "basic.nack", u64(tag) + bits(multiple, requeue))


def reject(channel, tag, requeue=True):
    return method(channel, "basic.reject", u64(tag) + bits(requeue))


def recover(channel, requeue=True):
    return method(channel, "basic.recover", bits(requeue))


def confirm_select(channel):
    return method(channel, "confirm.select", bits())


def select(channel):
    return method(channel, "tx.select")


def commit(channel):
    return method(channel, "tx.commit")


def rollback(channel):
    return method(channel, "tx.rollback")


def update_secret(secret="x", reason="y"):
    return method(0, "connection.update-secret", long(secret) + short(reason))


# ---- properties of basic, by flag

def headers_property(raw_table):
    return properties(0x2000, raw_table)


def reply_to_property(address):
    return properties(0x0200, short(address))


def expiration_property(text):
    return properties(0x0100, short(text))


def user_id_property(name):
    return properties(0x0010, short(name))

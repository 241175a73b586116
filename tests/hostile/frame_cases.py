"""Frames, tables, strings and contents that are none, on a connection that is open."""

import struct

import wire
from case import Case, answered, channel_closed, closed, group
from wire import long, method, short, u16, u32

FRAME_MAX = 131072


def _frame(name, octets, detail, cause=None):
    return Case(name, octets, closed(501, detail, cause))


# ---- frames

def _types():
    for kind in (0, 4, 5, 6, 7, 9, 66, 127, 128, 255):
        for channel in (0, 1):
            yield _frame(f"type {kind} on channel {channel}", wire.frame(kind, channel, b""),
                         f"unknown frame type {kind}")
    for name, octets in (("a protocol header", wire.HEADER),
                         ("an HTTP request", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                         ("an AMQP 1.0 frame", b"\0\0\0\x10\x02\0\0\0"),
                         ("a TLS hello", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
                         ("an MQTT connect", b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c"),
                         ("a STOMP connect", b"CONNECT\naccept-version:1.2\n\n\0"),
                         ("PROXY v1 too late", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"),
                         ("PROXY v2 too late", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c")):
        yield _frame(f"{name} in the middle", octets, f"unknown frame type {octets[0]}")


def _ends():
    declare = wire.queue_declare(1, "")[:-1]
    empty = wire.publish_method(1)
    for end in (0x00, 0x20, 0xCD, 0xCF, 0xFF):
        yield _frame(f"a method that ends in {end}", declare + bytes([end]),
                     "frame end octet is missing")
        yield _frame(f"a heartbeat that ends in {end}", wire.heartbeat()[:-1] + bytes([end]),
                     "frame end octet is missing")
    yield _frame("a content header without its end",
                 empty + wire.frame(wire.CONTENT_HEADER, 1, bytes(14), 1),
                 "frame end octet is missing")
    yield _frame("a body without its end",
                 empty + wire.header(1, 1) + wire.frame(wire.BODY, 1, b"x", 0),
                 "frame end octet is missing")
    # A short string longer than its length, as a client whose encoder overflowed would send it.
    yield _frame("a frame smuggled behind a length that wrapped",
                 wire.frame_start(wire.METHOD, 1, 4) + struct.pack(">HH", 60, 40) + b"x" * 252,
                 "frame end octet is missing")


def _sizes():
    publish = wire.publish_method(1)
    for size in (FRAME_MAX + 1, 1 << 24, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        detail = f"frame payload of {size} bytes exceeds the maximum of {FRAME_MAX}"
        for name, octets in (
                ("method", wire.frame_start(wire.METHOD, 1, size)),
                ("method on channel 0", wire.frame_start(wire.METHOD, 0, size)),
                ("content header", publish + wire.frame_start(wire.CONTENT_HEADER, 1, size)),
                ("body", publish + wire.header(1, 9) + wire.frame_start(wire.BODY, 1, size)),
                ("heartbeat", wire.frame_start(wire.HEARTBEAT, 0, size))):
            yield _frame(f"a {name} of {size} octets that never come", octets, detail)


def _payloads():
    for size in range(4):
        for channel in (0, 1):
            yield _frame(f"a method of {size} octets on channel {channel}",
                         wire.frame(wire.METHOD, channel, bytes(size)),
                         f"a method frame of {size} bytes names no method")
    for size in (1, 100):
        yield _frame(f"a heartbeat of {size} octets", wire.frame(wire.HEARTBEAT, 0, bytes(size)),
                     f"heartbeat frame with a payload of {size} bytes")
    for channel in (1, 2, 9, 65535):
        yield Case(f"a heartbeat on channel {channel}", wire.heartbeat(channel),
                   closed(505, f"heartbeat frame on channel {channel}"))


def _unknown_methods():
    for channel, number in ((1, (0, 0)), (1, (99, 1)), (1, (60, 99)), (1, (50, 12)),
                            (1, (65535, 65535)), (1, (40, 50)), (1, (60, 200)), (1, (70, 10)),
                            (1, (80, 10)), (1, (110, 10)), (0, (99, 10)), (0, (10, 99)),
                            (0, (10, 62)), (0, (0, 0))):
        yield Case(f"method {number} on channel {channel}", method(channel, number),
                   closed(503, f"unknown method {number[1]} of class {number[0]}", number))


# ---- tables

def table_of(letter_and_value):
    return long(short("k") + letter_and_value)


def nested(levels, kind):
    contents = b""
    for _ in range(levels):
        contents = (short("n") if kind == b"F" else b"") + kind + long(contents)
    return contents


def _arguments(name, raw_table):
    """The table as the last argument of a method that has one."""
    before = {
        "queue.declare": u16(0) + short("bad-table") + wire.bits(False, False, True),
        "exchange.declare": u16(0) + short("x") + short("direct") + wire.bits(),
        "exchange.bind": u16(0) + short("d") + short("s") + short("k") + wire.bits(),
        "exchange.unbind": u16(0) + short("d") + short("s") + short("k") + wire.bits(),
        "queue.bind": u16(0) + short("q") + short("x") + short("k") + wire.bits(),
        "queue.unbind": u16(0) + short("q") + short("x") + short("k"),
        "basic.consume": u16(0) + short("q") + short("t") + wire.bits(),
    }[name]
    return method(1, name, before + raw_table)


def _bad_table(name, raw_table, problem, place="queue.declare"):
    return Case(name, _arguments(place, raw_table), closed(502, f"{place}: {problem}", place))


PAST_VALUE = "a field table value runs past the end of what holds it"
PAST_NAME = "the name of a field table entry runs past the table's end"
NO_TYPE = "a field table entry has no type"
TOO_DEEP = "field tables are nested deeper than 16"
TOO_MANY = "a field table or array has more than 4096 elements"
# Letter: octets of its value.
WIDTHS = {"t": 1, "b": 1, "B": 1, "s": 2, "u": 2, "i": 4, "I": 4, "l": 8, "L": 8, "f": 4, "d": 8,
          "D": 5, "T": 8}


def _values():
    for letter, width in WIDTHS.items():
        yield _bad_table(f"value of type {letter} cut short",
                         table_of(letter.encode() + b"x" * (width - 1)), PAST_VALUE)
    for letter in "SxFA":
        for how, octets in (("cut short", b"\0\0\0"), ("past the table", b"\0\0\0\x0axy"),
                            ("of all ones", b"\xff\xff\xff\xff"),
                            ("negative if signed", b"\x80\0\0\0")):
            yield _bad_table(f"length of type {letter} {how}", table_of(letter.encode() + octets),
                             PAST_VALUE)
    for letter in (0, 1, 32, 63, 67, 77, 78, 90, 97, 110, 122, 127, 128, 255):
        yield _bad_table(f"unknown type {letter}", table_of(bytes([letter]) + bytes(16)),
                         f"unknown field table value type {letter}")


def _entries():
    yield _bad_table("a name past the table", long(b"\x09ab"), PAST_NAME)
    yield _bad_table("a name of 255 octets and nothing", long(b"\xff"), PAST_NAME)
    yield _bad_table("a name without a value", long(b"\x01k"), NO_TYPE)
    yield _bad_table("a second entry cut short", long(b"\x01aV\x05b"), PAST_NAME)
    yield _bad_table("a bad value in a table in a table", table_of(b"F" + table_of(b"?")),
                     "unknown field table value type 63")
    yield _bad_table("a bad value in an array", table_of(b"A" + long(b"?")),
                     "unknown field table value type 63")
    yield _bad_table("a table past its parent", table_of(b"F\0\0\0\x05\x01"), PAST_VALUE)
    yield _bad_table("an array past its parent", table_of(b"A\0\0\0\x05V"), PAST_VALUE)


def _frame_tables():
    ends = "cannot decode queue.declare: it ends inside its fields"
    for name, octets in (("no table", b""), ("half a length", b"\0\0"),
                         ("a table longer than the frame", u32(100)),
                         ("a table of all ones", b"\xff" * 4),
                         ("a table negative if signed", b"\x80\0\0\0"),
                         ("a table one octet longer", u32(1))):
        yield _frame(name, _arguments("queue.declare", octets), ends, "queue.declare")
    yield _frame("an octet behind the table", _arguments("queue.declare", u32(0) + b"\x01"),
                 "cannot decode queue.declare: 1 bytes follow its fields", "queue.declare")


BOMBS = {
    "tables 17 deep": (long(nested(17, b"F")), TOO_DEEP),
    "arrays 17 deep": (table_of(nested(17, b"A")), TOO_DEEP),
    "4,097 entries": (long(b"\0V" * 4097), TOO_MANY),
    "4,097 voids in an array": (table_of(b"A" + long(b"V" * 4097)), TOO_MANY),
    "100,000 voids in an array": (table_of(b"A" + long(b"V" * 100_000)), TOO_MANY),
    "50,000 empty tables in an array": (table_of(b"A" + long(b"F\0\0\0\0" * 25_000)), TOO_MANY),
    "an unknown type": (table_of(b"?"), "unknown field table value type 63"),
}
PLACES = ("queue.declare", "exchange.declare", "exchange.bind", "exchange.unbind", "queue.bind",
          "queue.unbind", "basic.consume")


def _bombs():
    for place in PLACES:
        for name, (octets, problem) in BOMBS.items():
            yield _bad_table(f"{name} in {place}", octets, problem, place)
    yield _bad_table("tables 10,000 deep", long(nested(10_000, b"F")), TOO_DEEP)
    yield _bad_table("arrays 20,000 deep", table_of(nested(20_000, b"A")), TOO_DEEP)


def _header_bombs():
    for name, (octets, problem) in BOMBS.items():
        yield Case(f"{name} in a message's headers",
                   wire.publish(1, "", "no-such-queue", props=wire.headers_property(octets)),
                   closed(502, problem, "basic.publish"))


# ---- strings

def _cut(name, method_name, arguments, channel=1, follow=None):
    why = "it ends inside its fields" if follow is None else f"{follow} bytes follow its fields"
    return _frame(name, method(channel, method_name, arguments),
                  f"cannot decode {method_name}: {why}", method_name)


def _lengths():
    yield _cut("no arguments at all", "queue.declare", b"")
    yield _cut("a name without a length", "queue.declare", b"\0\0")
    yield _cut("a name past the frame", "queue.declare", b"\0\0\xc8abc")
    yield _cut("a name of 255 octets and nothing", "queue.delete", b"\0\0\xff")
    yield _cut("flags missing", "queue.purge", b"\0\0\x01q")
    yield _cut("a publish cut in its key", "basic.publish", b"\0\0\0\x05ab")
    yield _cut("a publish without flags", "basic.publish", b"\0\0\0\0")
    yield _cut("a publish with octets behind", "basic.publish", b"\0\0\0\0\0x", follow=1)
    yield _cut("an ack cut short", "basic.ack", bytes(8))
    yield _cut("an ack too long", "basic.ack", bytes(10), follow=1)
    yield _cut("a nack cut short", "basic.nack", bytes(7))
    yield _cut("qos cut short", "basic.qos", bytes(6))
    yield _cut("consume without arguments", "basic.consume", b"\0\0\x01q\0\0")
    yield _cut("select with arguments", "tx.select", b"x", follow=1)
    yield _cut("commit with arguments", "tx.commit", b"xyz", follow=3)
    yield _cut("channel.open without its string", "channel.open", b"", 9)
    yield _cut("channel.close cut in its text", "channel.close", b"\0\xc8\x09abc")
    yield _cut("connection.close cut in its text", "connection.close", b"\0\xc8\xffabc", 0)
    yield _cut("update-secret past the frame", "connection.update-secret", b"\xff\xff\xff\xff", 0)
    declare = wire.queue_declare(1, "q")[11:-1]
    yield _cut("a declare with octets behind", "queue.declare", declare + b"x", follow=1)


def _utf8():
    for name, octets in (("no UTF-8", b"\xff\xfe"), ("an overlong NUL", b"\xc0\x80"),
                         ("a cut sequence", b"a\xe2\x82"), ("a lone continuation", b"\x80"),
                         ("five octets", b"\xf8\x88\x80\x80\x80"),
                         ("a surrogate", b"\xed\xa0\x80"), ("above U+10FFFF", b"\xf4\x90\x80\x80")):
        for place, sent in (("queue.declare", wire.queue_declare(1, octets, exclusive=True)),
                            ("exchange.declare", wire.exchange_declare(1, octets))):
            yield _frame(f"{name} as a name in {place}", sent, "Malformed UTF-8 in shortstr", place)
    yield _frame("no UTF-8 as a type", wire.exchange_declare(1, "x", b"\xff"),
                 "Malformed UTF-8 in shortstr", "exchange.declare")
    for place, sent in (("queue.declare", wire.queue_declare(1, "a\0b", exclusive=True)),
                        ("exchange.declare", wire.exchange_declare(1, "a\0b"))):
        yield Case(f"NUL in a name in {place}", sent, closed(502, "NUL in a name", place))


def _long_names():
    name = "n" * 255
    for what, sent, cause in (
            ("get", wire.get(1, name), "basic.get"),
            ("consume", wire.consume(1, name), "basic.consume"),
            ("purge", wire.queue_purge(1, name), "queue.purge"),
            ("passive declare", wire.queue_declare(1, name, passive=True), "queue.declare")):
        yield Case(f"{what} of a missing queue of 255 octets", sent,
                   channel_closed(404, f"no queue '{name}' in vhost '/'", cause))
    yield Case("publish to a missing exchange of 255 octets", wire.publish(1, name, name),
               channel_closed(404, f"no exchange '{name}' in vhost '/'", "basic.publish"))
    yield Case("a reserved queue name of 255 octets", wire.queue_declare(1, "amq." + "n" * 251),
               channel_closed(403, f"queue name 'amq.{'n' * 251}' contains reserved prefix 'amq.*'",
                              "queue.declare"))
    yield Case("a queue, a tag, an exchange and a key of 255 octets",
               wire.queue_declare(1, name, exclusive=True)
               + wire.exchange_declare(1, name, "topic", auto_delete=True)
               + wire.queue_bind(1, name, name, "k." * 127 + "k")
               + wire.consume(1, name, "t" * 255, no_ack=True)
               + wire.publish(1, name, "k." * 127 + "k"),
               answered("queue.declare-ok", "exchange.declare-ok", "queue.bind-ok",
                        "basic.consume-ok", "basic.deliver"))
    yield Case("line breaks in a name are taken out",
               wire.queue_declare(1, "a\r\nb", exclusive=True) + wire.get(1, "ab"),
               answered("queue.declare-ok", "basic.get-empty"))


# ---- contents

NO_CONTENT = "expected method frame, got non method frame instead"
NO_HEADER = "expected content header for class 60, got non content header frame instead"
NO_BODY = "expected content body, got non content body frame instead"


def _announced(size):
    return wire.publish_method(1) + wire.header(1, size)


def _order():
    publish, get = wire.publish_method(1), wire.get(1, "q")
    for name, octets, detail, cause in (
            ("a header without a publish", wire.header(1, 1), NO_CONTENT, None),
            ("a body without a publish", wire.body(1, "x"), NO_CONTENT, None),
            ("an empty body without a publish", wire.body(1, ""), NO_CONTENT, None),
            ("a body before its header", publish + wire.body(1, "x"), NO_HEADER, "basic.publish"),
            ("a method before the header", publish + get, NO_HEADER, "basic.publish"),
            ("a publish before the header", publish + publish, NO_HEADER, "basic.publish"),
            ("a close before the header", publish + wire.close(1), NO_HEADER, "basic.publish"),
            ("a method before the body", _announced(5) + get, NO_BODY, "basic.publish"),
            ("a method inside the body", _announced(5) + wire.body(1, "ab") + get, NO_BODY,
             "basic.publish"),
            ("a second header", _announced(5) + wire.header(1, 5), NO_BODY, "basic.publish"),
            ("a close inside the body", _announced(5) + wire.close(1), NO_BODY, "basic.publish"),
            ("a body behind an empty content", _announced(0) + wire.body(1, "x"), NO_CONTENT, None),
            ("an empty body behind an empty content", _announced(0) + wire.body(1, ""), NO_CONTENT,
             None),
            ("a body behind the last", _announced(1) + wire.body(1, "x") + wire.body(1, "y"),
             NO_CONTENT, None),
            ("a header on channel 0", wire.header(0, 1), "content frame on channel 0", None),
            ("a body on channel 0", wire.body(0, "x"), "content frame on channel 0", None),
            ("a header on a channel that is not open", wire.header(9, 1), NO_CONTENT, None),
            ("a body on a channel that is not open", wire.body(9, "x"), NO_CONTENT, None),
            ("the content of another channel", publish + wire.header(2, 1), NO_CONTENT, None),
            ("the body of another channel", _announced(1) + wire.body(2, "x"), NO_CONTENT, None)):
        yield Case(name, octets, closed(505, detail, cause))


def _headers():
    publish = wire.publish_method(1)
    for class_id in (0, 10, 50, 90, 65535):
        yield Case(f"a content header of class {class_id}",
                   publish + wire.header(1, 1, class_id=class_id),
                   closed(505, f"expected content header for class 60, got one for class {class_id}"
                               " instead", "basic.publish"))
    for weight in (1, 65535):
        yield Case(f"a content header of weight {weight}",
                   publish + wire.header(1, 1, weight=weight),
                   closed(505, f"content header with a weight of {weight}", "basic.publish"))
    for size in (0, 1, 4, 11):
        yield _frame(f"a content header of {size} octets",
                     publish + wire.frame(wire.CONTENT_HEADER, 1, bytes(size)),
                     f"content header of {size} bytes is too short", "basic.publish")


def _properties():
    inside = "content header ends inside its properties"
    undefined = "content header with undefined property flags"
    for name, octets, detail in (
            ("no flags", b"", "content header of 12 bytes is too short"),
            ("half of the flags", b"\0", "content header of 13 bytes is too short"),
            ("a continuation flag", u16(1) + u16(0), undefined),
            ("endless continuation", u16(1) * 1000, undefined),
            ("a reserved flag", u16(2), undefined),
            ("every flag", u16(0xFFFF), undefined),
            ("octets behind", u16(0) + b"abc", "content header has 3 bytes behind its properties"),
            ("a string past the end", u16(0x8000) + b"\x05ab", inside),
            ("a missing string", u16(0x8000), inside),
            ("a missing priority", u16(0x0800), inside),
            ("a cut time", u16(0x0040) + b"x" * 7, inside),
            ("a table past the end", u16(0x2000) + u32(100) + b"x", inside),
            ("a table of all ones", u16(0x2000) + b"\xff" * 4, inside),
            ("all defined flags and nothing else", u16(0xFFFC), inside),
            ("a cut table", u16(0x2000) + b"\0\0", inside),
            ("a string past its table", u16(0x2000) + table_of(b"S\0\0\0\x63x"), PAST_VALUE)):
        yield Case(f"properties: {name}",
                   wire.publish_method(1) + wire.header(1, 1, octets) + wire.body(1, "x"),
                   closed(502, detail, "basic.publish"))


def _body_sizes():
    limit = 16 << 20
    for size in (limit + 1, 600_000_000, 1 << 62, 1 << 63, (1 << 64) - 1):
        yield Case(f"a body of {size} octets is announced", _announced(size),
                   channel_closed(406, f"message size {size} is larger than configured max size "
                                       f"{limit}", "basic.publish"))
    yield Case("a body that is too large, and part of it",
               _announced(limit + 1) + wire.body(1, "part of it"),
               channel_closed(406, f"message size {limit + 1} is larger than configured max size "
                                   f"{limit}", "basic.publish"))
    for name, octets, detail in (
            ("a body longer than announced", _announced(2) + wire.body(1, "xyz"),
             "content body of 3 bytes is longer than the 2 of its header"),
            ("a second body frame too long",
             _announced(3) + wire.body(1, "xy") + wire.body(1, "zzz"),
             "content body of 5 bytes is longer than the 3 of its header"),
            ("empty body frames and then too much",
             _announced(3) + wire.body(1, "") * 1000 + wire.body(1, "zzzz"),
             "content body of 4 bytes is longer than the 3 of its header")):
        yield _frame(name, octets, detail, "basic.publish")
    yield Case("100 channels announce 16 MB each and send nothing", _announce_on_many, None)
    yield Case("three channels assemble more than 32 MiB", _assemble_too_much,
               closed(506, f"unfinished contents of all channels exceed {32 << 20} bytes",
                      "basic.publish"))
    yield Case("10,000 empty body frames", _announced(1) + wire.body(1, "") * 10_000
               + wire.body(1, "x") + wire.qos(1, 1), answered("basic.qos-ok"))


def _announce_on_many(peer):
    for channel in range(3, 103):
        peer.send(wire.channel_open(channel) + wire.publish_method(channel)
                  + wire.header(channel, 16_000_000))
    for channel in range(3, 103):
        peer.expect("channel.open-ok")


def _assemble_too_much(peer):
    part = b"x" * (FRAME_MAX - 8)
    peer.send(wire.channel_open(3))
    peer.expect("channel.open-ok")
    for channel in (1, 2, 3):
        peer.send(wire.publish_method(channel) + wire.header(channel, 16 << 20))
        peer.send(wire.body(channel, part) * 100)


def groups():
    return [
        group("frames", _types(), _ends(), _sizes(), _payloads(), _unknown_methods()),
        group("tables", _values(), _entries(), _frame_tables(), _bombs(), _header_bombs()),
        group("strings", _lengths(), _utf8(), _long_names()),
        group("contents", _order(), _headers(), _properties(), _body_sizes()),
    ]

"""Everything that can go wrong before connection.open-ok. The honest pair's broker waits 50 ms
before it ends a socket whose login it refused, as RabbitMQ waits three seconds."""

import base64
import functools

import wire
from case import Case, End, closed, group
from frame_cases import nested
from wire import long, method, plain, short, u32

GREETING = wire.HEADER
LOGIN = GREETING + wire.start_ok()
TUNED = LOGIN + wire.tune_ok()
GUESS = "s3cret-guess"  # which no log may hold
FORGED_LINE = "INFO forged"  # which no line of a log may begin with
# A client that cannot be told more than the end of its socket.
SIMPLE = {"product": "hostile"}
REFUSED = ("Login was refused using authentication mechanism {}. For details see the broker "
           "logfile.")


def _raw(name, octets, expect):
    return Case(name, octets, expect, raw=True)


def _protocol_headers():
    for name, octets in (
            ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("a TLS hello", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
            ("lower case", b"amqp\0\0\x09\x01"), ("AMQP 0-9-2", b"AMQP\0\0\x09\x02"),
            ("AMQP 1.0", b"AMQP\0\1\0\0"), ("AMQP 1.0 with SASL", b"AMQP\3\1\0\0"),
            ("AMQP 1.0 with TLS", b"AMQP\2\1\0\0"), ("AMQP 2", b"AMQP\1\1\2\0"),
            ("text", b"AMQP0091"), ("zeros", bytes(8)), ("ones", b"\xff" * 8),
            ("MQTT", b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c"),
            ("STOMP", b"CONNECT\naccept-version:1.2\n\n\0"),
            ("PROXY v1", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"),
            ("PROXY v2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12)),
            ("a megabyte of A", b"A" * (1 << 20))):
        yield _raw(f"header: {name}", octets, End(wire.HEADER))


def _before_start_ok():
    def state(name, octets):
        return _raw(f"{name} first", GREETING + octets,
                    closed(504, "unexpected method in connection state starting", name))

    yield state("connection.open", wire.open_host())
    yield state("connection.tune-ok", wire.tune_ok())
    yield state("connection.secure-ok", wire.secure_ok("x"))
    yield state("connection.update-secret", wire.update_secret())
    yield state("connection.close-ok", wire.close_ok())
    yield state("connection.start", method(0, "connection.start", b"\0\x09" + bytes(12)))
    for name, kind, channel, octets in (
            ("channel.open on channel 1", 1, 1, wire.channel_open(1)),
            ("a publish on channel 1", 1, 1, wire.publish_method(1)),
            ("a content header on channel 0", 2, 0, wire.header(0, 1)),
            ("a body on channel 0", 3, 0, wire.body(0, "x")),
            ("a body on channel 1", 3, 1, wire.body(1, "x"))):
        yield _raw(f"{name} first", GREETING + octets,
                   closed(505, f"frame of type {kind} on channel {channel} before the connection "
                               "is open"))
    yield _raw("a heartbeat on channel 1 first", GREETING + wire.heartbeat(1),
               closed(505, "heartbeat frame on channel 1"))
    yield _raw("close first", GREETING + wire.close(), End(None))
    for name, octets, detail in (
            ("an unknown frame type", wire.frame(4, 0, b""), "unknown frame type 4"),
            ("the header twice", GREETING, "unknown frame type 65"),
            ("a bad frame end", wire.frame(8, 0, b"", 0), "frame end octet is missing"),
            ("a frame of 8,193 octets", wire.frame_start(1, 0, 8193),
             "frame payload of 8193 bytes exceeds the maximum of 8192"),
            ("a frame of 4 GiB", wire.frame_start(1, 0, 0xFFFFFFFF),
             "frame payload of 4294967295 bytes exceeds the maximum of 8192"),
            ("a method of 3 octets", wire.frame(1, 0, b"\0\x0a\0"),
             "a method frame of 3 bytes names no method")):
        yield _raw(f"{name} first", GREETING + octets, closed(501, detail))
    yield _raw("an unknown method first", GREETING + method(0, (99, 1)),
               closed(503, "unknown method 1 of class 99", (99, 1)))
    # The whole of a large frame behind the login must not be taken before tune-ok.
    yield _raw("a frame of 100,000 octets before tune-ok", LOGIN + wire.frame_start(1, 0, 100_000),
               closed(501, "frame payload of 100000 bytes exceeds the maximum of 8192"))


def _start_ok(octets):
    return GREETING + method(0, "connection.start-ok", octets)


def _client_properties():
    rest = short("PLAIN") + long(plain("guest", "guest")) + short("en_US")
    name = "connection.start-ok"
    for what, octets, detail in (
            ("4,097 voids in an array", long(short("k") + b"A" + long(b"V" * 4097)),
             "a field table or array has more than 4096 elements"),
            ("2,000 nameless entries and a bad one", long(b"\0V" * 2000 + b"\0?"),
             "unknown field table value type 63"),
            ("tables 200 deep", long(nested(200, b"F")),
             "field tables are nested deeper than 16"),
            ("arrays 1,000 deep", long(short("k") + nested(1000, b"A")),
             "field tables are nested deeper than 16"),
            ("an unknown type", long(b"\x01k?"), "unknown field table value type 63"),
            ("a string past them", long(b"\x01kS\0\0\xff\xffx"),
             "a field table value runs past the end of what holds it")):
        yield _raw(f"client properties: {what}", _start_ok(octets + rest),
                   closed(502, f"{name}: {detail}", name))
    for what, octets, why in (
            ("of all ones", b"\xff" * 4 + rest, "it ends inside its fields"),
            ("and nothing else", u32(0), "it ends inside its fields"),
            ("and one octet too many", u32(0) + rest + b"x", "1 bytes follow its fields"),
            ("and a response past the frame", u32(0) + short("PLAIN") + b"\x7f\xff\xff\xff",
             "it ends inside its fields")):
        yield _raw(f"client properties {what}", _start_ok(octets),
                   closed(501, f"cannot decode {name}: {why}", name))


def _mechanisms():
    for mechanism in ("X-SECRET", "", "plain", "PLAIN ", "ANONYMOUS", "EXTERNAL", "M" * 255):
        yield _raw(f"mechanism {mechanism[:12]!r}", GREETING + wire.start_ok(mechanism, b"x"),
                   closed(503, f"unknown authentication mechanism '{mechanism}'",
                          "connection.start-ok"))


def _refused(name, mechanism, response, client=None):
    """With and without the capability to be told of it."""
    text = closed(403, REFUSED.format(mechanism))
    yield _raw(name, GREETING + wire.start_ok(mechanism, response), text)
    yield _raw(f"{name}, from a client of old",
               GREETING + wire.start_ok(mechanism, response, SIMPLE if client is None else client)
               + b"anything " * 100, End(None))


def _passwords():
    for name, response in (
            ("a wrong password", plain("guest", GUESS)),
            ("an empty password", plain("guest", "")),
            ("an unknown user", plain("nobody", GUESS)),
            ("an empty user", plain("", "guest")),
            ("a user and nothing else", plain("", "")),
                        ("a password of 6,000 octets", plain("guest", "x" * 6000)),
            ("a user of 6,000 octets", plain("u" * 6000, "guest")),
            ("a user of no UTF-8", plain(b"\xff\xfe", b"guest")),
            ("a user with a line break", plain("guest\r\n" + FORGED_LINE, "guest")),
            ("a user of the words of a pattern", plain(".*", "guest")),
            ("a user in other case", plain("GUEST", "guest")),
            ("a user and a blank", plain("guest ", "guest"))):
        yield from _refused(name, "PLAIN", response)
    amqplain = {
        "a wrong password": {"LOGIN": "guest", "PASSWORD": GUESS},
        "an unknown user": {"LOGIN": "nobody", "PASSWORD": "guest"},
        "an empty password": {"LOGIN": "guest", "PASSWORD": ""},
    }
    for name, fields in amqplain.items():
        yield from _refused(f"AMQPLAIN: {name}", "AMQPLAIN", wire.table(fields)[4:])


def _malformed():
    def bad(name, mechanism, response, detail):
        return _raw(name, GREETING + wire.start_ok(mechanism, response),
                    closed(502, detail, "connection.start-ok"))

    broken = "PLAIN response is not NUL user NUL password"
    for name, response in (("no NUL", b"guestguest"), ("one NUL", b"\0guest"), ("nothing", b""),
                           ("6,000 octets and no NUL", b"x" * 6000),
                           ("NUL in the password", plain("guest", "guest\0"))):
        yield bad(f"PLAIN with {name}", "PLAIN", response, broken)
    missing = "AMQPLAIN response is missing LOGIN or PASSWORD field"
    for name, response, detail in (
            ("no table", b"\x05LOGIN", "AMQPLAIN response is no field table"),
            ("an unknown type", b"\x01k?", "AMQPLAIN response is no field table"),
            ("nothing", b"", missing),
            ("no password", wire.table({"LOGIN": "guest"})[4:], missing),
            ("no user", wire.table({"PASSWORD": "guest"})[4:], missing),
            ("numbers", wire.table({"LOGIN": 1, "PASSWORD": 2})[4:], missing),
            ("tables 500 deep", nested(500, b"F"), missing)):
        yield bad(f"AMQPLAIN with {name}", "AMQPLAIN", response, detail)


# First message: what is said of it.
SCRAM_FIRST = {
    b"": "SCRAM message has no channel binding flag",
    b"x=1": "SCRAM message has no channel binding flag",
    b"n,,n=a\0,r=b": "SCRAM message has no user",
    b"n,,n=a=00,r=abc": "SCRAM message has no user",
    b"n,,n=guest": "SCRAM message has no nonce",
    b"n,,n=guest,r=" + b"x" * 6000: "SCRAM message has no nonce",
    b"n,,m=x,n=guest,r=abc": "SCRAM message asks for an unknown extension",
    b"p=tls-unique,,n=guest,r=abc": "SCRAM with channel binding is not offered",
}
SCRAM_LAST = {
    b"c=biws,r=forged": "SCRAM message has no proof",
    b"\xff\xfe": "SCRAM message has no proof",
    b"c=biws,r=forged,p=AA==": "SCRAM message has another nonce",
    b"c=biws,r=abcdef,p=" + base64.b64encode(bytes(32)): "SCRAM message has another nonce",
}


def _scram():
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
        for first, detail in SCRAM_FIRST.items():
            yield _raw(f"{mechanism} begun with {first[:20]!r} of {len(first)}",
                       GREETING + wire.start_ok(mechanism, first),
                       closed(502, detail, "connection.start-ok"))
        for last, detail in SCRAM_LAST.items():
            yield _raw(f"{mechanism} answered with {last[:20]!r} of {len(last)}",
                       GREETING + wire.start_ok(mechanism, b"n,,n=guest,r=abcdef")
                       + wire.secure_ok(last), closed(502, detail, "connection.secure-ok"))
        for user in (b"guest", b"nobody"):
            yield _raw(f"{mechanism} with a forged proof of {user.decode()}",
                       functools.partial(_forge, mechanism, user, b"n,,"),
                       closed(403, REFUSED.format(mechanism)))
        yield _raw(f"{mechanism} with another's name to act as",
                   functools.partial(_forge, mechanism, b"guest", b"n,a=root,"),
                   closed(403, REFUSED.format(mechanism)))


def _forge(mechanism, user, binding, peer):
    """All as it must be but for the proof."""
    peer.send(GREETING + wire.start_ok(mechanism, binding + b"n=" + user + b",r=abcdef"))
    peer.expect("connection.start")
    challenge = peer.expect("connection.secure").payload[8:]
    nonce = challenge.split(b",")[0]
    proof = base64.b64encode(bytes(32 if "256" in mechanism else 64))
    peer.send(wire.secure_ok(b"c=" + base64.b64encode(binding) + b"," + nonce + b",p=" + proof))


def _after_login():
    for name, octets in (("connection.open", wire.open_host()),
                         ("connection.start-ok", wire.start_ok()),
                         ("connection.secure-ok", wire.secure_ok("x"))):
        yield _raw(f"{name} instead of tune-ok", LOGIN + octets,
                   closed(504, "unexpected method in connection state tuning", name))
    yield _raw("a channel before tune-ok", LOGIN + wire.channel_open(1),
               closed(505, "frame of type 1 on channel 1 before the connection is open"))
    for field, low, high, answers in (("frame_max", 4096, 131072, (1, 4095, 131073, 0xFFFFFFFF, 0)),
                                      ("channel_max", 1, 2047, (2048, 65535, 0))):
        for answer in answers:
            octets = (wire.tune_ok(frame_max=answer) if field == "frame_max"
                      else wire.tune_ok(channel_max=answer))
            too_low = 0 < answer < low
            unlimited = " (no limit)" if answer == 0 and field == "channel_max" else ""
            yield _raw(f"{field} of {answer}", LOGIN + octets,
                       closed(530, f"negotiated {field} = {answer}{unlimited} is "
                                   f"{'lower' if too_low else 'higher'} than the "
                                   f"{'minimum' if too_low else 'maximum'} allowed value "
                                   f"({low if too_low else high})", "connection.tune"))
    yield _raw("tune-ok twice", TUNED + wire.tune_ok(),
               closed(504, "unexpected method in connection state opening", "connection.tune-ok"))
    yield _raw("a channel before open", TUNED + wire.channel_open(1),
               closed(505, "frame of type 1 on channel 1 before the connection is open"))
    for host in ("", "none-such", "v" * 255, "/ ", "//", "\r\n/", "%2f"):
        yield _raw(f"virtual host {host[:12]!r}", TUNED + wire.open_host(host),
                   closed(530, f"vhost {host} not found", "connection.open"))
    yield _raw("open cut short", TUNED + method(0, "connection.open", b"\x05/"),
               closed(501, "cannot decode connection.open: it ends inside its fields",
                      "connection.open"))


def groups():
    return [
        group("handshake", _protocol_headers(), _before_start_ok(), _client_properties(),
              _mechanisms(), _after_login()),
        group("logins", _passwords(), _malformed(), _scram()),
    ]

"""Everything that is limited, taken to its limit and one beyond, on a broker with small limits."""

import contextlib
import time

import wire
from case import closed, channel_closed
from node import Node
from peer import Ended, HonestPair, Peer

NAME = "exhaustion"
CONNECTIONS, UNAUTHENTICATED, PER_ADDRESS = 60, 30, 8
CHANNELS, CONSUMERS, UNACKED = 16, 10, 20
OF_THE_NODE = 40  # channels
OF_A_CONNECTION, OF_A_USER = 24, 12  # consumers
QUEUES, EXCHANGES, BINDINGS = 20, 20, 40
ENTRIES, BYTES, MESSAGE, ASSEMBLY = 50, 1 << 20, 1 << 20, 2 << 20
SETTINGS = {
    "limits": {
        "accept": {"connections_max": CONNECTIONS, "unauthenticated_max": UNAUTHENTICATED,
                   "unauthenticated_per_address_max": PER_ADDRESS, "channels_max": OF_THE_NODE},
        "connection": {"channel_max": CHANNELS, "max_message_size": MESSAGE,
                       "assembly_bytes_max": ASSEMBLY, "table_depth_max": 4,
                       "table_elements_max": 32, "refusal_delay": "20ms",
                       "reply_bytes_max": "64KiB", "initial_frame_max": "4KiB"},
        "session": {"consumers_per_channel_max": CONSUMERS,
                    "consumers_per_connection_max": OF_A_CONNECTION, "unacked_per_channel_max": UNACKED,
                    "transaction_entries_max": ENTRIES, "transaction_bytes_max": BYTES},
        "virtual_host": {"queues_max": QUEUES, "exchanges_max": EXCHANGES,
                         "bindings_max": BINDINGS},
    },
    "auth": {"hash_iterations_sha256": 10_000},
    "users": [{"name": name, "password": name,
               "permissions": [{"virtual_host": "/", "configure": True, "write": True,
                                "read": True}]}
              for name in ("guest", "honest", "victim")]
             + [{"name": "limited", "password": "limited", "limits": {"consumers_max": OF_A_USER,
                                                                           "message_size_max": 64},
                 "permissions": [{"virtual_host": "/", "configure": True, "write": True,
                                  "read": True}]}],
}


def expect_close(peer, expected):
    while True:
        frame = peer.frame()
        if frame.name in ("channel.close", "connection.close"):
            break
        if frame.name in ("basic.deliver", "basic.get-ok"):
            peer.read_message()
    if frame.channel != expected.channel or frame.close_fields() != expected.fields():
        raise AssertionError(f"expected {expected}, got {frame}")


@contextlib.contextmanager
def client(node, **login):
    with Peer(node.port) as peer:
        yield peer.log_in(**login)


def until_admitted(node, source="127.0.0.1"):
    """The broker may not have noticed yet that others have gone."""
    deadline = time.monotonic() + 10
    while True:
        try:
            with Peer(node.port, source=source) as peer:
                peer.log_in(channels=())
            return
        except (Ended, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def refused(node, source):
    """True if a new socket from there is closed without a word."""
    with Peer(node.port, source=source) as peer:
        peer.send(wire.HEADER)
        return peer.read_to_end() == b""


def half_open(node, stack, source, count):
    """So many that have been greeted, which shows that they were let in."""
    for _ in range(count):
        peer = stack.enter_context(Peer(node.port, source=source))
        peer.send(wire.HEADER)
        peer.expect("connection.start")


# ---- connections

def sockets_of_one_address(node):
    with contextlib.ExitStack() as stack:
        half_open(node, stack, "127.0.0.2", PER_ADDRESS)
        for _ in range(20):
            assert refused(node, "127.0.0.2")
        until_admitted(node)
    until_admitted(node, "127.0.0.2")


def sockets_of_many_addresses(node):
    with contextlib.ExitStack() as stack:
        for place in range(UNAUTHENTICATED):
            half_open(node, stack, f"127.0.0.{10 + place % 10}", 1)
        for place in range(20):
            assert refused(node, f"127.0.1.{place + 1}")
    until_admitted(node)


def connections_of_the_node(node):
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS - 2):  # beside the honest pair
            stack.enter_context(client(node, channels=()))
        for place in range(20):
            assert refused(node, f"127.0.0.{2 + place}")
    until_admitted(node)


def channels(node):
    with client(node, channels=range(1, CHANNELS + 1)) as peer:
        peer.send(wire.channel_open(CHANNELS + 1))
        expect_close(peer, closed(530, f"number of channels opened ({CHANNELS}) has reached the "
                                       f"negotiated channel_max ({CHANNELS})"))


def channels_of_the_node(node):
    numbers = range(1, CHANNELS + 1)
    with contextlib.ExitStack() as stack:
        for _ in range(OF_THE_NODE // CHANNELS):
            stack.enter_context(client(node, channels=numbers))
        last = stack.enter_context(client(node, channels=()))
        for number in numbers:
            last.send(wire.channel_open(number))
            frame = last.frame()
            if frame.name != "channel.open-ok":
                break
        expected = closed(530, "number of channels opened on the node has reached the maximum "
                               f"allowed limit of ({OF_THE_NODE})", "channel.open")
        assert frame.name == "connection.close" and frame.close_fields() == expected.fields(), frame
    deadline = time.monotonic() + 10
    while True:
        try:
            with client(node, channels=numbers):
                return
        except (AssertionError, Ended, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def numbers_of_channels(node):
    """Opened and closed over and over: what is remembered of a number is not much."""
    with client(node) as peer:
        for _ in range(2000):
            peer.send(wire.channel_open(2) + wire.close(2))
        for _ in range(2000):
            peer.expect("channel.open-ok")
            peer.expect("channel.close-ok")


# ---- what channels hold

def consumers(node):
    with client(node) as peer:
        peer.call(wire.queue_declare(1, "q", exclusive=True), "queue.declare-ok")
        for _ in range(CONSUMERS):
            peer.call(wire.consume(1, "q"), "basic.consume-ok")
        peer.send(wire.consume(1, "q"))
        expect_close(peer, closed(530, f"reached maximum ({CONSUMERS}) of consumers per channel",
                                  "basic.consume"))


def consumers_of_a_connection(node):
    with client(node, channels=(1, 2, 3)) as peer:
        peer.call(wire.queue_declare(1, "q", exclusive=True), "queue.declare-ok")
        for number in range(OF_A_CONNECTION):
            peer.call(wire.consume(1 + number // CONSUMERS, "q"), "basic.consume-ok")
        peer.send(wire.consume(3, "q"))
        expect_close(peer, closed(530, f"reached maximum ({OF_A_CONNECTION}) of consumers "
                                  "per connection", "basic.consume"))


def consumers_of_a_user(node):
    """Over all its connections, until one has gone."""
    limited = {"user": "limited", "password": "limited"}
    with client(node, **limited) as first:
        first.call(wire.queue_declare(1, "of-a-user"), "queue.declare-ok")
        for _ in range(CONSUMERS):
            first.call(wire.consume(1, "of-a-user"), "basic.consume-ok")
        with client(node, **limited) as second:
            for _ in range(OF_A_USER - CONSUMERS):
                second.call(wire.consume(1, "of-a-user"), "basic.consume-ok")
            second.send(wire.consume(1, "of-a-user"))
            expect_close(second, closed(530, f"reached maximum ({OF_A_USER}) of consumers for user "
                                        "'limited'", "basic.consume"))
        # The broker gave its places back before it said so.
        with client(node, **limited) as third:
            third.call(wire.consume(1, "of-a-user"), "basic.consume-ok")
            third.send(wire.queue_delete(1, "of-a-user"))
            third.expect("basic.cancel")
            third.expect("queue.delete-ok")


def unacknowledged_gets(node):
    with client(node) as peer:
        peer.call(wire.queue_declare(1, "q", exclusive=True), "queue.declare-ok")
        for _ in range(UNACKED + 1):
            peer.send(wire.publish(1, "", "q") + wire.get(1, "q", no_ack=False))
        for _ in range(UNACKED):
            peer.expect("basic.get-ok")
            peer.read_message()
        expect_close(peer, channel_closed(406, "too many unacknowledged messages on this channel",
                                          "basic.get"))


def unacknowledged_deliveries(node):
    """A consumer without a prefetch waits at the limit and goes on when it has settled."""
    with client(node) as peer:
        peer.call(wire.queue_declare(1, "q", exclusive=True), "queue.declare-ok")
        for _ in range(UNACKED + 5):
            peer.send(wire.publish(1, "", "q"))
        peer.call(wire.consume(1, "q"), "basic.consume-ok")
        for _ in range(UNACKED):
            peer.expect("basic.deliver")
            peer.read_message()
        declared = peer.call(wire.queue_declare(1, "q", passive=True), "queue.declare-ok")
        assert declared.payload[-8:-4] == wire.u32(5), "more was delivered than may be unacked"
        peer.send(wire.ack(1, UNACKED, multiple=True))
        for _ in range(5):
            peer.expect("basic.deliver")
            peer.read_message()


def entries_of_a_transaction(node):
    with client(node) as peer:
        peer.call(wire.queue_declare(1, "q", exclusive=True), "queue.declare-ok")
        peer.call(wire.select(1), "tx.select-ok")
        for _ in range(ENTRIES + 1):
            peer.send(wire.publish(1, "", "q"))
        expect_close(peer, channel_closed(406, "transaction is too large", "basic.publish"))


def bytes_of_a_transaction(node):
    octets = b"x" * 100_000
    with client(node) as peer:
        peer.call(wire.queue_declare(1, "q", exclusive=True), "queue.declare-ok")
        peer.call(wire.select(1), "tx.select-ok")
        for _ in range(BYTES // len(octets) + 2):
            peer.send(wire.publish(1, "", "q", octets))
        expect_close(peer, channel_closed(406, "transaction is too large", "basic.publish"))


def size_of_a_message(node):
    with client(node) as peer:
        peer.send(wire.publish_method(1) + wire.header(1, MESSAGE + 1))
        expect_close(peer, channel_closed(406, f"message size {MESSAGE + 1} is larger than "
                                               f"configured max size {MESSAGE}", "basic.publish"))


def size_of_a_users_message(node):
    with client(node, user="limited", password="limited") as peer:
        peer.send(wire.publish(1, "", "no-such-queue", b"m" * 64))
        peer.send(wire.publish(1, "", "no-such-queue", b"m" * 65))
        expect_close(peer, channel_closed(406, "message size 65 is larger than configured max size "
                                               "64", "basic.publish"))


def bodies_that_are_put_together(node):
    part = b"x" * 100_000
    with client(node, channels=range(1, CHANNELS + 1)) as peer:
        for channel in range(1, 4):
            peer.send(wire.publish_method(channel) + wire.header(channel, MESSAGE))
            for _ in range(10):
                peer.send(wire.body(channel, part))
        expect_close(peer, closed(506, f"unfinished contents of all channels exceed {ASSEMBLY} "
                                       "bytes", "basic.publish"))


def replies_that_nobody_reads(node):
    """The broker stops reading; what is sent meanwhile stays in the kernel's buffers."""
    with client(node) as peer:
        peer.call(wire.queue_declare(1, "r" * 200, exclusive=True), "queue.declare-ok")
        many = wire.queue_declare(1, "r" * 200, passive=True) * 1000
        peer.socket.settimeout(1)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 64 << 20:
                sent += peer.socket.send(many)
        assert sent < 64 << 20, "the broker never stopped reading"


# ---- what virtual hosts hold

def queues(node):
    with client(node) as peer:
        # The honest pair has two.
        for place in range(QUEUES - 2):
            peer.call(wire.queue_declare(1, f"q{place}", exclusive=True), "queue.declare-ok")
        peer.send(wire.queue_declare(1, "one-more", exclusive=True))
        expect_close(peer, channel_closed(406, "cannot declare queue 'one-more': "
                                               f"queue limit in vhost '/' ({QUEUES}) is reached",
                                          "queue.declare"))


def exchanges(node):
    with client(node) as peer:
        names = []
        for place in range(EXCHANGES + 1):
            peer.send(wire.exchange_declare(1, f"x{place}"))
            frame = peer.frame()
            if frame.name != "exchange.declare-ok":
                break
            names.append(f"x{place}")
        expected = channel_closed(406, f"cannot declare exchange 'x{len(names)}': "
                                       f"exchange limit in vhost '/' ({EXCHANGES}) is reached",
                                  "exchange.declare")
        assert names and frame.close_fields() == expected.fields(), str(frame)
        peer.send(wire.close_ok(1))
        peer.call(wire.channel_open(1), "channel.open-ok")
        for name in names:
            peer.call(wire.exchange_delete(1, name), "exchange.delete-ok")


def bindings(node):
    with client(node) as peer:
        peer.call(wire.queue_declare(1, "q", exclusive=True), "queue.declare-ok")
        for place in range(BINDINGS + 1):
            peer.send(wire.queue_bind(1, "q", "amq.topic", f"k{place}"))
            frame = peer.frame()
            if frame.name != "queue.bind-ok":
                break
        expected = channel_closed(406, "cannot bind to exchange 'amq.topic': binding "
                                       f"limit in vhost '/' ({BINDINGS}) is reached", "queue.bind")
        assert frame.close_fields() == expected.fields(), str(frame)


def names_of_the_servers_own(node):
    """Server-named queues count like any other."""
    with client(node) as peer:
        for _ in range(QUEUES - 2):
            peer.call(wire.queue_declare(1, "", exclusive=True), "queue.declare-ok")
        peer.send(wire.queue_declare(1, "", exclusive=True))
        frame = peer.expect("channel.close")
        code, text, cause = frame.close_fields()
        assert code == 406 and cause == wire.ID["queue.declare"], str(frame)
        assert text.endswith(f"queue limit in vhost '/' ({QUEUES}) is reached"), text


def declared_and_deleted(node):
    with client(node) as peer:
        for place in range(2000):
            peer.send(wire.queue_declare(1, f"churn{place}", exclusive=True, no_wait=True)
                      + wire.queue_bind(1, f"churn{place}", "amq.topic", "a.#")
                      + wire.queue_delete(1, f"churn{place}"))
        for _ in range(2000):
            peer.expect("queue.bind-ok")
            peer.expect("queue.delete-ok")


# ---- what is parsed

def depth_of_tables(node):
    table = {"a": {"b": {"c": {"d": {"e": 1}}}}}
    with client(node) as peer:
        peer.send(wire.queue_declare(1, "q", arguments=table))
        expect_close(peer, closed(502, "queue.declare: field tables are nested deeper than 4",
                                  "queue.declare"))


def elements_of_tables(node):
    with client(node) as peer:
        peer.send(wire.queue_declare(1, "q", arguments={f"k{i}": 1 for i in range(33)}))
        expect_close(peer, closed(502, "queue.declare: a field table or array has more than 32 "
                                       "elements", "queue.declare"))


def first_frames(node):
    with Peer(node.port) as peer:
        peer.send(wire.HEADER + wire.frame_start(wire.METHOD, 0, 4097))
        expect_close(peer, closed(501, "frame payload of 4097 bytes exceeds the maximum of 4096"))


def negotiated_frames(node):
    with client(node, frame_max=4096) as peer:
        peer.send(wire.publish_method(1) + wire.header(1, 5000)
                  + wire.frame_start(wire.BODY, 1, 4097))
        expect_close(peer, closed(501, "frame payload of 4097 bytes exceeds the maximum of 4096"))


# ---- guesses

def _guess(node, source, user, password):
    """Seconds until the broker has answered."""
    with Peer(node.port, source=source) as peer:
        start = time.monotonic()
        peer.send(wire.HEADER + wire.start_ok("PLAIN", wire.plain(user, password)))
        peer.expect("connection.start")
        code, _, _ = peer.expect("connection.close").close_fields()
        assert code == 403
        return time.monotonic() - start


def guesses_of_one_address(node):
    """Each costs the guesser more time; others log in at once."""
    for place in range(6):
        _guess(node, "127.0.0.66", f"name{place}", "wrong")
    slowed = _guess(node, "127.0.0.66", "another", "wrong")
    assert slowed > 0.3, f"the guess was answered within {slowed:.3f} s"
    start = time.monotonic()
    until_admitted(node)
    assert time.monotonic() - start < slowed + 5


def guesses_for_one_user(node):
    for place in range(6):
        _guess(node, f"127.0.0.{70 + place}", "victim", "wrong")
    slowed = _guess(node, "127.0.0.80", "victim", "wrong")
    assert slowed > 0.3, f"the guess was answered within {slowed:.3f} s"
    # Nobody is locked out: the right password is only looked at later.
    with Peer(node.port) as peer:
        peer.log_in("victim", "victim")


CASES = (sockets_of_one_address, sockets_of_many_addresses, connections_of_the_node, channels,
         channels_of_the_node, size_of_a_users_message,
         numbers_of_channels, consumers, consumers_of_a_connection, consumers_of_a_user,
         unacknowledged_gets, unacknowledged_deliveries,
         entries_of_a_transaction, bytes_of_a_transaction, size_of_a_message,
         bodies_that_are_put_together, replies_that_nobody_reads, queues, exchanges, bindings,
         names_of_the_servers_own, declared_and_deleted, depth_of_tables, elements_of_tables,
         first_frames, negotiated_frames, guesses_of_one_address, guesses_for_one_user)


def run(failures):
    with Node(SETTINGS) as node:
        honest = HonestPair(node.port, user="honest", password="honest")
        count = run_cases(node, NAME, CASES, honest, failures)
        honest.close()
    return count


def run_cases(node, name, cases, honest, failures):
    start = time.monotonic()
    before = node.resident()
    node.forget_peak()
    for case in cases:
        title = case.__name__.replace("_", " ")
        try:
            case(node)
            honest.round_trip()
        except (AssertionError, Ended, OSError) as error:
            failures.add(f"{name}: {title}", f"{type(error).__name__} {error}")
            if not node.is_alive():
                raise SystemExit(f"the broker died of {name}: {title}\n{node.log()}") from error
    print(f"{name}: {len(cases)} cases, {time.monotonic() - start:.1f} s")
    failures.check_memory(node, before, name)
    return len(cases)

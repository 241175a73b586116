#!/usr/bin/python3
"""Bad input over real sockets: each case gets exactly its reply, and others are served meanwhile.

hostile_test.py [GROUP ...]     only these groups

After each case an honest pair of clients, connected before, sends a message to itself; after each
group the broker's resident memory and its peak are compared with what they were before. Prints one
count. Debian's python3, standard library only; HARRIERMQ_BINARY is the program.
"""

import pathlib
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import access_cases  # noqa: E402
import exhaustion  # noqa: E402
import frame_cases  # noqa: E402
import handshake_cases  # noqa: E402
import slow_peers  # noqa: E402
import state_cases  # noqa: E402
import topology_cases  # noqa: E402
import wire  # noqa: E402
from case import Answer, Close, End  # noqa: E402
from node import SANITIZED, Node  # noqa: E402
from peer import Ended, HonestPair, Peer  # noqa: E402

MIB = 1 << 20
# What a group may leave behind, and use for a while beyond that: bodies of one connection that are
# put together (32 MiB), its read buffer, and what the allocator keeps.
GROWTH_MAX = 24 * MIB
PEAK_MAX = 72 * MIB
CASES_MIN = 400


class Failures(list):
    def add(self, where, what):
        self.append(f"{where}: {what}")
        print(f"FAILED {where}: {what}", flush=True)

    def check_memory(self, node, before, name):
        """`before` was resident when the peak was forgotten last."""
        now, peak = node.resident(), node.peak()
        print(f"  resident {before // MIB} MiB before, {now // MIB} after, {peak // MIB} at most")
        if SANITIZED:
            return
        if now - before > GROWTH_MAX:
            self.add(name, f"resident memory grew from {before // MIB} to {now // MIB} MiB")
        if peak - before > PEAK_MAX:
            self.add(name, f"resident memory was {peak // MIB} MiB, {before // MIB} before")


def check_close(peer, expected, raw):
    while True:
        frame = peer.frame()
        if frame.name in ("connection.close", "channel.close"):
            break
        # What went well before the mistake.
        if frame.name in ("basic.get-ok", "basic.deliver", "basic.return"):
            peer.read_message()
        elif not frame.name or not frame.name.endswith("-ok") and not raw:
            raise AssertionError(f"expected {expected}, got {frame}")
    if frame.channel != expected.channel or frame.close_fields() != expected.fields():
        raise AssertionError(f"expected {expected.fields()} on {expected.channel}, got {frame}")
    peer.send(wire.close_ok(expected.channel))
    if expected.channel == 0:
        rest = peer.read_to_end()
        if rest:
            raise AssertionError(f"behind connection.close: {rest[:100]!r}")
    else:
        # Channel 2 never did anything wrong, and the number of the other is free again.
        peer.call(wire.qos(2, 0), "basic.qos-ok")
        peer.call(wire.channel_open(1), "channel.open-ok")


def check_end(peer, expected):
    octets = peer.read_to_end()
    if expected.octets is not None and octets != expected.octets:
        raise AssertionError(f"expected {expected.octets!r} and the end, got {octets[:200]!r}")


def check_answer(peer, expected):
    for name in expected.names:
        frame = peer.expect(name)
        if frame.name in ("basic.deliver", "basic.get-ok", "basic.return"):
            peer.read_message()
    peer.call(wire.qos(2, 0), "basic.qos-ok")


def run_case(node, case, honest):
    peer = Peer(node.port)
    with peer:
        if not case.raw:
            peer.log_in(channels=(1, 2))
        if callable(case.octets):
            case.octets(peer)
        else:
            peer.send(case.octets)
        honest.round_trip()  # while it hangs about
        if isinstance(case.expect, Close):
            check_close(peer, case.expect, case.raw)
        elif isinstance(case.expect, End):
            check_end(peer, case.expect)
        elif isinstance(case.expect, Answer):
            check_answer(peer, case.expect)
    honest.round_trip()


def sweep(node, case):
    """Deletes what the case has left on purpose."""
    if not case.leaves:
        return
    with Peer(node.port) as peer:
        peer.log_in()
        for name in case.leaves:
            peer.call(wire.queue_delete(1, name), "queue.delete-ok")
            peer.call(wire.exchange_delete(1, name), "exchange.delete-ok")


def check_log(log, failures):
    if handshake_cases.GUESS in log:
        failures.add("log", "a password stands in it")
    if any(line.startswith(handshake_cases.FORGED_LINE) for line in log.splitlines()):
        failures.add("log", "a client has written a line of its own")


def run_group(node, name, cases, failures, honest):
    start = time.monotonic()
    before = node.resident()
    node.forget_peak()
    for case in cases:
        try:
            run_case(node, case, honest)
            sweep(node, case)
        except (AssertionError, Ended, OSError) as error:
            failures.add(f"{name}: {case.name}", f"{type(error).__name__} {error}")
            if not node.is_alive():
                raise SystemExit(f"the broker died of {name}: {case.name}\n{node.log()}") from error
            if isinstance(error, TimeoutError):
                honest.close()
                honest = HonestPair(node.port)
    print(f"{name}: {len(cases)} cases, {time.monotonic() - start:.1f} s")
    failures.check_memory(node, before, name)
    return honest


def main():
    wanted = set(sys.argv[1:])
    failures = Failures()
    count = 0
    slowest = 0.0
    groups = [*frame_cases.groups(), *state_cases.groups(), *handshake_cases.groups(),
              *topology_cases.groups(), *access_cases.groups()]
    groups = [one for one in groups if not wanted or one[0] in wanted]
    if groups:
        # Wrong passwords are to be answered at once, hundreds of them.
        settings = {"limits": {"connection": {"refusal_delay": "50ms"}},
                    "log": {"level": "debug"},
                    "auth": {"throttle_delay_max": "0s", "hash_iterations_sha256": 10_000,
                             "hash_iterations_sha512": 10_000}}
        with Node(settings) as node:
            honest = HonestPair(node.port)
            for name, cases in groups:
                honest = run_group(node, name, cases, failures, honest)
                count += len(cases)
            slowest = honest.slowest
            check_log(node.log(), failures)
            honest.close()
    for suite in (exhaustion, slow_peers):
        if not wanted or suite.NAME in wanted:
            count += suite.run(failures)
    if not wanted and count < CASES_MIN:
        failures.add("hostile", f"only {count} cases, {CASES_MIN} are asked for")
    print(f"hostile: {count} cases, {len(failures)} failed; "
          f"the slowest honest message took {slowest * 1000:.0f} ms")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

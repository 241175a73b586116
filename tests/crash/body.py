"""Message bodies that prove themselves: name, length and a hash of everything behind them."""

import hashlib

_HEAD_BYTES = 4 + 64 + 8 + 64  # magic, name, length, hash
_MAGIC = b"HMQ1"


def make_body(name, size):
    """A body of `size` bytes (at least the head) that only `name` has."""
    filler_bytes = max(0, size - _HEAD_BYTES)
    seed = hashlib.sha256(name.encode()).digest()
    filler = (seed * (filler_bytes // len(seed) + 1))[:filler_bytes]
    head = _MAGIC + name.encode().ljust(64, b" ") + b"%8d" % filler_bytes
    return head + hashlib.sha256(head + filler).hexdigest().encode() + filler


def read_body(body):
    """(name, whole): `whole` is false unless every byte is as make_body() wrote it."""
    head, given, filler = body[:76], body[76:140], body[140:]
    name = head[4:68].decode("ascii", "replace").strip()
    whole = (
        head[:4] == _MAGIC
        and given == hashlib.sha256(head + filler).hexdigest().encode()
        and head[68:76] == b"%8d" % len(filler)
    )
    return name, whole

"""One piece of bad input and exactly what must come of it."""

import dataclasses
import typing

import wire

WORDS = {320: "CONNECTION_FORCED", 403: "ACCESS_REFUSED", 404: "NOT_FOUND", 405: "RESOURCE_LOCKED",
         406: "PRECONDITION_FAILED", 501: "FRAME_ERROR", 502: "SYNTAX_ERROR",
         503: "COMMAND_INVALID", 504: "CHANNEL_ERROR", 505: "UNEXPECTED_FRAME",
         506: "RESOURCE_ERROR", 530: "NOT_ALLOWED", 540: "NOT_IMPLEMENTED"}


@dataclasses.dataclass(frozen=True)
class Close:
    """channel.close of channel 1, or connection.close, with these fields and no others."""
    channel: int
    code: int
    text: str
    cause: tuple

    def fields(self):
        return self.code, self.text, self.cause


def _close(channel, code, detail, cause):
    number = (0, 0) if cause is None else wire.ID[cause] if isinstance(cause, str) else cause
    text = f"{WORDS[code]} - {detail}"
    # A reply text is a short string.
    return Close(channel, code, text if len(text) <= 255 else text[:252] + "...", number)


def closed(code, detail, cause=None):
    return _close(0, code, detail, cause)


def channel_closed(code, detail, cause=None):
    return _close(1, code, detail, cause)


@dataclasses.dataclass(frozen=True)
class Answer:
    """It is accepted: these methods, in this order, and the connection goes on."""
    names: tuple


def answered(*names):
    return Answer(names)


@dataclasses.dataclass(frozen=True)
class End:
    """The socket is closed; before it nothing but these octets. None: whatever came before."""
    octets: typing.Optional[bytes] = b""


@dataclasses.dataclass(frozen=True)
class Case:
    """A client that is logged in with channels 1 and 2 open sends `octets`; with raw it sends them
    first of all, and frames of the handshake may come before what is expected. What does not fit
    into octets is a function of the peer, which sends and checks by itself."""
    name: str
    octets: typing.Union[bytes, typing.Callable]
    expect: typing.Union[Close, Answer, End, None]
    raw: bool = False
    # Names of exchanges and queues to be deleted afterwards; what is exclusive goes by itself.
    leaves: tuple = ()


def group(name, *tables):
    """Cases of several tables under one name; two of the same name are a mistake."""
    cases = [case for table in tables for case in table]
    names = [case.name for case in cases]
    twice = {one for one in names if names.count(one) > 1}
    if twice:
        raise SystemExit(f"{name}: the same name twice: {sorted(twice)}")
    return name, cases

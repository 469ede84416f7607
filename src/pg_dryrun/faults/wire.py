"""PostgreSQL's protocol as far as a relay must understand it: whole messages, and which of them end a turn.

Source: PostgreSQL documentation, chapter 54, "Message Formats". Only the length and the type of a message are read,
plus four contents: the text of a statement, the backend's process id, an SQLSTATE, the code of a start-up packet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

_CANCEL, _SSL, _GSS = 80877102, 80877103, 80877104
REFUSE_ENCRYPTION = b"N"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message. ``type`` is its byte, empty for the first packets of a connection; ``data`` is all of it."""

    type: bytes
    data: bytes

    @property
    def body(self) -> bytes:
        """Without type and length."""
        return self.data[len(self.type) + 4 :]


class Opening(Enum):
    """What the first packet of a connection asks for."""

    START = auto()
    CANCEL = auto()
    ENCRYPTION = auto()


class Frames:
    """Cuts a stream of bytes into messages. ``untyped``: the client's side begins with packets without a type."""

    def __init__(self, *, untyped: bool = False) -> None:
        self._buffer = b""
        self._typed = 0 if untyped else 1

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole now. Bytes of the next one are kept."""
        self._buffer += data
        while len(self._buffer) >= self._typed + 4:
            end = self._typed + int.from_bytes(self._buffer[self._typed : self._typed + 4], "big")
            if len(self._buffer) < end:
                return
            whole, self._buffer = self._buffer[:end], self._buffer[end:]
            message = Message(type=whole[: self._typed], data=whole)
            if self._typed == 0 and opening_of(message) is Opening.START:
                self._typed = 1
            yield message


def opening_of(message: Message) -> Opening:
    """What an untyped packet asks for."""
    match int.from_bytes(message.body[:4], "big"):
        case code if code == _CANCEL:
            return Opening.CANCEL
        case code if code in {_SSL, _GSS}:
            return Opening.ENCRYPTION
        case _:
            return Opening.START


def text_of(message: Message) -> str | None:
    """The statement in a Query or Parse message; None for the others."""
    if message.type == b"Q":
        return message.body.rstrip(b"\0").decode("utf-8", "replace")
    if message.type == b"P":
        return message.body.split(b"\0", 2)[1].decode("utf-8", "replace")
    return None


def backend_pid_of(message: Message) -> int | None:
    """The process id in BackendKeyData; None for the others."""
    return int.from_bytes(message.body[:4], "big") if message.type == b"K" else None


def sqlstate_of(message: Message) -> str | None:
    """The code in an ErrorResponse; None for the others."""
    if message.type != b"E":
        return None
    for field in message.body.split(b"\0"):
        if field[:1] == b"C":
            return field[1:].decode("ascii", "replace")
    return None


def error(sqlstate: str, text: str) -> bytes:
    """An ErrorResponse as the server would send it, and the ReadyForQuery of a failed transaction."""
    body = b"".join(
        name + value.encode() + b"\0"
        for name, value in ((b"S", "ERROR"), (b"V", "ERROR"), (b"C", sqlstate), (b"M", text))
    )
    body += b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


FAILED = b"Z\x00\x00\x00\x05E"
"""ReadyForQuery: the transaction has failed."""

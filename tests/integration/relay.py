"""A unix-socket relay between a client and PostgreSQL that breaks one COMMIT on purpose.

It reads the frontend protocol just enough to know a simple query whose text is ``COMMIT``. A fault is armed once,
strikes the next COMMIT, and is gone; every other message goes through as it is.
"""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Self

_COMMIT = b"Q" + (4 + len(b"COMMIT\0")).to_bytes(4, "big") + b"COMMIT\0"
_READ_BYTES = 65536
_LINGER_S = 5.0


class Fault(Enum):
    """What happens to the next COMMIT."""

    CUT_BEFORE = "the server never gets it and both ends are cut"
    CUT_AFTER = "the server has answered; the client is cut instead of getting the answer"
    SWALLOW_ANSWER = "the server has answered; the client gets nothing and its socket stays open"
    BLACK_HOLE = "the server never gets it and everything stays open"


class Relay:
    """``with Relay(host, port) as relay``: connect to ``relay.host`` and the same port."""

    def __init__(self, server_host: str, port: int) -> None:
        self._server = f"{server_host}/.s.PGSQL.{port}"
        self._folder = tempfile.TemporaryDirectory(prefix="relay-")
        self.host = self._folder.name
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(f"{self.host}/.s.PGSQL.{port}")
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._refuse_new = False
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.struck = threading.Event()

    def __enter__(self) -> Self:
        self._listener.listen()
        self._spawn(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cut_everything()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_LINGER_S)
        assert not any(thread.is_alive() for thread in self._threads), "a thread of the relay did not end"
        self._folder.cleanup()

    def arm(self, fault: Fault, *, refuse_new: bool = False) -> None:
        """``fault`` strikes the next COMMIT; with ``refuse_new`` nobody gets through any more after that."""
        with self._lock:
            self._fault, self._refuse_new = fault, refuse_new
            self.struck.clear()

    def cut_everything(self) -> None:
        """Close every connection, on both sides."""
        with self._lock:
            for each in self._sockets:
                _cut(each)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refuse_new and self.struck.is_set():
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            server.connect(self._server)
            with self._lock:
                self._sockets += [client, server]
            session = _Session(self, client, server)
            self._spawn(session.to_server)
            self._spawn(session.to_client)

    def take_fault(self) -> Fault | None:
        with self._lock:
            fault, self._fault = self._fault, None
        if fault is not None:
            self.struck.set()
        return fault

    def _spawn(self, work: object) -> None:
        thread = threading.Thread(target=work, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


class _Session:
    def __init__(self, relay: Relay, client: socket.socket, server: socket.socket) -> None:
        self._relay = relay
        self._client = client
        self._server = server
        self._fault: Fault | None = None

    def to_server(self) -> None:
        for message in _frontend_messages(self._client):
            if message == _COMMIT and (fault := self._relay.take_fault()) is not None:
                self._fault = fault
                if fault is Fault.CUT_BEFORE:
                    break
                if fault is Fault.BLACK_HOLE:
                    return  # the server's end stays open until the relay is closed
            if not _send(self._server, message):
                break
        if self._fault in (Fault.SWALLOW_ANSWER, Fault.CUT_AFTER):
            return
        _cut(self._server)
        _cut(self._client)

    def to_client(self) -> None:
        while data := _receive(self._server):
            if self._fault is Fault.SWALLOW_ANSWER:
                continue
            if self._fault is Fault.CUT_AFTER or not _send(self._client, data):
                break
        if self._fault in (Fault.SWALLOW_ANSWER, Fault.BLACK_HOLE):
            return
        _cut(self._client)
        _cut(self._server)


def _frontend_messages(client: socket.socket) -> Iterator[bytes]:
    """Whole messages; the first ones (start-up) have no type byte."""
    buffer = b""
    typed = 0
    while data := _receive(client):
        buffer += data
        while len(buffer) >= typed + 4:
            end = typed + int.from_bytes(buffer[typed : typed + 4], "big")
            if len(buffer) < end:
                break
            yield buffer[:end]
            buffer, typed = buffer[end:], 1


def _receive(end: socket.socket) -> bytes:
    try:
        return end.recv(_READ_BYTES)
    except OSError:
        return b""


def _send(end: socket.socket, data: bytes) -> bool:
    try:
        end.sendall(data)
    except OSError:
        return False
    return True


def _cut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()

"""One connection through the relay: both directions in one thread, in messages, held back where a fate says so."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from typing import Protocol

from pg_dryrun.faults import wire
from pg_dryrun.faults.turns import Fate
from pg_dryrun.faults.wire import Frames, Message, Opening

_READ_BYTES = 65536
_LOOK_MS = 200
_HELD = {b"P", b"B", b"D", b"E", b"C"}
"""Parts of an extended query: kept until its Sync, so that the whole of it can be held back."""
_ANSWERED = {b"Z", b"G", b"R"}
"""ReadyForQuery; CopyInResponse, after which the client goes on; the question for a password."""
CONNECT = "connect"


class Judge(Protocol):
    """Who counts the turns of all connections and decides what becomes of each."""

    def fate_of(self, text: str, backend_pid: int | None) -> Fate: ...

    def note(self, sqlstate: str) -> None: ...


class Session:
    """Serves until one side ends or ``close`` is called."""

    def __init__(self, relay: Judge, client: socket.socket, server_path: str) -> None:
        self._relay = relay
        self._client = client
        self._server_path = server_path
        self._server: socket.socket | None = None
        self._from_client = Frames(untyped=True)
        self._from_server = Frames()
        self._request: list[Message] = []
        self._text = ""
        self._backend_pid: int | None = None
        self._fate: Fate | None = None
        self._held = b""
        self._dark = False
        self._dark_until: float | None = None
        self._over = False

    def close(self) -> None:
        """End it from outside."""
        self._over = True
        self._hang_up()

    def serve(self) -> None:
        """The thread's work."""
        try:
            server = self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            server.connect(self._server_path)
            self._relay_messages(server)
        except OSError:
            return  # either end went away: the other learns it by the hanging up
        finally:
            self._hang_up()

    def _relay_messages(self, server: socket.socket) -> None:
        watch = select.poll()
        for end in (self._client, server):
            watch.register(end, select.POLLIN)
        while not self._over:
            self._server_gives_up()
            for fd, _ in watch.poll(_LOOK_MS):
                mine = fd == self._client.fileno()
                data = (self._client if mine else server).recv(_READ_BYTES)
                if not data and not self._dark:
                    return
                if not data:
                    watch.unregister(fd)  # in the dark: the other end is to notice nothing
                elif self._dark:
                    continue
                elif mine:
                    self._hear_client(data)
                else:
                    self._hear_server(data)

    def _hear_client(self, data: bytes) -> None:
        for message in self._from_client.feed(data):
            if message.type == b"":
                self._open(message)
            elif message.type in _HELD:
                self._request.append(message)
                self._text = wire.text_of(message) or self._text
            elif message.type == b"Q":
                self._text = wire.text_of(message) or ""
                self._turn(self._text, message.data)
            elif message.type == b"S":
                whole = b"".join(part.data for part in (*self._request, message))
                self._request = []
                self._turn(self._text, whole)
            elif message.type in {b"c", b"f"}:
                self._turn(f"end of rows: {self._text}", message.data)
            else:
                self._send_server(b"".join(part.data for part in (*self._request, message)))
                self._request = []
            if self._over or self._dark:
                return

    def _open(self, message: Message) -> None:
        match wire.opening_of(message):
            case Opening.ENCRYPTION:
                self._client.sendall(wire.REFUSE_ENCRYPTION)
            case Opening.CANCEL:
                self._send_server(message.data)
            case Opening.START:
                self._turn(CONNECT, message.data)

    def _turn(self, text: str, data: bytes) -> None:
        fate = self._relay.fate_of(text, self._backend_pid)
        if fate.forged:
            self._client.sendall(fate.forged)
            return
        if fate.forward:
            self._send_server(data)
        waits = fate.forward and (fate.await_answer or fate.delay_s > 0)
        if waits:
            self._fate, self._held = fate, b""
        elif fate.cut:
            self._over = True
        elif not fate.deliver:
            self._darken(fate)

    def _hear_server(self, data: bytes) -> None:
        answered = False
        for message in self._from_server.feed(data):
            self._backend_pid = wire.backend_pid_of(message) or self._backend_pid
            if (sqlstate := wire.sqlstate_of(message)) is not None:
                self._relay.note(sqlstate)
            answered = answered or message.type in _ANSWERED
        if self._fate is None:
            self._client.sendall(data)
            return
        self._held += data
        if answered:
            self._answer(self._fate)

    def _answer(self, fate: Fate) -> None:
        """The whole answer is there: do with it what was decided."""
        self._fate = None
        if fate.then is not None:
            fate.then()
        if fate.delay_s:
            time.sleep(fate.delay_s)
        if fate.deliver:
            self._client.sendall(self._held)
        elif fate.cut:
            self._over = True
        else:
            self._darken(fate)

    def _darken(self, fate: Fate) -> None:
        self._dark = True
        if fate.dark_s:
            self._dark_until = time.monotonic() + fate.dark_s

    def _server_gives_up(self) -> None:
        """What keepalives do to the server's end of a way that is dead; the client's end is left as it is."""
        if self._dark_until is not None and time.monotonic() > self._dark_until and self._server is not None:
            self._dark_until = None
            with suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)

    def _send_server(self, data: bytes) -> None:
        """A server that has hung up may have sent its last words: they are read and passed on before the end."""
        with suppress(BrokenPipeError, ConnectionResetError):
            if self._server is not None:
                self._server.sendall(data)

    def _hang_up(self) -> None:
        for end in (self._client, self._server):
            if end is not None:
                hang_up(end)


def hang_up(end: socket.socket) -> None:
    """Close a socket so that both a waiting thread and the other side notice."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()

"""A door on this machine's loopback for programs that know no socket in the file system (JDBC and its like).

The clone itself never listens on a network. Bytes go through as they are, a connection of the command for each of ours;
whoever else on this machine finds the port still needs the role's password, which was made for this run.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from pg_dryrun.errors import EnvironmentFault, ToolFault
from pg_dryrun.subject import Login

LOOPBACK = str(ipaddress.IPv4Address(socket.INADDR_LOOPBACK))
_PIECE_BYTES = 1 << 16
_CONNECT_S = 10.0
_LINGER_S = 10.0


class LoopbackDoor:
    """``with LoopbackDoor(login) as door``: ``door.login`` is the same login by TCP. At its end nothing listens.

    Raises ``EnvironmentFault`` where this machine has no loopback to listen on, ``ToolFault`` if a connection survives.
    """

    def __init__(self, login: Login) -> None:
        self._server = login
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.connections = 0
        """How many came in."""
        try:
            self._listener = socket.create_server((LOOPBACK, 0), backlog=128)
        except OSError as error:
            raise EnvironmentFault(
                f"no port of {LOOPBACK} can be listened on: {error}",
                remedy="Leave --tcp out, or bring the loopback up.",
            ) from error
        self.login = replace(login, host=LOOPBACK, port=int(self._listener.getsockname()[1]))

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _hang_up(self._listener)
        with self._lock:
            left, self._open = self._open, set()
        for each in left:
            _hang_up(each)
        for thread in self._threads:
            thread.join(_LINGER_S)
        if any(thread.is_alive() for thread in self._threads):
            raise ToolFault("a connection through the loopback did not end")

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            try:
                server = self._dial()
            except OSError:  # the server is away: the command learns it as it would from any server that is
                _hang_up(client)
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            self._spawn(self._pump, client, server)
            self._spawn(self._pump, server, client)

    def _dial(self) -> socket.socket:
        if not self._server.host.startswith("/"):
            return socket.create_connection((self._server.host, self._server.port), timeout=_CONNECT_S)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.connect(f"{self._server.host}/.s.PGSQL.{self._server.port}")
        except OSError:
            made.close()
            raise
        return made

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            source.settimeout(None)
            while piece := source.recv(_PIECE_BYTES):
                target.sendall(piece)
        with self._lock:
            both = {source, target} & self._open
            self._open -= both
        for each in both:  # the other direction wakes by this, and finds nothing left to close
            _hang_up(each)

    def _spawn(self, work: Callable[..., None], *given: socket.socket) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()


def _hang_up(each: socket.socket) -> None:
    """Shut down, so that whoever reads from it wakes, then close."""
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()

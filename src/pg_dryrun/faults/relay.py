"""A unix-socket relay between a writer and PostgreSQL that knows every place where the writer waits, and breaks one.

A *turn* is what the client sends before it waits for the server: the start-up packet, a simple query, an extended
query up to its Sync, the end of a COPY. Turns are counted over all connections of a command. The one that is to be
struck is held back until a deed was done, and then has the fate that the deed decides.
"""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_dryrun.errors import ToolFault
from pg_dryrun.faults.session import Session, hang_up
from pg_dryrun.faults.turns import CUT_BEFORE, PASS, Deed, Fate, Turn

_LINGER_S = 10.0


class Relay:
    """``with Relay(host, port) as relay``: connect to ``relay.host`` and the same port."""

    def __init__(self, server_host: str, port: int) -> None:
        self._server = f"{server_host}/.s.PGSQL.{port}"
        self._folder = tempfile.TemporaryDirectory(prefix="relay-")
        self.host = self._folder.name
        self._path = Path(self.host) / f".s.PGSQL.{port}"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._lock = threading.Lock()
        self._sessions: list[Session] = []
        self._threads: list[threading.Thread] = []
        self._at: int | None = None
        self._deed: Deed | None = None
        self._matches: Callable[[Turn], bool] | None = None
        self.every: Deed | None = None
        """Done at every turn that no other deed is meant for; its fate is taken, too."""
        self.turns: list[Turn] = []
        self.sqlstates: list[str] = []
        """What the server's error messages said, over all connections of the command."""
        self.struck = threading.Event()
        self.trouble: BaseException | None = None
        """What went wrong in a deed: the tool's own failure, never the writer's."""
        self.refuse_new = False
        """Once the deed was done nobody gets through any more."""

    def __enter__(self) -> Self:
        self._listener.bind(str(self._path))
        self._path.chmod(0o700)
        self._listener.listen(64)
        self._spawn(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cut_everything()
        hang_up(self._listener)
        for thread in self._threads:
            thread.join(_LINGER_S)
        self._folder.cleanup()
        if any(thread.is_alive() for thread in self._threads):
            raise ToolFault("a thread of the relay did not end")

    def arm(
        self,
        deed: Deed | None = None,
        *,
        at: int | None = None,
        when: Callable[[Turn], bool] | None = None,
        keep: bool = False,
    ) -> None:
        """Begin a new command: counting starts at 0, and everything of the last command is cut unless it is to be kept.
        ``deed`` strikes once, at the turn number ``at`` or at the first one for which ``when`` holds."""
        if not keep:
            self.cut_everything()
        with self._lock:
            self._at, self._deed, self._matches = at, deed, when
            self.turns, self.sqlstates, self.trouble, self.every = [], [], None, None
            self.refuse_new = False
            self.struck.clear()

    def cut_everything(self) -> None:
        """Close every connection, on both sides."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.close()
        self._threads = [thread for thread in self._threads if thread.is_alive()]

    def fate_of(self, text: str, backend_pid: int | None) -> Fate:
        """Count a turn and say what becomes of it. Called by the sessions."""
        with self._lock:
            turn = Turn(index=len(self.turns), text=text, backend_pid=backend_pid)
            self.turns.append(turn)
            hit = self._deed is not None and (turn.index == self._at if self._matches is None else self._matches(turn))
            deed = self._deed if hit else self.every
            if hit:
                self._deed = None
        if deed is None:
            return PASS
        try:
            return deed(turn)
        except BaseException as error:
            self.trouble = error
            return CUT_BEFORE
        finally:
            if hit:
                self.struck.set()

    def note(self, sqlstate: str) -> None:
        """The server answered with an error. Called by the sessions."""
        self.sqlstates.append(sqlstate)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refuse_new and self.struck.is_set():
                hang_up(client)
                continue
            session = Session(self, client, self._server)
            with self._lock:
                self._sessions.append(session)
            self._spawn(session.serve)

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        with suppress(RuntimeError):
            thread.start()

"""Faults of the way between writer and server, and deaths on either side. Nothing in here is forged."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event
from typing import ClassVar

from pg_dryrun.fault_record import FaultKind
from pg_dryrun.faults import turns
from pg_dryrun.faults.interface import Places
from pg_dryrun.faults.scene import Fault, Scene
from pg_dryrun.faults.turns import Fate, Turn
from pg_dryrun.observer import connect

_DELAY_S = 0.15
_GONE_MS = 5000
_REACH_S = 5.0
_KEEPALIVE_S = 1.5
_KEEPALIVE = f"the server's end closed {_KEEPALIVE_S:g} s later, as TCP keepalives do"
_COMING_BACK_S = 150.0
_POLL_S = 0.001
_NO_BACKEND = "the connection has no backend yet"


class BackendKilled(Fault):
    """``pg_terminate_backend``, and the turn is sent all the same: the writer finds the server's last word."""

    kind = FaultKind.BACKEND_KILLED
    made_by = "the server: pg_terminate_backend of the writer's session"

    def why_not(self) -> str | None:
        return _NO_BACKEND if self.scene.index == 0 else None

    def strike(self, turn: Turn) -> Fate:
        if turn.backend_pid is None:
            self.scene.notes["why_not"] = _NO_BACKEND
            return turns.PASS
        with connect(self.scene.admin, purpose="fault") as admin:
            admin.execute("SELECT pg_catalog.pg_terminate_backend(%s, %s)", [turn.backend_pid, _GONE_MS])
        return turns.PASS


class _Wire(Fault):
    fate: ClassVar[Fate]

    def strike(self, turn: Turn) -> Fate:  # noqa: ARG002 - the shape of a fault
        return self.fate


class CutBefore(_Wire):
    """The server never gets the turn; both ends are cut."""

    kind = FaultKind.CUT_BEFORE
    made_by = "the relay: both sockets closed before the server got the turn"
    fate = turns.CUT_BEFORE


class CutDuring(_Wire):
    """The server gets the turn and at the same moment nobody is there to be answered."""

    kind = FaultKind.CUT_DURING
    made_by = "the relay: both sockets closed while the server works on the turn"
    fate = turns.CUT_DURING


class CutAfter(_Wire):
    """The server has answered; the writer is cut instead of getting the answer."""

    kind = FaultKind.CUT_AFTER
    made_by = "the relay: both sockets closed when the server had answered"
    fate = turns.CUT_AFTER


class Delayed(_Wire):
    """The answer comes late, within every limit."""

    kind = FaultKind.DELAYED
    made_by = f"the relay: the answer held back for {_DELAY_S:g} s"
    fate = Fate(delay_s=_DELAY_S)


class AnswerSwallowed(_Wire):
    """The server has answered, and the answer never arrives; every socket stays open."""

    kind = FaultKind.ANSWER_SWALLOWED
    short = (Places.COMMITS, Places.MIDDLE)
    made_by = f"the relay: the answer thrown away, both sockets left open; {_KEEPALIVE}"
    fate = replace(turns.SWALLOW_ANSWER, dark_s=_KEEPALIVE_S)
    in_the_dark = True


class BlackHole(_Wire):
    """The server never gets the turn, and every socket stays open."""

    kind = FaultKind.BLACK_HOLE
    short = (Places.COMMITS, Places.MIDDLE)
    made_by = f"the relay: the turn thrown away, both sockets left open; {_KEEPALIVE}"
    fate = replace(turns.BLACK_HOLE, dark_s=_KEEPALIVE_S)
    in_the_dark = True


class WriterKilled(Fault):
    """``kill -9`` of the writer's process while the answer is on its way."""

    kind = FaultKind.WRITER_KILLED
    made_by = "the kernel: SIGKILL of the writer's process when the server had answered"

    def strike(self, turn: Turn) -> Fate:  # noqa: ARG002 - the shape of a fault
        return replace(turns.CUT_AFTER, then=self._kill)

    def _kill(self) -> None:
        until = time.monotonic() + _REACH_S
        while self.scene.writer is None and time.monotonic() < until:
            time.sleep(_POLL_S)  # its first turn can come before whoever started it was told its process id
        if self.scene.writer is not None:
            self.scene.writer.kill()


class ServerStopped(Fault):
    """An immediate stop of the whole server, which recovers while the writer looks for it."""

    kind = FaultKind.SERVER_STOPPED
    made_by = "the server: immediate stop (SIGQUIT), then started again and recovered"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._over = Event()
        self._over.set()

    def strike(self, turn: Turn) -> Fate:  # noqa: ARG002 - the shape of a fault
        self._over.clear()
        try:
            self.scene.environment.crash()
            self.scene.environment.start()
        finally:
            self._over.set()
        return turns.CUT_BEFORE

    def heal(self) -> None:
        """The writer may have given up while the server is still on its way: a container takes its time."""
        self._over.wait(_COMING_BACK_S)
        if not self.scene.environment.running:
            self.scene.environment.start()

"""A turn of the writer, and what may become of it. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One turn of the writer. ``backend_pid`` is None for the start-up packet. ``text``: the statement."""

    index: int
    text: str
    backend_pid: int | None


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of a turn and of its answer.

    ``forward``: the server gets it. ``deliver``: the client gets the answer, after ``delay_s``. ``cut``: both ends are
    closed, once the answer is there if it was to be waited for (``await_answer``). A turn that is neither answered nor
    cut stays in the dark: everything stays open and nothing moves; after ``dark_s``, unless that is 0, the server's end
    is closed. ``then`` is called when the answer is there.
    ``forged`` is sent to the client instead of an answer, and the server never gets the turn.
    """

    forward: bool = True
    deliver: bool = True
    cut: bool = False
    await_answer: bool = False
    delay_s: float = 0.0
    dark_s: float = 0.0
    forged: bytes = b""
    then: Callable[[], None] | None = None


PASS = Fate()
CUT_BEFORE = Fate(forward=False, deliver=False, cut=True)
CUT_DURING = Fate(deliver=False, cut=True)
CUT_AFTER = Fate(deliver=False, cut=True, await_answer=True)
SWALLOW_ANSWER = Fate(deliver=False, await_answer=True)
BLACK_HOLE = Fate(forward=False, deliver=False)

Deed = Callable[[Turn], Fate]
"""What is done at the turn that is struck, before the server gets it."""

"""The answers of a check-up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """``note``: optional, or not there yet; nothing needs to be done. ``wrong``: keeps iu-cutter from working."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One question. ``remedy`` is what to do, empty where nothing is; ``details`` are single disagreements."""

    question: str
    state: State
    answer: str
    remedy: str = ""
    details: tuple[str, ...] = ()


def ok(question: str, answer: str) -> Finding:
    """All as it should be."""
    return Finding(question=question, state=State.OK, answer=answer)


def note(question: str, answer: str, remedy: str = "") -> Finding:
    """Worth knowing, nothing to repair."""
    return Finding(question=question, state=State.NOTE, answer=answer, remedy=remedy)


def wrong(question: str, answer: str, remedy: str) -> Finding:
    """To be repaired before work."""
    return Finding(question=question, state=State.WRONG, answer=answer, remedy=remedy)


def refused(question: str, error: Exception) -> Finding:
    """What an error of this program, or of the ground, says: its message and its remedy."""
    message = str(getattr(error, "message", error))
    return wrong(question, message, str(getattr(error, "remedy", "")) or "See the message.")

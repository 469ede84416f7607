"""The way of an entry in steps, for a person: what is done, who does what next and with which command (design 1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cutter_agent.model import EntryStatus as S
from cutter_agent.model import Lane


class Standing(StrEnum):
    """Where a step stands."""

    DONE = "done"
    NOW = "now"
    LATER = "later"
    STOPPED = "stopped"
    """The way ended here."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. ``name``: its words in the catalogue (``way.<name>``). ``command``: what somebody types for it, empty
    for what is done on a page; ``lane``: under whose login and key, empty for nobody's. ``after``: the state that the
    entry is in when it is done."""

    name: str
    command: str
    lane: str
    after: S
    standing: Standing = Standing.LATER


_STEPS = (
    Step(name="propose", command="", lane="", after=S.MARKED),
    Step(name="sweep", command="iu-cutter sweep", lane=Lane.EXEC.value, after=S.REVIEW_PENDING),
    Step(name="decide", command="", lane="", after=S.REVIEWED_APPROVED),
    Step(name="cut", command="iu-cutter cut-approved {entry}", lane=Lane.EXEC.value, after=S.CUT_APPLIED),
    Step(name="verify", command="iu-cutter verify {entry}", lane=Lane.VERIFY.value, after=S.VERIFIED_COMPLETE),
)
_REACHED: Mapping[S, tuple[int, Standing]] = {
    S.MARKED: (1, Standing.NOW),
    S.REVIEW_PENDING: (2, Standing.NOW),
    S.REVIEWED_DEFERRED: (1, Standing.NOW),
    S.REVIEWED_REJECTED: (2, Standing.STOPPED),
    S.REVIEWED_APPROVED: (3, Standing.NOW),
    S.CUT_APPLIED: (4, Standing.NOW),
    S.VERIFIED_COMPLETE: (5, Standing.NOW),
    S.VERIFY_FAILED_ESCALATED: (4, Standing.STOPPED),
    S.ABANDONED: (4, Standing.STOPPED),
}
"""The step that comes next in a state, counted from 0, and how it stands."""


def way(status: str, entry_id: str) -> list[Step]:
    """Every step of the entry, from the proposal to the proof."""
    at, standing = _REACHED[S(status)]
    return [
        Step(
            name=step.name,
            command=step.command.format(entry=entry_id),
            lane=step.lane,
            after=step.after,
            standing=Standing.DONE if number < at else standing if number == at else Standing.LATER,
        )
        for number, step in enumerate(_STEPS)
    ]

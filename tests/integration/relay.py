"""The witness's relay (`pg_dryrun.faults.relay`) in the words of the adapter's tests: one fault, at the next COMMIT."""

from __future__ import annotations

from enum import Enum

from pg_dryrun.faults import relay, turns
from pg_dryrun.faults.turns import Fate


class Fault(Enum):
    """What happens to the next COMMIT."""

    CUT_BEFORE = turns.CUT_BEFORE
    CUT_AFTER = turns.CUT_AFTER
    SWALLOW_ANSWER = turns.SWALLOW_ANSWER
    BLACK_HOLE = turns.BLACK_HOLE

    @property
    def fate(self) -> Fate:
        return self.value


class Relay(relay.Relay):
    """``with Relay(host, port) as relay``: connect to ``relay.host`` and the same port."""

    def strike_commit(self, fault: Fault, *, refuse_new: bool = False) -> None:
        """``fault`` strikes the next COMMIT of the connections that are there; with ``refuse_new`` nobody gets through
        any more after that."""
        self.arm(lambda _turn: fault.fate, when=lambda turn: turn.text == "COMMIT", keep=True)
        self.refuse_new = refuse_new

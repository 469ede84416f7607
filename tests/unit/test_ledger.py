"""The chain of an entry: which row follows which."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cutter_agent.errors import Internal
from cutter_agent.ledger import REVIEW_WORDS, first_history, new_entry, next_history
from cutter_agent.model import ChangeKind, EntryKind, EntryStatus, Verdict
from cutter_agent.state_machine import ALLOWED_TRANSITIONS

NOON = datetime(2025, 1, 6, 12, tzinfo=UTC)
ENTRY = new_entry("e1", EntryKind.CUT, {"a": "b"}, NOON)


def test_a_chain_begins_with_mark_at_version_one() -> None:
    row = first_history(ENTRY, changed_by="m", rationale="r", diff={"x": "y"})
    assert (row.entry_version_before, row.entry_version_after, row.change_kind) == (None, 1, ChangeKind.MARK)
    assert row.change_diff == {"status": [None, "marked"], "x": "y"}


def test_each_row_follows_the_version_before_it() -> None:
    row = next_history(
        ENTRY,
        version=4,
        change=ChangeKind.SWEEP_PROMOTE,
        after=EntryStatus.REVIEW_PENDING,
        changed_by="m",
        changed_at=NOON,
        rationale="r",
    )
    assert (row.entry_version_before, row.entry_version_after) == (4, 5)
    assert row.change_diff == {"status": ["marked", "review_pending"]}


def test_an_entry_without_a_chain_is_a_broken_ledger() -> None:
    with pytest.raises(Internal, match="no history"):
        next_history(
            ENTRY,
            version=0,
            change=ChangeKind.CUT,
            after=EntryStatus.CUT_APPLIED,
            changed_by="m",
            changed_at=NOON,
            rationale="r",
        )


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_a_legal_way_on_from_review_pending(verdict: Verdict) -> None:
    assert REVIEW_WORDS[verdict][0] in ALLOWED_TRANSITIONS[EntryStatus.REVIEW_PENDING]

"""Governed topology and the re-cut: what was decided survives an edit elsewhere; an edit of it is asked (1.8, 4.4)."""

from __future__ import annotations

import pytest
from tests.integration.test_phase_recut import FIRST, text
from tests.pipeline_room import Ledger
from tests.recut_room import prose
from tests.topology_room import aliases, audited, done, operations, parents, proven, report, texts

from cutter_agent.errors import AwaitingReview

EDITED = FIRST.replace(prose(41, 16).encode(), (prose(41, 15) + " amended").encode())
INSERTED = text(("1", 1, (11, 12)), ("1a", 9, (91, 92)), ("2", 2, (21, 22)), ("3", 3, (31, 32)), ("4", 4, (41,)))
K1, K2 = "L1-DIEU2-K1", "L1-DIEU2-K2"


def half(seed: int) -> str:
    """The words that the second half of a clause begins with."""
    return " ".join(prose(seed, 16).split(" ")[8:10])


def split(ledger: Ledger) -> None:
    done(ledger, "split", K1, at=(f"text:{half(21)}",))


def merge(ledger: Ledger) -> None:
    done(ledger, "merge", K1, K2)


def retire(ledger: Ledger) -> None:
    done(ledger, "retire", "L1-DIEU3", under="L1-DIEU2")


def renumber(ledger: Ledger) -> None:
    done(ledger, "renumber", K1, to="7")


@pytest.mark.parametrize(
    ("act", "edited", "changed"),
    [
        (split, EDITED, {"L1-DIEU4-K1"}),
        (merge, INSERTED, set()),
        (retire, INSERTED, set()),
        (renumber, EDITED, {"L1-DIEU4-K1"}),
    ],
)
def test_an_edit_elsewhere_leaves_what_was_decided(ledger: Ledger, act, edited: bytes, changed: set[str]) -> None:
    proven(ledger, FIRST)
    act(ledger)
    before, above = texts(ledger), parents(ledger)
    marked = ledger.mark(edited)
    assert marked.entry.request.exception_count == 0
    ledger.sweep()
    ledger.by_policy(marked.entry.entry_id)
    ledger.cut(marked.entry.entry_id)
    outcome = ledger.verify(marked.entry.entry_id)
    assert outcome.passed, outcome.result.findings
    after = texts(ledger)
    new = {address for address in after if address.startswith("L1-DIEU1A")}
    assert {address: body for address, body in after.items() if address not in changed | new} == {
        address: body for address, body in before.items() if address not in changed
    }
    assert {address: above[address] for address in above} == {address: parents(ledger)[address] for address in above}
    assert operations(ledger, 3).keys() == changed | new
    assert "".join(after.values()).encode() == edited
    assert [report(ledger).rebuild("L1", as_of=n).data for n in (1, 2, 3)] == [FIRST, FIRST, edited]
    assert audited(ledger) == []
    # and once more: the decisions are carried from cut to cut
    proven(ledger, FIRST)
    assert texts(ledger) == before
    assert audited(ledger) == []


@pytest.mark.parametrize(
    ("act", "address"),
    [(split, K1), (merge, "L1-DIEU2-K3"), (retire, "L1-DIEU2-K2"), (renumber, K1)],
)
def test_an_edit_of_it_is_asked_and_what_was_decided_is_assumed(ledger: Ledger, act, address: str) -> None:
    proven(ledger, FIRST)
    act(ledger)
    before = texts(ledger)
    word = before[address].split(" ")[3]
    edited = FIRST.replace(f" {word} ".encode(), b" amended ", 1)
    assert edited != FIRST
    marked = ledger.mark(edited)
    ledger.sweep()
    with pytest.raises(AwaitingReview, match="governed_touched"):
        ledger.by_policy(marked.entry.entry_id)
    ledger.judge(marked.entry.entry_id)
    ledger.cut(marked.entry.entry_id)
    outcome = ledger.verify(marked.entry.entry_id)
    assert outcome.passed, outcome.result.findings
    assert texts(ledger).keys() == before.keys()
    assert operations(ledger, 3) == {address: "revise"}
    assert "".join(texts(ledger).values()).encode() == edited
    number = {unit.canonical_address: unit.unit_number for unit in report(ledger).units("L1", as_of=None)}
    assert number[K1] == "7" if act is renumber else True
    assert audited(ledger) == []


def test_a_place_that_is_gone_is_cut_as_the_profile_says_and_asked(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    merge(ledger)
    assert aliases(ledger)[K1] == ("L1-DIEU2-K3", "previous_canonical")
    edited = FIRST.replace(prose(21, 16).encode(), prose(71, 16).encode()).replace(
        b"2. " + prose(22, 16).encode(), b"2. " + prose(72, 16).encode()
    )
    marked = ledger.mark(edited)
    ledger.sweep()
    with pytest.raises(AwaitingReview, match="governed_touched"):
        ledger.by_policy(marked.entry.entry_id)
    ledger.judge(marked.entry.entry_id)
    ledger.cut(marked.entry.entry_id)
    outcome = ledger.verify(marked.entry.entry_id)
    assert outcome.passed, outcome.result.findings
    assert "".join(texts(ledger).values()).encode() == edited
    assert audited(ledger) == []


def test_the_same_source_again_changes_nothing(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    split(ledger)
    before = ledger.everything()
    again = ledger.mark(FIRST)
    assert (again.created, again.living) == (False, 2)
    assert ledger.everything() == before

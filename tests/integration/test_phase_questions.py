"""Question by question: answers are stored, lead to another proposal where they differ, and an approval binds them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from tests.integration.test_phase_recut import FIRST, audited, operations, proven, rebuilt, report, text, units
from tests.pipeline_room import MARKER, Ledger
from tests.recut_room import prose
from tests.topology_room import done

from cutter_agent.cases import Case
from cutter_agent.errors import (
    AwaitingReview,
    GovernanceRefused,
    IllegalTransition,
    InputRefused,
    ReviewerNotIndependent,
    StaleApproval,
    UsageError,
)
from cutter_agent.manifest import parse
from cutter_agent.model import EntryStatus, Manifest, ManifestBlock, Verdict
from cutter_agent.phases.answered import shown
from cutter_agent.phases.depend import DependencyKind, depend

REPLACED = FIRST.replace(prose(21, 16).encode(), f"{prose(21, 6)} {prose(77, 10)}".encode())
"""Clause 1 of article 2 with six of its sixteen words: revised, or replaced?"""
TAKEN_OVER = text(("1", 1, (11, 12)), ("2", 9, (93, 94)), ("3", 3, (31, 32)), ("4", 4, (41,)))
"""Another article 2 with other clauses: an identity and two addresses are asked."""


def asked(ledger: Ledger, data: bytes, first: bytes = FIRST) -> str:
    """Marked on a proven cut and waiting for its reviewer: the entry's id."""
    proven(ledger, first)
    entry_id = ledger.mark(data).entry.entry_id
    ledger.sweep()
    return entry_id


def cases(ledger: Ledger, entry_id: str) -> dict[str, Case]:
    return {case.id: case for case in shown(report(ledger).proposal(entry_id))}


def again(ledger: Ledger, entry_id: str) -> str:
    """Proposed again and swept: the new entry's id."""
    proposed = ledger.propose_again(entry_id)
    assert proposed.created
    ledger.sweep()
    return proposed.entry.entry_id


def test_a_case_shows_both_texts_what_is_assumed_and_what_may_be_answered(ledger: Ledger) -> None:
    (case,) = cases(ledger, asked(ledger, REPLACED)).values()
    assert (case.id, case.code, case.assumed, case.answers, case.is_open) == (
        "Q1",
        "identity",
        "same",
        ("same", "new"),
        True,
    )
    assert [(p.address, p.text) for p in case.before] == [("L1-DIEU2-K1", f"1. {prose(21, 16)}.\n")]
    assert [p.text for p in case.after] == [f"1. {prose(21, 6)} {prose(77, 10)}.\n"]
    assert REPLACED[case.start_byte : case.end_byte].decode() == case.after[0].text
    assert case.likeness is not None
    assert 0.2 < case.likeness < 0.5
    assert "new" in case.advice


def test_an_answer_as_assumed_is_stored_and_the_same_manifest_is_approved(ledger: Ledger) -> None:
    entry_id = asked(ledger, REPLACED)
    before = ledger.counts()
    with pytest.raises(GovernanceRefused, match=r"1 question.* open: Q1"):
        ledger.judge(entry_id, accept_assumed=False)
    assert ledger.counts() == before
    answered = ledger.answer(entry_id, {"Q1": "SAME"}, comment="the ministry says so")
    assert (answered.created, answered.differing) == (1, [])
    assert ledger.answer(entry_id, {"Q1": "same"}, comment="the ministry says so").created == 0
    said = cases(ledger, entry_id)["Q1"].said
    assert said is not None
    assert (said.answer, said.comment) == ("same", "the ministry says so")
    after = ledger.counts()
    assert {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)} == {
        "manifest_envelope": 1,
        "manifest_unit_block": 1,
        "review_decision": 1,
    }
    ledger.judge(entry_id, accept_assumed=False)
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed
    assert operations(ledger, 2) == {"L1-DIEU2-K1": "revise"}
    assert audited(ledger) == []


def test_an_answer_that_differs_leads_to_another_manifest_which_the_approval_binds(ledger: Ledger) -> None:
    entry_id = asked(ledger, REPLACED)
    first = ledger.executor.find_entry(entry_id)
    assert first is not None
    ledger.answer(entry_id, {"Q1": "new"}, comment="another rule")
    with pytest.raises(GovernanceRefused, match="Q1 answered otherwise"):
        ledger.judge(entry_id)
    later = again(ledger, entry_id)
    second = ledger.executor.find_entry(later)
    assert second is not None
    assert second.request.manifest_digest != first.request.manifest_digest
    assert second.request.snapshot_sha256 == first.request.snapshot_sha256
    assert ledger.status(entry_id) == EntryStatus.REVIEWED_REJECTED
    assert ledger.admin(
        "SELECT from_entry_id::text, dependency_kind, to_entry_id::text"
        " FROM cutter_governance.decision_backlog_dependency"
    ) == [(later, "supersedes", entry_id)]
    stored = json.loads(report(ledger).proposal(later).manifest)
    (answer,) = stored["review"]["answers"]
    assert (answer["answer"], answer["comment"], answer["same"]) == ("new", "another rule", None)
    (address,) = cases(ledger, later).values()
    assert (address.code, [p.address for p in address.after]) == ("address", ["L1-DIEU2-K1-N2"])
    with pytest.raises(AwaitingReview):
        ledger.by_policy(later)
    ledger.answer(later, {"Q1": "l1-dieu2-k1bis"})
    last = again(ledger, later)
    assert cases(ledger, last) == {}
    with pytest.raises(AwaitingReview, match="2 answer"):
        ledger.by_policy(last)
    ledger.judge(last, accept_assumed=False)
    ledger.cut(last)
    assert ledger.verify(last).passed
    assert operations(ledger, 2) == {"L1-DIEU2-K1": "retire", "L1-DIEU2-K1BIS": "insert"}
    assert (rebuilt(ledger, 1), rebuilt(ledger, 2)) == (FIRST, REPLACED)
    assert audited(ledger) == []
    assert ledger.mark(REPLACED).living == 2


def test_answers_hold_together_and_are_not_asked_again(ledger: Ledger) -> None:
    entry_id = asked(ledger, TAKEN_OVER)
    identities = units(ledger)
    found = cases(ledger, entry_id)
    assert [(case.id, case.code) for case in found.values()] == [
        ("Q1", "identity"),
        ("Q2", "address"),
        ("Q3", "address"),
    ]
    ledger.answer(entry_id, {"Q1": "new", "Q3": "L1-DIEU2-K9"})
    later = again(ledger, entry_id)
    left = cases(ledger, later)
    assert {case.code for case in left.values()} == {"address"}
    assert "L1-DIEU2-K9" in {unit.address for unit in _manifest_units(ledger, later)}
    ledger.judge(later)
    ledger.cut(later)
    assert ledger.verify(later).passed
    assert identities["L1-DIEU2"] not in units(ledger).values()
    assert audited(ledger) == []


def _manifest_units(ledger: Ledger, entry_id: str) -> Sequence[ManifestBlock]:
    return _manifest(ledger, entry_id).units


def _manifest(ledger: Ledger, entry_id: str) -> Manifest:
    proposal = report(ledger).proposal(entry_id)
    return parse(proposal.manifest, proposal.below.get)


def test_marking_the_same_text_again_finds_the_entry_that_took_its_place(ledger: Ledger) -> None:
    entry_id = asked(ledger, REPLACED)
    ledger.answer(entry_id, {"Q1": "new"})
    digest = ledger.reviewer(entry_id).seen_digest
    later = again(ledger, entry_id)
    before = ledger.everything()
    assert ledger.mark(REPLACED).entry.entry_id == later
    repeated = ledger.propose_again(entry_id, digest=digest)
    assert (repeated.entry.entry_id, repeated.created) == (later, False)
    assert ledger.everything() == before


def test_a_stale_digest_is_refused_with_who_decided_meanwhile(ledger: Ledger) -> None:
    entry_id = asked(ledger, REPLACED)
    seen = ledger.reviewer(entry_id).seen_digest
    with pytest.raises(StaleApproval, match="the answers are about manifest 0000"):
        ledger.answer(entry_id, {"Q1": "new"}, digest="0" * 64)
    ledger.answer(entry_id, {"Q1": "new"})
    later = again(ledger, entry_id)
    with pytest.raises(StaleApproval, match=f"FAIL by human:reviewer.*entry {later} took its place"):
        ledger.answer(entry_id, {"Q1": "same"}, digest=seen)
    with pytest.raises(IllegalTransition, match=f"entry {later} took its place"):
        ledger.judge(entry_id, Verdict.NEEDS_HUMAN)
    ledger.judge(later, reviewer="human:other", rationale="read it")
    with pytest.raises(StaleApproval, match=r"PASS by human:other at .* \(read it\)"):
        ledger.answer(later, {"Q1": "new"})


@pytest.mark.parametrize(
    ("given", "said"),
    [({"Q9": "same"}, "there is no case Q9; there are: Q1"), ({"Q1": "maybe"}, "it admits: same, new")],
)
def test_an_answer_that_is_none_writes_nothing(ledger: Ledger, given: dict[str, str], said: str) -> None:
    entry_id = asked(ledger, REPLACED)
    before = ledger.everything()
    with pytest.raises(UsageError, match=said):
        ledger.answer(entry_id, {"Q1": "same", **given})
    assert ledger.everything() == before


def test_the_marker_answers_nothing_and_a_taken_address_is_refused(ledger: Ledger) -> None:
    entry_id = asked(ledger, TAKEN_OVER)
    with pytest.raises(ReviewerNotIndependent):
        ledger.answer(entry_id, {"Q1": "same"}, name=MARKER)
    with pytest.raises(UsageError, match="does not admit"):
        ledger.answer(entry_id, {"Q2": "OTHER-DIEU1"})
    ledger.answer(entry_id, {"Q2": "L1-DIEU1"})
    before = ledger.everything()
    with pytest.raises(InputRefused, match="L1-DIEU1 is or was another unit's"):
        ledger.propose_again(entry_id)
    assert ledger.everything() == before
    ledger.answer(entry_id, {"Q2": "new"})
    with pytest.raises(GovernanceRefused, match="no answer differs"):
        ledger.propose_again(entry_id)


def test_an_exception_of_a_first_cut_is_accepted_with_a_comment(ledger: Ledger) -> None:
    data = FIRST.replace("Điều 4".encode(), "Điều 6".encode())
    entry_id = ledger.mark(data).entry.entry_id
    ledger.sweep()
    (case,) = cases(ledger, entry_id).values()
    assert (case.id, case.is_question, case.answers) == ("E1", False, ("accepted",))
    assert "Điều 6" in case.after[0].text
    ledger.answer(entry_id, {"E1": "accepted"}, comment="5 was repealed in 1999")
    ledger.judge(entry_id, accept_assumed=False)
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed
    said = cases(ledger, entry_id)["E1"].said
    assert said is not None
    assert said.comment == "5 was repealed in 1999"
    assert audited(ledger) == []


def test_an_edited_answer_is_found(ledger: Ledger) -> None:
    entry_id = asked(ledger, REPLACED)
    ledger.answer(entry_id, {"Q1": "same"})
    ledger.judge(entry_id, accept_assumed=False)
    ledger.cut(entry_id)
    ledger.tamper(
        "UPDATE cutter_governance.review_decision SET findings = '[]' WHERE manifest_unit_local_id IS NOT NULL"
    )
    codes = {str(finding["code"]) for finding in ledger.verify(entry_id).result.findings}
    assert codes == {"question_open", "signed_decisions"}


def test_a_blocker_of_the_first_entry_blocks_the_one_that_took_its_place(ledger: Ledger) -> None:
    other = ledger.mark(FIRST.replace(b"L1", b"L2"), code="L2").entry.entry_id
    entry_id = asked(ledger, REPLACED)
    depend(
        ledger.executor,
        from_entry=other,
        kind=DependencyKind.BLOCKS,
        to_entry=entry_id,
        created_by="human:operator",
        clock=ledger.clock,
    )
    ledger.answer(entry_id, {"Q1": "new"})
    later = again(ledger, entry_id)
    ledger.judge(later)
    with pytest.raises(GovernanceRefused, match=f"blocked by {other}"):
        ledger.cut(later)
    ledger.judge(other)
    ledger.cut(other)
    assert ledger.verify(other).passed
    ledger.cut(later)
    assert ledger.verify(later).passed


def test_what_was_decided_of_a_unit_does_not_go_to_the_one_that_replaced_it(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    done(ledger, "renumber", "L1-DIEU2-K1", to="9")
    done(ledger, "split", "L1-DIEU3-K1", at=("byte:60",))
    entry_id = ledger.mark(REPLACED).entry.entry_id
    ledger.sweep()
    ledger.answer(entry_id, {"Q1": "new"}, comment="another rule")
    later = again(ledger, entry_id)
    proposal = _manifest(ledger, later)
    assert [(each.address, each.standing) for each in proposal.governed] == [("L1-DIEU3-K1-P1", "parted")]
    ledger.judge(later)
    ledger.cut(later)
    outcome = ledger.verify(later)
    assert outcome.passed, outcome.result.findings
    assert "L1-DIEU3-K1-P1" in units(ledger)
    assert audited(ledger) == []

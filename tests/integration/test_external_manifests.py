"""Manifests made elsewhere: spans and labels in, bodies from the snapshot; first cut and re-cut; hostile ones."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from tests.integration.test_phase_mark import external, hand_in
from tests.integration.test_phase_questions import REPLACED, again, cases
from tests.integration.test_phase_recut import FIRST, INSERTED, REVISED, audited, operations, proven, rebuilt, units
from tests.pipeline_room import Ledger

from cutter_agent.errors import AwaitingReview, CutterError, GovernanceRefused, InputRefused
from cutter_agent.model import EntryStatus, Verdict
from cutter_agent.phases import mark, mark_external

Document = dict[str, Any]


def carried(ledger: Ledger, document: Document, data: bytes) -> str:
    """Handed in, swept, approved, cut and verified: the entry's id."""
    entry_id = hand_in(ledger, document, data).entry.entry_id
    ledger.sweep()
    with pytest.raises(AwaitingReview, match="external_manifest"):
        ledger.by_policy(entry_id)
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed
    return entry_id


def coarser(document: Document) -> Document:
    """The same text with one unit fewer: the last clause belongs to the unit before it."""
    rows = document["units"]
    last = rows.pop()
    rows[-1] |= {"end_byte": last["end_byte"], "content_sha256": _sha(FIRST[rows[-1]["start_byte"] : last["end_byte"]])}
    document["header"]["unit_count"] -= 1
    return document


def _sha(data: bytes) -> str:
    return sha256(data).hexdigest()


def test_a_document_is_cut_and_cut_again_by_manifests_made_elsewhere(ledger: Ledger) -> None:
    carried(ledger, external(ledger, FIRST), FIRST)
    before = units(ledger)
    carried(ledger, external(ledger, REVISED), REVISED)
    assert operations(ledger, 2) == {"L1-DIEU2-K1": "revise"}
    carried(ledger, external(ledger, INSERTED), INSERTED)
    now = units(ledger)
    assert {address: now[address][0] for address in before} == {a: unit for a, (unit, _) in before.items()}
    assert [rebuilt(ledger, cut) for cut in (1, 2, 3)] == [FIRST, REVISED, INSERTED]
    assert audited(ledger) == []
    counts = ledger.everything()
    assert hand_in(ledger, external(ledger, INSERTED), INSERTED).living == 3
    assert ledger.everything() == counts


def test_other_spans_of_the_same_text_are_a_recut_and_the_bodies_are_the_snapshots(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    entry_id = carried(ledger, coarser(external(ledger, FIRST)), FIRST)
    assert "L1-DIEU4-K1" not in units(ledger)
    assert rebuilt(ledger, 2) == FIRST
    assert ledger.status(entry_id) == EntryStatus.VERIFIED_COMPLETE
    assert audited(ledger) == []


def test_two_manifests_of_one_text_are_two_entries_and_a_rejected_one_is_handed_in_again_mended(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    first = hand_in(ledger, external(ledger, REVISED), REVISED)
    assert hand_in(ledger, external(ledger, REVISED), REVISED).entry.entry_id == first.entry.entry_id
    ledger.sweep()
    ledger.judge(first.entry.entry_id, Verdict.FAIL)
    mended = external(ledger, REVISED)
    mended["units"][-1]["number"] = None
    second = hand_in(ledger, mended, REVISED)
    assert second.created
    assert second.entry.entry_id != first.entry.entry_id


def test_a_recut_by_a_manifest_made_elsewhere_asks_like_any_other(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    entry_id = hand_in(ledger, external(ledger, REPLACED), REPLACED).entry.entry_id
    ledger.sweep()
    assert [case.code for case in cases(ledger, entry_id).values()] == ["identity", "external_manifest"]
    ledger.answer(entry_id, {"Q1": "new", "E1": "accepted"})
    later = again(ledger, entry_id)
    assert [case.code for case in cases(ledger, later).values()] == ["address", "external_manifest"]
    ledger.judge(later)
    ledger.cut(later)
    assert ledger.verify(later).passed
    assert operations(ledger, 2)["L1-DIEU2-K1"] == "retire"


# ----------------------------------------------------------------------------------------------------- hostile ones


def _unit(at: int, **values: object) -> Callable[[Document], object]:
    return lambda document: document["units"][at].update(values)


def _header(**values: object) -> Callable[[Document], object]:
    return lambda document: document["header"].update(values)


def _member(name: str, value: object) -> Callable[[Document], object]:
    return lambda document: document.update({name: value})


HOSTILE: dict[str, Callable[[Document], object]] = {
    "a body": _unit(1, body="another text"),
    "a text": _unit(1, text="another text"),
    "an overlap": _unit(2, start_byte=3),
    "an offset beyond the end": _unit(-1, end_byte=10**6),
    "a span that goes back": _unit(1, start_byte=40, end_byte=4),
    "a negative offset": _unit(0, start_byte=-1),
    "the middle of a character": lambda d: [_unit(0, end_byte=3)(d), _unit(1, start_byte=3)(d)],
    "a number beyond 64 bits": _unit(-1, end_byte=2**70),
    "a number beyond every float": _unit(-1, end_byte=10**400),
    "a fraction": _unit(0, end_byte=3.5),
    "true for a number": _unit(0, start_byte=False),
    "a local id twice": _unit(2, unit_local_id=1),
    "an address twice": lambda d: _unit(2, address=d["units"][1]["address"])(d),
    "an address of another document": _unit(1, address="L9-DIEU1"),
    "an address with a line feed": _unit(1, address="L1-DIEU1\n"),
    "its own parent": lambda d: _unit(1, parent=d["units"][1]["address"])(d),
    "a circle of parents": lambda d: [
        _unit(1, parent=d["units"][2]["address"])(d),
        _unit(2, parent=d["units"][1]["address"])(d),
    ],
    "a parent that is not there": _unit(1, parent="L1-DIEU77"),
    "another snapshot": _header(snapshot_sha256="0" * 64),
    "another length": _header(byte_length=1),
    "another document": _header(document_ref="law/other"),
    "a reference with a line feed": _header(document_ref="law/L1\n"),
    "another code": _header(document_code="L2"),
    "another profile": _header(profile_id="markdown"),
    "no unit": lambda d: [d.update(units=[]), d["header"].update(unit_count=0)],
    "a word nobody knows": _unit(1, kind="spaceship"),
    "a role of another operation": _unit(1, role="origin"),
    "an operation": _header(operation_kind="merge"),
    "a wrong hash": _unit(1, content_sha256="0" * 64),
    "a finding far away": _member(
        "findings", [{"code": "x", "severity": "notice", "start_byte": 10**9, "end_byte": None, "message": "x"}]
    ),
    "a body in a finding": _member(
        "findings", [{"code": "x", "severity": "notice", "start_byte": 0, "end_byte": None, "message": "x" * 200_000}]
    ),
    "a re-cut of its own": _member("recut", {"base": {}, "units": [], "ended": []}),
    "answers of its own": _member("review", {"questions": [], "answers": [], "fresh": []}),
    "decisions of its own": _member("governed", []),
    "an order of its own": _member("topology", {}),
    "another format": _member("format", "iu-manifest/99"),
}


@pytest.mark.parametrize("again_", [False, True], ids=["first-cut", "re-cut"])
def test_hostile_manifests_are_refused_and_nothing_is_written(ledger: Ledger, again_: bool) -> None:
    if again_:
        proven(ledger, FIRST)
    before = ledger.everything()
    taken, refusals = [], {}
    for name, harm in HOSTILE.items():
        document = external(ledger, REVISED)
        harm(document)
        try:
            hand_in(ledger, document, REVISED)
        except (InputRefused, GovernanceRefused) as refused:
            refusals[name] = refused.remedy
        except CutterError as other:
            raise AssertionError(f"{name}: {other!r}") from other
        else:
            taken.append(name)
    assert taken == []
    assert ledger.everything() == before
    assert len(refusals) == len(HOSTILE)
    assert all(refusals.values())


NO_MANIFESTS = (
    b"",
    b"null",
    b"[]",
    b"\xff\xfe{}",
    b'{"format": "iu-manifest/1"}',
    b"[" * 100_000,
    b'{"units": ' * 50_000,
    b'{"format": "iu-manifest/1", "header": 1, "units": 2, "findings": 3}',
    b'{"format": "iu-manifest/1", "header": {}, "units": [null, 1, "x", []], "findings": [{}]}',
    b'{"format": "\\ud800", "header": {}, "units": [], "findings": []}',
)


def test_what_is_no_manifest_at_all_is_refused(ledger: Ledger) -> None:
    marker = mark.Marker(identity="agent:marker", tool_revision="rev-1")
    for raw in NO_MANIFESTS:
        with pytest.raises(InputRefused):
            mark_external.mark_manifest(
                ledger.executor, source=ledger.source(FIRST), proposal=raw, marker=marker, clock=ledger.clock
            )
    assert ledger.everything() == {}

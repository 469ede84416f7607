"""MARK on a real server: once per source, also when two do it at once; refusals write nothing (design 1.5)."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.pipeline_room import MARKER, Ledger, law

from cutter_agent.db_adapter.store.executor import ExecutorDatabase
from cutter_agent.errors import GovernanceRefused, InputRefused, ManifestInvalid
from cutter_agent.manifest import as_json, build
from cutter_agent.model import Lane, Verdict
from cutter_agent.phases import mark, mark_external
from cutter_agent.segmenter import segment


def test_two_marks_at_once_converge_on_one_entry(ledger: Ledger) -> None:
    data, start = law(3), threading.Barrier(4)

    def one(_: int) -> mark.MarkResult:
        database = ExecutorDatabase(ledger.adapter(Lane.EXEC))
        start.wait(timeout=30)
        marker = mark.Marker(identity=MARKER, tool_revision="rev-1")
        return mark.mark(
            database, source=ledger.source(data), profile=ledger.profile, marker=marker, clock=ledger.clock
        )

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, range(4)))

    assert sum(result.created for result in results) == 1
    assert len({result.entry.entry_id for result in results}) == 1
    assert ledger.everything() == {
        "decision_backlog_entry": 1,
        "decision_backlog_history": 1,
        "source_snapshot": 1,
        "manifest": 1,
    }


def test_the_same_bytes_under_another_reference_share_the_snapshot(ledger: Ledger) -> None:
    data = law(2)
    first, second = ledger.mark(data, code="A"), ledger.mark(data, code="B")
    assert first.entry.entry_id != second.entry.entry_id
    assert ledger.everything()["source_snapshot"] == 1
    assert ledger.everything()["manifest"] == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "empty"), (b"abc\xff\xfe", "UTF-8"), (b"abc\0def", "NUL"), (b"x" * 101, "limit")],
    ids=["empty", "not-utf8", "nul", "too-large"],
)
def test_bytes_that_cannot_be_taken_are_refused_before_a_row(ledger: Ledger, data: bytes, said: str) -> None:
    marker = mark.Marker(identity=MARKER, tool_revision="rev-1", max_bytes=100)
    with pytest.raises(InputRefused) as refused:
        mark.mark(
            ledger.executor, source=ledger.source(data), profile=ledger.profile, marker=marker, clock=ledger.clock
        )
    assert said in str(refused.value)
    assert refused.value.remedy
    assert ledger.everything() == {}


def test_a_second_document_under_a_used_code_is_refused(ledger: Ledger) -> None:
    ledger.mark(law(2), code="A", ref="law/one")
    before = ledger.everything()
    with pytest.raises(GovernanceRefused, match="belongs to law/one"):
        ledger.mark(law(3), code="A", ref="law/two")
    assert ledger.everything() == before


def test_a_code_is_free_again_after_a_rejection_and_taken_for_good_after_a_cut(ledger: Ledger) -> None:
    rejected = ledger.mark(law(2), code="A", ref="law/one").entry.entry_id
    ledger.sweep()
    ledger.judge(rejected, Verdict.FAIL)
    assert ledger.mark(law(3), code="A", ref="law/two").created

    ledger.verify(ledger.applied(law(4), code="B", ref="law/three"))
    with pytest.raises(GovernanceRefused, match="belongs to law/three"):
        ledger.mark(law(5), code="B", ref="law/four")


def test_an_edited_source_of_a_document_without_a_proven_cut_is_refused_clearly(ledger: Ledger) -> None:
    ledger.applied(law(2))
    before = ledger.everything()
    with pytest.raises(GovernanceRefused, match="recut") as refused:
        ledger.mark(law(3))
    assert refused.value.exit_code == 5
    assert ledger.everything() == before


def external(ledger: Ledger, data: bytes) -> dict[str, object]:
    """A manifest as somebody else would hand it in."""
    made = build(
        segment(data, profile=ledger.profile, document_code="L1"),
        document_ref="law/L1",
        title="Law L1",
        tool_revision="elsewhere",
        marked_by="nobody",
    )
    document = json.loads(json.dumps(as_json(made)))
    document["findings"] = []
    return dict(document)


def hand_in(ledger: Ledger, document: dict[str, object], data: bytes) -> mark.MarkResult:
    return mark_external.mark_manifest(
        ledger.executor,
        source=ledger.source(data),
        proposal=json.dumps(document).encode(),
        marker=mark.Marker(identity=MARKER, tool_revision="rev-1"),
        clock=ledger.clock,
    )


def test_a_manifest_made_elsewhere_is_taken_with_the_callers_identity_and_waits_for_a_person(ledger: Ledger) -> None:
    data = law(3)
    entry = hand_in(ledger, external(ledger, data), data).entry
    assert (entry.request.marked_by, entry.request.tool_revision) == (MARKER, "rev-1")
    assert entry.request.exception_count == 1


def test_a_bad_manifest_made_elsewhere_is_refused_with_all_problems_at_once(ledger: Ledger) -> None:
    data = law(4)
    document = external(ledger, data)
    units = document["units"]
    assert isinstance(units, list)
    units[1]["end_byte"] += 1
    units[2]["content_sha256"] = "0" * 64
    units[3]["address"] = "elsewhere"
    with pytest.raises(ManifestInvalid) as refused:
        hand_in(ledger, document, data)
    found = {(problem.code, problem.block_index) for problem in refused.value.problems}
    assert {("overlap", 2), ("content_hash", 1), ("content_hash", 2), ("address_grammar", 3)} <= found
    assert ledger.everything() == {}


def test_a_body_in_a_manifest_is_refused(ledger: Ledger) -> None:
    data = law(1)
    document = external(ledger, data)
    units = document["units"]
    assert isinstance(units, list)
    units[0]["body"] = "LUẬT"
    with pytest.raises(ManifestInvalid, match="unknown member 'body'"):
        hand_in(ledger, document, data)
    assert ledger.everything() == {}

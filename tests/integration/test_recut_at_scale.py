"""What a re-cut costs does not follow the length of the law: its rows, its manifest, its statements (design 4.6)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

import pytest
from tests.integration.test_phase_recut import audited, rebuilt
from tests.pipeline_room import Ledger
from tests.recut_room import prose

from cutter_agent.db_adapter.statements import Statement
from cutter_agent.db_adapter.transaction import Transaction
from cutter_agent.errors import StaleApproval, VerificationFailed
from cutter_agent.recut import proposal

EDITS = ("revised", "inserted", "removed")


def law(articles: int, edit: str = "") -> bytes:
    """Articles of two clauses; the fifth is edited."""
    lines = ["LUẬT THỬ NGHIỆM L1"]
    for number in range(1, articles + 1):
        if number == 5 and edit == "removed":
            continue
        lines.append(f"Điều {number}. Quy định {prose(number, 9)}")
        lines += [f"{clause}. {prose(1000 * clause + number, 16)}." for clause in (1, 2)]
        if number == 5 and edit == "inserted":
            lines += [f"Điều 5a. Quy định {prose(7_777, 9)}", f"1. {prose(8_888, 16)}."]
        if number == 5 and edit == "revised":
            lines[-1] = f"2. {prose(2005, 14)} amended thus."
    return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True)
class Cost:
    """Of one re-cut: rows of the ledger, versions, bytes of the manifest, statements by name."""

    rows: int
    versions: int
    manifest_bytes: int
    statements: Counter[str]


def cost(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, articles: int, edit: str, code: str) -> Cost:
    """Of an edit of a law that was cut and proven."""
    first = ledger.mark(law(articles), code=code).entry.entry_id
    ledger.sweep()
    ledger.judge(first)
    ledger.cut(first)
    assert ledger.verify(first).passed
    before, versions = ledger.total(), ledger.everything()["unit_version"]
    statements: Counter[str] = Counter()
    declared = Transaction._declared

    def counted(self: Transaction, name: str) -> Statement:
        statements[name] += 1
        return declared(self, name)

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "_declared", counted)
        entry_id = ledger.mark(law(articles, edit), code=code).entry.entry_id
        ledger.sweep()
        ledger.judge(entry_id)
        ledger.cut(entry_id)
        assert ledger.verify(entry_id).passed
    stored = ledger.admin("SELECT canonical_json FROM iu.manifest ORDER BY proposed_at DESC LIMIT 1")
    return Cost(
        rows=ledger.total() - before,
        versions=ledger.everything()["unit_version"] - versions,
        manifest_bytes=len(stored[0][0]),
        statements=statements,
    )


@pytest.mark.parametrize(("edit", "changed"), [("revised", 1), ("inserted", 2), ("removed", 3)])
def test_rows_manifest_and_statements_do_not_follow_the_law(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, edit: str, changed: int
) -> None:
    small = cost(ledger, monkeypatch, 10, edit, "L1")
    large = cost(ledger, monkeypatch, 200, edit, "L2")
    assert small.rows == large.rows == 13 + 2 * changed
    assert small.versions == large.versions == changed
    assert small.statements == large.statements
    assert abs(large.manifest_bytes - small.manifest_bytes) < 100, "some digits more"
    assert audited(ledger) == []
    assert (rebuilt(ledger, 1), rebuilt(ledger, 2)) == (law(10), law(10, edit))


def test_one_that_spells_every_unit_still_holds_and_is_a_base(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Manifests of the first form are stored: they are reviewed, cut, proven, audited and cut again as ever."""
    ledger.verify(ledger.applied(law(10)))
    with monkeypatch.context() as patched:
        patched.setattr(proposal, "MOST_BASES", 0)
        entry_id = ledger.approved(law(10, "revised"))
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed
    assert ledger.verify(ledger.applied(law(10, "inserted"))).passed
    stored = ledger.admin("SELECT canonical_json FROM iu.manifest ORDER BY proposed_at")
    formats = [json.loads(bytes(row[0]))["format"] for row in stored]
    assert formats == ["iu-manifest/1", "iu-manifest/1", "iu-manifest/2"]
    assert audited(ledger) == []
    assert [rebuilt(ledger, cut) for cut in (1, 2, 3)] == [law(10), law(10, "revised"), law(10, "inserted")]


def test_every_cut_of_a_long_chain_is_proven_and_rebuilt(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposal, "MOST_BASES", 2)
    editions = [law(10, edit) for edit in ("", *EDITS, "", "revised")]
    for edition in editions:
        entry_id = ledger.approved(edition)
        ledger.cut(entry_id)
        assert ledger.verify(entry_id).passed
    stored = ledger.admin("SELECT canonical_json FROM iu.manifest ORDER BY proposed_at")
    kept = ["kept" in json.loads(bytes(row[0])).get("recut", {}) for row in stored]
    assert kept == [False, True, True, False, True, True]
    assert [rebuilt(ledger, cut) for cut in range(1, len(editions) + 1)] == editions
    assert audited(ledger) == []


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE iu.unit_version SET body = 'x' WHERE render_order = 20",
        "UPDATE iu.unit_version SET render_order = 20.5 WHERE render_order = 20",
        "DELETE FROM iu.unit_version WHERE render_order = 20",
    ],
    ids=["body", "order", "gone"],
)
def test_a_unit_that_nobody_meant_to_touch_is_missed_by_mark_and_by_cut(ledger: Ledger, query: str) -> None:
    ledger.verify(ledger.applied(law(10)))
    entry_id = ledger.approved(law(10, "revised"))
    ledger.tamper("ALTER TABLE iu.unit_version DROP CONSTRAINT version_hash_is_true", query)
    before = ledger.everything()
    with pytest.raises(StaleApproval):
        ledger.cut(entry_id)
    with pytest.raises(VerificationFailed):
        ledger.mark(law(10, "removed"))
    assert ledger.everything() == before


def test_a_kept_unit_that_is_relabelled_behind_everybodys_back_does_not_pass(ledger: Ledger) -> None:
    """CUT looks at bodies and orders of what it does not touch, and VERIFY at everything."""
    ledger.verify(ledger.applied(law(10)))
    entry_id = ledger.approved(law(10, "revised"))
    ledger.tamper("UPDATE iu.information_unit SET unit_kind = 'chapter' WHERE canonical_address = 'L1-DIEU7'")
    ledger.cut(entry_id)
    outcome = ledger.verify(entry_id)
    assert {str(finding["code"]) for finding in outcome.result.findings} == {"kind"}

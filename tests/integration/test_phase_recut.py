"""An edited law cut again, governed, with its identities kept (design 1.5, 1.7, 1.8, 4.4)."""

from __future__ import annotations

import json

import pytest
from tests.pipeline_room import REVIEWER, Ledger
from tests.recut_room import prose

from cutter_agent.db_adapter.reading import LedgerReport
from cutter_agent.errors import AwaitingReview, GovernanceRefused, StaleApproval
from cutter_agent.model import EntryStatus, Verdict
from cutter_agent.phases.audit import Keys, audit
from cutter_agent.phases.resolve import Way


def text(*articles: tuple[str, int, tuple[int, ...]]) -> bytes:
    """Articles as (number, seed of the heading, seeds of the clauses); equal seeds are equal words."""
    lines = ["LUẬT THỬ NGHIỆM L1"]
    for number, seed, clauses in articles:
        lines.append(f"Điều {number}. Quy định {prose(seed, 9)}")
        lines += [f"{place}. {prose(clause, 16)}." for place, clause in enumerate(clauses, start=1)]
    return ("\n".join(lines) + "\n").encode()


FIRST = text(("1", 1, (11, 12)), ("2", 2, (21, 22)), ("3", 3, (31, 32)), ("4", 4, (41,)))
REVISED = FIRST.replace(prose(21, 16).encode(), (prose(21, 14) + " amended thus").encode())
INSERTED = text(("1", 1, (11, 12)), ("1a", 9, (91, 92)), ("2", 2, (21, 22)), ("3", 3, (31, 32)), ("4", 4, (41,)))
DELETED = text(("1", 1, (11, 12)), ("2", 2, (21, 22)), ("3", 3, (31,)), ("4", 4, (41,)))
RENUMBERED = text(("1", 1, (11, 12)), ("2", 8, (81,)), ("3", 2, (21, 22)), ("4", 3, (31, 32)), ("5", 4, (41,)))
MOVED = text(("1", 1, (11, 12, 22)), ("2", 2, (21,)), ("3", 3, (31, 32)), ("4", 4, (41,)))


def proven(ledger: Ledger, data: bytes) -> str:
    """Cut and verified: the entry's id."""
    entry_id = ledger.applied(data)
    assert ledger.verify(entry_id).passed, findings(ledger)
    return entry_id


def findings(ledger: Ledger) -> object:
    return ledger.admin("SELECT findings FROM cutter_governance.verify_result ORDER BY verified_at DESC LIMIT 1")


def report(ledger: Ledger) -> LedgerReport:
    return LedgerReport(ledger.exec_adapter)


def rebuilt(ledger: Ledger, cut_seq: int) -> bytes:
    return report(ledger).rebuild("L1", as_of=cut_seq).data


def units(ledger: Ledger, cut_seq: int | None = None) -> dict[str, tuple[str, int]]:
    """Address to (id, version) as of a cut."""
    return {u.canonical_address: (u.unit_id, u.version_seq) for u in report(ledger).units("L1", as_of=cut_seq)}


def operations(ledger: Ledger, cut_seq: int) -> dict[str, str]:
    rows = ledger.admin(
        "SELECT u.canonical_address, a.operation_kind FROM cutter_governance.cut_change_set_affected_row a "
        "JOIN cutter_governance.cut_change_set c USING (change_set_id) "
        "JOIN iu.information_unit u ON u.unit_id = a.target_row_id WHERE c.cut_seq = %s",
        cut_seq,
    )
    return dict(rows)


def audited(ledger: Ledger) -> list[str]:
    """Codes of every defect an audit of everything finds."""
    keys = Keys(executor=ledger.exec_key.public, verifier=ledger.verify_key.public)
    return [defect.code for found in audit(ledger.verifier, asked=None, keys=keys) for defect in found.defects]


@pytest.mark.parametrize(
    ("edited", "meant"),
    [
        pytest.param(REVISED, {"L1-DIEU2-K1": "revise"}, id="revised"),
        pytest.param(INSERTED, dict.fromkeys(("L1-DIEU1A", "L1-DIEU1A-K1", "L1-DIEU1A-K2"), "insert"), id="inserted"),
        pytest.param(DELETED, {"L1-DIEU3-K2": "retire"}, id="deleted"),
        pytest.param(MOVED, {"L1-DIEU2-K2": "move"}, id="moved"),
    ],
)
def test_k_changed_units_are_13_plus_2k_ledger_rows(ledger: Ledger, edited: bytes, meant: dict[str, str]) -> None:
    proven(ledger, FIRST)
    before, ledger_before, store_before = units(ledger), ledger.counts(), ledger.everything()
    entry_id = proven(ledger, edited)
    assert operations(ledger, 2) == meant
    k, names = len(meant), ledger.counts()
    aliases = names.get("canonical_address_alias", 0)
    assert sum(names.values()) - sum(ledger_before.values()) == 13 + 2 * k + aliases
    assert names["manifest_unit_block"] - ledger_before["manifest_unit_block"] == k
    after = ledger.everything()
    assert after["unit_version"] - store_before["unit_version"] == k
    assert after["information_unit"] - store_before["information_unit"] == sum(w == "insert" for w in meant.values())
    now = units(ledger)
    assert {a: now[a] for a in now.keys() & before.keys() - meant.keys()} == {
        a: before[a] for a in before.keys() - meant.keys()
    }
    assert {a: now[a][0] for a in now.keys() & before.keys()} == {a: before[a][0] for a in now.keys() & before.keys()}
    assert (rebuilt(ledger, 1), rebuilt(ledger, 2)) == (FIRST, edited)
    assert ledger.status(entry_id) == EntryStatus.VERIFIED_COMPLETE
    assert audited(ledger) == []


def test_a_renumbered_law_keeps_its_units_and_says_what_they_are_called(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    before = units(ledger)
    proven(ledger, RENUMBERED)
    done = operations(ledger, 2)
    assert {done[a] for a in ("L1-DIEU2", "L1-DIEU3", "L1-DIEU4")} == {"renumber"}
    now = units(ledger)
    assert {a: now[a][0] for a in before} == {a: identity for a, (identity, _) in before.items()}
    new = now.keys() - before.keys()
    assert new, "the inserted article is there"
    assert all(address.startswith("L1-DIEU2-N2") for address in new), "another unit's address is not reused"
    called = {unit.alias_text for unit in report(ledger).unit("L1-DIEU4").aliases}
    assert called == {"L1-DIEU5"}
    assert report(ledger).unit("L1-DIEU5").canonical_address == "L1-DIEU4"
    assert report(ledger).unit("L1-DIEU5").unit_number == "5"
    assert (rebuilt(ledger, 1), rebuilt(ledger, 2)) == (FIRST, RENUMBERED)
    assert audited(ledger) == []


def test_every_cut_of_many_gives_its_bytes_back_and_a_law_may_come_back(ledger: Ledger) -> None:
    editions = (FIRST, REVISED, INSERTED, DELETED, MOVED, FIRST, RENUMBERED)
    for place, data in enumerate(editions, start=1):
        proven(ledger, data)
        assert [rebuilt(ledger, cut) for cut in range(1, place + 1)] == list(editions[:place])
    assert audited(ledger) == []
    retired = ledger.admin("SELECT canonical_address FROM iu.information_unit WHERE lifecycle_status = 'retired'")
    assert ("L1-DIEU1A",) in retired
    assert not {address for (address,) in retired} & units(ledger).keys()


def test_a_retired_address_is_never_another_units(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    first = units(ledger)["L1-DIEU3-K2"]
    proven(ledger, DELETED)
    assert "L1-DIEU3-K2" not in units(ledger)
    marked = ledger.mark(FIRST)
    assert marked.entry.request.exception_count == 1
    ledger.sweep()
    with pytest.raises(AwaitingReview, match="recut_address"):
        ledger.by_policy(marked.entry.entry_id)
    ledger.judge(marked.entry.entry_id)
    ledger.cut(marked.entry.entry_id)
    assert ledger.verify(marked.entry.entry_id).passed
    assert units(ledger)["L1-DIEU3-K2-N2"][0] != first[0]
    assert rebuilt(ledger, 3) == FIRST


def test_a_split_and_a_merge_end_what_was_and_begin_what_is(ledger: Ledger) -> None:
    whole = FIRST.replace(prose(22, 16).encode(), f"{prose(61, 14)} {prose(62, 14)}".encode())
    parted = FIRST.replace(f"2. {prose(22, 16)}.\n".encode(), b"", 1)
    parted += f"Điều 5. Quy định {prose(5, 9)}\n1. {prose(61, 14)}.\n2. {prose(62, 14)}.\n".encode()
    for data in (whole, parted, whole):
        proven(ledger, data)
    split, merge = operations(ledger, 2), operations(ledger, 3)
    assert split == {"L1-DIEU2-K2": "retire", **dict.fromkeys(("L1-DIEU5", "L1-DIEU5-K1", "L1-DIEU5-K2"), "insert")}
    assert merge == {"L1-DIEU2-K2-N2": "insert", **dict.fromkeys(("L1-DIEU5", "L1-DIEU5-K1", "L1-DIEU5-K2"), "retire")}
    told = report(ledger).proposal("L1")
    assert told.base is not None
    assert [rebuilt(ledger, cut) for cut in (1, 2, 3)] == [whole, parted, whole]
    assert audited(ledger) == []


def test_a_recut_that_changes_nothing_writes_nothing_and_says_so(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    entry_id = proven(ledger, REVISED)
    before = ledger.everything()
    again = ledger.mark(REVISED)
    assert (again.created, again.living, again.entry.entry_id) == (False, 2, entry_id)
    assert ledger.everything() == before


def test_marking_the_same_edit_twice_is_one_entry_and_another_one_waits(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    marked = ledger.mark(REVISED)
    before = ledger.everything()
    assert ledger.mark(REVISED) == type(marked)(entry=marked.entry, created=False)
    with pytest.raises(GovernanceRefused, match="on its way"):
        ledger.mark(INSERTED)
    assert ledger.everything() == before


def test_a_rejected_recut_changes_nothing_and_another_may_follow(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    entry_id = ledger.mark(REVISED).entry.entry_id
    ledger.sweep()
    ledger.judge(entry_id, Verdict.FAIL)
    proven(ledger, INSERTED)
    assert rebuilt(ledger, 2) == INSERTED


def test_policy_approves_a_recut_without_a_question(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    marked = ledger.mark(REVISED)
    ledger.sweep()
    assert marked.entry.request.exception_count == 0
    assert ledger.by_policy(marked.entry.entry_id).decision.verdict is Verdict.PASS
    assert ledger.admin("SELECT DISTINCT operation_kind FROM cutter_governance.manifest_envelope ORDER BY 1") == [
        ("first_cut",),
        ("recut",),
    ]


def test_an_approval_is_stale_when_stored_units_were_changed_since(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    entry_id = ledger.approved(REVISED)
    ledger.tamper("UPDATE iu.unit_version SET render_order = 2.5 WHERE render_order = 2")
    before = ledger.everything()
    with pytest.raises(StaleApproval):
        ledger.cut(entry_id)
    assert ledger.everything() == before


def test_a_failed_recut_is_repaired_by_a_second_attempt(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    entry_id = ledger.applied(INSERTED)
    ledger.tamper(
        "UPDATE iu.unit_version SET body = 'x', content_hash = encode(sha256('x'), 'hex') "
        "WHERE cut_seq = 2 AND unit_id = (SELECT unit_id FROM iu.information_unit "
        "WHERE canonical_address = 'L1-DIEU1A-K1')"
    )
    assert not ledger.verify(entry_id).passed
    ledger.sweep()
    ledger.resolve(entry_id, Way.RETRY)
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed, findings(ledger)
    assert (rebuilt(ledger, 1), rebuilt(ledger, 3)) == (FIRST, INSERTED)


def test_after_an_abandoned_recut_the_next_one_starts_from_the_proven_cut(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    entry_id = ledger.applied(INSERTED)
    ledger.tamper("UPDATE iu.unit_version SET render_order = 99 WHERE cut_seq = 2 AND body LIKE 'Điều 1a%'")
    assert not ledger.verify(entry_id).passed
    ledger.sweep()
    ledger.resolve(entry_id, Way.ABANDON)
    proven(ledger, REVISED)
    assert (rebuilt(ledger, 1), rebuilt(ledger, 3)) == (FIRST, REVISED)
    assert "L1-DIEU1A" not in units(ledger)


@pytest.mark.parametrize(
    ("tampering", "code"),
    [
        pytest.param("UPDATE iu.unit_version SET ends_life = false WHERE ends_life", "recut_end", id="end-taken-back"),
        pytest.param(
            "UPDATE iu.unit_version SET body = body || ' ' , content_hash = encode(sha256(convert_to(body || ' ', "
            "'UTF8')), 'hex') WHERE cut_seq = 1 AND version_seq = 1 AND EXISTS (SELECT FROM iu.unit_version l "
            "WHERE l.unit_id = iu.unit_version.unit_id AND l.version_seq = 2)",
            "past_cut",
            id="replaced-version-edited",
        ),
        pytest.param("DELETE FROM cutter_governance.canonical_address_alias", "alias_missing", id="alias-dropped"),
        pytest.param(
            "UPDATE cutter_governance.canonical_address_alias SET alias_text = 'L1-DIEU77'", "alias", id="alias-edited"
        ),
        pytest.param("UPDATE iu.unit_version SET unit_number = '77' WHERE unit_number = '5'", "number", id="number"),
        pytest.param(
            "UPDATE iu.unit_version SET parent_unit_id = NULL WHERE parent_unit_id IS NOT NULL", "parent", id="parent"
        ),
        pytest.param(
            "UPDATE iu.unit_version SET render_order = render_order + 0.001 WHERE cut_seq = 2 AND NOT ends_life",
            "order",
            id="order",
        ),
        pytest.param(
            "DELETE FROM cutter_governance.manifest_unit_block WHERE block_role = 'origin'", "block_missing", id="block"
        ),
        pytest.param(
            "UPDATE cutter_governance.manifest_envelope SET operation_kind = 'first_cut'", "envelope", id="envelope"
        ),
        pytest.param(
            "UPDATE cutter_governance.cut_change_set_affected_row SET operation_kind = 'revise' "
            "WHERE operation_kind = 'renumber'",
            "affected_operation",
            id="operation",
        ),
    ],
)
def test_verify_finds_what_was_changed_after_a_recut(ledger: Ledger, tampering: str, code: str) -> None:
    edited = text(("1", 1, (11, 22)), ("2", 8, (81,)), ("3", 2, (21,)), ("4", 3, (31, 32)), ("5", 4, (41,)))
    proven(ledger, FIRST)
    entry_id = ledger.applied(edited)
    ledger.tamper(tampering)
    outcome = ledger.verify(entry_id)
    assert not outcome.passed
    assert code in {finding["code"] for finding in outcome.result.findings}, json.dumps(outcome.result.findings)[:2000]


def test_the_reviewer_of_a_recut_is_not_its_marker_and_the_base_is_bound(ledger: Ledger) -> None:
    first = proven(ledger, FIRST)
    entry = ledger.mark(REVISED).entry
    stored = ledger.admin("SELECT canonical_json FROM iu.manifest WHERE digest = %s", entry.request.manifest_digest)
    base = json.loads(bytes(stored[0][0]))["recut"]["base"]
    living = ledger.admin(
        "SELECT change_set_id::text, cut_seq, manifest_digest::text, snapshot_sha256::text "
        "FROM cutter_governance.cut_change_set"
    )
    assert tuple(base[name] for name in ("change_set_id", "cut_seq", "manifest_digest", "snapshot_sha256")) == living[0]
    assert entry.request.marked_by != REVIEWER
    assert first != entry.entry_id

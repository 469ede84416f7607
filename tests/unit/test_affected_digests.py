"""The digests of affected rows, made in pieces, are those of the canonical JSON of all of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from cutter_agent.affected_digests import affected_digests
from cutter_agent.rows import AffectedRow
from sealing.canonical import canonical_bytes
from sealing.digest import canonical_digest
from sealing.errors import CanonicalTypeError

AFTER = {"canonical_address": "L1-A", "content_hash": "0" * 64, "version_seq": 1, "render_order": "1"}
STATES: dict[str, dict[str, Any]] = {
    "plain": AFTER,
    "Vietnamese text": {**AFTER, "canonical_address": "Điều 1 \u2028 \u0001"},
    "a key that is not ASCII": {**AFTER, "Điều": "1", "😀": 1, "\uff5e": 2},
    "nested": {**AFTER, "aliases": [{"text": "a", "until": None}, True, -3]},
}


def row(place: int, **other: Any) -> AffectedRow:
    said = {
        "affected_row_id": f"{place * 7919 % 10007:05}",
        "change_set_id": "c1",
        "target_table": "iu.information_unit",
        "target_row_id": f"u{place:05}",
        "operation_kind": "insert",
        "before_state_snapshot": None,
        "after_state_snapshot": AFTER,
    }
    return AffectedRow(**(said | other))


def whole(rows: list[AffectedRow]) -> tuple[str, str]:
    """The same two digests over one spelling of everything, as design 1.12 says them."""
    units = sorted(rows, key=lambda each: each.target_row_id)
    touches = [[r.target_row_id, r.operation_kind, r.before_state_snapshot, r.after_state_snapshot] for r in units]
    stood = [structs.asdict(each) for each in sorted(rows, key=lambda each: each.affected_row_id)]
    return canonical_digest(touches), canonical_digest(stood)


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001, 2_500])
def test_any_number_of_rows(count: int) -> None:
    rows = [row(place) for place in range(count)]
    found = affected_digests(rows)
    assert (found.units_sha256, found.record_sha256) == whole(rows)
    assert affected_digests(rows[::-1]) == found


@pytest.mark.parametrize("said", STATES)
@pytest.mark.parametrize("before", [False, True], ids=["new", "changed"])
def test_any_state_among_many(said: str, before: bool) -> None:
    rows = [row(place) for place in range(1_200)]
    state = STATES[said]
    for place in (0, 1_000, 1_199):
        rows[place] = row(place, after_state_snapshot=state, before_state_snapshot=state if before else None)
    found = affected_digests(rows)
    assert (found.units_sha256, found.record_sha256) == whole(rows)


@pytest.mark.parametrize("bad", [1.5, "\ud800", b"x", 2**53, {"\udfff": 1}, {1: "x"}], ids=repr)
@pytest.mark.parametrize("where", ["before_state_snapshot", "after_state_snapshot"])
def test_what_has_no_canonical_spelling_is_said(bad: Any, where: str) -> None:
    rows = [row(place) for place in range(1_001)]
    rows[1_000] = row(1_000, **{where: {**AFTER, "version_seq": bad}})
    with pytest.raises(CanonicalTypeError):
        canonical_bytes(structs.asdict(rows[1_000]))
    with pytest.raises(CanonicalTypeError):
        affected_digests(rows)


def test_an_id_that_is_no_text_has_no_spelling_either() -> None:
    with pytest.raises(CanonicalTypeError):
        affected_digests([row(0, change_set_id=b"c1")])

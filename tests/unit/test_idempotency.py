"""Keys and ids: derived, stable for ever, never equal for different things."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutter_agent import idempotency
from cutter_agent.errors import Internal
from cutter_agent.model import Lane, OperationKind, text_id

KEY = {
    "snapshot_sha256": "a" * 64,
    "profile_id": "vn-law",
    "profile_version": "1",
    "document_ref": "law/L1",
    "operation_kind": OperationKind.FIRST_CUT,
}
NOON = datetime(2025, 1, 6, 12, tzinfo=UTC)


def test_ids_never_change_between_releases() -> None:
    key = idempotency.entry_key(**KEY)
    assert key == "a4a1eb3e8c5e47036d59d3c47e23996344d474b1b0a515f10d933a530d17515c"
    assert idempotency.entry_id(key) == "dd199b5b-b3ad-5e7b-9099-ba3bca95fdf9"


@pytest.mark.parametrize("name", ["snapshot_sha256", "profile_id", "profile_version", "document_ref"])
def test_every_part_of_the_key_counts(name: str) -> None:
    assert idempotency.entry_key(**{**KEY, name: "other"}) != idempotency.entry_key(**KEY)


def test_the_operation_counts() -> None:
    recut = {**KEY, "operation_kind": OperationKind.RECUT}
    assert idempotency.entry_key(**recut) != idempotency.entry_key(**KEY)


def test_one_text_under_two_kinds_gives_two_ids() -> None:
    same = "0" * 36
    made = {
        idempotency.entry_id(same),
        idempotency.change_set_id(same),
        idempotency.escalation_id(same),
        idempotency.history_id(same, 1),
        idempotency.decision_id(same, 1),
        idempotency.verify_result_id(same, 1),
        idempotency.rollback_key(same),
        idempotency.envelope_id(same, same),
        idempotency.affected_row_id(same, same),
        idempotency.unit_id(same, same),
        idempotency.signature_id(Lane.EXEC, same),
        idempotency.signature_id(Lane.VERIFY, same),
    }
    assert len(made) == 12
    assert all(text_id(UUID(name)) == name for name in made)


PARTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=8)


@given(PARTS, PARTS, PARTS, PARTS)
def test_parts_do_not_run_into_each_other(a: str, b: str, c: str, d: str) -> None:
    assert (idempotency.unit_id(a, b) == idempotency.unit_id(c, d)) == ((a, b) == (c, d))


def test_a_line_feed_in_a_part_is_refused() -> None:
    with pytest.raises(Internal, match="line feed"):
        idempotency.unit_id("a\nb", "C")


def test_a_sweep_is_what_it_promoted() -> None:
    later = datetime(2025, 1, 7, tzinfo=UTC)
    one = idempotency.sweep_id("x", [("e", 2)], started_at=NOON)
    assert one == idempotency.sweep_id("y", [("e", 2)], started_at=later)
    assert one != idempotency.sweep_id("x", [("e", 4)], started_at=NOON)
    assert idempotency.sweep_id("x", [], started_at=NOON) != idempotency.sweep_id("x", [], started_at=later)


def test_an_attempt_is_part_of_the_change_set() -> None:
    keys = {idempotency.change_set_key("k", "m", attempt) for attempt in (1, 2, 3)}
    assert len(keys) == 3


def test_an_id_has_one_spelling_whether_it_came_from_memory_or_from_the_server() -> None:
    name = idempotency.unit_id("law/L1", "L1")
    assert text_id(UUID(name)) == text_id(name.upper()) == name


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_an_id_is_the_uuid5_of_its_name(name: str) -> None:
    assert idempotency.spelt_uuid5(name) == str(uuid5(idempotency.NAMESPACE, name))

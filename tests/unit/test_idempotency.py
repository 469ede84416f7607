"""Keys and ids: derived, stable for ever, never equal for different things."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.derived_ids import within

from cutter_agent import idempotency
from cutter_agent.errors import Internal
from cutter_agent.model import Lane, OperationKind, text_id
from cutter_agent.unit_id_forms import UnitIdForm
from cutter_agent.verifier import structure

KEY = {
    "snapshot_sha256": "a" * 64,
    "profile_id": "vn-law",
    "profile_version": "1",
    "document_ref": "law/L1",
    "operation_kind": OperationKind.FIRST_CUT,
}
FORM = UnitIdForm.BY_DOCUMENT
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
        idempotency.affected_row_ids(same, [same])[same],
        idempotency.unit_id(same, same, FORM),
        idempotency.signature_id(Lane.EXEC, same),
        idempotency.signature_id(Lane.VERIFY, same),
    }
    assert len(made) == 12
    assert all(text_id(UUID(name)) == name for name in made)


PARTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=8)


@given(st.sampled_from(UnitIdForm), PARTS, PARTS, PARTS, PARTS)
def test_parts_do_not_run_into_each_other(form: UnitIdForm, a: str, b: str, c: str, d: str) -> None:
    assert (idempotency.unit_id(a, b, form) == idempotency.unit_id(c, d, form)) == ((a, b) == (c, d))


@pytest.mark.parametrize("form", UnitIdForm)
def test_a_line_feed_in_a_part_is_refused(form: UnitIdForm) -> None:
    with pytest.raises(Internal, match="line feed"):
        idempotency.unit_id("a\nb", "C", form)


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
    name = idempotency.unit_id("law/L1", "L1", FORM)
    assert text_id(UUID(name)) == text_id(name.upper()) == name


@given(PARTS, st.lists(PARTS, max_size=4))
def test_what_there_is_one_of_for_each_unit_is_named_within_its_owner(owner: str, parts: list[str]) -> None:
    assert idempotency.unit_ids(owner, parts, FORM) == {part: within("unit", owner, part) for part in parts}
    assert idempotency.affected_row_ids(owner, parts) == {part: within("affected-row", owner, part) for part in parts}
    for part in parts:
        found = idempotency.unit_id(owner, part, FORM)
        assert found == structure.unit_id(owner, part, FORM) == within("unit", owner, part)
        assert idempotency.unit_id_form(found) is FORM


@given(PARTS, st.lists(PARTS, max_size=4))
def test_what_was_named_before_keeps_its_names(owner: str, parts: list[str]) -> None:
    form = UnitIdForm.BY_ADDRESS
    named = {part: str(uuid5(idempotency.NAMESPACE, f"unit\n{owner}\n{part}")) for part in parts}
    assert idempotency.unit_ids(owner, parts, form) == named
    for part, name in named.items():
        assert idempotency.unit_id(owner, part, form) == structure.unit_id(owner, part, form) == name
        assert idempotency.unit_id_form(name) is form


def test_an_id_of_no_form_of_ours_is_told() -> None:
    with pytest.raises(ValueError, match="uuid4"):
        idempotency.unit_id_form("00000000-0000-4000-8000-000000000000")
    assert structure.unit_id("law/1", "A", "uuid4") == ""


def test_ids_of_one_document_lie_together_and_are_different() -> None:
    """Side by side in every index, however many other documents there are: no other begins as they do."""
    addresses = [f"L-DIEU{number}" for number in range(2_000)]
    made = {ref: set(idempotency.unit_ids(ref, addresses, FORM).values()) for ref in ("law/1", "law/2", "law/3")}
    assert all(len(ids) == 2_000 for ids in made.values())
    ordered = sorted((name, ref) for ref, ids in made.items() for name in ids)
    assert sum(one[1] != other[1] for one, other in pairwise(ordered)) == 2


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_an_id_is_the_uuid5_of_its_name(name: str) -> None:
    assert idempotency.spelt_uuid5(name) == str(uuid5(idempotency.NAMESPACE, name))

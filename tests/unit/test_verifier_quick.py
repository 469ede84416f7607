"""What the verifier asks of many at once finds what it finds one by one."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.derived_ids import within

from cutter_agent.idempotency import NAMESPACE
from cutter_agent.rows import AffectedRow, StoredUnit
from cutter_agent.verifier import governance, structure
from cutter_agent.verifier.governance import affected_state
from sealing.errors import CanonicalTypeError

STATE = {"canonical_address": "L1-A", "content_hash": "0" * 64, "version_seq": 1, "render_order": "1"}
ADDRESSES = ["L1-A", "L1-B", "L1", "L11-A", "L1-", "l1-A", "L1--A", "L1-A\n", "L1-A\nL1-C", "-L1", "", "L1-Đ"]
FILLED = dict.fromkeys(StoredUnit.__struct_fields__, "x")


@pytest.mark.parametrize("seq", [True, 1.0, "1", 2])
def test_a_number_of_the_ledger_that_is_equal_and_spelt_otherwise_is_a_defect(seq: Any) -> None:
    unit = StoredUnit(**{**FILLED, **STATE})  # type: ignore[arg-type]
    assert list(affected_state(STATE, unit)) == []
    try:
        codes = [defect.code for defect in affected_state({**STATE, "version_seq": seq}, unit)]
    except CanonicalTypeError:  # a float has no spelling at all: ``prove`` makes that a defect of the walk
        codes = ["affected_state"]
    assert codes == ["affected_state"]
    row = AffectedRow("a", "c", "iu.information_unit", unit.unit_id, "insert", None, STATE)
    assert governance._states_hold([row], {unit.unit_id: unit})
    other = replace(row, after_state_snapshot=STATE | {"version_seq": seq})
    assert not governance._states_hold([other], {unit.unit_id: unit})
    assert not governance._states_hold([row], {})


@given(
    st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=4, unique=True),
    st.sampled_from(["law/1", "law/2"]),
    st.sampled_from(["uuid5", "uuid8", "none"]),
    st.sampled_from(["uuid5", "uuid8", "uuid9"]),
)
def test_units_are_all_named_exactly_when_no_address_and_no_id_is_a_defect(
    addresses: list[str], ref: str, own: str, form: str
) -> None:
    units, found = [], []
    for address in addresses:
        named = {"document_ref": "law/1", "version_document_ref": ref, "canonical_address": address}
        names = {
            "uuid5": str(uuid5(NAMESPACE, f"unit\nlaw/1\n{address}")),
            "uuid8": within("unit", "law/1", address),
            "none": "y",
        }
        unit = StoredUnit(**{**FILLED, **named, "unit_id": names[own]})  # type: ignore[arg-type]
        units.append(unit)
        found += [*structure._address(unit, "L1"), *structure._name(unit, "law/1", form)]
    assert structure._all_named(units, "L1", "law/1", form) is not bool(found)
    assert own == form or any(defect.code == "unit_id" for defect in found)

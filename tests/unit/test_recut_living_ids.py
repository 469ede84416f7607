"""The form of a living document's ids is read off its stored units; ids that somebody changed are told as that."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from tests.derived_ids import within
from tests.recut_room import Row, edition, prose

from cutter_agent.errors import VerificationFailed
from cutter_agent.model import LifecycleStatus, RecutBase
from cutter_agent.recut import Living, living
from cutter_agent.rows import StoredUnit
from cutter_agent.unit_id_forms import UnitIdForm

FOREIGN = "6f0e5b1c-0000-4000-8000-000000000001"
LAW = edition([Row(0, "1", prose(1)), Row(0, "2", prose(2))])


def read(ids: list[str]) -> Living:
    base = RecutBase(change_set_id="c", cut_seq=1, manifest_digest="m", snapshot_sha256=LAW.cut.snapshot_sha256)
    rows = []
    for unit, name in zip(LAW.cut.units, ids, strict=True):
        values: dict[str, Any] = dict.fromkeys(StoredUnit.__struct_fields__, None) | {
            "unit_id": name,
            "canonical_address": unit.address,
            "body": LAW.data[unit.start_byte : unit.end_byte].decode(),
            "content_hash": unit.content_sha256,
            "render_order": str(len(rows) + 1),
            "unit_kind": unit.kind,
            "section_type": unit.level,
            "unit_lifecycle": LifecycleStatus.ENACTED,
        }
        rows.append(StoredUnit(**values))
    return living("law/X", base, rows, ever=rows, aliases=(), like=LAW.cut)


def test_the_form_is_that_of_the_stored_ids() -> None:
    addresses = [unit.address for unit in LAW.cut.units]
    assert read([str(uuid5(NAMESPACE_URL, each)) for each in addresses]).form is UnitIdForm.BY_ADDRESS
    assert read([within("unit", "law/X", each) for each in addresses]).form is UnitIdForm.BY_DOCUMENT


@pytest.mark.parametrize("other", [FOREIGN, str(UUID(int=0)), str(uuid5(NAMESPACE_URL, "x")), ""])
def test_an_id_that_somebody_changed_is_told(other: str) -> None:
    ids = [within("unit", "law/X", unit.address) for unit in LAW.cut.units]
    with pytest.raises(VerificationFailed, match="ids of no form, or of two") as refused:
        read([*ids[:-1], other])
    assert "audit" in (refused.value.remedy or "")

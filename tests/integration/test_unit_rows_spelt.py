"""Rows that are spelt for COPY arrive as they were: every character that means something to COPY, and none else."""

from __future__ import annotations

import pytest
from tests.pipeline_room import Ledger

from cutter_agent.db_adapter.store import spelling
from cutter_agent.errors import Internal
from cutter_agent.rows import AffectedRow

LINES = ("a\tb\\N\\.", "\\.", "\\N", "\\", "x\rY", "\b\f\v\x01\x7f\u2028 \ufeff", '{"a":"\\n"}', "𝄞 Điều")


def test_bodies_with_what_copy_reads_as_its_own_are_stored_byte_for_byte(ledger: Ledger) -> None:
    text = "".join(f"Điều {place}. {line}\n{line}\n" for place, line in enumerate(LINES, start=1))
    entry_id = ledger.approved(text.encode())
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed
    stored = ledger.admin("SELECT string_agg(body, '' ORDER BY render_order) FROM iu.unit_version")[0][0]
    assert stored == text
    labels = ledger.admin(
        "SELECT payload_summary ->> 'kind', candidate_edges FROM cutter_governance.manifest_unit_block"
    )
    assert {("article", ())} == {(kind, tuple(edges)) for kind, edges in labels}


def test_null_and_its_spelling_are_two_things() -> None:
    assert spelling.texts([None, "\\N", ""]) == ["\\N", "\\\\N", ""]
    assert spelling.texts([None, "N", ""]) == ["\\N", "N", ""]


@pytest.mark.parametrize("value", [object(), b"x", {"a": object()}])
def test_json_that_no_column_holds_is_refused_before_it_is_sent(value: object) -> None:
    with pytest.raises(Internal, match="inside a JSON value"):
        list(spelling.affected([_row(value)]))


def _row(after: object) -> AffectedRow:
    return AffectedRow(
        affected_row_id="a",
        change_set_id="c",
        target_table="iu.information_unit",
        target_row_id="u",
        operation_kind="insert",
        before_state_snapshot=None,
        after_state_snapshot=after,  # type: ignore[arg-type]
    )

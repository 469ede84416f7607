"""The living source changed between approval and write under the same label, and the approved bytes were not kept."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline_room import Ledger, law


def test_what_was_approved_is_cut_whatever_became_of_the_file(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "L1.txt"
    file.write_bytes(law(3))
    entry_id = ledger.approved(file.read_bytes())
    file.write_bytes(law(4))
    ledger.cut(entry_id)
    file.unlink()
    assert ledger.verify(entry_id).passed
    bodies = ledger.admin("SELECT body FROM iu.unit_version ORDER BY render_order")
    assert "".join(body for (body,) in bodies).encode() == law(3)
    assert bytes(ledger.admin("SELECT bytes FROM iu.source_snapshot")[0][0]) == law(3)


def test_the_changed_source_is_another_entry(ledger: Ledger) -> None:
    first, second = ledger.mark(law(3)).entry, ledger.mark(law(4)).entry
    assert first.request.label == second.request.label
    assert first.entry_id != second.entry_id

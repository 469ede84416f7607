"""VERIFY moved every version to another page and gave it a second entry in five indexes, one of them the search's: the
search's index named the status in its predicate, so no update of it could stay in its place (HOT)."""

from __future__ import annotations

from tests.pipeline_room import Ledger, law

_PAGES = """
SELECT unit_id::text, (ctid::text::point)[0]::int FROM iu.information_unit
UNION ALL SELECT unit_id::text || ' ' || version_seq, (ctid::text::point)[0]::int FROM iu.unit_version"""
_NAMING_THE_STATUS = """
SELECT indexrelid::regclass::text FROM pg_index
WHERE indrelid IN ('iu.information_unit'::regclass, 'iu.unit_version'::regclass)
  AND pg_get_indexdef(indexrelid) ~ 'lifecycle_status'"""


def test_what_is_enacted_stays_on_its_page(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(120, clauses=2))
    ledger.cut(entry_id)
    drafts = dict(ledger.admin(_PAGES))
    assert len(set(drafts.values())) > 5
    assert ledger.verify(entry_id).passed
    moved = dict(ledger.admin(_PAGES)).items() - drafts.items()
    assert (
        len(moved) < len(drafts) / 20
    )  # "enacted" is two letters longer: on a page filled to the last byte one row has no room
    assert ledger.admin("SELECT DISTINCT lifecycle_status FROM iu.unit_version") == [("enacted",)]


def test_no_index_of_units_names_their_status(ledger: Ledger) -> None:
    assert ledger.admin(_NAMING_THE_STATUS) == []

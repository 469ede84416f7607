"""Many proven units without the work of proving each: what a search is asked about."""

from __future__ import annotations

from tests.pipeline_room import Ledger

from cutter_agent.db_adapter.reading import LedgerReport
from cutter_agent.searching import Found, asked


def find(ledger: Ledger, words: str, *, document: str | None = None, limit: int = 20, offset: int = 0) -> Found:
    """A search as DOT-991."""
    return LedgerReport(ledger.exec_adapter).search(asked(words), document=document, limit=limit, offset=offset)


def addresses(ledger: Ledger, words: str, *, document: str | None = None) -> list[str]:
    return [unit.canonical_address for unit in find(ledger, words, document=document, limit=100).units]


def proven(ledger: Ledger, data: bytes, **how: str) -> str:
    """Cut and verified."""
    entry_id = ledger.applied(data, **how)
    assert ledger.verify(entry_id).passed
    return entry_id


def grow(ledger: Ledger, rows: int, body: str) -> None:
    """``rows`` more living units of document ``law/G1``; ``body``: an SQL expression over ``n``."""
    ledger.tamper(
        "INSERT INTO iu.document (document_ref, document_code, profile_id, title, created_at, created_by)"
        " SELECT 'law/G1', 'G1', profile_id, 'Large', created_at, created_by FROM iu.document LIMIT 1",
        "INSERT INTO iu.information_unit (unit_id, document_ref, canonical_address, unit_kind, section_type,"
        " lifecycle_status) SELECT md5('g' || n)::uuid, 'law/G1', 'G1-DIEU' || n, 'article', 'article', 'enacted'"
        f" FROM generate_series(1, {rows}) AS n",
        "INSERT INTO iu.unit_version (unit_id, version_seq, content_hash, body, render_order, cut_seq, change_set_id,"
        " document_ref, lifecycle_status) SELECT md5('g' || n)::uuid, 1,"
        f" encode(sha256(convert_to(b.body, 'UTF8')), 'hex'), b.body, n, 1, md5('x')::uuid, 'law/G1', 'enacted'"
        f" FROM generate_series(1, {rows}) AS n, LATERAL (SELECT {body} AS body) AS b",
        "ANALYZE iu.unit_version",
    )

"""Units by their words: one declared statement on the index of words (docs/decisions/search.md)."""

from __future__ import annotations

from cutter_agent.db_adapter.interface import Row, Statements
from cutter_agent.searching import MOST_RANKED, Asked, Found, FoundUnit, snippet


def units(block: Statements, words: Asked, *, document_ref: str | None, limit: int, offset: int) -> Found:
    """Living units with these words, the best first."""
    rows = block.fetch(
        "search_units",
        {
            "folded": words.folded,
            "exact": words.exact,
            "document_ref": document_ref,
            "most": MOST_RANKED + 1,
            "row_limit": limit,
            "row_offset": offset,
        },
    )
    count = int(rows[0]["count"]) if rows else 0
    return Found(
        typed=words.typed,
        document_ref=document_ref,
        count=min(count, MOST_RANKED),
        has_more=count > MOST_RANKED,
        units=tuple(_unit(row, words) for row in rows),
    )


def _unit(row: Row, words: Asked) -> FoundUnit:
    body = str(row.pop("body"))
    row.pop("count")
    return FoundUnit(**row, snippet=snippet(body, words.words))

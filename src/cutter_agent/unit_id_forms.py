"""How a document's units get their ids from their addresses (docs/decisions/ids-by-document.md). Values only."""

from __future__ import annotations

from enum import StrEnum


class UnitIdForm(StrEnum):
    """What the header of each manifest says, for ever as the document's first cut said: the version of the ids."""

    BY_ADDRESS = "uuid5"
    """One digest of document and address: neighbours lie anywhere in an index. Of manifests that do not say it."""
    BY_DOCUMENT = "uuid8"
    """Begins with the document's digest: a document's units lie together in every index."""

"""Documents that are read a unit at a time, inside one block: whatever their length, memory for some rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from cutter_agent import chain
from cutter_agent.db_adapter.interface import Statements
from cutter_agent.errors import VerificationFailed
from cutter_agent.report import ExportedDocument, ExportedUnit, UnitLine


class _Document:
    """A document as of a cut, in an open block."""

    def __init__(self, block: Statements, document_ref: str, cut_seq: int) -> None:
        self._block = block
        self._values = {"document_ref": document_ref, "as_of": cut_seq}

    def strays(self) -> frozenset[str]:
        """See ``report.Units``. Addresses alone are read: a fraction of what the texts are."""
        rows = self._block.stream("export_parents", self._values)
        return chain.strays((row["address"], row["parent"]) for row in rows)


class ExportedUnits(_Document):
    """``report.Units``. ``at``: which aliases held then; None: which hold now."""

    def __init__(self, block: Statements, head: ExportedDocument, at: datetime | None) -> None:
        super().__init__(block, head.document_ref, head.cut_seq)
        self._head = head
        self._at = at

    def __call__(self) -> Iterator[ExportedUnit]:
        """Every unit in order, proven at the end."""
        digest = hashlib.sha256()
        for row in self._block.stream("export_units", {**self._values, "at": self._at}):
            digest.update(row["text"].encode())
            yield ExportedUnit(**row)
        head = self._head
        if digest.hexdigest() != head.snapshot_sha256:
            raise not_the_snapshot(head.document_ref, head.cut_seq, digest.hexdigest(), head.snapshot_sha256)


class OutlinedUnits(_Document):
    """``report.Outline``."""

    def __call__(self) -> Iterator[UnitLine]:
        """Every unit in order."""
        for row in self._block.stream("report_units", self._values):
            yield UnitLine(**row)


def not_the_snapshot(document_ref: str, cut_seq: int, found: str, said: str) -> VerificationFailed:
    """The error of units that are not the bytes that were cut."""
    return VerificationFailed(
        f"{document_ref} as of cut {cut_seq}: its units give {found}, the snapshot was {said}",
        remedy="Stored units were changed after the cut: restore the database, or find who wrote to it.",
    )

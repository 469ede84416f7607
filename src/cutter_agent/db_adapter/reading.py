"""``report.Report`` on the adapter: short read-only blocks as DOT-991, each of one state of the database."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any
from uuid import UUID

import msgspec

from cutter_agent import manifest_base, observing
from cutter_agent.codification.citation import spelled
from cutter_agent.db_adapter import finding, origins, trails
from cutter_agent.db_adapter.interface import DBAdapter, Statements
from cutter_agent.db_adapter.settings import Isolation
from cutter_agent.db_adapter.streaming import ExportedUnits, OutlinedUnits, not_the_snapshot
from cutter_agent.errors import UsageError, VerificationFailed
from cutter_agent.report import (
    AliasLine,
    CutLine,
    DecisionLine,
    DependencyLine,
    DocumentLine,
    EntryLine,
    ExportedDocument,
    HistoryLine,
    NameLine,
    NameTrail,
    OriginalLine,
    Proposal,
    Rebuilt,
    UnitFacts,
    UnitLine,
    UnitOrigin,
    VersionLine,
)
from cutter_agent.searching import Asked, Found
from cutter_agent.signing import SignatureRow
from sealing.digest import sha256_hex


class LedgerReport:
    """What the ledger and the unit store say. Holds nothing but the adapter."""

    def __init__(self, adapter: DBAdapter) -> None:
        self._adapter = adapter

    def entries(self, *, status: str | None, limit: int) -> list[EntryLine]:
        """The newest entries first."""
        rows = self._adapter.find("report_entries", {"status": status, "row_limit": limit})
        return [EntryLine(**row) for row in rows]

    def entry(self, asked: str) -> EntryLine:
        """By id, document reference or code; of several the newest. Raises ``UsageError`` when there is none."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return _entries_of(block, asked)[0]

    def history(self, asked: str) -> list[HistoryLine]:
        """Every move of every entry of a document, oldest first. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return _history(block, [entry.entry_id for entry in _entries_of(block, asked)])

    def decisions(self, asked: str) -> list[DecisionLine]:
        """Every decision about a proposal of a document as a whole, oldest first. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return _decisions(block, [entry.entry_id for entry in _entries_of(block, asked)])

    def proposal(self, asked: str) -> Proposal:
        """What is to be reviewed. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            entry = _entries_of(block, asked)[0]
            if "manifest_digest" not in entry.payload:
                raise UsageError(
                    f"entry {entry.entry_id} is an {entry.kind}, without a proposal",
                    remedy="Review the entry of the document itself; iu-cutter status lists them.",
                )
            manifest = block.fetch_one("report_manifest", {"digest": entry.payload["manifest_digest"]})
            snapshot = block.fetch_one("report_snapshot", {"sha256": entry.payload["snapshot_sha256"]})
            canonical = bytes(manifest["canonical_json"]) if manifest else b""
            base = _base(block, canonical)
            return Proposal(
                entry=entry,
                manifest=_stored(manifest, "canonical_json", entry.entry_id),
                snapshot=_stored(snapshot, "bytes", entry.entry_id),
                decisions=tuple(_decisions(block, [entry.entry_id])),
                base=base,
                below=manifest_base.below((canonical, base[0] if base else None), lambda name: _bytes(block, name)),
                answers=tuple(_answers(block, entry)),
            )

    def dependencies(self, entry_id: str) -> list[DependencyLine]:
        """Every edge from and to an entry, oldest first."""
        return [DependencyLine(**row) for row in self._adapter.find("report_dependencies", {"entry_id": entry_id})]

    def documents(self, *, limit: int, offset: int) -> tuple[int, list[DocumentLine]]:
        """How many there are, and a part of them by their codes."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            counted = block.fetch_one("report_document_count")
            rows = block.fetch("report_all_documents", {"row_limit": limit, "row_offset": offset})
        return int(counted["count"]) if counted else 0, [DocumentLine(**row) for row in rows]

    def document(self, asked: str) -> DocumentLine:
        """By reference or code. Raises ``UsageError`` when it was never cut."""
        with self._adapter.read() as block:
            return _document(block, asked)

    def cuts(self, asked: str) -> list[CutLine]:
        """Every cut of a document, oldest first. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return _cuts(block, _document(block, asked).document_ref)

    def units(self, asked: str, *, as_of: int | None) -> list[UnitLine]:
        """The units of a document as of a cut (the newest one for None), in order. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            document = _document(block, asked)
            return _units(block, document, _cut(block, document, as_of))

    def tree(self, asked: str, as_of: int | None, limit: int, offset: int) -> tuple[int, list[tuple[UnitLine, int]]]:
        """How many ``units`` there are, and a part of them, each with how many lie above it. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            document = _document(block, asked)
            values = {"document_ref": document.document_ref, "as_of": _cut(block, document, as_of).cut_seq}
            rows = block.fetch("report_units_page", values | {"row_limit": limit, "row_offset": offset})
            counted = rows or block.fetch("report_units_page", values | {"row_limit": 1, "row_offset": 0})
        count = int(counted[0]["unit_count"]) if counted else 0
        return count, [(UnitLine(**{name: row[name] for name in _UNIT_LINE}), row["depth"]) for row in rows]

    def unit(self, address: str) -> UnitFacts:
        """One unit, by its address or an alias. Raises ``UsageError`` when nothing has this name."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            row = block.fetch_one("report_unit", {"address": address})
            official = spelled(address) if row is None else None
            if official is not None:
                row = block.fetch_one("report_unit", {"address": official})
            if row is None:
                near = [
                    str(near["canonical_address"])
                    for near in block.fetch("report_addresses_near", {"address": address})
                ]
                hint = f"The next ones are {', '.join(near)}. " if near else ""
                raise UsageError(
                    f"no unit has the address {address}", remedy=f"{hint}iu-cutter tree lists a document's."
                )
            versions = [VersionLine(**found) for found in block.fetch("report_versions", {"unit_id": row["unit_id"]})]
            behind = {version.change_set_id for version in versions}
            cuts = [cut for cut in _cuts(block, row["document_ref"]) if cut.change_set_id in behind]
            entry_ids = sorted({cut.entry_id for cut in cuts})
            decided = {cut.review_decision_id for cut in cuts}
            decisions = [line for line in _decisions(block, entry_ids) if line.review_decision_id in decided]
            return UnitFacts(
                **row,
                leads_to=trails.trail(block, str(row["canonical_address"])).reached,
                aliases=tuple(AliasLine(**a) for a in block.fetch("report_aliases", {"unit_id": row["unit_id"]})),
                versions=tuple(versions),
                cuts=tuple(cuts),
                decisions=tuple(decisions),
                history=tuple(_history(block, entry_ids)),
            )

    def search(self, words: Asked, *, document: str | None, limit: int, offset: int = 0) -> Found:
        """Living units with these words, the best first; of one document, or of all for None. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            document_ref = None if document is None else _document(block, document).document_ref
            return finding.units(block, words, document_ref=document_ref, limit=limit, offset=offset)

    def names(self, asked: str) -> list[NameLine]:
        """Every alias of a document, oldest first. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return trails.names(block, _document(block, asked).document_ref)

    def trail(self, name: str) -> NameTrail:
        """Where a name leads. Raises ``UsageError`` when nobody ever had it."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return trails.trail(block, name)

    def rebuild(self, asked: str, *, as_of: int | None) -> Rebuilt:
        """The exact bytes. Raises ``UsageError``, ``VerificationFailed`` when they are not the snapshot's."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            document = _document(block, asked)
            cut = _cut(block, document, as_of)
            units = _units(block, document, cut)
        data = "".join(unit.body for unit in units).encode()
        digest = sha256_hex(data)
        if digest != cut.snapshot_sha256:
            raise not_the_snapshot(document.document_ref, cut.cut_seq, digest, cut.snapshot_sha256)
        return Rebuilt(document_ref=document.document_ref, cut_seq=cut.cut_seq, sha256=digest, data=data)

    def originals(self, asked: str, *, as_of: int | None) -> list[OriginalLine]:
        """The files that a document's text was made from, the approved one first. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return origins.of_cut(block, _cut(block, _document(block, asked), as_of))

    def original(self, sha256: str) -> bytes:
        """The bytes of such a file. Raises ``UsageError``, ``VerificationFailed`` when they are not what they were."""
        with self._adapter.read() as block:
            return origins.data(block, sha256)

    def unit_origin(self, address: str) -> UnitOrigin | None:
        """Where a unit stands in the newest text that it is in, if that was made from a file. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            row = block.fetch_one("report_unit", {"address": address})
            if row is None:
                raise UsageError(f"no unit has the address {address}", remedy="iu-cutter tree lists a document's.")
            cuts = _cuts(block, row["document_ref"])
            return origins.of_unit(block, reversed(cuts), row["canonical_address"])

    @contextmanager
    def export(self, asked: str, *, as_of: int | None) -> Generator[tuple[ExportedDocument, ExportedUnits]]:
        """One state of a document, to be read as often as needed inside the block. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            document = _document(block, asked)
            cut = _cut(block, document, as_of)
            head = ExportedDocument(
                document_ref=document.document_ref,
                document_code=document.document_code,
                profile_id=document.profile_id,
                title=document.title,
                cut_seq=cut.cut_seq,
                cut_at=cut.emitted_at,
                snapshot_sha256=cut.snapshot_sha256,
                status=cut.status,
            )
            yield head, ExportedUnits(block, head, None if as_of is None else cut.emitted_at)

    @contextmanager
    def outline(self, asked: str, *, as_of: int | None) -> Generator[OutlinedUnits]:
        """``units`` of one state, to be streamed inside the block. Raises ``UsageError``."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            document = _document(block, asked)
            yield OutlinedUnits(block, document.document_ref, _cut(block, document, as_of).cut_seq)

    def signatures_of(self, change_sets: Sequence[str], verify_results: Sequence[str]) -> list[SignatureRow]:
        """The signatures of these, oldest first."""
        asked = {"change_sets": list(change_sets), "verify_results": list(verify_results)}
        return [SignatureRow(**row) for row in self._adapter.find("report_signatures_of", asked)]

    def signatures(self) -> list[SignatureRow]:
        """Every signature, oldest first."""
        return [SignatureRow(**row) for row in self._adapter.find("report_signatures")]


def _entries_of(block: Statements, asked: str) -> list[EntryLine]:
    rows = block.fetch("report_entries_of", {"entry_id": _uuid_or_none(asked), "asked": asked})
    if not rows:
        raise UsageError(
            f"there is no entry {asked}", remedy="Give an entry's id or a document's code: iu-cutter status lists them."
        )
    return [EntryLine(**row) for row in rows]


def _uuid_or_none(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _history(block: Statements, entry_ids: Sequence[str]) -> list[HistoryLine]:
    rows = block.fetch("report_history", {"entry_ids": list(entry_ids)})
    return [HistoryLine(version=row.pop("entry_version_after"), **row) for row in rows]


def _answers(block: Statements, entry: EntryLine) -> Iterator[Mapping[str, Any]]:
    values = {"entry_id": entry.entry_id, "manifest_digest": entry.payload["manifest_digest"]}
    for row in block.fetch("report_answers", values):
        yield from row["findings"]


def _decisions(block: Statements, entry_ids: Sequence[str]) -> list[DecisionLine]:
    return [DecisionLine(**row) for row in block.fetch("report_decisions", {"entry_ids": list(entry_ids)})]


def _document(block: Statements, asked: str) -> DocumentLine:
    rows = block.fetch("report_documents", {"asked": asked})
    if not rows:
        raise UsageError(
            f"no document {asked} was cut", remedy="Give a document's reference or code: iu-cutter status lists them."
        )
    if len(rows) > 1:
        raise UsageError(
            f"{asked} is the code of one document and the reference of another",
            remedy=f"Give one of {', '.join(str(row['document_ref']) for row in rows)} in full.",
        )
    observing.note(document=rows[0]["document_ref"])
    return DocumentLine(**rows[0])


def _cuts(block: Statements, document_ref: str) -> list[CutLine]:
    return [CutLine(**row) for row in block.fetch("report_cuts", {"document_ref": document_ref})]


def _cut(block: Statements, document: DocumentLine, as_of: int | None) -> CutLine:
    cuts = _cuts(block, document.document_ref)
    if as_of is None and cuts:
        return cuts[-1]
    for cut in cuts:
        if cut.cut_seq == as_of:
            return cut
    known = ", ".join(str(cut.cut_seq) for cut in cuts) or "none"
    raise UsageError(f"{document.document_ref} has no cut {as_of}", remedy=f"Its cuts: {known}.")


_UNIT_LINE = tuple(each.name for each in fields(UnitLine))


def _units(block: Statements, document: DocumentLine, cut: CutLine) -> list[UnitLine]:
    rows = block.fetch("report_units", {"document_ref": document.document_ref, "as_of": cut.cut_seq})
    return [UnitLine(**row) for row in rows]


class _Base(msgspec.Struct):
    manifest_digest: str
    snapshot_sha256: str


class _Recut(msgspec.Struct):
    base: _Base


class _Based(msgspec.Struct):
    """What a manifest says of the cut it starts from; the rest of its bytes is passed over."""

    recut: _Recut | None = None


def _base(block: Statements, manifest: bytes) -> tuple[bytes, bytes] | None:
    """Manifest and source of the cut that a re-cut starts from; None where it is none, or they are not stored."""
    try:
        recut = msgspec.json.decode(manifest, type=_Based).recut
    except msgspec.DecodeError:
        return None
    if recut is None:
        return None
    before = block.fetch_one("report_manifest", {"digest": recut.base.manifest_digest})
    source = block.fetch_one("report_snapshot", {"sha256": recut.base.snapshot_sha256})
    return (bytes(before["canonical_json"]), bytes(source["bytes"])) if before and source else None


def _bytes(block: Statements, digest: str) -> bytes | None:
    row = block.fetch_one("report_manifest", {"digest": digest})
    return bytes(row["canonical_json"]) if row else None


def _stored(row: Mapping[str, Any] | None, column: str, entry_id: str) -> bytes:
    if row is None:
        raise VerificationFailed(
            f"entry {entry_id}: its {column} is not stored", remedy="Restore the database: MARK stored it."
        )
    return bytes(row[column])

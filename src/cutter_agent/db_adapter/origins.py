"""Reads of the files that texts were made from: which they are, their bytes, and where a unit stands in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cutter_agent.db_adapter.interface import Statements
from cutter_agent.errors import UsageError, VerificationFailed
from cutter_agent.report import CutLine, OriginalLine, UnitOrigin
from sealing.digest import sha256_hex


def of_cut(block: Statements, cut: CutLine) -> list[OriginalLine]:
    """The files that the text of a cut was made from; the one that its manifest names comes first."""
    found = block.fetch("report_renderings", {"snapshot_sha256": cut.snapshot_sha256})
    if not found:
        return []
    return _lines(found, _manifest(block, cut))


def of_unit(block: Statements, cuts: Iterable[CutLine], address: str) -> UnitOrigin | None:
    """Where a unit stands in the newest of ``cuts`` (newest first) that it is in; None for a text without a file."""
    known = list(cuts)
    if not any(block.fetch("report_renderings", {"snapshot_sha256": cut.snapshot_sha256}) for cut in known):
        return None  # a text: its manifests, which are as long as the law, need not be read
    for cut in known:
        manifest = _manifest(block, cut)
        unit = next((unit for unit in manifest.get("units", ()) if unit["address"] == address), None)
        if unit is None:
            continue
        found = block.fetch("report_renderings", {"snapshot_sha256": cut.snapshot_sha256})
        if not found:
            return None
        return UnitOrigin(
            cut_seq=cut.cut_seq,
            start_byte=unit["start_byte"],
            end_byte=unit["end_byte"],
            originals=tuple(_lines(found, manifest)),
        )
    return None


def data(block: Statements, sha256: str) -> bytes:
    """The bytes of a file that is kept. Raises ``UsageError``, ``VerificationFailed``."""
    row = block.fetch_one("report_original", {"sha256": sha256})
    if row is None:
        raise UsageError(
            f"no original {sha256} is kept", remedy="iu-cutter rebuild DOC --original --json lists a document's."
        )
    found = bytes(row["bytes"])
    if sha256_hex(found) != sha256:
        raise VerificationFailed(
            f"the original {sha256} is stored with other bytes ({sha256_hex(found)})",
            remedy="Stored bytes were changed after MARK: restore the database, or find who wrote to it.",
        )
    return found


def _manifest(block: Statements, cut: CutLine) -> Mapping[str, Any]:
    row = block.fetch_one("report_manifest", {"digest": cut.manifest_digest})
    try:
        found = json.loads(bytes(row["canonical_json"])) if row else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _lines(rows: Iterable[Mapping[str, Any]], manifest: Mapping[str, Any]) -> list[OriginalLine]:
    named = manifest.get("original") or {}
    key = (named.get("sha256"), named.get("map_sha256"))
    lines = [
        OriginalLine(
            **{name: value for name, value in row.items() if name != "original_sha256"},
            sha256=row["original_sha256"],
            approved=(row["original_sha256"], row["map_sha256"]) == key,
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: not line.approved)

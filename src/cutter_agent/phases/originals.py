"""The original of a text on its way through MARK: named in the proposal, kept in the store, kept again when it differs.

A file that gives the very text that was marked before proposes nothing new; it is kept beside the first, with a map of
its own, and no ledger row is written: what was decided is decided about the text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from cutter_agent.model import Finding, Manifest
from cutter_agent.originals import Rendition, SourceOriginal, SourceRendering
from cutter_agent.phases.replay import converging
from cutter_agent.ports import Clock, ExecDatabase, ExecStore
from sealing.digest import sha256_hex

Rows = tuple[SourceOriginal, SourceRendering]


@dataclass(frozen=True, kw_only=True)
class Converted:
    """The file that a source's text was made from, and what the text could not hold."""

    rendition: Rendition
    losses: tuple[Finding, ...]


def named(manifest: Manifest, converted: Converted | None) -> Manifest:
    """The proposal with the original that it rests on, and every loss of it among the findings."""
    if converted is None:
        return replace(manifest, original=None)
    original = converted.rendition.named
    return replace(manifest, original=original, findings=_together(manifest.findings, converted))


class From(Protocol):
    """What the text is called, and how it came."""

    @property
    def label(self) -> str:
        """Its name."""
        ...

    @property
    def origin(self) -> str:
        """A path, standard input."""
        ...


def rows(converted: Converted | None, source: From, snapshot_sha256: str, *, now: datetime, by: str) -> Rows | None:
    """The rows that keep the original of a text; None for a text that is its own."""
    if converted is None:
        return None
    return converted.rendition.rows(
        snapshot_sha256=snapshot_sha256, label=source.label, origin=source.origin, now=now, by=by
    )


def store_rows(store: ExecStore, rows: Rows) -> bool:
    """Write what is not there yet. Says whether something was written."""
    original, rendering = rows
    new = not store.has_rendering(rendering.snapshot_sha256, rendering.original_sha256, rendering.map_sha256)
    if new and not store.has_original(original.sha256):
        store.add_original(original)
    if new:
        store.add_rendering(rendering)
    return new


def keep(database: ExecDatabase, text: bytes, converted: Converted, source: From, *, by: str, clock: Clock) -> bool:
    """Keep one more original of a stored text. Says whether it was new; a text that is not stored keeps none."""
    snapshot_sha256 = sha256_hex(text)

    def body(store: ExecStore) -> bool:
        if not store.has_snapshot(snapshot_sha256):
            return False
        made = rows(converted, source, snapshot_sha256, now=clock(), by=by)
        return made is not None and store_rows(store, made)

    return converging(lambda: database.read_committed("MARK", body))


def _together(findings: tuple[Finding, ...], converted: Converted) -> tuple[Finding, ...]:
    known = set(findings)
    new = (finding for finding in converted.losses if finding not in known)
    return tuple(sorted((*findings, *new), key=lambda finding: finding.start_byte))

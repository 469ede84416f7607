"""MARK of a manifest that was made elsewhere, by a person, another program or an agent (design 1.3, 1.5). DOT-991.

It holds spans and labels; bodies are taken from the source that is given with it. Where the document exists, its units
are matched with the living ones like those of any other cut. Two different manifests of one source are two entries.
"""

from __future__ import annotations

from dataclasses import replace

from cutter_agent.errors import InputRefused
from cutter_agent.idempotency import entry_id, external_key
from cutter_agent.manifest import as_json, parse, parse_proposal, seal
from cutter_agent.model import EntryStatus, Manifest
from cutter_agent.phases import originals
from cutter_agent.phases.mark import Marker, MarkResult, Source, key_of, propose, record, require_same, require_size
from cutter_agent.ports import Clock, ExecDatabase, ExecStore
from cutter_agent.rows import Entry
from cutter_agent.undisturbed import undisturbed
from cutter_agent.validation import require_valid
from cutter_agent.vocabulary import Vocabulary
from sealing.digest import canonical_digest, sha256_hex

_OVER = frozenset({EntryStatus.VERIFIED_COMPLETE, EntryStatus.ABANDONED})


@undisturbed
def mark_manifest(
    database: ExecDatabase,
    *,
    source: Source,
    proposal: bytes,
    marker: Marker,
    clock: Clock,
    words: Vocabulary | None = None,
) -> MarkResult:
    """Record a manifest that was made elsewhere (spans and labels only) about ``source``.

    Raises:
        ManifestInvalid: all problems at once, structural ones first.
        GovernanceRefused: as ``mark``.
    """
    require_size(source, marker)
    manifest = parse_proposal(
        proposal,
        marked_by=marker.identity,
        tool_revision=marker.tool_revision,
        byte_length=len(source.data),
        snapshot_sha256=sha256_hex(source.data),
    )
    header = manifest.header
    if (header.document_ref, header.document_code) != (source.document_ref, source.document_code):
        raise InputRefused(
            f"the manifest is about {header.document_ref} ({header.document_code}), the source was given as "
            f"{source.document_ref} ({source.document_code})",
            remedy="Give the manifest with the document that it was made for.",
        )
    require_valid(manifest, source.data, words)
    key, spans = key_of(source, header.profile_id, header.profile_version), spans_sha256(manifest)
    existing = _marked(database, key, spans)
    standing = database.living_cut(source.document_ref) if existing is None or existing.status in _OVER else None
    if standing is None:
        if existing is not None:
            return MarkResult(entry=existing, created=False)
        return record(
            database,
            key=external_key(key, spans),
            source=source,
            sealed=seal(originals.named(manifest, source.converted)),
            words=words,
            clock=clock,
        )
    require_same(standing, source, header.profile_id)
    key = key_of(source, header.profile_id, header.profile_version, standing.cut.change_set_id)
    marked = _marked(database, key, spans)
    if marked is not None:
        return MarkResult(entry=marked, created=False)
    return propose(database, manifest, standing, key=key, source=source, words=words, clock=clock, spans=spans)


def spans_sha256(manifest: Manifest) -> str:
    """What makes two manifests that were made elsewhere the same: their units, whoever marks them."""
    units = as_json(replace(manifest, findings=(), recut=None, review=None, topology=None, governed=(), original=None))
    return canonical_digest(units["units"])  # type: ignore[index, call-overload]


def _marked(database: ExecDatabase, key: str, spans: str) -> Entry | None:
    """The entry of these very spans, or what took its place. ``key``: that of the source, as the program marks it."""
    found = database.find_entry(entry_id(external_key(key, spans)))
    if found is None:
        other = database.find_entry(entry_id(key))
        found = other if other is not None and _spans_of(database, other) == spans else None
    while found is not None and (later := database.successor(found.entry_id)) is not None:
        found = later
    return found


def _spans_of(database: ExecDatabase, entry: Entry) -> str | None:
    def body(store: ExecStore) -> str | None:
        data = store.manifest_bytes(entry.request.manifest_digest)
        return spans_sha256(parse(data, store.manifest_bytes)) if data is not None else None

    return database.read_only(body)

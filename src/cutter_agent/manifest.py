"""The manifest: made from a segmentation, spelt one way (RFC 8785), read back strictly (design 1.3).

A manifest holds offsets, labels and hashes. Bodies are not in it and cannot be: an unknown member is refused, and
what is cut is taken from the stored snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from cutter_agent import manifest_blocks, manifest_original, manifest_recut, manifest_review, manifest_topology
from cutter_agent.errors import InputRefused, ManifestInvalid, Problem
from cutter_agent.manifest_base import Stored
from cutter_agent.manifest_kept import Blocks
from cutter_agent.model import (
    BlockRole,
    Finding,
    Manifest,
    ManifestBlock,
    ManifestHeader,
    OperationKind,
    Recut,
    RiskClass,
    Segmentation,
    Severity,
)
from cutter_agent.unit_id_forms import UnitIdForm
from sealing.canonical import JsonValue, canonical_bytes
from sealing.digest import sha256_hex

FORMAT = "iu-manifest/1"
KEPT = "iu-manifest/2"
"""Of a re-cut that spells what changes, and names runs of its base for the rest."""

_TEXT = (str,)
_TEXT_OR_NULL = (str, type(None))
_COUNT = (int,)
_HEADER_FIELDS: Mapping[str, tuple[type, ...]] = {
    "snapshot_sha256": _TEXT,
    "byte_length": _COUNT,
    "unit_count": _COUNT,
    "profile_id": _TEXT,
    "profile_version": _TEXT,
    "document_ref": _TEXT,
    "document_code": _TEXT,
    "title": _TEXT,
    "tool_revision": _TEXT,
    "marked_by": _TEXT,
    "operation_kind": _TEXT,
    "risk_class": _TEXT,
}
_ID_FORM = "unit_id_form"
_BLOCK_FIELDS: Mapping[str, tuple[type, ...]] = {
    "unit_local_id": _COUNT,
    "start_byte": _COUNT,
    "end_byte": _COUNT,
    "address": _TEXT,
    "parent": _TEXT_OR_NULL,
    "level": _TEXT,
    "kind": _TEXT,
    "number": _TEXT_OR_NULL,
    "content_sha256": _TEXT,
    "role": _TEXT,
}
_FINDING_FIELDS: Mapping[str, tuple[type, ...]] = {
    "code": _TEXT,
    "severity": _TEXT,
    "start_byte": _COUNT,
    "end_byte": (int, type(None)),
    "message": _TEXT,
}
_MEMBERS = frozenset(
    {"format", "header", "units", "findings", "recut", manifest_review.MEMBER, manifest_original.MEMBER}
)
_PROPOSED = frozenset({"format", "header", "units", "findings"})
"""What a manifest that was made elsewhere may hold."""
_REMEDY = "Spell the manifest as `iu-cutter segment --manifest` does: labels and byte offsets, no bodies."


@dataclass(frozen=True, kw_only=True)
class SealedManifest:
    """A manifest with its one spelling and the digest of exactly that spelling."""

    manifest: Manifest
    canonical: bytes
    digest: str


def build(
    segmentation: Segmentation,
    *,
    document_ref: str,
    title: str,
    tool_revision: str,
    marked_by: str,
    risk_class: RiskClass = RiskClass.STANDARD,
    operation_kind: OperationKind = OperationKind.FIRST_CUT,
    unit_id_form: UnitIdForm = UnitIdForm.BY_DOCUMENT,
    made: bool = True,
) -> Manifest:
    """The proposal to cut a snapshot exactly as ``segmentation`` says.

    ``unit_id_form``: of a document that was cut before, what its units have. ``made``: every block is made now; else
    when somebody looks at it.
    """
    return Manifest(
        header=ManifestHeader(
            snapshot_sha256=segmentation.snapshot_sha256,
            byte_length=segmentation.byte_length,
            unit_count=len(segmentation.units),
            profile_id=segmentation.profile_id,
            profile_version=segmentation.profile_version,
            document_ref=document_ref,
            document_code=segmentation.document_code,
            title=title,
            tool_revision=tool_revision,
            marked_by=marked_by,
            operation_kind=operation_kind,
            risk_class=risk_class,
            unit_id_form=unit_id_form,
        ),
        units=tuple(Blocks(segmentation.units)) if made else Blocks(segmentation.units),
        findings=segmentation.findings,
    )


def as_json(manifest: Manifest) -> JsonValue:
    """The JSON value whose canonical spelling is the manifest."""
    return {**_around(manifest), "units": manifest_blocks.as_json(_spelt(manifest))}


def _spelt(manifest: Manifest) -> Sequence[ManifestBlock]:
    """The blocks that the manifest spells."""
    kept, units = (manifest.recut.kept if manifest.recut else None), manifest.units
    return units if kept is None else [units[at] for at in manifest_recut.spelt_places(kept, len(units))]


def _around(manifest: Manifest) -> dict[str, JsonValue]:
    """Every member but the blocks."""
    recut = manifest.recut
    kept = recut.kept if recut else None
    document: dict[str, JsonValue] = {
        "format": FORMAT if kept is None else KEPT,
        "header": _header(manifest.header),
        "findings": [
            {name: _plain(getattr(finding, name)) for name in _FINDING_FIELDS} for finding in manifest.findings
        ],
    }
    if recut is not None:
        document["recut"] = manifest_recut.as_json(recut)
    if manifest.original is not None:
        document[manifest_original.MEMBER] = manifest_original.as_json(manifest.original)
    return document | manifest_review.as_json(manifest) | manifest_topology.as_json(manifest)


def _header(header: ManifestHeader) -> dict[str, JsonValue]:
    """A form of ids that is not said is the first one: manifests that knew no other keep their spelling."""
    fields = [*_HEADER_FIELDS, *([] if header.unit_id_form is UnitIdForm.BY_ADDRESS else [_ID_FORM])]
    return {name: _plain(getattr(header, name)) for name in fields}


def _plain(value: str | int | None) -> str | int | None:
    """A word of an enumeration as plain text: only exact types take canonical JSON's fast road."""
    return str(value) if isinstance(value, str) else value


def seal(manifest: Manifest) -> SealedManifest:
    """Spell and digest. Raises ``sealing.errors.CanonicalTypeError`` on a value that has no canonical spelling."""
    units = manifest_blocks.spelt(_spelt(manifest))
    if units is None:
        canonical = canonical_bytes(as_json(manifest))
    else:  # "units" is the last member in canonical order
        canonical = b'%b,"units":%b}' % (canonical_bytes(_around(manifest))[:-1], units)
    return SealedManifest(manifest=manifest, canonical=canonical, digest=sha256_hex(canonical))


def nothing_stored(digest: str) -> None:
    """For a manifest that spells everything itself."""


def parse(data: bytes, stored: Stored = nothing_stored) -> Manifest:
    """A manifest from its JSON, complete and strict: every member there, none unknown, every type right.

    ``stored`` gives the bytes of the manifests that it rests on. Whether it is *true* of a snapshot is the
    validator's question, not this one's.

    Raises:
        ManifestInvalid: all structural problems at once, with the index of their block.
        StaleApproval: a manifest that it rests on is not stored as it was.
    """
    read = manifest_blocks.read(data)
    return _from_document(_document(data), stored) if read is None else _from_document(read[0], stored, read[1])


def parse_proposal(
    data: bytes, *, marked_by: str, tool_revision: str, byte_length: int, snapshot_sha256: str
) -> Manifest:
    """A manifest made elsewhere: who marks it and with which tool is said by the caller, never by the file.

    ``unit_local_id``, ``role``, ``unit_count``, ``operation_kind`` and ``risk_class`` may be left out. Whether it is a
    re-cut, what that changes and what it asks is found out here, so a file that says it is refused; from which file the
    text was made, the caller says. A finding
    ``external_manifest`` is added, so that a policy never approves by itself what no profile of ours proposed.

    Raises:
        ManifestInvalid: all structural problems at once, with the index of their block.
    """
    document = _document(data)
    document.pop(manifest_original.MEMBER, None)
    own = sorted(document.keys() - _PROPOSED)
    if own:
        raise ManifestInvalid([_shape(f"member {name!r} is this program's to say", None) for name in own])
    header, units = document.get("header"), document.get("units")
    if isinstance(header, dict) and header.get("operation_kind") == OperationKind.RECUT:
        header["operation_kind"] = OperationKind.FIRST_CUT.value
    if isinstance(header, dict) and isinstance(units, list):
        header.setdefault("byte_length", byte_length)
        header.setdefault("snapshot_sha256", snapshot_sha256)
        header.setdefault("unit_count", len(units))
        header.setdefault("operation_kind", OperationKind.FIRST_CUT.value)
        header.setdefault("risk_class", RiskClass.STANDARD.value)
        header["marked_by"], header["tool_revision"] = marked_by, tool_revision
        header[_ID_FORM] = UnitIdForm.BY_DOCUMENT.value
        for position, unit in enumerate(units):
            if isinstance(unit, dict):
                unit.setdefault("unit_local_id", position)
                unit.setdefault("role", BlockRole.RESULT.value)
                unit.setdefault("parent", None)
                unit.setdefault("number", None)
        document.setdefault("findings", [])
    if isinstance(document.get("findings"), list):
        document["findings"].append(
            {
                "code": "external_manifest",
                "severity": Severity.EXCEPTION.value,
                "start_byte": 0,
                "end_byte": None,
                "message": "The spans were proposed outside this program: a person must look at them.",
            }
        )
    return _from_document(document, nothing_stored)


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputRefused(f"the manifest is not JSON: {error}", remedy=_REMEDY) from error
    if not isinstance(document, dict):
        raise InputRefused("the manifest is not a JSON object", remedy=_REMEDY)
    return document


def _from_document(
    document: Mapping[str, Any], stored: Stored, blocks: Sequence[ManifestBlock] | None = None
) -> Manifest:
    """``blocks``: those of ``document``, where they were read strictly already."""
    problems = list(_document_problems(document, blocks_hold=blocks is not None))
    if problems:
        raise ManifestInvalid(problems)
    header = dict(document["header"])
    header["operation_kind"] = OperationKind(header["operation_kind"])
    header["risk_class"] = RiskClass(header["risk_class"])
    header[_ID_FORM] = UnitIdForm(header.get(_ID_FORM, UnitIdForm.BY_ADDRESS))
    recut: Recut | None = manifest_recut.read(document["recut"]) if "recut" in document else None
    topology, governed = manifest_topology.read(document)
    if blocks is None:
        blocks = [ManifestBlock(**{**unit, "role": BlockRole(unit["role"])}) for unit in document["units"]]
    blocks = tuple(blocks)
    if recut is not None and recut.kept is not None:
        blocks, recut = manifest_recut.resolved(recut, blocks, ManifestHeader(**header), stored)
    return Manifest(
        header=ManifestHeader(**header),
        units=blocks,
        findings=tuple(
            Finding(**{**finding, "severity": Severity(finding["severity"])}) for finding in document["findings"]
        ),
        recut=recut,
        review=manifest_review.read(document),
        topology=topology,
        governed=governed,
        original=manifest_original.read(document["original"]) if "original" in document else None,
    )


def _document_problems(document: Mapping[str, Any], *, blocks_hold: bool) -> Iterator[Problem]:
    recut = document.get("recut")
    due = KEPT if isinstance(recut, dict) and "kept" in recut else FORMAT
    if document.get("format") != due:
        yield _shape(f"format is {document.get('format')!r}, expected {due!r}", None)
    for name in document.keys() - _MEMBERS - manifest_topology.MEMBERS:
        yield _shape(f"unknown member {name!r}", None)
    header = document.get("header")
    own = {_ID_FORM: _TEXT} if isinstance(header, dict) and _ID_FORM in header else {}
    yield from _member_problems("header", header, {**_HEADER_FIELDS, **own}, None)
    yield from _word_problems("header", header, _ID_FORM, UnitIdForm, None)
    yield from _word_problems("header", header, "operation_kind", OperationKind, None)
    yield from _word_problems("header", header, "risk_class", RiskClass, None)
    if not blocks_hold:
        yield from _list_problems("unit", document.get("units"), _BLOCK_FIELDS, ("role", BlockRole))
    if "recut" in document:
        yield from (_shape(message, None) for message in manifest_recut.shape_problems(document["recut"]))
    if manifest_original.MEMBER in document:
        found = manifest_original.shape_problems(document[manifest_original.MEMBER])
        yield from (_shape(message, None) for message in found)
    yield from (_shape(message, None) for message in manifest_review.shape_problems(document))
    yield from (_shape(message, None) for message in manifest_topology.shape_problems(document))
    yield from _list_problems("finding", document.get("findings"), _FINDING_FIELDS, ("severity", Severity))


def _list_problems(
    what: str, rows: object, fields: Mapping[str, tuple[type, ...]], word: tuple[str, type[BlockRole] | type[Severity]]
) -> Iterator[Problem]:
    if not isinstance(rows, list):
        yield _shape(f"{what}s: a list is required", None)
        return
    name, words = word
    for index, row in enumerate(rows):
        block_index = index if what == "unit" else None
        yield from _member_problems(f"{what} {index}", row, fields, block_index)
        yield from _word_problems(f"{what} {index}", row, name, words, block_index)


def _member_problems(
    where: str, row: object, fields: Mapping[str, tuple[type, ...]], block_index: int | None
) -> Iterator[Problem]:
    if not isinstance(row, dict):
        yield _shape(f"{where}: an object is required", block_index)
        return
    if row.keys() != fields.keys():
        for name in sorted(fields.keys() - row.keys()):
            yield _shape(f"{where}: member {name!r} is missing", block_index)
        for name in sorted(row.keys() - fields.keys()):
            yield _shape(f"{where}: unknown member {name!r}", block_index)
    for name, types in fields.items():
        if name in row and type(row[name]) not in types:
            wanted = " or ".join("null" if kind is type(None) else kind.__name__ for kind in types)
            yield _shape(f"{where}: {name} is a {type(row[name]).__name__}, expected {wanted}", block_index)


def _word_problems(
    where: str,
    row: object,
    name: str,
    words: type[OperationKind] | type[RiskClass] | type[BlockRole] | type[Severity] | type[UnitIdForm],
    block_index: int | None,
) -> Iterator[Problem]:
    value = row.get(name) if isinstance(row, dict) else None
    if isinstance(value, str) and value not in words.__members__.values():
        yield _shape(f"{where}: {name} {value!r} is none of {', '.join(words)}", block_index)


def _shape(message: str, block_index: int | None) -> Problem:
    return Problem(code="manifest_shape", message=message, remedy=_REMEDY, block_index=block_index)

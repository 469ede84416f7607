"""What the report says, as the shapes of the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from cutter_agent.report import CutLine, DocumentLine, HistoryLine, UnitFacts, UnitLine, VersionLine
from cutter_agent.searching import FoundUnit

PREFIX = "/api/v1"
Record = dict[str, Any]


def document_url(code: str) -> str:
    """Where a document is, for ever."""
    return f"{PREFIX}/documents/{quote(code, safe='')}"


def unit_url(address: str) -> str:
    """Where a unit is, for ever."""
    return f"{PREFIX}/units/{quote(address, safe='')}"


def document(line: DocumentLine) -> Record:
    """``Document``."""
    return {
        "document_ref": line.document_ref,
        "document_code": line.document_code,
        "profile": line.profile_id,
        "title": line.title,
        "created_at": line.created_at.isoformat(),
        "url": document_url(line.document_code),
    }


def cut(line: CutLine, code: str) -> Record:
    """``Cut``."""
    return {
        "cut_seq": line.cut_seq,
        "cut_at": line.emitted_at.isoformat(),
        "change_set_id": line.change_set_id,
        "entry_id": line.entry_id,
        "status": line.status,
        "affected_units": line.affected_unit_count,
        "manifest_digest": line.manifest_digest,
        "snapshot_sha256": line.snapshot_sha256,
        "units_url": f"{document_url(code)}/units?as_of={line.cut_seq}",
    }


def unit(line: UnitLine) -> Record:
    """``Unit``."""
    return {
        "address": line.canonical_address,
        "unit_id": line.unit_id,
        "kind": line.unit_kind,
        "section_type": line.section_type,
        "number": line.unit_number,
        "parent": line.parent,
        "status": line.lifecycle_status,
        "version": line.version_seq,
        "since_cut": line.cut_seq,
        "content_sha256": line.content_hash,
        "url": unit_url(line.canonical_address),
        "text": line.body,
    }


def facts(found: UnitFacts, code: str) -> Record:
    """``UnitFacts``."""
    newest = next((each for each in reversed(found.versions) if not each.ends_life), None)
    url = unit_url(found.canonical_address)
    return {
        "address": found.canonical_address,
        "unit_id": found.unit_id,
        "document_ref": found.document_ref,
        "document_code": code,
        "kind": found.unit_kind,
        "section_type": found.section_type,
        "number": found.unit_number,
        "parent": found.parent,
        "status": found.lifecycle_status,
        "leads_to": found.leads_to,
        "aliases": [
            {
                "name": each.alias_text,
                "kind": each.alias_kind,
                "since": each.valid_from.isoformat(),
                "rationale": each.rationale,
            }
            for each in found.aliases
        ],
        "newest": None if newest is None else version(newest, found.canonical_address),
        "url": url,
        "versions_url": f"{url}/versions",
    }


def version(line: VersionLine, address: str) -> Record:
    """``Version``."""
    return {
        "version": line.version_seq,
        "since_cut": line.cut_seq,
        "content_sha256": line.content_hash,
        "status": line.lifecycle_status,
        "ends_life": line.ends_life,
        "change_set_id": line.change_set_id,
        "url": f"{unit_url(address)}/versions/{line.version_seq}",
    }


def move(line: HistoryLine, reviewer: str | None) -> Record:
    """``Move``."""
    return {
        "entry_id": line.entry_id,
        "version": line.version,
        "change_kind": line.change_kind,
        "changed_at": line.changed_at.isoformat(),
        "changed_by": line.changed_by,
        "reviewer": reviewer,
        "rationale": line.rationale,
    }


def hit(found: FoundUnit) -> Record:
    """``Hit``."""
    return {
        "address": found.canonical_address,
        "document_ref": found.document_ref,
        "document_code": found.document_code,
        "kind": found.unit_kind,
        "number": found.unit_number,
        "version": found.version_seq,
        "since_cut": found.cut_seq,
        "content_sha256": found.content_hash,
        "exact": found.is_exact,
        "snippet": [{"text": piece.text, "match": piece.is_match} for piece in found.snippet],
        "url": unit_url(found.canonical_address),
    }

"""``segment``: a snapshot's bytes to addressed units that tile it (design 1.3, 4.4). Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256

from cutter_agent.errors import UsageError
from cutter_agent.model import Finding, Segmentation, Unit
from cutter_agent.segmenter import flush, intake, subdocuments
from cutter_agent.segmenter.grammar import Engine, Profile
from cutter_agent.segmenter.lists import Lists
from cutter_agent.segmenter.noting import Notes
from cutter_agent.segmenter.outline import Drafting, Outline
from cutter_agent.segmenter.placing import Placed, Placing
from cutter_agent.segmenter.scan import Scanner
from cutter_agent.segmenter.shadow import lines_by_feed

_CODE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
_CODE_LENGTH = 80
_SCANNERS: dict[tuple[str, str], Scanner] = {}


def segment(data: bytes, *, profile: Profile, document_code: str) -> Segmentation:
    """Cuts ``data`` by ``profile``. Own spans are byte ranges of ``data`` and tile it.

    Raises ``InputRefused`` for bytes that are not UTF-8, hold NUL or are empty, ``UsageError`` for a document
    code that is not
    ASCII upper case and digits in segments.
    """
    if not _CODE.fullmatch(document_code) or len(document_code) > _CODE_LENGTH:
        raise UsageError(
            f"document code {document_code!r} is not usable",
            remedy=f"Use ASCII upper case and digits, '-' between segments, at most {_CODE_LENGTH} characters.",
        )
    text = intake.text_of(data)
    units, findings = _cut(data, text, profile, document_code)
    return Segmentation(
        snapshot_sha256=sha256(data).hexdigest(),
        byte_length=len(data),
        profile_id=profile.id,
        profile_version=profile.version,
        document_code=document_code,
        units=units,
        findings=findings,
    )


def _cut(data: bytes, text: str, profile: Profile, document_code: str) -> tuple[tuple[Unit, ...], tuple[Finding, ...]]:
    """Each engine is imported by the first cut that needs it: a process seldom needs two, Markdown's takes 60 ms."""
    if profile.engine is Engine.COMMONMARK:
        from cutter_agent.segmenter import commonmark  # noqa: PLC0415

        return commonmark.cut(data, profile, document_code)
    if profile.engine is Engine.LADDER:
        from cutter_agent.segmenter.ladder import cutting as climbed  # noqa: PLC0415

        return climbed.cut(data, text, profile, document_code)
    if profile.engine is Engine.XML:
        from cutter_agent.segmenter import elements  # noqa: PLC0415

        return elements.cut(data, profile, document_code)
    return _cut_outline(data, text, profile, document_code)


def _cut_outline(
    data: bytes, text: str, profile: Profile, document_code: str
) -> tuple[tuple[Unit, ...], tuple[Finding, ...]]:
    scanner = outline_scanner(profile)
    lines = lines_by_feed(data, text)
    notes = Notes(lines, scanner.readers)
    found = Drafting(lines, text, scanner, notes).draft()
    placed = flush.split(_place(found, lines, scanner, document_code, notes), lines, profile)
    starts = placed.starts
    columns = zip(starts, (*starts[1:], len(data)), placed.marks, placed.addresses, placed.parents, strict=True)
    units = [
        Unit(start, end, m.level, m.number, address, m.kind, parent, sha256(data[start:end]).hexdigest())
        for start, end, m, address, parent in columns
    ]
    if profile.quoted is not None and profile.flush is not None:
        inner = replace(profile, quoted=None)
        opening = subdocuments.Opening(
            block=profile.quoted,
            rest=profile.flush,
            own_levels=frozenset(level.name for level in profile.levels),
            cut=lambda piece, code: _cut_outline(piece, piece.decode("utf-8"), inner, code)[0],
        )
        units = subdocuments.opened(units, data, found.quoted, opening)
    return tuple(units), tuple(sorted(notes.findings, key=lambda f: (f.start_byte, f.code)))


def _place(found: Outline, data: bytes, scanner: Scanner, document_code: str, notes: Notes) -> Placed:
    """Addresses and parents. Where the quick way would give one address twice, everything is minted one by one."""
    said = len(notes.findings)
    for trusting in (True, False):
        del notes.findings[said:]
        lists = Lists(data, scanner.judge, found.quoted, notes)
        placing = Placing(scanner.profile, document_code, lists, notes, trusting=trusting)
        placing.place(found.starts, found.marks, len(data))
        if len(set(placing.out.addresses)) == len(placing.out.addresses):
            break
    return placing.out


def outline_scanner(profile: Profile) -> Scanner:
    """The compiled patterns of an outline, made once for each version of a profile."""
    key = (profile.id, profile.version)
    if key not in _SCANNERS:
        _SCANNERS[key] = Scanner(profile)
    return _SCANNERS[key]

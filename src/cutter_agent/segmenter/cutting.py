"""``segment``: a snapshot's bytes to addressed units that tile it (design 1.3, 4.4). Pure."""

from __future__ import annotations

import re
from hashlib import sha256

from cutter_agent.errors import UsageError
from cutter_agent.model import Finding, Segmentation, Unit
from cutter_agent.segmenter import commonmark, intake
from cutter_agent.segmenter.addresses import addresses
from cutter_agent.segmenter.grammar import Engine, Profile
from cutter_agent.segmenter.outline import outline
from cutter_agent.segmenter.scan import Scanner

_CODE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
_CODE_LENGTH = 80
_SCANNERS: dict[tuple[str, str], Scanner] = {}


def segment(data: bytes, *, profile: Profile, document_code: str) -> Segmentation:
    """Cuts ``data`` by ``profile``. Own spans are byte ranges of ``data`` and tile it.

    Raises ``InputRefused`` for bytes that are not UTF-8, hold NUL or are empty, ``UsageError`` for a document code that is not
    ASCII upper case and digits in segments.
    """
    if not _CODE.fullmatch(document_code) or len(document_code) > _CODE_LENGTH:
        raise UsageError(
            f"document code {document_code!r} is not usable",
            remedy=f"Use ASCII upper case and digits, '-' between segments, at most {_CODE_LENGTH} characters.",
        )
    intake.check(data)
    if profile.engine is Engine.COMMONMARK:
        units, findings = commonmark.cut(data, profile, document_code)
    else:
        units, findings = _cut_outline(data, profile, document_code)
    return Segmentation(
        snapshot_sha256=sha256(data).hexdigest(),
        byte_length=len(data),
        profile_id=profile.id,
        profile_version=profile.version,
        document_code=document_code,
        units=units,
        findings=findings,
    )


def _cut_outline(data: bytes, profile: Profile, document_code: str) -> tuple[tuple[Unit, ...], tuple[Finding, ...]]:
    key = (profile.id, profile.version)
    if key not in _SCANNERS:
        _SCANNERS[key] = Scanner(profile)
    found = outline(data, _SCANNERS[key])
    headings = found.headings
    own, parents, collisions = addresses(headings, profile, document_code)
    ends = [h.start_byte for h in headings[1:]] + [len(data)]
    units = []
    for heading, end, address, parent in zip(headings, ends, own, parents, strict=True):
        level = profile.levels[heading.level] if heading.block is None else heading.block
        units.append(
            Unit(
                start_byte=heading.start_byte,
                end_byte=end,
                level=level.name,
                number=heading.number.text if heading.number else None,
                address=address,
                kind=level.kind,
                parent=parent,
                content_sha256=sha256(data[heading.start_byte : end]).hexdigest(),
            )
        )
    findings = sorted([*found.findings, *collisions], key=lambda f: (f.start_byte, f.code))
    return tuple(units), tuple(findings)

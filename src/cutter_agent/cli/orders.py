"""From the words of a call to what MARK wants: the source with its reference and code, the profile, the marker."""

from __future__ import annotations

import getpass
import mimetypes
import os
from dataclasses import dataclass, replace

import msgspec

from cutter_agent import config, segmenter
from cutter_agent.cli import inputs
from cutter_agent.formats import Format
from cutter_agent.model import RiskClass
from cutter_agent.phases import originals
from cutter_agent.phases.mark import Marker, Source
from cutter_agent.segmenter import Profile

MARKER = "iu-cutter"
"""Who proposes where nobody else is named: the program. A person may then review what it proposed."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """The options that say what a document is."""

    profile: str | None
    code: str | None
    ref: str | None
    title: str | None
    label: str | None
    risk: RiskClass
    marker: str
    format: Format | None = None


def read(path: str, words: Words) -> tuple[Source, Profile]:
    """Read the document and find out what was not said.

    The reference, where it is not said, is the document's code: one code, one document.
    """
    source = inputs.read_document(path, label=words.label, wanted=words.format, profile=words.profile)
    with inputs.placed(path):
        profile = (
            segmenter.profiles.load(words.profile)
            if words.profile
            else segmenter.detect(source.data, label=source.label)[0]
        )
        code = words.code or segmenter.document_code(source.label, source.data)
    return (
        Source(
            data=source.data,
            label=source.label,
            origin=source.origin,
            media_type=_media_type(source),
            document_ref=words.ref or code,
            document_code=code,
            title=words.title or source.label,
            risk_class=words.risk,
            converted=_converted(source),
        ),
        profile,
    )


def _media_type(source: inputs.Source) -> str:
    if source.converted is not None:
        return "text/plain; charset=utf-8"
    return mimetypes.guess_type(source.label)[0] or "text/plain"


def _converted(source: inputs.Source) -> originals.Converted | None:
    made = inputs.rendition(source)
    if made is None or source.converted is None:
        return None
    return originals.Converted(rendition=made, losses=source.converted.conversion.findings)


def of_manifest(words: Words, proposal: bytes) -> Words:
    """The words, and what was not said as a manifest that was made elsewhere says it. Whether it is one, MARK says."""
    try:
        header = msgspec.json.decode(proposal).get("header", {})
        said = {name: header.get(name) for name in ("document_code", "document_ref", "title")}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError):
        return words
    code, ref, title = (value if isinstance(value, str) else None for value in said.values())
    return replace(words, code=words.code or code, ref=words.ref or ref, title=words.title or title)


def marker_of(words: Words) -> Marker:
    """Who marks, with which revision, within which bound."""
    limit = config.Settings.from_environment(os.environ).max_input_bytes
    return Marker(identity=words.marker, tool_revision=config.tool_revision(), max_bytes=limit)


def person() -> str:
    """The name of whoever is at the keyboard, for a decision that does not name its reviewer."""
    return getpass.getuser()

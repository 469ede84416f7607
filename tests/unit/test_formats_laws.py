"""The same law as text, as HTML, as DOCX and as PDF gives the same units."""

from __future__ import annotations

import html as escaping
from pathlib import Path

import pytest
from tests.formats_room import docx, html, lines, p, pdf, read, together
from tests.pipeline_room import law

from cutter_agent import segmenter
from cutter_agent.formats import Format

LINE_CHARACTERS, PAGE_LINES = 85, 40


def addresses(text: bytes) -> list[str]:
    profile = segmenter.profiles.load("vn-law")
    return [unit.address for unit in segmenter.segment(text, profile=profile, document_code="L1").units]


def wrapped(text: str) -> list[str]:
    """Lines as a page breaks them."""
    found = []
    for line in text.split("\n"):
        held = ""
        for word in line.split(" "):
            longer = f"{held} {word}".strip()
            if len(longer) > LINE_CHARACTERS and held:
                found.append(held)
                longer = word
            held = longer
        found.append(held)
    return found


def printed(text: str) -> bytes:
    """Pages with hard-wrapped lines and page numbers."""
    found = wrapped(text)
    return pdf(
        *[
            together(
                lines(found[first : first + PAGE_LINES], step=16.5, top=760),
                lines([str(first // PAGE_LINES + 1)], left=300, top=40),
            )
            for first in range(0, len(found), PAGE_LINES)
        ]
    )


def in_format(text: str, wanted: Format) -> bytes:
    plain = [escaping.escape(line) for line in text.split("\n")]
    if wanted is Format.HTML:
        return html("".join(f"<p>{line}</p>" for line in plain))
    return docx("".join(p(line) for line in plain)) if wanted is Format.DOCX else printed(text)


@pytest.mark.parametrize("wanted", [Format.HTML, Format.DOCX, Format.PDF])
def test_a_law_has_the_same_units_in_every_format(wanted: Format) -> None:
    text = law(40, clauses=4).decode()
    assert addresses(read(in_format(text, wanted)).text) == addresses(text.encode())


@pytest.mark.shared_data
@pytest.mark.parametrize("wanted", [Format.HTML, Format.DOCX, Format.PDF])
def test_real_laws_have_the_same_units_in_every_format(wanted: Format, shared_data: Path) -> None:
    laws = sorted((shared_data / "vn").glob("*.txt"))[3::70]
    assert laws
    for path in laws:
        text = path.read_text("utf-8-sig").replace("\r\n", "\n")
        found = addresses(read(in_format(text, wanted)).text)
        # A page parts lines, and that alone moves some unnumbered paragraphs: reading the page must add nothing to it.
        shown = "\n".join(wrapped(text)) if wanted is Format.PDF else text
        assert found == addresses(shown.encode()), path.name
        numbered = {address for address in addresses(text.encode()) if not address.endswith("DOAN")}
        assert len(numbered & set(found)) >= 0.995 * len(numbered), path.name

"""English statutes: definitions in the ways that drafters write them, numbers twice, notes that are none."""

from __future__ import annotations

import pytest

from cutter_agent.model import Segmentation
from cutter_agent.segmenter import coverage, profiles, segment


def cut(text: str) -> Segmentation:
    data = text.encode()
    result = segment(data, profile=profiles.load("en-statute"), document_code="X")
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == []
    return result


def addresses(result: Segmentation) -> list[str]:
    return [unit.address.removeprefix("X-") for unit in result.units]


HEAD = "1 This Act may be cited as the Orchard Act.\n2 The following definitions apply in this Act.\n"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("crate means, unless the context otherwise requires, a box. (caisse)", "CRATE"),
        ("crate, except in section 4, means a box. (caisse)", "CRATE"),
        ("crate has, with respect to a grower, the meaning given in section 3; (caisse)", "CRATE"),
        ("crate of a grower does not include a basket; (caisse)", "CRATE-OF-A-GROWER"),
        ("crate is as defined in section 2 of the Box Act; (caisse)", "CRATE"),
        ("crate shall be construed as a reference to a box; (caisse)", "CRATE"),
        ("crate or box shall mean a container; (caisse)", "CRATE-OR-BOX"),
        ("crate [Repealed, 2012, c. 19, s. 3]", "CRATE"),
    ],
)
def test_a_definition_is_a_unit_however_its_verb_is_written(line: str, name: str) -> None:
    found = addresses(cut(f"{HEAD}  apple means a fruit. (pomme)\n  {line}\n  pear means a fruit. (poire)\n"))
    assert found == ["S1", "S2", "S2-DEF-APPLE", f"S2-DEF-{name}", "S2-DEF-PEAR"]


@pytest.mark.parametrize("term", ["crate", "crate, in Part II,", "empty crate"])
def test_the_verb_may_stand_in_the_paragraphs_alone(term: str) -> None:
    text = f"{HEAD}  {term}\n    (a) in relation to apples, means a box, and\n    (b) includes a basket; (caisse)\n"
    name = "EMPTY-CRATE" if term.startswith("empty") else "CRATE"
    assert addresses(cut(text)) == ["S1", "S2", f"S2-DEF-{name}", f"S2-DEF-{name}-PA", f"S2-DEF-{name}-PB"]


def test_a_text_that_leads_to_paragraphs_is_no_definition() -> None:
    text = "1 Every grower who sells\n    (a) an apple\n    (b) a pear,\n  or any person who\n    (a) includes a plum\n"
    assert not any("DEF" in address for address in addresses(cut(text)))


def test_a_line_that_goes_on_with_a_reference_is_not_a_letter_twice() -> None:
    result = cut(
        "1 The Board hears\n(a) growers;\n(b) carriers who come under\n(b) of the list; and\n(c) anybody else.\n"
    )
    assert addresses(result) == ["S1", "S1-PA", "S1-PB", "S1-PC"]


def test_sections_with_long_decimals() -> None:
    text = "18 Text.\n18.3 Text.\n18.30011 Text.\n18.30012 (1) Text.\n  (2) More.\n18.31 Text.\n19 Text.\n"
    assert addresses(cut(text)) == [
        *("S18", "S18-3", "S18-30011", "S18-30012", "S18-30012-SS1", "S18-30012-SS2", "S18-31", "S19"),
    ]

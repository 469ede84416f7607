"""A second ``(g)`` was text of the first; a sentence with a term in brackets was the note of the next definition."""

from __future__ import annotations

from cutter_agent.model import Segmentation
from cutter_agent.segmenter import profiles, segment

HEAD = "1 This Act may be cited as the Orchard Act.\n2 The following definitions apply in this Act.\n"


def cut(text: str) -> Segmentation:
    return segment(text.encode(), profile=profiles.load("en-statute"), document_code="X")


def addresses(result: Segmentation) -> list[str]:
    return [unit.address.removeprefix("X-") for unit in result.units]


def test_a_sentence_that_ends_with_a_term_in_brackets_is_no_marginal_note() -> None:
    text = f"{HEAD}  apple means a fruit\n    (a) that is round.\n  It includes a crab. (pomme)\n  pear means it;\n"
    result = cut(text)
    assert addresses(result) == ["S1", "S2", "S2-DEF-APPLE", "S2-DEF-APPLE-PA", "S2-DEF-APPLE-T1", "S2-DEF-PEAR"]


TWICE = """1 The Board hears
    (a) growers;
    (b) carriers;
    (b) the owners of crates; and
    (c) anybody else.
"""


def test_a_letter_that_was_given_twice_is_a_unit_and_a_finding() -> None:
    result = cut(TWICE)
    assert addresses(result) == ["S1", "S1-PA", "S1-PB", "S1-PB-REP2", "S1-PC"]
    assert {f.code for f in result.findings} == {"duplicate_number", "address_collision"}

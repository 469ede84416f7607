"""The engine ``ladder``: every general rule on a grammar and texts written for it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cutter_agent.errors import InputRefused
from cutter_agent.model import Segmentation, Severity
from cutter_agent.segmenter import coverage, explain, segment
from cutter_agent.segmenter.grammar import NumberStyle
from cutter_agent.segmenter.ladder.labels import STEP, LabelReader, follows
from cutter_agent.segmenter.profiles.reading import examine, read

HEAD = """
id = "own"
version = "1"
title = "Own"
engine = "ladder"
[preamble]
name = "front"
kind = "preamble"
token = "FRONT"
"""

LEVELS = """
[[level]]
name = "part"
kind = "part"
token = "PART"
forms = ['#{0,6} ?Part ([IVX]+|[0-9]+)']
numbers = ["roman", "arabic"]
container = true
sure = true
[[level]]
name = "rule"
kind = "rule"
token = "R"
forms = ['#{0,6} ?Rule ([0-9]+[a-z]?(?: to [0-9]+)?)']
numbers = ["arabic"]
gaps = "notice"
sure = true
chains = ["clause"]
[[level]]
name = "clause"
kind = "clause"
token = "C"
forms = ['\\(([0-9]+)\\)(?=[ \\n])']
numbers = ["arabic"]
address_under = ["rule"]
inside = ["rule"]
[[level]]
name = "point"
kind = "point"
token = "P"
forms = ['\\(([a-z]+)\\)(?=[ \\n])']
numbers = ["letter", "letters"]
address_under = ["rule", "clause"]
inside = ["rule", "clause"]
[[level]]
name = "subpoint"
kind = "subpoint"
token = "SP"
forms = ['\\(([a-z]+)\\)(?=[ \\n])']
numbers = ["roman"]
address_under = ["point"]
inside = ["point"]
"""

TEXT = '\n[text]\nrange_words = ["to"]\n'
FLUSH = '\n[flush]\nname = "rest"\nkind = "flush"\ntoken = "T"\n'


def cut(text: str, grammar: str = HEAD + TEXT + LEVELS) -> Segmentation:
    data = text.encode()
    result = segment(data, profile=read(grammar.encode(), path="own.toml"), document_code="D")
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == []
    return result


def addresses(text: str, grammar: str = HEAD + TEXT + LEVELS) -> list[str]:
    return [unit.address.removeprefix("D-") for unit in cut(text, grammar).units]


def codes(result: Segmentation) -> list[str]:
    return [finding.code for finding in result.findings]


def test_levels_nest_and_count_where_their_address_stands() -> None:
    text = "Part I\nRule 1\n(1) a\n(2) b\n(a) c\n(b) d\nPart II\nRule 2\n(1) e\n"
    assert addresses(text) == ["PART1", "R1", "R1-C1", "R1-C2", "R1-C2-PA", "R1-C2-PB", "PART2", "R2", "R2-C1"]
    result = cut(text)
    assert [u.parent for u in result.units][:4] == [None, "D-PART1", "D-R1", "D-R1"]
    assert not result.findings


def test_a_form_that_fits_two_levels_goes_to_the_one_that_the_next_label_goes_on_from() -> None:
    letters = "Rule 1\n" + "".join(f"({c}) x\n" for c in "abcdefgh")
    assert addresses(letters + "(i) y\n(j) z\n")[-2:] == ["R1-PI", "R1-PJ"]
    assert addresses(letters + "(i) y\n(ii) z\n")[-2:] == ["R1-PH-SP1", "R1-PH-SP2"]
    assert addresses(letters + "(i) y\n")[-1] == "R1-PI"


def test_indentation_decides_where_a_text_has_it() -> None:
    grammar = HEAD + TEXT + "indented = true\n" + LEVELS
    deeper = "Rule 1\n  (1) x\n    (a) y\n      (i) z\n    (b) y\n  (2) x\n"
    assert addresses(deeper, grammar) == ["R1", "R1-C1", "R1-C1-PA", "R1-C1-PA-SP1", "R1-C1-PB", "R1-C2"]
    beside = "Rule 1\n" + "".join(f"  ({c}) x\n" for c in "abcdefgh") + "  (i) y\n"
    assert addresses(beside, grammar)[-1] == "R1-PI"
    inside = "Rule 1\n" + "".join(f"  ({c}) x\n" for c in "abcdefgh") + "    (i) y\n"
    assert addresses(inside, grammar)[-1] == "R1-PH-SP1"


def test_two_labels_on_one_line_are_two_units() -> None:
    result = cut("Rule 1 (1) one\n(2) two\n")
    assert [(u.address, u.start_byte) for u in result.units] == [("D-R1", 0), ("D-R1-C1", 7), ("D-R1-C2", 15)]


def test_a_label_stands_only_inside_what_its_level_names() -> None:
    assert addresses("(1) alone\nRule 1\n(1) in\n") == ["FRONT", "R1", "R1-C1"]


def test_a_label_far_out_of_its_count_is_text() -> None:
    assert addresses("Rule 1\n(1) a\n(1990) was a year\n(2) b\n") == ["R1", "R1-C1", "R1-C2"]


def test_a_lost_stretch_does_not_lose_the_rest() -> None:
    text = "Rule 1\n" + "".join(f"({n}) x\n" for n in (1, 2, *range(30, 40)))
    result = cut(text)
    assert [u.number for u in result.units] == ["1", "1", "2", *map(str, range(30, 40))]
    assert codes(result) == ["numbering_gap"]


def test_a_sure_level_is_believed_whatever_its_number() -> None:
    result = cut("Rule 7\nRule 7\nRule 3\nRule 1\n")
    assert [u.address for u in result.units] == ["D-R7", "D-R7-REP2", "D-R3", "D-R1"]
    assert codes(result).count("address_collision") == 1
    assert [f.severity for f in result.findings if f.code == "numbering_gap"] == [Severity.NOTICE]


def test_a_range_stands_for_all_its_numbers() -> None:
    result = cut("Rule 1\nRule 2 to 5\nRule 6\n")
    assert [(u.number, u.address) for u in result.units][1:] == [("2 to 5", "D-R2-5"), ("6", "D-R6")]
    assert not result.findings


def test_text_further_out_goes_on_with_the_outer_unit() -> None:
    grammar = HEAD + TEXT + "indented = true\n" + LEVELS + FLUSH
    text = "Rule 1\n  (1) x\n    (a) y\n    (b) z\n  goes on\n    (c) more\n  (2) w\n"
    assert addresses(text, grammar) == ["R1", "R1-C1", "R1-C1-PA", "R1-C1-PB", "R1-C1-T1", "R1-C1-PC", "R1-C2"]


def test_a_list_that_begins_again_behind_such_text_belongs_to_it() -> None:
    grammar = HEAD + TEXT + "indented = true\n" + LEVELS + FLUSH
    text = "Rule 1\n  (1) x\n    (a) y\n    (b) z\n  and also\n    (a) u\n    (b) v\n  (2) w\n"
    result = cut(text, grammar)
    found = [u.address.removeprefix("D-R1-") for u in result.units]
    assert found[4:] == ["C1-T1", "C1-T1-PA", "C1-T1-PB", "C2"]
    assert not result.findings


def test_hanging_labels_end_where_the_text_does_not_hang() -> None:
    levels = LEVELS.replace('token = "P"\n', 'token = "P"\nhanging = true\n')
    grammar = HEAD + TEXT + "flush_after_blank = true\n" + levels + FLUSH
    text = "Rule 1\n\n(1) x\n\n(a) y\n    more\n\n    own paragraph\n\n(b) z\n\nafter the list\nwrapped\n\n(2) w\n"
    assert addresses(text, grammar) == ["R1", "R1-C1", "R1-C1-PA", "R1-C1-PB", "R1-C1-T1", "R1-C2"]
    assert addresses(text.replace("\n", "\r\n"), grammar) == addresses(text, grammar)


def test_a_marginal_note_belongs_to_the_unit_below() -> None:
    levels = LEVELS.replace('token = "R"\n', 'token = "R"\nlead = true\n')
    result = cut("Rule 1\ntext.\nNote of two\nRule 2\nends a sentence.\nRule 3\n", HEAD + TEXT + levels)
    assert [u.start_byte for u in result.units] == [0, 13, 49]


def test_a_paragraph_is_opened_behind_a_blank_a_stop_or_a_label() -> None:
    levels = LEVELS.replace('token = "C"\n', 'token = "C"\nopens_paragraph = true\n')
    grammar = HEAD + TEXT + levels
    assert addresses("Rule 1\n(1) a.\n(2) b;\n(3) c\n\n(4) d\n", grammar)[1:] == [f"R1-C{n}" for n in (1, 2, 3, 4)]
    assert addresses("Rule 1\n(1) see\nparagraph\n(2) of it\n\n(2) real\n", grammar) == ["R1", "R1-C1", "R1-C2"]


def test_an_annex_counts_anew_only_where_the_count_begins_again() -> None:
    annex = '[[level]]\nname = "annex"\nkind = "annex"\ntoken = "X"\nforms = ["Annex"]\n'
    annex += "container = true\nrestarts = true\nsure = true\n"
    levels = annex + LEVELS.replace('gaps = "notice"\n', 'gaps = "notice"\naddress_under = ["annex"]\n')
    assert addresses("Rule 1\nRule 2\nAnnex\nRule 1\n", HEAD + TEXT + levels) == ["R1", "R2", "X", "X-R1"]
    assert addresses("Rule 1\nRule 2\nAnnex\nRule 3\n", HEAD + TEXT + levels) == ["R1", "R2", "R3"]


def test_where_one_form_comes_to_nothing_the_next_is_tried() -> None:
    other = '[[level]]\nname = "title"\nkind = "title"\ntoken = "U"\nforms = ["# ([^\\n]+)"]\n'
    other += 'numbers = ["words"]\nrun = "free"\n'
    nested = LEVELS.replace('gaps = "notice"\n', 'gaps = "notice"\ninside = ["part"]\n') + other
    assert addresses("# Rule 1\n# Part I\n# Rule 1\n", HEAD + TEXT + nested) == ["U-RULE-1", "PART1", "R1"]


def test_drafts_are_kept_whole_and_take_no_address_of_what_is_in_force() -> None:
    drafts = '\n[drafts]\nname = "draft"\nkind = "draft"\ntoken = "DRAFT"\nmarkers = [\'\\[draft\\]\']\n'
    result = cut("Rule 1\nRule 2 [draft]\n(1) not a unit\nRule 2 real\n(1) a unit\n", HEAD + TEXT + LEVELS + drafts)
    assert [u.address for u in result.units] == ["D-R1", "D-DRAFT-R2", "D-R2", "D-R2-C1"]
    assert [(u.kind, u.level) for u in result.units][1] == ("draft", "draft")
    assert codes(result) == ["draft_excluded"]


def test_a_front_matter_is_a_unit_and_hides_what_is_in_it() -> None:
    grammar = HEAD + TEXT + "front_matter = true\n" + LEVELS
    assert addresses("---\nRule 9\n---\n\nRule 1\n", grammar) == ["FM", "R1"]
    assert addresses("---\na: b\n---\nwords\nRule 1\n", grammar) == ["FM", "FRONT", "R1"]
    assert addresses("---\na: b\n---\n", grammar) == ["FM"]


def test_odd_blanks_line_ends_digits_and_a_byte_order_mark_change_nothing() -> None:
    plain = addresses("Rule 1\n(1) a\n(2) b\n")
    for text in (
        "Rule\u00a01\n(1)\u00a0a\n\u00a0(2) b\n",
        "Rule 1\u2028(1) a\u2028(2) b\n",
        "Rule 1\r(1) a\r(2) b\r",
        "Rule \uff11\n(\uff11) a\n(\uff12) b\n",
        "\ufeffRule 1\n(1) a\n(2) b\n",
    ):
        assert addresses(text) == plain, text


@pytest.mark.parametrize(
    ("styles", "text", "number", "spelling"),
    [
        (["arabic"], "9.1", "9.1", "9-1"),
        (["arabic"], "14a", "14a", "14A"),
        (["arabic"], "1395w–4", "1395w–4", "1395W-4"),
        (["arabic"], "1er bis", "1 bis", "1BIS"),
        (["arabic"], "(12)", "12", "12"),
        (["roman"], "IV", "4", "4"),
        (["roman"], "I bis", "1 bis", "1BIS"),
        (["roman"], "II.1", "2.1", "2-1"),
        (["letter"], "a.1", "a.1", "A-1"),
        (["letters"], "bb", "bb", "BB"),
        (["dotted"], "1.2.13", "1.2.13", "1-2-13"),
        (["code"], "L. 123-4", "L. 123-4", "L123-4"),
        (["words"], "Größe & Maß", "Größe & Maß", "-GROSSE-MASS"),
        (["ordinal"], "zweite", "2", "2"),
    ],
)
def test_labels(styles: list[str], text: str, number: str, spelling: str) -> None:
    reader = LabelReader([NumberStyle(s) for s in styles], {"Zweite": 2}, ["to"], ["bis", "ter"])
    label = reader.read(text)
    assert label is not None
    assert (label.text, label.spelling) == (number, spelling)


def test_insertions_have_their_order() -> None:
    reader = LabelReader([NumberStyle.ARABIC], {}, [], ["bis", "ter"])
    for rising in (
        ["9", "9.1", "9.11", "9.2", "9.3001", "9.30011", "10"],
        ["3", "3 bis", "3 ter", "4"],
        ["8", "8a", "8b", "9"],
    ):
        keys = [label.first for text in rising if (label := reader.read(text))]
        assert keys == sorted(keys)
        assert len(set(keys)) == len(rising)
        assert all(follows(a, b) for a, b in pairwise(keys) if a is not None and b is not None)
    assert reader.read("7") is not None
    assert reader.read("7").first == 7 * STEP  # type: ignore[union-attr]
    assert reader.read("x7") is None
    assert reader.read("") is None


def test_a_roman_reader_does_not_read_words() -> None:
    reader = LabelReader([NumberStyle.ROMAN], {}, [], [])
    assert reader.read("Besonderer") is None
    assert reader.read("IIII") is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("forms = ['\\(([0-9]+)\\)(?=[ \\n])']", "forms = ['(a)(b)']", "has 2 groups"),
        ("forms = ['\\(([0-9]+)\\)(?=[ \\n])']", "forms = ['[0-9]+']", "no group for the number"),
        ("forms = ['\\(([0-9]+)\\)(?=[ \\n])']", "forms = ['(x*)']", "matches nothing at all"),
        ("forms = ['\\(([0-9]+)\\)(?=[ \\n])']", "forms = ['(?i)(x)']", "no regular expression"),
        ("forms = ['\\(([0-9]+)\\)(?=[ \\n])']", "forms = ['(x)\\1']", "refers back"),
        ("forms = ['\\(([0-9]+)\\)(?=[ \\n])']", "forms = []", "forms is missing"),
        ('inside = ["rule"]', 'inside = ["chapter"]', "'chapter'"),
        ('chains = ["clause"]', 'chains = ["x"]', "'x'"),
        ("sure = true", "sure = 3", "true or false"),
        ('gaps = "notice"', 'gaps = "never"', "must be one of"),
    ],
)
def test_what_is_wrong_with_a_ladder_is_said_with_its_place(old: str, new: str, words: str) -> None:
    grammar = HEAD + TEXT + LEVELS
    assert old in grammar
    bad = grammar.replace(old, new, 1).encode()
    _, problems = examine(bad, path="own.toml")
    told = [p for p in problems if words in p.message]
    assert told, [p.message for p in problems]
    assert told[0].remedy
    assert told[0].start_byte is not None
    assert bad[told[0].start_byte :].lstrip().startswith((old.partition(" ")[0].encode(), b"[["))
    with pytest.raises(InputRefused):
        read(bad, path="own.toml")


def test_explain_gives_a_reason_for_every_line_of_a_label() -> None:
    data = b"Rule 1\n(1) a\n(77) b\n(2) c\n(z) d\nNo Rule\n"
    found = explain(data, profile=read((HEAD + TEXT + LEVELS).encode(), path="own.toml"), document_code="D")
    assert [(m.line, m.level, m.number) for m in found.matched] == [
        (1, "rule", "1"),
        (2, "clause", "1"),
        (4, "clause", "2"),
    ]
    assert all("form" in m.why for m in found.matched)
    assert [(m.line, m.text) for m in found.missed] == [(3, "(77) b"), (5, "(z) d")]
    assert "number 2 is due" in found.missed[0].why


def test_what_cannot_be_printed_is_no_part_of_a_number() -> None:
    label = LabelReader([NumberStyle.WORDS], {}, [], []).read("a\x85b\ufeff c" + "d" * 500)
    assert label is not None
    assert label.text.isprintable()
    assert len(label.text) == 200
    assert LabelReader([NumberStyle.WORDS], {}, [], []).read("\ufeff\x7f") is None

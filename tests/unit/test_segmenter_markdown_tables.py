"""Markdown: the head of a table is a unit, each row one under it; a profile of one's own says how fine it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutter_agent.errors import InputRefused
from cutter_agent.model import Unit
from cutter_agent.segmenter import Profile, coverage, profiles, segment

TABLE = """# Fees

Intro.

| No | What |
| --- | :-: |
| 1 | first |
| 2 | second \\| more |

After it.

a | b
--- | ---
x | y
z

- item

  | c |
  |---|
  | d |
"""


def cut(text: str, profile: Profile | None = None) -> dict[str, Unit]:
    data = text.encode()
    result = segment(data, profile=profile or profiles.load("markdown"), document_code="X")
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == []
    assert result.findings == ()
    assert len({u.address for u in result.units}) == len(result.units)
    return {u.address.removeprefix("X-"): u for u in result.units}


def body(text: str, unit: Unit) -> str:
    return text.encode()[unit.start_byte : unit.end_byte].decode()


def test_rows_stand_under_the_head_of_their_table() -> None:
    units = cut(TABLE)
    assert [(address, u.kind) for address, u in units.items()] == [
        ("S1", "heading"),
        ("S1-P1", "paragraph"),
        ("S1-T1", "table"),
        ("S1-T1-TR1", "table_row"),
        ("S1-T1-TR2", "table_row"),
        ("S1-P2", "paragraph"),
        ("S1-T2", "table"),
        ("S1-T2-TR1", "table_row"),
        ("S1-T2-TR2", "table_row"),
        ("S1-I1", "list_item"),
        ("S1-I1-T1", "table"),
        ("S1-I1-T1-TR1", "table_row"),
    ]
    assert body(TABLE, units["S1-T1"]) == "| No | What |\n| --- | :-: |\n"
    assert body(TABLE, units["S1-T1-TR2"]) == "| 2 | second \\| more |\n\n"
    assert units["S1-T1-TR1"].parent == "X-S1-T1"
    assert units["S1-T1-TR1"].level == "table_row"


def test_what_only_looks_like_a_table_is_text() -> None:
    assert list(cut("| a | b |\n|---|\n| 1 | 2 |\n")) == ["P1"], "two cells above, one below"
    assert list(cut("| a | b |\n\n|---|---|\n")) == ["P1", "P2"]
    assert list(cut("```\n| a |\n|---|\n| 1 |\n```\n")) == ["C1"]
    assert list(cut("> | a |\n> |---|\n> | 1 |\n")) == ["Q1"]
    assert list(cut("| a |\n|---|\n")) == ["T1"], "a table may have no rows"


def test_a_table_ends_where_another_block_begins() -> None:
    assert list(cut("| a |\n|---|\n| 1 |\n# H\n")) == ["T1", "T1-TR1", "S1"]
    assert list(cut("text\n| a |\n|---|\n| 1 |\n> q\n")) == ["P1", "T1", "T1-TR1", "Q1"]
    assert list(cut("| a |\r\n|---|\r\n| 1 |\r\n")) == ["T1", "T1-TR1"]


HTML = """<table>
<thead>
  <tr><th>a</th></tr>
</thead>
<tbody>
<tr>
  <td>1</td>
</tr>
<TR class="x"><td>2</td></TR>
</tbody>
</table>

after
"""


def test_rows_of_raw_html_that_begin_on_a_line_of_their_own() -> None:
    units = cut(HTML)
    assert list(units) == ["X1", "X1-TR1", "X1-TP1", "X1-TP2", "X1-TR2", "X1-TR3", "X1-TP3", "X1-TP4", "P1"]
    assert body(HTML, units["X1"]) == "<table>\n<thead>\n"
    assert body(HTML, units["X1-TR2"]) == "<tr>\n  <td>1</td>\n</tr>\n"
    assert body(HTML, units["X1-TP4"]) == "</table>\n\n"
    assert units["X1-TR3"].parent == "X-X1"
    assert list(cut("<table><tr><td>1</td></tr><tr><td>2</td></tr></table>\n")) == ["X1"]
    assert list(cut("<div>\n<trace>\n</div>\n")) == ["X1"]


SHAPE = """id = "mine"
version = "1"
title = "mine"
engine = "commonmark"
{text}
[preamble]
name = "front"
kind = "preamble"
token = "P"
"""
ALL = "# H\n\ntext\n\n- a\n- b\n\n  more\n- c\n\n1. x\n\n| t |\n|---|\n| r |\n"


def own(tmp_path: Path, text: str) -> Profile:
    path = tmp_path / "mine.toml"
    path.write_text(SHAPE.format(text=text))
    return profiles.load(path)


@pytest.mark.parametrize(
    ("finest", "wanted"),
    [
        ("heading", ["S1"]),
        ("paragraph", ["S1", "S1-P1", "S1-L1", "S1-L2", "S1-P2"]),
        ("list_item", ["S1", "S1-P1", "S1-I1", "S1-I2", "S1-I2-P1", "S1-I3", "S1-I4", "S1-P2"]),
        ("table_row", ["S1", "S1-P1", "S1-I1", "S1-I2", "S1-I2-P1", "S1-I3", "S1-I4", "S1-T1", "S1-T1-TR1"]),
    ],
)
def test_the_profile_says_how_fine(tmp_path: Path, finest: str, wanted: list[str]) -> None:
    assert list(cut(ALL, own(tmp_path, f'[text]\nfinest = "{finest}"'))) == wanted


def test_what_stands_before_the_first_heading_is_a_unit_however_coarse(tmp_path: Path) -> None:
    coarse = own(tmp_path, '[text]\nfinest = "heading"')
    assert list(cut("text\n\n# H\n\nmore\n", coarse)) == ["P", "S1"]
    assert list(cut("no heading at all\n", coarse)) == ["P"]


def test_a_profile_that_says_nothing_takes_items_and_an_unknown_word_is_a_problem(tmp_path: Path) -> None:
    assert list(cut(ALL, own(tmp_path, "")))[-1] == "S1-P2"
    with pytest.raises(InputRefused, match=r"finest.*heading, paragraph, list_item, table_row"):
        own(tmp_path, '[text]\nfinest = "cell"')

"""Markdown: headings make the tree, the finest unit is a paragraph or a list item, spans are exact."""

from __future__ import annotations

from cutter_agent.model import Unit
from cutter_agent.segmenter import coverage, profiles, segment

TEXT = """---
title: Nội quy
---
# One

First paragraph
of two lines.

- item a
- item b

  more of b
  - inner
- item c

## Two

> quoted
> more

```python
# no heading
```

1. first
2. second

Setext
======

<div>
raw
</div>

***
last
"""


def cut(text: str) -> dict[str, Unit]:
    data = text.encode()
    result = segment(data, profile=profiles.load("markdown"), document_code="NQ")
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == []
    assert result.findings == ()
    return {u.address.removeprefix("NQ-"): u for u in result.units}


def body(text: str, unit: Unit) -> str:
    return text.encode()[unit.start_byte : unit.end_byte].decode()


def test_blocks_become_units_under_their_headings() -> None:
    units = cut(TEXT)
    assert [(address, u.kind) for address, u in units.items()] == [
        ("FM", "front_matter"),
        ("FM-TITLE", "metadata"),
        ("S1", "heading"),
        ("S1-P1", "paragraph"),
        ("S1-I1", "list_item"),
        ("S1-I2", "list_item"),
        ("S1-I2-P1", "paragraph"),
        ("S1-I2-I1", "list_item"),
        ("S1-I3", "list_item"),
        ("S1-S1", "heading"),
        ("S1-S1-Q1", "quote"),
        ("S1-S1-C1", "code"),
        ("S1-S1-I1", "list_item"),
        ("S1-S1-I2", "list_item"),
        ("S2", "heading"),
        ("S2-X1", "html"),
        ("S2-R1", "rule"),
        ("S2-P1", "paragraph"),
    ]
    assert units["S1-S1"].parent == "NQ-S1"
    assert units["S1-I2-I1"].parent == "NQ-S1-I2"
    assert units["S2"].parent is None
    assert (units["S1"].level, units["S1-S1"].level) == ("h1", "h2")


def test_spans_are_whole_lines_and_blank_lines_go_with_the_block_before() -> None:
    units = cut(TEXT)
    assert body(TEXT, units["FM"]) == "---\n"
    assert body(TEXT, units["FM-TITLE"]) == "title: Nội quy\n---\n"
    assert body(TEXT, units["S1-P1"]) == "First paragraph\nof two lines.\n\n"
    assert body(TEXT, units["S1-I2"]) == "- item b\n\n"
    assert body(TEXT, units["S1-S1-C1"]) == "```python\n# no heading\n```\n\n"


def test_entries_of_a_front_matter_are_units_named_by_their_keys() -> None:
    text = "---\n# a remark\ntitle: A\ntags:\n  - x\n  y: z\n- no key\nLast updated: 2020\n...\n# H\n"
    units = cut(text)
    assert list(units) == ["FM", "FM-TITLE", "FM-TAGS", "FM-LAST-UPDATED", "S1"]
    assert body(text, units["FM-TAGS"]) == "tags:\n  - x\n  y: z\n- no key\n"
    assert (units["FM-TAGS"].parent, units["FM-TAGS"].number) == ("NQ-FM", "tags")


def test_a_key_that_stands_twice_is_a_finding() -> None:
    data = b"---\na: 1\na: 2\n---\n"
    result = segment(data, profile=profiles.load("markdown"), document_code="NQ")
    assert [u.address for u in result.units] == ["NQ-FM", "NQ-FM-A", "NQ-FM-A-REP2"]
    assert [f.code for f in result.findings] == ["address_collision"]


def test_line_ends_and_a_byte_order_mark_change_no_address() -> None:
    plain = list(cut(TEXT))
    assert list(cut(TEXT.replace("\n", "\r\n"))) == plain
    assert list(cut("\ufeff" + TEXT)) == plain
    assert list(cut("\ufeff# One\n\ntext\n")) == ["S1", "S1-P1"]


def test_what_stands_before_the_first_block_belongs_to_it() -> None:
    units = cut("\n\n# One\n")
    assert list(units) == ["S1"]
    assert units["S1"].start_byte == 0


def test_a_text_without_blocks_is_one_unit() -> None:
    assert len(cut("[a]: http://example.org\n")) == 1
    assert len(cut("\n \n")) == 1

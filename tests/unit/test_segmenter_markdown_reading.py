"""Most blocks are told by one look, the rest by a CommonMark parser; both together read as the parser alone would."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from functools import partial

import pytest
from markdown_it import MarkdownIt
from tests.counted import lines_executed

from cutter_agent.segmenter import profiles, segment
from cutter_agent.segmenter.commonmark import reading
from cutter_agent.segmenter.commonmark.blocks import Block, Opening
from cutter_agent.segmenter.commonmark.parsing import _openings
from cutter_agent.segmenter.grammar import Finest

PIECES = [
    *("# h", "## h #", "#no", "#######", "# ", "#", "word word", "đ x", "\u00a0x", " lead", "   lead", "    deep"),
    *("\ttab", "- a", "- b", "* c", "+ d", "-", "*", "- - a", "- 1. x", "1) a) b", "  - nested", "   1. n", "-\tx"),
    *("1. x", "2) y", "3. z", "1.", "10. ten", "1.no", "2019 x", "12) w", "1234567890. x", "> q", ">q", "> - a"),
    *("- > b", "- # h", "- ```", "- |a|b|", "```", "```py", "````", "~~~", "~x", "---", "***", "===", "__", "- - -"),
    *(
        "|a|b|",
        "|-|-|",
        "| x | y |",
        "| --- | :-: |",
        "a | b",
        "--- | ---",
        "|",
        "| x",
        "|a|b|c|",
        "  |-|-|",
        "\\|a|b|",
    ),
    *("[a]: /u", "[a]: x y", "[^1]: LR 101 b", "[^2]: LR", "[a]", "[a](b) c", "[foo", "bar]: /url", "'title'", '"t"'),
    *(
        "<div>",
        "</div>",
        "<table>",
        "<tr><td>1</td></tr>",
        "<sup>1</sup> t",
        "<sup>",
        "<!-- c",
        "-->",
        "<pre>",
        "</pre>",
    ),
    *(
        "**b** c",
        "*e* f",
        "_u_",
        "``",
        "`c` d",
        "+a",
        "-a",
        "=b",
        ":a",
        ":-",
        "\\# x",
        "&amp;",
        "![i](u)",
        "(1) a",
        "\x0cff",
    ),
]


def text_of(rng: random.Random) -> str:
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    lines = (
        rng.choice(PIECES) + end + rng.choice(["", end, end, f"  {end}", end + end]) for _ in range(rng.randint(1, 12))
    )
    text = "".join(lines)
    return text.rstrip("\r\n") if rng.random() < 0.3 else text


def told(found: Iterable[Opening]) -> list[tuple[int, Block]]:
    """One block a line, the outermost."""
    out: dict[int, Block] = {}
    for opening in found:
        if not out or opening.start_byte > max(out):
            out[opening.start_byte] = opening.block
    return list(out.items())


def parsed(data: bytes, *, tables: bool) -> list[Opening]:
    parser = MarkdownIt("commonmark")
    if tables:
        parser.enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return _openings(parser.parse(data.decode()), [0, *(m.end() for m in re.finditer(rb"\r\n?|\n", data))])


@pytest.mark.parametrize("seed", range(4))
def test_read_as_the_parser_reads_it(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    for _ in range(700):
        data = text_of(rng).encode()
        if data:
            whole = reading._with_html_rows(iter(parsed(data, tables=True)), data)
            assert told(reading.openings(data, 0, Finest.TABLE_ROW)) == told(whole), data
            whole = iter(parsed(data, tables=False))
            assert told(reading.openings(data, 0, Finest.LIST_ITEM)) == told(whole), data


LARGE = {
    "headings": lambda n: "# a\n" * n,
    "rows": lambda n: "| a | b |\n|---|---|\n" + "| some text | more |\n" * n,
    "html rows": lambda n: "<table>\n" + "<tr><td>1</td></tr>\n" * n + "</table>\n",
    "one paragraph": lambda n: "word word word\n" * n,
    "one line": lambda n: "word " * n,
    "code": lambda n: "```\n" + "line\n" * n + "```\n",
    "code without an end": lambda n: "```\n" + "line\n\n# no heading\n" * n,
    "quotes": lambda n: "> " * n + "a\n",
    "items": lambda n: "- item\n" * n,
    "one item": lambda n: "- item\n\n" + "  text\n\n" * n,
    "an indented list": lambda n: "- item\n" + "  - inner\n" * n,
    "nothing but marks": lambda n: "---\n" * n + "| a |\n" * n,
    "a front matter without an end": lambda n: "---\n" + "key: value\n" * n,
    "brackets": lambda n: "[a\n" * n,
}


@pytest.mark.parametrize("name", LARGE)
def test_work_grows_with_the_text(name: str) -> None:
    """Eight times the text is about eight times the lines executed; squares would be 64."""
    markdown = profiles.load("markdown")
    few, many = (
        lines_executed(partial(segment, LARGE[name](count).encode(), profile=markdown, document_code="X"))
        for count in (250, 2_000)
    )
    assert many < 8.5 * few

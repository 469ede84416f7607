"""A campaign of generated inputs: no crash, always a valid lossless manifest, never work out of proportion.

Tests run a short form; ``make fuzz-segment`` runs 100,000 inputs and the largest ones.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator

import pytest
from tests.unit.test_segmenter_families import AKN, CODE, CONSTITUTION, GESETZ, STATUTE, TITLE, USLM
from tests.unit.test_segmenter_vn_law import LAW

from cutter_agent import manifest, validation
from cutter_agent.errors import InputRefused
from cutter_agent.segmenter import explain, profiles, segment
from cutter_agent.segmenter.commonmark import parsing

FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
INPUTS = 100_000 if FULL else 1_200
SHARDS = 8
TEXTS = (GESETZ, STATUTE, CODE, CONSTITUTION, TITLE, LAW, AKN, USLM)
WORDS = (
    "Điều 1. A", "Điều 2 của", "Chương I", "1. x", "a) y", "đ) z", "“", "”", "PHỤ LỤC", "§ 1 X", "### § 2 Y", "(1) z",
    "(2a)", "1a. n", "    a)  b", "aa) c", "## Abschnitt 1", "## Erster Teil", "### Anlage", "Part I", "PART II X",
    "2 (1) t",
    "  (a) p", "    (i) q", "      (A) r", "term means x", "SCHEDULE 1", "Livre Ier", "Article L. 1-2", "I. – a",
    "1° b",
    "§ 101. T", "CHAPTER 1—X", "1.1 h", "1.1.1 i", "Annex A", "### NT1. p", "| Điều 1 | x | draft |", "## KT-A s",
    "# t",
    "- i", "> q", "```", "<div>", "<!--", "---", "===", "", "", "\t", "\u00a0", "\ufeff", "<section><num>1</num>",
    "</section>",
    "<article>", "<num>", "&amp;", "]]>", "<a:point a='1'>", "Note above", "ends here.", "[draft]", "(DRAFT)",
)  # fmt: skip
ENDS = ("\n", "\n", "\n", "\n\n", "\r\n", "\r", "\u2028", "\x85", " ")

Maker = Callable[[random.Random], str]


def valid_utf8(rng: random.Random) -> str:
    raw = bytes(rng.choices(range(1, 256), k=rng.randint(1, 400)))
    return raw.decode("utf-8", rng.choice(("ignore", "replace"))) or "x"


def any_letters(rng: random.Random) -> str:
    pools = ((32, 127), (160, 900), (0x300, 0x370), (0x1E00, 0x2100), (0x4E00, 0x5000), (0x1F300, 0x1F600))
    low, high = rng.choice(pools)
    return "".join(chr(rng.randrange(low, high)) for _ in range(rng.randint(1, 200)))


def shuffled(rng: random.Random) -> str:
    lines = rng.choice(TEXTS).split("\n")
    for _ in range(rng.randint(1, 8)):
        a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
    if rng.random() < 0.5:
        rng.shuffle(lines)
    if rng.random() < 0.3:
        del lines[rng.randrange(len(lines)) :]
    return "\n".join(lines) or "x"


def soup(rng: random.Random) -> str:
    count = rng.randint(1, 60)
    return "".join(rng.choice(WORDS) + rng.choice(ENDS) for _ in range(count)) or "x"


def renumbered(rng: random.Random) -> str:
    text = rng.choice(TEXTS)
    return "".join(str(rng.randint(0, 99)) if c.isdigit() and rng.random() < 0.3 else c for c in text)


def nested(rng: random.Random) -> str:
    depth = rng.randint(1, 80)
    opening = rng.choice(("  ", ">", "- ", "(a)", "<section>", "#", "1.", "“", "(1) (a) (i) "))
    return "\n".join(opening * level + rng.choice(WORDS) for level in range(depth))


def torn(rng: random.Random) -> str:
    text = rng.choice(TEXTS)
    start = rng.randrange(len(text))
    return text[start : start + rng.randint(1, 600)]


MAKERS: tuple[Maker, ...] = (valid_utf8, any_letters, shuffled, soup, soup, renumbered, nested, torn)


def inputs(seed: int, count: int) -> Iterator[tuple[str, str]]:
    rng = random.Random(seed)  # noqa: S311 - a campaign must be repeatable
    ids = profiles.available()
    for _ in range(count):
        yield rng.choice(ids), rng.choice(MAKERS)(rng).replace("\0", "x") or "x"


def check(profile_id: str, data: bytes) -> None:
    result = segment(data, profile=profiles.load(profile_id), document_code="DOC")
    made = manifest.build(result, document_ref="DOC", title="campaign", tool_revision="campaign", marked_by="campaign")
    problems = validation.validate(made, data)
    assert problems == [], (profile_id, data[:2000], problems[:3])
    assert b"".join(data[u.start_byte : u.end_byte] for u in result.units) == data


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_input_gives_a_valid_lossless_manifest(shard: int) -> None:
    for profile_id, text in inputs(shard, INPUTS // SHARDS):
        data = text.encode()
        try:
            check(profile_id, data)
        except InputRefused as refused:
            if "entit" not in refused.message:
                raise


@pytest.mark.parametrize("shard", range(2))
def test_any_input_can_be_explained(shard: int) -> None:
    for profile_id, text in inputs(100 + shard, INPUTS // 20):
        found = explain(text.encode(), profile=profiles.load(profile_id), document_code="DOC")
        assert len(found.matched) == len(found.segmentation.units)
        assert all(line.why for line in (*found.matched, *found.missed))


# ---- work in proportion, counted and not timed

ADVERSARIES: dict[str, Callable[[int], str]] = {
    "one label": lambda n: "§ 1. X\n(1) a\n" + "(1) b\n" * n,
    "labels far out of count": lambda n: "§ 1. X\n(a) a\n" + "(77) b\n(z) c\n" * n,
    "schedules": lambda n: "1 A\n\n2 B\n\n" + "SCHEDULE\n\n9 C\n\n" * n,
    "annexes": lambda n: "### § 1\n\n(1) a\n\n" + "### Anlage 1\n\n(2) b\n\n" * n,
    "restarting lists": lambda n: "### § 1\n\n(1) a\n\n" + "1.  x\n\n2.  y\n\ntext\n\n" * n,
    "notes": lambda n: "Note here\n" * n + "1 A\n",
    "one heading": lambda n: "## A heading\n\n" * n,
    "alternating": lambda n: "(a) x\n  (i) y\n" * n,
    "deeper and deeper": lambda n: "".join(f"{'  ' * (i % 60)}(i) x\n" for i in range(n)),
    "quotations": lambda n: "§ 1. X\n“(a) x\n" * n,
    "one long line": lambda n: "2 (1) (a) (i) " + "(a) b " * n,
    "blanks": lambda n: "1" + " " * n + "\u00a0" * n + "x\n",
    "decimals": lambda n: "1" + ".1" * n + " x\n1.1 y\n",
    "romans": lambda n: "PART " + "I" * n + "\n" + "(" + "i" * n + ") x\n",
    "drafts": lambda n: "### NT1 [draft]\n1. x\n" * n,
    "elements": lambda n: "<a>" + "<section><num>1</num><paragraph/></section>" * n + "</a>",
    "open elements": lambda n: "<section>" * n,
}


def steps(data: bytes, profile_id: str) -> int:
    """Calls of functions, those of the interpreter's own included, during one cut."""
    profile, count = profiles.load(profile_id), 0

    def tick(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(tick)
    try:
        segment(data, profile=profile, document_code="DOC")
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("profile_id", [p for p in profiles.available() if p not in ("vn-law", "markdown")])
@pytest.mark.parametrize("make", ADVERSARIES.values(), ids=ADVERSARIES.keys())
def test_work_grows_in_proportion_to_the_text(make: Callable[[int], str], profile_id: str) -> None:
    steps(make(20).encode(), profile_id)  # what is compiled once is not counted
    small, large = steps(make(400).encode(), profile_id), steps(make(1600).encode(), profile_id)
    assert large <= 4.6 * small + 2000


def test_markdown_is_parsed_in_stretches() -> None:
    data = "".join(f"Heading {n}\n=======\n\n" for n in range(40_000)).encode()
    reading, at, sizes = parsing.Parsing(data, tables=True), 0, list[int]()
    while at < len(data):
        found, upto = reading.stretch(at)
        assert len(found) >= 1
        sizes.append(upto - at)
        at = upto
    assert at == len(data)
    assert max(sizes) <= 140_000, "the parser's tokens are far larger than the text"
    assert len(sizes) <= 40, "a text that only the parser can read is given to it in large pieces"


@pytest.mark.parametrize("stretch", [7, 40, 4000])
def test_stretches_do_not_change_the_cut(monkeypatch: pytest.MonkeyPatch, stretch: int) -> None:
    rng = random.Random(stretch)  # noqa: S311 - repeatable
    profile = profiles.load("markdown")
    for _ in range(20_000 if FULL else 300):
        data = soup(rng).encode()
        whole = segment(data, profile=profile, document_code="DOC")
        with monkeypatch.context() as patched:
            patched.setattr(parsing, "_LEAST_BYTES", stretch)
            assert segment(data, profile=profile, document_code="DOC") == whole, data


LARGE: dict[str, Callable[[int], str]] = {
    "headings": lambda n: "".join(f"# Heading {i}\n" for i in range(n)),
    "one line": lambda n: "x (1) " * (n // 6),
    "one word": lambda n: "x" * n,
    "labels": lambda n: "".join(f"{i}. x\n" for i in range(n // 8)),
}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("profile_id", profiles.available())
@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE.keys())
def test_large_inputs(make: Callable[[int], str], profile_id: str) -> None:
    data = make(1_000_000 if FULL else 5_000).encode()
    result = segment(data, profile=profiles.load(profile_id), document_code="DOC")
    assert b"".join(data[u.start_byte : u.end_byte] for u in result.units) == data

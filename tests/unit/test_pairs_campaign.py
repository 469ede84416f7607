"""A campaign of generated pairs of editions, and of generated XML, through every profile.

Never a crash, always a matching in which every unit of both sides stands once, and changes that lead to the new bytes.
Tests run a short form; ``make fuzz-segment`` runs the full one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from tests.recut_room import Edition
from tests.unit.test_recut_properties import living, told_truly, whole
from tests.unit.test_segmenter_campaign import ENDS, FULL, MAKERS, TEXTS, WORDS, check

from cutter_agent import recut
from cutter_agent.errors import InputRefused
from cutter_agent.recut import apply, change_set, match, rebuild
from cutter_agent.segmenter import profiles, segment

PAIRS = 20_000 if FULL else 240
TREES = 20_000 if FULL else 400
SHARDS = 4
XML_PROFILES = ("akn", "uslm")
NAMES = (
    "section", "article", "paragraph", "subparagraph", "chapter", "part", "num", "heading", "content", "p",
    "quotedStructure", "level", "clause", "point", "hcontainer", "a:section", "meta",
)  # fmt: skip
INSIDE = (
    "1", "(a)", "Article 2", "§ 3.", "đ)", "&amp;", "&#1234;", "<![CDATA[ <num>9</num> ]]>", "<!-- 1 -->", "<?x y?>",
    "\n", "\t",
)  # fmt: skip


def edited(rng: random.Random, text: str) -> str:
    """The text after a few edits of its lines; now and then another text altogether."""
    if rng.random() < 0.1:
        return rng.choice(MAKERS)(rng)
    lines = text.split("\n")
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(lines))
        act = rng.randrange(6)
        if act == 0:
            lines.insert(at, rng.choice(WORDS))
        elif act == 1 and len(lines) > 1:
            del lines[at]
        elif act == 2:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif act == 3:
            lines[at] = "".join(str(rng.randint(0, 9)) if c.isdigit() else c for c in lines[at])
        elif act == 4:
            lines[at:at] = lines[at : at + rng.randint(1, 5)]
        else:
            lines[at] = f"{lines[at]} {rng.choice(WORDS)}"
    return rng.choice(("\n", "\n", "\n", "\r\n")).join(lines)


def pairs(seed: int, count: int) -> Iterator[tuple[str, bytes, bytes]]:
    rng = random.Random(seed)  # noqa: S311 - a campaign must be repeatable
    ids = profiles.available()
    for _ in range(count):
        text = rng.choice(TEXTS) if rng.random() < 0.4 else rng.choice(MAKERS)(rng)
        before, after = ((each.replace("\0", "x") or "x").encode() for each in (text, edited(rng, text)))
        yield rng.choice(ids), before, after


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_two_editions_are_matched(shard: int) -> None:
    done = 0
    for profile_id, before, after in pairs(900 + shard, PAIRS // SHARDS):
        profile = profiles.load(profile_id)
        try:
            old, new = (
                Edition(cut=segment(data, profile=profile, document_code="X"), data=data) for data in (before, after)
            )
        except InputRefused:
            continue
        matching = match(old.cut, before, new.cut, after)
        whole(matching)
        told_truly(old, new, matching)
        assert rebuild(apply(change_set(matching), living(old), matching, after)) == after, (profile_id, before, after)
        assert list(recut.lines(matching, before, after)) is not None
        done += 1
    assert done >= 0.9 * (PAIRS // SHARDS)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_same_edition_is_no_change(shard: int) -> None:
    for profile_id, data, _ in pairs(950 + shard, PAIRS // SHARDS // 4):
        try:
            cut = segment(data, profile=profiles.load(profile_id), document_code="X")
        except InputRefused:
            continue
        assert match(cut, data, cut, data).is_empty, (profile_id, data)


def tree(rng: random.Random) -> str:
    """Well-formed, of any shape: namespaces, entities, comments, sections that hold markup as text."""
    out: list[str] = []
    open_names: list[str] = []
    for _ in range(rng.randint(1, 60)):
        if open_names and rng.random() < 0.4:
            out.append(f"</{open_names.pop()}>")
        elif rng.random() < 0.5:
            name = rng.choice(NAMES)
            closed = rng.random() < 0.2
            number = f' num="{rng.randint(0, 30)}"' if rng.random() < 0.3 else ""
            out.append(f"<{name}{number}{'/' if closed else ''}>")
            if not closed:
                open_names.append(name)
        else:
            out.append(rng.choice(INSIDE))
        out.append(rng.choice(("", "", "\n", "\r\n", "  ")))
    out += [f"</{name}>" for name in reversed(open_names)]
    declaration = rng.choice(("", '<?xml version="1.0"?>'))
    return declaration + '<root xmlns:a="urn:x">' + "".join(out) + "</root>"


def torn_tree(rng: random.Random) -> str:
    text = tree(rng)
    return text[: rng.randrange(len(text))] + rng.choice(ENDS) + rng.choice(("", "<", "</", "&", "]]>"))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("make", [tree, torn_tree])
@pytest.mark.parametrize("profile_id", XML_PROFILES)
def test_any_xml_gives_a_valid_lossless_manifest(make: Callable[[random.Random], str], profile_id: str) -> None:
    rng = random.Random(len(profile_id))  # noqa: S311 - repeatable
    taken = 0
    for _ in range(TREES // 4):
        try:
            check(profile_id, make(rng).encode())
            taken += 1
        except InputRefused as refused:
            if "entit" not in refused.message:
                raise
    assert taken >= 0.9 * (TREES // 4)

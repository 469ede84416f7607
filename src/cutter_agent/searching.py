"""Search as values: how words are folded so that they are found with and without their marks, and what is shown of a
unit that has them. Pure; the same folding stands in the index and in ``db_adapter/sql/search.sql``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cutter_agent.errors import UsageError

MOST_INDEXED_CHARACTERS = 100_000
"""A longer unit is found by its first so many characters: a tsvector holds at most 1 MiB."""
MOST_ASKED_CHARACTERS = 500
MOST_RANKED = 2_000
"""Of more units with the words, so many are ranked, and the answer says that there are more."""
SNIPPET_CHARACTERS = 260

DROPPED = (
    "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u031b\u0323\u0327\u0328\u00ad\u200b\ufeff"
)
"""The marks of Vietnamese and of other Latin alphabets, decomposed, and characters without width."""
D_LETTERS = "đĐÐ"
"""No decomposition leads from these to d; the last one is Eth, which some keyboards give for Đ."""
SEPARATORS = "/-_@\u00a0–—“”‘’…«»"
"""What stands between words: ``45/2019/NĐ-CP`` is found by any of its parts, whatever the server's locale."""
_FOLD = str.maketrans(dict.fromkeys(DROPPED) | dict.fromkeys(D_LETTERS, "d") | dict.fromkeys(SEPARATORS, " "))
_WORD = re.compile(r"\w+")
_INNER_DASH = re.compile(r"(?<=\w)-(?=\w)")


def fold(text: str) -> str:
    """``text`` without marks, ``đ`` as ``d``, separators as spaces; as the index has it before it lowers the case."""
    return unicodedata.normalize("NFD", text).translate(_FOLD)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody typed. ``folded`` and ``exact`` are in the language of ``websearch_to_tsquery``: ``"a phrase"``,
    ``or``, ``-without``. ``words``: the folded, lower-case words that a found unit has, to be marked in it."""

    typed: str
    folded: str
    exact: str
    words: frozenset[str]


def asked(typed: str) -> Asked:
    """What is searched for.

    Raises:
        UsageError: there is no word in it, or too much.
    """
    text = "".join(" " if each < " " or "\ud800" <= each <= "\udfff" else each for each in typed).strip()
    if len(text) > MOST_ASKED_CHARACTERS:
        raise UsageError(
            f"{len(text)} characters were asked for", remedy=f"Search for at most {MOST_ASKED_CHARACTERS} characters."
        )
    composed = unicodedata.normalize("NFC", text).replace("“", '"').replace("”", '"')
    spaced = _INNER_DASH.sub(" ", composed)
    # A dash before a word means "without"; every other separator is one between words, as in the index.
    folded = " ".join(_folded_part(part) for part in spaced.split()).lower()
    words = frozenset(
        word for part in folded.split() if not part.startswith("-") and part != "or" for word in _WORD.findall(part)
    )
    if not words:
        raise UsageError("there is no word to search for", remedy='Give words; "…" is a phrase, -word leaves out.')
    return Asked(typed=text, folded=folded, exact=_exact(spaced), words=words)


def _folded_part(part: str) -> str:
    bare = part.lstrip("-")
    return ("-" if part.startswith("-") and bare else "") + fold(bare).strip()


def _exact(spaced: str) -> str:
    return spaced.replace("/", " ").replace("_", " ").replace("@", " ").replace("Ð", "Đ").lower()


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of a snippet; ``is_match``: one of the words that were asked for."""

    text: str
    is_match: bool


@dataclass(frozen=True, kw_only=True)
class FoundUnit:
    """One living unit that has the words. ``is_exact``: with the very marks that were typed."""

    canonical_address: str
    document_ref: str
    document_code: str
    document_title: str
    unit_kind: str
    unit_number: str | None
    version_seq: int
    content_hash: str
    cut_seq: int
    is_exact: bool
    snippet: tuple[Piece, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found: the best first. ``count`` is at most ``MOST_RANKED``; ``has_more``: more units have the words."""

    typed: str
    document_ref: str | None
    count: int
    has_more: bool
    units: tuple[FoundUnit, ...]


def snippet(text: str, words: frozenset[str], *, characters: int = SNIPPET_CHARACTERS) -> tuple[Piece, ...]:
    """The place of ``text`` with the most of ``words``, with these marked; white space as single spaces."""
    text = unicodedata.normalize("NFC", " ".join(text[:MOST_INDEXED_CHARACTERS].split()))
    found = [(start, end, word) for start, end, word in _words(text) if word in words]
    start = _best_start(found, characters)
    start = max(start - characters // 6, 0)
    start = text.rfind(" ", 0, start) + 1 if start else 0
    end = min(start + characters, len(text))
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + characters // 2)
    pieces = list(_pieces(text, start, end, found))
    if start > 0:
        pieces.insert(0, Piece(text="… ", is_match=False))
    if end < len(text):
        pieces.append(Piece(text=" …", is_match=False))
    return tuple(pieces)


def _words(text: str) -> Iterator[tuple[int, int, str]]:
    """Every word with its place in ``text`` and its folded spelling."""
    folded: list[str] = []
    place: list[int] = []
    for position, character in enumerate(text):
        for each in fold(character).lower():
            folded.append(each)
            place.append(position)
    for match in _WORD.finditer("".join(folded)):
        yield place[match.start()], place[match.end() - 1] + 1, match.group()


def _best_start(found: Sequence[tuple[int, int, str]], characters: int) -> int:
    """Where a window begins that holds the most different words; the first of several."""
    best, best_count = (found[0][0] if found else 0), 0
    last = 0
    for first, (start, _, _) in enumerate(found):
        last = max(last, first)
        while last < len(found) and found[last][1] <= start + characters * 5 // 6:
            last += 1
        count = len({word for _, _, word in found[first : min(last, first + 50)]})
        if count > best_count:
            best, best_count = start, count
    return best


def _pieces(text: str, start: int, end: int, found: Sequence[tuple[int, int, str]]) -> Iterator[Piece]:
    at = start
    for first, last, _ in found:
        if first < at or last > end:
            continue
        if first > at:
            yield Piece(text=text[at:first], is_match=False)
        yield Piece(text=text[first:last], is_match=True)
        at = last
    if at < end:
        yield Piece(text=text[at:end], is_match=False)

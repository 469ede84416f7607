"""The normalised shadow of a text: what is read, while the original bytes are what is cut (design 4.4).

Two ways into it. ``variants`` turns a word of the grammar into a pattern over bytes that matches every
canonically equivalent
spelling, so that the scan needs no decoding. ``reading`` gives the normalised text of one short piece, for
what the scan
left undecided.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from itertools import permutations

# Blanks inside a line, as UTF-8: ASCII blanks, no-break space, U+2000..U+200B, narrow no-break space,
# ideographic space,
# byte order mark (a mark at the start of a file must not hide its first heading).
BLANK = rb"(?:[ \t\x0b\x0c\r]|\xc2\xa0|\xe2\x80[\x80-\x8b\xaf]|\xe3\x80\x80|\xef\xbb\xbf)"
FULL_WIDTH_DIGIT = rb"\xef\xbc[\x90-\x99]"

_BLANKS_TO_SPACE = {
    ord(c): " " for c in "\t\x0b\x0c\r\xa0\u202f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200C)))
}
_FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)}


@lru_cache(maxsize=4096)
def _equivalents(cluster: str) -> tuple[str, ...]:
    """All canonically equivalent spellings of one character (``ề``: 3; ``ậ``: 5). Never more than a dozen."""
    decomposed = unicodedata.normalize("NFD", cluster)
    found = {cluster, decomposed}
    for marks in permutations(decomposed[1:]):
        for composed in range(1, len(marks) + 1):
            head = unicodedata.normalize("NFC", decomposed[0] + "".join(marks[:composed]))
            found.add(head + "".join(marks[composed:]))
    same = unicodedata.normalize("NFC", cluster)
    return tuple(sorted(s for s in found if unicodedata.normalize("NFC", s) == same))


def variants(word: str, homoglyphs: Mapping[str, str]) -> bytes:
    """A pattern over UTF-8 bytes for every equivalent spelling of ``word``; a blank stands for one or more blanks."""
    return b"".join(characters(word, homoglyphs))


def characters(word: str, homoglyphs: Mapping[str, str]) -> list[bytes]:
    """The pattern of ``variants``, character by character."""
    alike: dict[str, tuple[str, ...]] = {}
    for other, meant in homoglyphs.items():
        alike[meant] = (*alike.get(meant, ()), other)
    return [_spellings(char, alike.get(char, ())) for char in unicodedata.normalize("NFC", word)]


@lru_cache(maxsize=4096)
def _spellings(char: str, alike: tuple[str, ...]) -> bytes:
    if char == " ":
        return BLANK + b"+"
    patterns = sorted({re.escape(s.encode()) for s in (*_equivalents(char), *alike)}, key=len, reverse=True)
    return patterns[0] if len(patterns) == 1 else b"(?:" + b"|".join(patterns) + b")"


def reading(piece: bytes, homoglyphs: Mapping[str, str]) -> str:
    """The normalised text of a short piece: NFC, look-alikes mended, every blank a space, full-width digits ASCII."""
    text = unicodedata.normalize("NFC", piece.decode("utf-8", "ignore"))
    return text.translate(_BLANKS_TO_SPACE | _FULL_WIDTH | {ord(k): v for k, v in homoglyphs.items()})


def lines_by_feed(data: bytes, text: str) -> bytes:
    """The same bytes at the same places, with a line feed wherever a line ends: CR, CRLF, U+0085, U+2028 and U+2029.

    ``text`` is ``data`` decoded: a mark is looked for there, where that is twenty times as fast.
    """
    if "\r" in text:
        data = data.replace(b"\r\n", b" \n").replace(b"\r", b"\n")
    for mark, same_length in (("\x85", b" \n"), ("\u2028", b"  \n"), ("\u2029", b"  \n")):
        if mark in text:
            data = data.replace(mark.encode(), same_length)
    return data


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Letters without marks, lower case, đ as d: for telling a misspelt keyword from another word."""
    base = unicodedata.normalize("NFD", text.lower().replace("đ", "d").replace("ð", "d"))
    return "".join(c for c in base if not unicodedata.combining(c))


def within_one_edit(left: str, right: str) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbours at most lies between two short words."""
    if left == right:
        return True
    if abs(len(left) - len(right)) > 1:
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    a, b = left[start:], right[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (len(a) > 1 and a[1] + a[:1] + a[2:] == b)


def ascii_words(text: str) -> list[str]:
    """Upper-case ASCII words of a label; letters lose their marks, everything else separates."""
    return re.findall(r"[A-Z0-9]+", folded(text).upper())

"""Quoted provisions as documents inside the unit that quotes them, where a profile says so (``[quoted]``; design 4.4).

The quotation is a unit below its holder; the headings in it are units below the quotation, under kinds and levels of
their own (``quoted_article``), so that nothing quoted is ever taken for the law's own. Text of the holder behind a
quotation is a unit of the holder again. A quotation without a heading stays text. Own spans tile as before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import msgspec

from cutter_agent.model import Unit
from cutter_agent.segmenter.grammar import Block
from cutter_agent.segmenter.quotations import Quotations
from cutter_agent.segmenter.shadow import BLANK

QUOTED = "quoted_"

_AFTER = re.compile(rb"[.;,:]*" + BLANK + rb"*\n?")
_NOTHING = re.compile(rb"(?:\n|" + BLANK + rb")*")

Cut = Callable[[bytes, str], Sequence[Unit]]
"""The units of a text under a code, by the same profile without sub-documents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stretch:
    """One quotation with headings in it: where it begins and where the holder goes on, and its units in place."""

    start_byte: int
    end_byte: int
    units: Sequence[Unit]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a sub-document is called, how it is cut, and what the holder's text behind it is called."""

    block: Block
    rest: Block
    own_levels: frozenset[str]
    cut: Cut


def opened(units: Sequence[Unit], data: bytes, quoted: Quotations, opening: Opening) -> list[Unit]:
    """The same units with their quotations opened. ``data`` is the snapshot itself. Linear in the text."""
    out: list[Unit] = []
    taken = {unit.address for unit in units}
    stretches = list(zip(quoted.starts, quoted.ends, strict=True))
    at = 0
    for unit in units:
        while at < len(stretches) and stretches[at][0] < unit.start_byte:
            at += 1
        inside = []
        while at < len(stretches) and stretches[at][0] < unit.end_byte:
            if stretches[at][1] <= unit.end_byte:
                inside.append(stretches[at])
            at += 1
        out += _holder(unit, inside, data, opening, taken) if inside else [unit]
    return out


def _holder(
    unit: Unit, inside: Sequence[tuple[int, int]], data: bytes, opening: Opening, taken: set[str]
) -> Iterator[Unit]:
    found: list[_Stretch] = []
    for start, end in inside:
        base = _free(f"{unit.address}-{opening.block.token}", len(found) + 1, taken)
        stretch = _stretch(unit, start, end, base, data, opening)
        if stretch is not None:
            taken.update(each.address for each in stretch.units)
            found.append(stretch)
    if not found or found[0].start_byte == unit.start_byte:
        yield unit  # nothing to open, or no text of its own would be left
        return
    yield _spanned(unit, unit.start_byte, found[0].start_byte, data)
    rests = 0
    for stretch, behind in pairwise([*found, None]):
        assert stretch is not None  # noqa: S101 - only the last of a pair is None
        upto = behind.start_byte if behind is not None else unit.end_byte
        blank = _NOTHING.fullmatch(data, stretch.end_byte, upto) is not None
        *first, last = stretch.units
        yield from first
        yield _spanned(last, last.start_byte, upto if blank else stretch.end_byte, data)
        if not blank:
            rests += 1
            address = _free(f"{unit.address}-{opening.rest.token}", rests, taken)
            taken.add(address)
            yield _made(opening.rest, address, unit, stretch.end_byte, upto, data)


def _free(stem: str, number: int, taken: set[str]) -> str:
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def _stretch(unit: Unit, start: int, end: int, base: str, data: bytes, opening: Opening) -> _Stretch | None:
    """The quotation's own unit and those in it; None where no heading is in it."""
    mark = len(data[start : start + 4].decode("utf-8", "ignore")[:1].encode())
    if end - start <= 2 * mark:
        return None
    inner = [u for u in opening.cut(data[start + mark : end - mark], base) if u.level in opening.own_levels]
    if not inner:
        return None
    after = _AFTER.match(data, end, unit.end_byte)
    upto = after.end() if after is not None else end
    starts = [start, *(start + mark + each.start_byte for each in inner), upto]
    own = _made(opening.block, base, unit, start, starts[1], data)
    named = {each.address for each in inner}
    made = [
        msgspec.structs.replace(
            _spanned(each, low, high, data),
            kind=f"{QUOTED}{each.kind}",
            level=f"{QUOTED}{each.level}",
            parent=each.parent if each.parent in named else base,
        )
        for each, low, high in zip(inner, starts[1:], starts[2:], strict=False)
    ]
    return _Stretch(start_byte=start, end_byte=upto, units=[own, *made])


def _made(block: Block, address: str, holder: Unit, start: int, end: int, data: bytes) -> Unit:
    return Unit(
        start_byte=start,
        end_byte=end,
        level=block.name,
        number=None,
        address=address,
        kind=block.kind,
        parent=holder.address,
        content_sha256=sha256(data[start:end]).hexdigest(),
    )


def _spanned(unit: Unit, start: int, end: int, data: bytes) -> Unit:
    digest = sha256(data[start:end]).hexdigest()
    return msgspec.structs.replace(unit, start_byte=start, end_byte=end, content_sha256=digest)

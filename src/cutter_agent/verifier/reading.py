"""A signed manifest, read and spelt out by the verifier's own hand: no code of the side that cuts (design 1.3).

A re-cut may name runs of units that stay as its base has them. The bases are read down to one that is spelt in full,
each by the digest that the one above it names, so that what was approved is known to the last unit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import msgspec

NAMESPACE = UUID("8f4cf3a2-6f0e-5b1c-9f0d-7a1de1c0c077")
"""The namespace of the house's ids, in the verifier's own spelling."""
MOST_BASES = 64


class _Row(msgspec.Struct, frozen=True, gc=False):
    """A row of a manifest, by member as in its JSON."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


class Block(_Row, frozen=True, gc=False):
    """One approved unit."""

    unit_local_id: int
    start_byte: int
    end_byte: int
    address: str
    parent: str | None
    level: str
    kind: str
    number: str | None
    content_sha256: str
    role: str


class Word(_Row, frozen=True, gc=False):
    """What becomes of one unit."""

    change: str
    target_unit_id: str
    render_order: str
    alias: str | None
    origins: tuple[str, ...]


class Run(_Row, frozen=True, gc=False):
    """``count`` units from ``place`` on that are those of the base from ``base_place`` on."""

    place: int
    base_place: int
    count: int
    start_byte: int
    end_byte: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """A manifest: ``document`` is its JSON without the rows, the rest is spelt out, in the order of the units.

    ``words``: what a re-cut says of units, by place; ``kept``: the runs of which it says nothing. Both empty in a
    first cut. ``broken``: why it does not give what it should.
    """

    digest: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    blocks: Sequence[Block] = ()
    orders: Sequence[str] = ()
    words: Mapping[int, Word] = field(default_factory=dict)
    kept: Sequence[Run] = ()
    broken: str | None = None

    @property
    def header(self) -> Mapping[str, Any]:
        """What it is about."""
        found = self.document.get("header")
        return found if isinstance(found, dict) else {}


class _Recut(msgspec.Struct):
    base: dict[str, Any]
    units: list[Word]
    ended: list[dict[str, Any]]
    kept: tuple[Run, ...] | None = None


class _Rows(msgspec.Struct):
    units: list[Block]
    recut: _Recut | None = None


class _Base(msgspec.Struct):
    base: dict[str, Any]
    kept: list[msgspec.Raw] | None = None


class _Named(msgspec.Struct):
    """What a manifest rests on, and nothing else of it."""

    recut: _Base | None = None


class _Rest(msgspec.Struct):
    """Everything but the rows: their bytes are passed over."""

    header: dict[str, Any]
    findings: list[dict[str, Any]]
    review: dict[str, Any] | None = None
    topology: dict[str, Any] | None = None
    governed: list[dict[str, Any]] | None = None
    original: dict[str, Any] | None = None


def told(data: bytes | None, below: Mapping[str, bytes], base: Told | None = None) -> Told:
    """The manifest of these bytes. Never raises: it says what is broken.

    ``below``: those that it rests on, by digest. ``base``: one that was read already, with its digest.
    """
    try:
        rows, rest = msgspec.json.decode(data or b"{}", type=_Rows), msgspec.json.decode(data or b"{}", type=_Rest)
        blocks, orders = _spelt_out(rows, rest.header, below, base)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        return Told(broken=f"{type(error).__name__}: {error}")
    recut = rows.recut
    document = {name: value for name in rest.__struct_fields__ if (value := getattr(rest, name)) is not None}
    digest = hashlib.sha256(data or b"").hexdigest()
    if recut is None:
        return Told(digest=digest, document=document, blocks=blocks, orders=orders)
    document["recut"] = {"base": recut.base, "ended": recut.ended}
    kept = recut.kept or ()
    places = list(_places(kept, len(blocks)))
    broken = None if len(places) == len(recut.units) else f"{len(recut.units)} words for {len(places)} units"
    words = dict(zip(places, recut.units, strict=False))
    return Told(digest=digest, document=document, blocks=blocks, orders=orders, words=words, kept=kept, broken=broken)


def base_of(data: bytes | None) -> str | None:
    """The digest of the manifest that this one cannot be read without."""
    try:
        recut = msgspec.json.decode(data or b"{}", type=_Named).recut
    except msgspec.DecodeError:
        return None
    named = recut.base.get("manifest_digest") if recut is not None and recut.kept is not None else None
    return named if isinstance(named, str) else None


def _spelt_out(
    rows: _Rows, header: Mapping[str, Any], below: Mapping[str, bytes], base: Told | None
) -> tuple[Sequence[Block], Sequence[str]]:
    """Every block and render order. Raises ``ValueError`` or ``KeyError`` where the runs do not fit."""
    chain = [(rows, header)]
    known: Told | None = None
    while known is None and (recut := chain[-1][0].recut) is not None and recut.kept is not None:
        digest = recut.base["manifest_digest"]
        if base is not None and base.digest == digest and base.broken is None:
            known = base
            break
        data = below[digest]
        if hashlib.sha256(data).hexdigest() != digest or len(chain) > MOST_BASES:
            raise ValueError(f"its base {digest} is not stored as it was")
        chain.append((msgspec.json.decode(data, type=_Rows), msgspec.json.decode(data, type=_Rest).header))
    if known is not None:
        blocks, orders = known.blocks, known.orders
    else:
        full, _ = chain.pop()
        blocks = full.units
        orders = [word.render_order for word in full.recut.units] if full.recut else list(_counted(len(blocks)))
    if not chain:
        return blocks, orders
    pieces = [_Piece(blocks=blocks, orders=orders, first=0, stop=len(blocks))]
    for told_rows, told_header in reversed(chain):
        pieces = _joined(pieces, told_rows, int(told_header["unit_count"]))
    return _made(pieces)


def _counted(count: int) -> Iterator[str]:
    """The render orders of a first cut."""
    return map(str, range(1, count + 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """``[first, stop)`` of a manifest's rows, ``shift`` bytes further on."""

    blocks: Sequence[Block]
    orders: Sequence[str]
    first: int
    stop: int
    shift: int = 0


def _joined(base: Sequence[_Piece], rows: _Rows, count: int) -> list[_Piece]:
    """The rows of a re-cut: pieces of its base between those that it spells. Raises ``ValueError`` where they do not
    fit."""
    recut = rows.recut
    assert recut is not None  # noqa: S101 - whoever has runs is a re-cut
    own = _Piece(blocks=rows.units, orders=[word.render_order for word in recut.units], first=0, stop=len(rows.units))
    out, used, place, last = list[_Piece](), 0, 0, 0
    for run in recut.kept or ():
        gap, stop = run.place - place, run.base_place + run.count
        pieces = list(_between(base, run.base_place, stop))
        held = sum(piece.stop - piece.first for piece in pieces)
        if gap < 0 or used + gap > own.stop or not last <= run.base_place < stop or held != run.count:
            raise ValueError(f"a run of {run.count} units at {run.place} lies out of order")
        shift = run.start_byte - pieces[0].blocks[pieces[0].first].start_byte - pieces[0].shift
        if pieces[-1].blocks[pieces[-1].stop - 1].end_byte + pieces[-1].shift + shift != run.end_byte:
            raise ValueError(f"the run of {run.count} units at {run.place} does not end at {run.end_byte}")
        _require_places(rows.units[used : used + gap], place)
        out.append(replace(own, first=used, stop=used + gap))
        out += [replace(piece, shift=piece.shift + shift) for piece in pieces]
        used, place, last = used + gap, run.place + run.count, stop
    _require_places(rows.units[used:], place)
    out.append(replace(own, first=used))
    if place + own.stop - used != count or len(own.orders) != own.stop:
        raise ValueError(f"its runs and units make {place + own.stop - used} places of {count}")
    return [piece for piece in out if piece.first < piece.stop]


def _require_places(blocks: Sequence[Block], first: int) -> None:
    if [block.unit_local_id for block in blocks] != list(range(first, first + len(blocks))):
        raise ValueError(f"a unit is spelt that does not stand at {first}, or not behind the one before it")


def _between(base: Sequence[_Piece], first: int, stop: int) -> Iterator[_Piece]:
    """What of the base stands at places ``[first, stop)``."""
    reached = 0
    for piece in base:
        begin, reached = reached, reached + piece.stop - piece.first
        low, high = max(first, begin), min(stop, reached)
        if low < high:
            yield replace(piece, first=piece.first + low - begin, stop=piece.first + high - begin)


def _made(pieces: Sequence[_Piece]) -> tuple[list[Block], list[str]]:
    """The rows themselves, each told its place."""
    blocks, orders = list[Block](), list[str]()
    for piece in pieces:
        part = piece.blocks[piece.first : piece.stop]
        as_it_is = piece.shift == 0 and part[0].unit_local_id == len(blocks)
        blocks += part if as_it_is else _moved(part, len(blocks), piece.shift)
        orders += piece.orders[piece.first : piece.stop]
    return blocks, orders


def _moved(part: Sequence[Block], first: int, shift: int) -> Iterator[Block]:
    return (
        Block(
            place,
            b.start_byte + shift,
            b.end_byte + shift,
            b.address,
            b.parent,
            b.level,
            b.kind,
            b.number,
            b.content_sha256,
            b.role,
        )
        for place, b in enumerate(part, first)
    )


def _places(kept: Sequence[Run], count: int) -> Iterator[int]:
    reached = 0
    for run in kept:
        yield from range(reached, run.place)
        reached = run.place + run.count
    yield from range(reached, count)

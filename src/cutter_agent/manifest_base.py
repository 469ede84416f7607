"""The units of a stored manifest, quickly: what a re-cut starts from, and what one on a base spells out to. Pure.

A re-cut's manifest names runs of units that stay as its base has them (``iu-manifest/2``). Read from the newest to one
that is spelt in full, each held against the digest by which the next one names it, and put together again, strictly:
runs must lie in order, tile the places and the bytes together with the units that are spelt, and end where they say.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, starmap

import msgspec

from cutter_agent.errors import ManifestInvalid, Problem, StaleApproval
from cutter_agent.model import Governed, RecutRun, Topology, Unit
from cutter_agent.unit_id_forms import UnitIdForm
from sealing.digest import sha256_hex

MOST_BASES = 32
"""So many manifests may lie between one and the full one below it; the next re-cut is spelt in full again."""

Stored = Callable[[str], bytes | None]
"""The stored canonical bytes of a manifest, by digest."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """One cut as its manifest says it: units in order, their render orders, and how many bases it rests on."""

    digest: str
    snapshot_sha256: str
    byte_length: int
    unit_id_form: UnitIdForm
    units: Sequence[Unit]
    orders: Sequence[str]
    depth: int
    topology: Topology | None
    governed: tuple[Governed, ...]

    def __repr__(self) -> str:
        return f"Base(digest={self.digest!r}, units={len(self.units)}, depth={self.depth})"


class _Header(msgspec.Struct):
    snapshot_sha256: str
    byte_length: int
    unit_count: int
    unit_id_form: UnitIdForm = UnitIdForm.BY_ADDRESS


class _Named(msgspec.Struct):
    manifest_digest: str


class _Word(msgspec.Struct, gc=False):
    render_order: str


class _Recut(msgspec.Struct):
    base: _Named
    units: list[_Word]
    kept: tuple[RecutRun, ...] | None = None


class _Rests(msgspec.Struct):
    base: _Named
    kept: list[msgspec.Raw] | None = None


class _Resting(msgspec.Struct):
    """What a manifest rests on; the rest of its bytes is passed over."""

    recut: _Rests | None = None


class _Told(msgspec.Struct):
    header: _Header
    units: list[Unit]
    recut: _Recut | None = None
    topology: Topology | None = None
    governed: tuple[Governed, ...] = ()


def read(digest: str, stored: Stored) -> Base:
    """The cut that the manifest of this digest proposes.

    Raises:
        StaleApproval: a manifest is not stored, or not the bytes of its digest.
        ManifestInvalid: it does not fit its base.
    """
    told, below = _told(digest, stored), list[_Told]()
    top = told
    while told.recut is not None and told.recut.kept is not None:
        below.append(told)
        if len(below) > MOST_BASES:
            raise StaleApproval(f"manifest {digest} rests on too many others", remedy=_REMEDY)
        told = _told(told.recut.base.manifest_digest, stored)
    orders = [word.render_order for word in told.recut.units] if told.recut else _counted(len(told.units))
    pieces = [_Piece(units=told.units, orders=orders, first=0, stop=len(told.units), shift=0)]
    for each in reversed(below):
        assert each.recut is not None and each.recut.kept is not None  # noqa: S101, PT018 - for the type alone
        own = [word.render_order for word in each.recut.units]
        pieces = _joined(pieces, each.recut.kept, each.units, own, each.header.unit_count)
    units, orders = _made(pieces)
    return Base(
        digest=digest,
        snapshot_sha256=top.header.snapshot_sha256,
        byte_length=top.header.byte_length,
        unit_id_form=top.header.unit_id_form,
        units=units,
        orders=orders,
        depth=len(below),
        topology=top.topology,
        governed=top.governed,
    )


def orders_sha256(orders: Iterable[str]) -> str:
    """One digest over render orders, as the server makes it of those that are stored."""
    return sha256_hex(" ".join(orders).encode())


def rests_on(data: bytes | None) -> str | None:
    """The digest of the manifest that this one cannot be read without; None for one that spells everything itself."""
    try:
        recut = msgspec.json.decode(data or b"{}", type=_Resting).recut
    except msgspec.DecodeError:
        return None
    return recut.base.manifest_digest if recut is not None and recut.kept is not None else None


def below(tops: Iterable[bytes | None], stored: Stored) -> dict[str, bytes]:
    """Every stored manifest that these rest on, by digest."""
    found, waiting = dict[str, bytes](), [rests_on(data) for data in tops]
    while waiting:
        digest = waiting.pop()
        data = stored(digest) if digest is not None and digest not in found else None
        if digest is not None and data is not None:
            found[digest] = data
            waiting.append(rests_on(data))
    return found


def _counted(count: int) -> list[str]:
    """The render orders of a first cut."""
    return list(map(str, range(1, count + 1)))


def _told(digest: str, stored: Stored) -> _Told:
    data = stored(digest)
    if data is None:
        raise StaleApproval(f"manifest {digest} is not stored", remedy=_REMEDY)
    found = sha256_hex(data)
    if found != digest:
        raise StaleApproval(f"the stored manifest {digest} has digest {found}", remedy=_REMEDY)
    try:
        return msgspec.json.decode(data, type=_Told)
    except msgspec.DecodeError as error:
        raise StaleApproval(f"manifest {digest} cannot be read: {error}", remedy=_REMEDY) from error


def spelt_out(
    units: Sequence[Unit],
    orders: Sequence[str],
    kept: Iterable[RecutRun],
    changed: Sequence[Unit],
    changed_orders: Sequence[str],
    *,
    unit_count: int,
) -> tuple[list[Unit], list[str]]:
    """Every unit and render order: runs of the base's between those that changed, in the order of the new snapshot.

    Raises:
        ManifestInvalid: the runs do not fit, or leave places open.
    """
    whole = [_Piece(units=units, orders=orders, first=0, stop=len(units), shift=0)]
    return _made(_joined(whole, kept, changed, changed_orders, unit_count))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """``[first, stop)`` of a manifest's units, ``shift`` bytes further on: runs of runs are laid together first, and
    units are made once, however many bases there are."""

    units: Sequence[Unit]
    orders: Sequence[str]
    first: int
    stop: int
    shift: int

    @property
    def start_byte(self) -> int:
        return self.units[self.first].start_byte + self.shift

    @property
    def end_byte(self) -> int:
        return self.units[self.stop - 1].end_byte + self.shift


def _joined(
    base: Sequence[_Piece],
    kept: Iterable[RecutRun],
    changed: Sequence[Unit],
    changed_orders: Sequence[str],
    unit_count: int,
) -> list[_Piece]:
    out, ends = list[_Piece](), list(accumulate(piece.stop - piece.first for piece in base))
    used = reached = place = 0
    for run in kept:
        gap, stop = run.place - place, run.base_place + run.count
        if gap < 0 or run.count < 1 or run.base_place < reached or not ends or stop > ends[-1]:
            raise _misfit(run, "it does not lie in order within its base")
        if used + gap > len(changed):
            raise _misfit(run, "places before it are spelt by nobody")
        out.append(_Piece(units=changed, orders=changed_orders, first=used, stop=used + gap, shift=0))
        part = list(_cut(base, ends, run.base_place, stop))
        shift = run.start_byte - part[0].start_byte
        if part[-1].end_byte + shift != run.end_byte:
            raise _misfit(run, f"its units end at {part[-1].end_byte + shift}")
        out += [replace(piece, shift=piece.shift + shift) for piece in part]
        used, reached, place = used + gap, stop, run.place + run.count
    out.append(_Piece(units=changed, orders=changed_orders, first=used, stop=len(changed), shift=0))
    place += len(changed) - used
    if place != unit_count or len(changed) != len(changed_orders):
        message = (
            f"runs and units make {place} places, the header says {unit_count}; {len(changed)} units, "
            f"{len(changed_orders)} words"
        )
        raise ManifestInvalid([Problem(code="recut", message=message, remedy=_AGAIN)])
    return [piece for piece in out if piece.first < piece.stop]


def _cut(base: Sequence[_Piece], ends: Sequence[int], first: int, stop: int) -> Iterator[_Piece]:
    """The pieces of places ``[first, stop)``. ``ends``: the place behind each piece."""
    at = bisect_right(ends, first)
    while first < stop:
        piece, end = base[at], ends[at]
        behind = piece.stop - (end - first)
        yield replace(piece, first=behind, stop=min(piece.stop, behind + stop - first))
        first, at = end, at + 1


def _made(pieces: Iterable[_Piece]) -> tuple[list[Unit], list[str]]:
    units, orders = list[Unit](), list[str]()
    for piece in pieces:
        part = piece.units[piece.first : piece.stop]
        units += _shifted(part, piece.shift) if piece.shift else part
        orders += piece.orders[piece.first : piece.stop]
    return units, orders


def _shifted(units: Iterable[Unit], shift: int) -> Iterable[Unit]:
    """The same units elsewhere in the bytes."""
    return starmap(
        Unit,
        (
            (u.start_byte + shift, u.end_byte + shift, u.level, u.number, u.address, u.kind, u.parent, u.content_sha256)
            for u in units
        ),
    )


_REMEDY = "Do not approve or cut it. Find out who changed stored bytes; then mark the source again."
_AGAIN = "Mark the edited source again: the program proposes it."


def _misfit(run: RecutRun, why: str) -> ManifestInvalid:
    said = f"the run of {run.count} kept units at block {run.place}: {why}"
    return ManifestInvalid([Problem(code="recut", message=said, remedy=_AGAIN, block_index=run.place)])

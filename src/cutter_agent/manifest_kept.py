"""Blocks and words of a re-cut that are made when somebody looks at them: all but a few say what the base says. Pure.

Whoever walks through a manifest sees every unit, whichever way it is spelt; whoever only needs the changes asks for
``changed``, and never makes the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, overload

from cutter_agent.idempotency import unit_id
from cutter_agent.manifest_base import Base
from cutter_agent.model import BlockRole, Manifest, ManifestBlock, RecutUnit, Unit, UnitFate
from cutter_agent.unit_id_forms import UnitIdForm

T = TypeVar("T")


class _Made(Sequence[T]):
    """A sequence whose members are made one by one, equal to any other that holds the same."""

    __slots__ = ()

    def _at(self, place: int) -> T:
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[T, ...]: ...

    def __getitem__(self, at: int | slice) -> T | tuple[T, ...]:
        if isinstance(at, slice):
            return tuple(map(self._at, range(*at.indices(len(self)))))
        return self._at(range(len(self))[at])

    def __iter__(self) -> Iterator[T]:
        return map(self._at, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == its for mine, its in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)})"


class Blocks(_Made[ManifestBlock]):
    """The blocks of a cut. ``units`` are what they say, for whoever needs columns of all of them."""

    __slots__ = ("units",)

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units

    def __len__(self) -> int:
        return len(self.units)

    def _at(self, place: int) -> ManifestBlock:
        unit = self.units[place]
        return ManifestBlock(
            unit_local_id=place,
            start_byte=unit.start_byte,
            end_byte=unit.end_byte,
            address=unit.address,
            parent=unit.parent,
            level=unit.level,
            kind=unit.kind,
            number=unit.number,
            content_sha256=unit.content_sha256,
            role=BlockRole.RESULT,
        )


class Words(_Made[RecutUnit]):
    """What becomes of the unit of each block: ``changed`` says it at some places, elsewhere it is kept as the base
    has it. ``orders``: every render order."""

    __slots__ = ("base", "changed", "document_ref", "form", "orders", "units")

    def __init__(
        self,
        *,
        document_ref: str,
        form: UnitIdForm,
        base: Base,
        units: Sequence[Unit],
        orders: Sequence[str],
        changed: Mapping[int, RecutUnit],
    ) -> None:
        self.document_ref = document_ref
        self.form = form
        self.base = base
        self.units = units
        self.orders = orders
        self.changed = changed

    def __len__(self) -> int:
        return len(self.units)

    def _at(self, place: int) -> RecutUnit:
        return self.changed.get(place) or RecutUnit(
            change=UnitFate.UNCHANGED.value,
            target_unit_id=unit_id(self.document_ref, self.units[place].address, self.form),
            render_order=self.orders[place],
            alias=None,
            origins=(),
        )


def changed(manifest: Manifest) -> Iterator[tuple[int, ManifestBlock, RecutUnit]]:
    """Place, block and word of each unit of a re-cut that is not kept as it was, in order. None of a first cut."""
    if manifest.recut is None:
        return
    words, blocks = manifest.recut.units, manifest.units
    if isinstance(words, Words):
        for place in sorted(words.changed):
            if words.changed[place].change != UnitFate.UNCHANGED:
                yield place, blocks[place], words.changed[place]
        return
    for place, (block, word) in enumerate(zip(blocks, words, strict=True)):
        if word.change != UnitFate.UNCHANGED:
            yield place, block, word


def named(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Address and unit id that a re-cut says itself: of every unit, but of those that a run keeps."""
    if manifest.recut is None:
        return
    words, blocks = manifest.recut.units, manifest.units
    if isinstance(words, Words):
        yield from ((blocks[place].address, word.target_unit_id) for place, word in words.changed.items())
    else:
        yield from ((block.address, word.target_unit_id) for block, word in zip(blocks, words, strict=True))
    yield from ((end.address, end.target_unit_id) for end in manifest.recut.ended)


def units_of(blocks: Sequence[ManifestBlock]) -> Sequence[Unit]:
    """What the blocks say of their units."""
    if isinstance(blocks, Blocks):
        return blocks.units
    return [
        Unit(
            start_byte=block.start_byte,
            end_byte=block.end_byte,
            level=block.level,
            number=block.number,
            address=block.address,
            kind=block.kind,
            parent=block.parent,
            content_sha256=block.content_sha256,
        )
        for block in blocks
    ]

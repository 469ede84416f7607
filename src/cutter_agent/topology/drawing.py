"""The tree as it will be, drawn step by step from the living units: who stays, who changes, who ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import msgspec

from cutter_agent.idempotency import unit_id
from cutter_agent.model import (
    AliasKind,
    Governed,
    RecutEnd,
    RecutUnit,
    Standing,
    TopologyAlias,
    Unit,
    UnitFate,
)
from cutter_agent.recut.living_cut import plain
from cutter_agent.recut.orders import fill
from cutter_agent.topology.ground import Ground
from sealing.digest import sha256_hex


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One unit of the new tree. ``order`` None: one between its neighbours' is still to be given."""

    unit: Unit
    fate: UnitFate
    order: Decimal | None
    origins: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Drawing:
    """The new tree. ``rows`` in document order; ``ended`` with the word of their end."""

    ground: Ground
    rows: list[Row]
    ended: dict[str, UnitFate] = field(default_factory=dict)
    aliases: list[TopologyAlias] = field(default_factory=list)
    governed: list[Governed] = field(default_factory=list)

    @classmethod
    def of(cls, ground: Ground) -> Drawing:
        """Everything as it is."""
        rows = [
            Row(unit=unit, fate=UnitFate.UNCHANGED, order=order)
            for unit, order in zip(ground.units, ground.living.orders, strict=True)
        ]
        return cls(ground=ground, rows=rows, governed=list(ground.governed))

    def spanned(self, unit: Unit, start_byte: int, end_byte: int) -> Unit:
        """``unit`` over other bytes."""
        digest = sha256_hex(self.ground.living.data[start_byte:end_byte])
        return msgspec.structs.replace(unit, start_byte=start_byte, end_byte=end_byte, content_sha256=digest)

    def put(self, first: int, last: int, rows: Iterable[Row]) -> None:
        """``rows`` instead of those from place ``first`` to ``last``."""
        self.rows[first : last + 1] = rows

    def end(self, unit: Unit, word: UnitFate) -> None:
        """This unit's life ends; what was decided about it alone goes with it."""
        self.ended[unit.address] = word
        self.governed = [each for each in self.governed if each.address != unit.address]

    def hang(self, below: Iterable[str], parent: str | None) -> None:
        """What stood under a unit that ended stands under another one now."""
        gone = set(below)
        for place, row in enumerate(self.rows):
            if row.unit.parent in gone:
                fate = UnitFate.INSERTED if row.fate is UnitFate.INSERTED else UnitFate.MOVED
                moved = msgspec.structs.replace(row.unit, parent=parent)
                self.rows[place] = replace(row, unit=moved, fate=fate)
        self.governed = [replace(each, under=parent) if each.under in gone else each for each in self.governed]

    def lead(self, text: str, kind: AliasKind, target: str) -> None:
        """From now on ``text`` leads to the unit at ``target``."""
        name = unit_id(self.ground.document.document_ref, target, self.ground.living.form)
        self.aliases.append(TopologyAlias(text=text, kind=kind.value, target=target, target_unit_id=name))

    def decide(self, address: str, standing: Standing, at_byte: int = 0, under: str | None = None) -> None:
        """A decision that later cuts must honour."""
        self.governed.append(Governed(address=address, standing=standing.value, at_byte=at_byte, under=under, was=None))

    def is_parted(self, address: str) -> bool:
        """Whether this unit begins where a split put a boundary."""
        return any(each.address == address and each.standing == Standing.PARTED for each in self.governed)

    def unpart(self, address: str) -> None:
        """The unit begins elsewhere now, where no split put a boundary."""
        self.governed = [each for each in self.governed if each.address != address or each.standing != Standing.PARTED]

    def rehome(self, source: str, target: str, shift: int) -> None:
        """Boundaries that were taken away in one unit are now in another, ``shift`` bytes further on."""
        self.governed = [
            replace(each, address=target, at_byte=each.at_byte + shift)
            if each.address == source and each.standing == Standing.JOINED
            else each
            for each in self.governed
        ]

    def divide(self, address: str, pieces: Sequence[tuple[str, int]]) -> None:
        """Boundaries that were taken away in a unit are now in its ``pieces``: (address, where in the own text).

        One where a piece begins stays a decision, too: what the profile hangs under that text hangs elsewhere.
        """
        out = []
        for each in self.governed:
            if each.address == address and each.standing == Standing.JOINED:
                name, start = max((p for p in pieces if p[1] <= each.at_byte), key=lambda piece: piece[1])
                out.append(replace(each, address=name, at_byte=each.at_byte - start))
            else:
                out.append(each)
        self.governed = out

    def label(self, unit: Unit, was: Unit) -> None:
        """From now on ``unit`` stands where the profile would say what ``was`` says."""
        known = next((each for each in self.governed if _labels(each, was.address)), None)
        said = known.was if known else was.number
        self.governed = [each for each in self.governed if not _labels(each, unit.address)]
        if (unit.number, unit.kind, unit.level) != (said, was.kind, was.level):
            self.governed.append(
                Governed(address=unit.address, standing=Standing.LABELLED.value, at_byte=0, under=None, was=said)
            )

    def words(self) -> tuple[RecutUnit, ...]:
        """The manifest's word for each row."""
        reference, form = self.ground.document.document_ref, self.ground.living.form
        orders = fill([row.order for row in self.rows])
        return tuple(
            RecutUnit(
                change=row.fate.value,
                target_unit_id=unit_id(reference, row.unit.address, form),
                render_order=plain(order),
                alias=None,
                origins=row.origins,
            )
            for row, order in zip(self.rows, orders, strict=True)
        )

    def ends(self) -> tuple[RecutEnd, ...]:
        """The manifest's rows for those whose life ends."""
        reference, form = self.ground.document.document_ref, self.ground.living.form
        return tuple(
            RecutEnd(
                address=unit.address,
                target_unit_id=unit_id(reference, unit.address, form),
                change=self.ended[unit.address].value,
                start_byte=unit.start_byte,
                end_byte=unit.end_byte,
                render_order=plain(order),
                content_sha256=unit.content_sha256,
            )
            for unit, order in zip(self.ground.units, self.ground.living.orders, strict=True)
            if unit.address in self.ended
        )


def _labels(each: Governed, address: str) -> bool:
    return each.address == address and each.standing == Standing.LABELLED

"""Where a name leads (design 1.6, 1.8): from any address a unit ever had, step by step, to what lives today. Pure.

A living unit's own address is itself, whatever aliases say. The address of a unit that ended, and a text that never was
an address, lead on by their newest alias. Rows are written once, so the newest one is the one that holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cutter_agent.rows import Alias


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """One unit that ever was: its address, and whether its life has ended."""

    address: str
    ended: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """``steps``: the aliases that were followed. ``reached``: the address that lives, None where the trail breaks off.

    ``circle``: the trail came back to where it had been.
    """

    steps: tuple[Alias, ...]
    reached: str | None
    circle: bool = False


@dataclass(frozen=True, kw_only=True)
class Names:
    """Every unit of a document by id, and every alias, oldest first."""

    units: Mapping[str, Named]
    aliases: Sequence[Alias]
    _by_address: dict[str, Named] = field(init=False, repr=False)
    _newest: dict[str, Alias] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_address", {unit.address: unit for unit in self.units.values()})
        object.__setattr__(self, "_newest", {row.alias_text: row for row in self.aliases})

    def own(self, name: str) -> Named | None:
        """The unit whose own address this is."""
        return self._by_address.get(name)

    def is_known(self, name: str) -> bool:
        """Whether a unit ever had this address, or an alias says it."""
        return name in self._by_address or name in self._newest

    def follow(self, name: str) -> Trail:
        """From ``name`` to what lives."""
        return followed(name, self._by_address.get, self._newest.get, lambda unit_id: self.units[unit_id].address)


def followed(
    name: str,
    own: Callable[[str], Named | None],
    newest: Callable[[str], Alias | None],
    address_of: Callable[[str], str],
) -> Trail:
    """The walk itself: at most one step for each name, so it ends whatever is stored."""
    steps: list[Alias] = []
    seen = {name}
    while True:
        unit = own(name)
        if unit is not None and not unit.ended:
            return Trail(steps=tuple(steps), reached=name)
        alias = newest(name)
        if alias is None:
            return Trail(steps=tuple(steps), reached=None)
        steps.append(alias)
        name = address_of(alias.target_unit_id)
        if name in seen:
            return Trail(steps=tuple(steps), reached=None, circle=True)
        seen.add(name)

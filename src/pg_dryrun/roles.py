"""G-11: the grant matrix, tried cell by cell, both ways, as each principal itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pg_dryrun.subject import Login, Right, TableName


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One tried right. ``column`` is None for a whole table. ``allowed`` is what the server did, ``granted`` the declaration."""

    role: str
    table: TableName
    verb: str
    column: str | None
    granted: bool
    allowed: bool
    sqlstate: str | None

    @property
    def ok(self) -> bool:
        """The server did what is declared."""
        return self.granted == self.allowed


@dataclass(frozen=True, kw_only=True)
class RoleState:
    """Attributes, memberships and ownership that a grant matrix cannot show."""

    role: str
    attributes: tuple[str, ...]
    member_of: tuple[str, ...]
    owns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GrantMatrix:
    """Every cell tried and every defect in words."""

    cells: tuple[Cell, ...]
    roles: tuple[RoleState, ...]
    defects: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """No defect, and something was tried."""
        return not self.defects and bool(self.cells)


def probe(
    admin: Login, logins: Mapping[str, Login], *, rights: Sequence[Right], tables: Sequence[TableName]
) -> GrantMatrix:
    """Try every verb on every table of ``tables`` and ``rights`` in transactions that are rolled back.

    ``logins`` by **role** name. All other user relations are asked set-wise through the catalog.
    """
    raise NotImplementedError

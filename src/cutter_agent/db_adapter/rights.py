"""The one table of rights (design 1.10): roles, grants, report, probes and docs/reference/rights.md are made from it.

Nothing else in the repository grants anything. What is not in ``RIGHTS`` is refused by the server with 42501.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

LEDGER = "cutter_governance"
UNITS = "iu"
OBSERVE = "cutter_observe"
ADMIN = "cutter_admin"
SCHEMAS = (LEDGER, UNITS, OBSERVE, ADMIN)
"""Every schema that belongs to this product."""

LEDGER_TABLES = (
    "decision_backlog_entry",
    "decision_backlog_history",
    "decision_backlog_dependency",
    "decision_backlog_sweep_log",
    "manifest_envelope",
    "manifest_unit_block",
    "review_decision",
    "dot_pair_signature",
    "cut_change_set",
    "cut_change_set_affected_row",
    "verify_result",
    "canonical_address_alias",
)
UNIT_TABLES = (
    "source_snapshot",
    "source_original",
    "source_rendering",
    "manifest",
    "document",
    "information_unit",
    "unit_version",
)


class Role(StrEnum):
    """The four roles, by the names they have in production."""

    OWNER = "cutter_owner"
    EXEC = "cutter_exec"
    VERIFY = "cutter_verify"
    RO = "cutter_ro"


LANES = (Role.EXEC, Role.VERIFY)
"""The roles that log in."""


@dataclass(frozen=True, kw_only=True)
class RoleNames:
    """What the four roles are called on this server. Roles belong to the whole cluster, so several installations on
    one cluster need names of their own."""

    owner: str = Role.OWNER.value
    exec: str = Role.EXEC.value
    verify: str = Role.VERIFY.value
    ro: str = Role.RO.value

    def __post_init__(self) -> None:
        names = [getattr(self, each.name) for each in fields(self)]
        if len(set(names)) != len(names) or not all(names):
            raise ValueError(f"four different role names are needed, got {', '.join(map(repr, names))}")

    def of(self, role: Role) -> str:
        """The name of ``role`` on this server."""
        return {Role.OWNER: self.owner, Role.EXEC: self.exec, Role.VERIFY: self.verify, Role.RO: self.ro}[role]


@dataclass(frozen=True, kw_only=True)
class TableRight:
    """What ``role`` may do on ``table`` (``schema.name``): SELECT and INSERT mean all columns, UPDATE named ones."""

    role: Role
    table: str
    select: bool = False
    insert: bool = False
    update_columns: tuple[str, ...] = ()

    def letters(self) -> str:
        """The design's spelling: ``S I U(status)``."""
        words = (
            ["S"] * self.select
            + ["I"] * self.insert
            + [f"U({', '.join(self.update_columns)})"] * bool(self.update_columns)
        )
        return " ".join(words)


def _parse(role: Role, table: str, letters: str) -> TableRight:
    words = letters.split()
    return TableRight(
        role=role,
        table=table,
        select="S" in words,
        insert="I" in words,
        update_columns=tuple(word[2:-1] for word in words if word.startswith("U(")),
    )


# table: cutter_exec | cutter_verify. A re-cut needs nothing more: a retired unit or version is a change of its
# lifecycle status, and that is the verifier's, at the moment the new cut is proven.
_MATRIX: tuple[tuple[str, str, str], ...] = (
    (f"{LEDGER}.decision_backlog_entry", "S I U(status)", "S I U(status)"),
    (f"{LEDGER}.decision_backlog_history", "S I", "S I"),
    (f"{LEDGER}.decision_backlog_dependency", "S I", ""),
    (f"{LEDGER}.decision_backlog_sweep_log", "I", ""),
    (f"{LEDGER}.manifest_envelope", "S I", "S"),
    (f"{LEDGER}.manifest_unit_block", "S I", "S"),
    (f"{LEDGER}.review_decision", "S I U(superseded_by_review_decision_id)", "S"),
    (f"{LEDGER}.dot_pair_signature", "S I", "S I"),
    (f"{LEDGER}.cut_change_set", "S I", "S I"),
    (f"{LEDGER}.cut_change_set_affected_row", "I", "S I"),
    (f"{LEDGER}.verify_result", "", "S I"),
    (f"{LEDGER}.canonical_address_alias", "S I", "S"),
    (f"{UNITS}.source_snapshot", "S I", "S"),
    (f"{UNITS}.source_original", "S I", "S"),
    (f"{UNITS}.source_rendering", "S I", "S"),
    (f"{UNITS}.manifest", "S I", "S"),
    (f"{UNITS}.document", "S I", "S"),
    (f"{UNITS}.information_unit", "S I", "S U(lifecycle_status)"),
    (f"{UNITS}.unit_version", "S I", "S U(lifecycle_status)"),
    (f"{UNITS}.deployment_mark", "S", "S"),
)

RIGHTS: tuple[TableRight, ...] = tuple(
    right
    for table, exec_letters, verify_letters in _MATRIX
    for right in (_parse(Role.EXEC, table, exec_letters), _parse(Role.VERIFY, table, verify_letters))
    if right.letters()
) + tuple(TableRight(role=Role.RO, table=f"{OBSERVE}.{name}", select=True) for name in LEDGER_TABLES)

SCHEMA_USAGE: dict[Role, tuple[str, ...]] = {
    Role.EXEC: (LEDGER, UNITS),
    Role.VERIFY: (LEDGER, UNITS),
    Role.RO: (OBSERVE,),
}
"""Which schemas a role may look into at all."""


@dataclass(frozen=True, kw_only=True)
class RoleDefinition:
    """What a role is, apart from its rights. No role is superuser, createdb, createrole, replication or bypassrls, is a
    member of another, or (the owner apart) owns anything."""

    role: Role
    login: bool
    purpose: str


ROLES: tuple[RoleDefinition, ...] = (
    RoleDefinition(role=Role.OWNER, login=False, purpose="owns every object; never runs the agent"),
    RoleDefinition(role=Role.EXEC, login=True, purpose="lane DOT-991: marks, sweeps, records reviews, cuts"),
    RoleDefinition(role=Role.VERIFY, login=True, purpose="lane DOT-992: verifies"),
    RoleDefinition(role=Role.RO, login=False, purpose="onlookers: the redacted views and nothing else"),
)


def rights_of(role: Role) -> Iterator[TableRight]:
    """The rows of ``RIGHTS`` for ``role``."""
    return (right for right in RIGHTS if right.role is role)


def right_on(role: Role, table: str) -> TableRight:
    """What ``role`` may do on ``table``; an empty right where nothing is granted."""
    for right in rights_of(role):
        if right.table == table:
            return right
    return TableRight(role=role, table=table)

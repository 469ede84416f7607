"""G-09: the copy against the snapshot, line by line: tables, sequences, schema, roles, rights on the database.

With a live source every table's digest is compared; a dump file states rows only, and the comparison says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pg_dryrun.observer import Observer, connect, counts, schema
from pg_dryrun.observer import roles as catalog_roles
from pg_dryrun.observer.counts import SequenceState
from pg_dryrun.observer.roles import RoleFacts
from pg_dryrun.snapshot import ProofKind, Snapshot
from pg_dryrun.subject import Login


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that differs. ``kind``: table, sequence, large objects, schema, role, object."""

    kind: str
    name: str
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True)
class RestoreComparison:
    """The copy against the snapshot. ``compared`` counts what was looked at, by kind."""

    proof_kind: ProofKind
    differences: tuple[Difference, ...]
    compared: Mapping[str, int] = field(default_factory=dict)
    schema_digest: str = ""

    @property
    def equal(self) -> bool:
        """Nothing differs, and something was compared."""
        return not self.differences and sum(self.compared.values()) > 0


def compare(snapshot: Snapshot, restored: Login) -> RestoreComparison:
    """Look at the copy from one snapshot and list every difference. ``restored`` must be a superuser there."""
    with connect(restored, purpose="compare", read_only=True, statement_timeout_s=3600.0) as observer, observer.block():
        tables = _table_differences(snapshot, observer)
        sequences = _sequence_differences(snapshot, observer)
        found_schema = schema.fingerprint(observer)
        others = [*_schema_differences(snapshot, found_schema), *_role_differences(snapshot, observer)]
        others += _object_differences(snapshot, observer)
        others += _large_object_differences(snapshot, observer)
        others += _privilege_differences(snapshot, observer)
    return RestoreComparison(
        proof_kind=snapshot.proof_kind,
        differences=(*tables, *sequences, *others),
        compared={
            "tables": len(snapshot.tables),
            "rows": sum(table.rows for table in snapshot.tables.values()),
            "sequences": len(snapshot.sequences),
            "large objects": snapshot.large_objects,
            "schema lines": sum(len(lines) for lines in snapshot.schema.sections.values()) if snapshot.schema else 0,
            "objects": len(snapshot.objects),
            "roles": len(snapshot.needs.roles),
        },
        schema_digest=found_schema.digest,
    )


def _table_differences(snapshot: Snapshot, observer: Observer) -> list[Difference]:
    present = set(counts.readable(observer))
    wanted = [name for name in snapshot.tables if name in present]
    found = [
        Difference(kind="table", name=name, expected="present", found="absent")
        for name in sorted(snapshot.tables.keys() - present)
    ]
    if snapshot.proof_kind is ProofKind.DUMP_CONTENT:
        numbers = counts.count(observer, wanted)
        return found + [
            Difference(kind="table", name=name, expected=f"{snapshot.tables[name].rows} rows", found=f"{rows} rows")
            for name, rows in numbers.items()
            if rows != snapshot.tables[name].rows
        ]
    digests = counts.digests(observer, wanted)
    found += [
        Difference(
            kind="table",
            name=name,
            expected=f"{snapshot.tables[name].rows} rows {snapshot.tables[name].digest}",
            found=f"{digest.rows} rows {digest.digest}",
        )
        for name, digest in digests.items()
        if digest != snapshot.tables[name]
    ]
    return found + [
        Difference(kind="table", name=name, expected="absent", found="present")
        for name in sorted(present - snapshot.tables.keys())
    ]


def _sequence_differences(snapshot: Snapshot, observer: Observer) -> list[Difference]:
    """The copy's state must be one that the source had between the two looks."""
    found = counts.sequences(observer)
    return [
        Difference(kind="sequence", name=name, expected=str(state), found=str(found.get(name)))
        for name, state in snapshot.sequences.items()
        if not _between(state, found.get(name), snapshot.sequences_after.get(name, state))
    ]


def _between(before: SequenceState, found: SequenceState | None, after: SequenceState) -> bool:
    if found is None:
        return False
    low, high = sorted((before.last_value, after.last_value))
    return found in (before, after) or (before != after and low <= found.last_value <= high)


def _schema_differences(snapshot: Snapshot, found: schema.SchemaFingerprint) -> list[Difference]:
    if snapshot.schema is None:
        return []
    return [
        Difference(
            kind="schema",
            name=line.partition(":")[0],
            expected=line if ": - " in line else "absent",
            found="absent" if ": - " in line else line,
        )
        for line in snapshot.schema.difference(found)
    ]


def _role_differences(snapshot: Snapshot, observer: Observer) -> list[Difference]:
    """Attributes and memberships, but for the login: placeholders have none."""
    found = {role.name: role for role in catalog_roles.facts(observer, [role.name for role in snapshot.needs.roles])}
    return [
        Difference(kind="role", name=role.name, expected=_shown(role), found=_shown(found.get(role.name)))
        for role in snapshot.needs.roles
        if role.name not in found
        or (
            role.name != observer.login.user
            and snapshot.proof_kind is ProofKind.SOURCE_DIGESTS
            and _shown(role) != _shown(found[role.name])
        )
    ]


def _shown(role: RoleFacts | None) -> str:
    if role is None:
        return "absent"
    return f"{' '.join(a for a in role.attributes if a != 'LOGIN')} in [{', '.join(role.member_of)}]"


def _object_differences(snapshot: Snapshot, observer: Observer) -> list[Difference]:
    if not snapshot.objects:
        return []
    rows = observer.rows(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    )
    present = {str(row["name"]) for row in rows}
    return [
        Difference(kind="object", name=name, expected="present", found="absent")
        for name in snapshot.objects
        if name not in present
    ]


def _privilege_differences(snapshot: Snapshot, observer: Observer) -> list[Difference]:
    wanted = snapshot.needs.database_privileges
    if wanted is None:
        return []
    found = catalog_roles.database_privileges(observer)
    own = f" TO {observer.login.user}"  # the copy belongs to the environment's superuser
    moved = sorted({line for line in set(wanted) ^ set(found) if not line.endswith(own)})
    return [
        Difference(
            kind="database privilege",
            name=line,
            expected="granted" if line in wanted else "not granted",
            found="granted" if line in found else "not granted",
        )
        for line in moved
    ]


def _large_object_differences(snapshot: Snapshot, observer: Observer) -> list[Difference]:
    found = counts.large_objects(observer).rows
    if found == snapshot.large_objects:
        return []
    return [Difference(kind="large objects", name="all", expected=str(snapshot.large_objects), found=str(found))]

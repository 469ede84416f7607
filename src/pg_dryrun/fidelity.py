"""G-09: the copy against the snapshot, line by line: tables, sequences, schema, roles, rights on the database.

With a live source every table's digest is compared; a dump file states rows only, and the comparison says so.

A dump holds no rows of a materialized view: a restore computes them anew. One that was stale in production therefore
differs. It is accepted, and declared, where its definition and everything that it is computed from are equal, and it
holds what its definition gives on the copy now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from pg_dryrun import dumps, loading
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.loading import Loading
from pg_dryrun.needs import collations
from pg_dryrun.observer import Observer, ServerAnswer, connect, counts, schema, slices
from pg_dryrun.observer import roles as catalog_roles
from pg_dryrun.observer.counts import SequenceState, TableDigest
from pg_dryrun.observer.roles import RoleFacts
from pg_dryrun.snapshot import PARALLEL_FROM_BYTES, ProofKind, Snapshot
from pg_dryrun.subject import Login

_DEADLINE_S = 3600.0


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
    deviations: tuple[str, ...] = ()
    """What differs, is known why, and is declared: materialized views that were stale in production, versions of
    collations."""

    @property
    def equal(self) -> bool:
        """Nothing differs, and something was compared."""
        return not self.differences and sum(self.compared.values()) > 0


def compare(snapshot: Snapshot, restored: Login, *, loaded: Loading | None = None) -> RestoreComparison:
    """Look at the copy and list every difference. ``restored`` must be a superuser there, and nobody may write to it:
    several sessions look at it, each with a snapshot of its own. ``loaded``: what the restore digested on its way; a
    table counts as digested where it was not touched since."""
    with connect(restored, purpose="compare", read_only=True, statement_timeout_s=_DEADLINE_S) as observer:
        tables = _table_differences(snapshot, observer, loaded or Loading())
        sequences = _sequence_differences(snapshot, observer)
        found_schema = schema.fingerprint(observer)
        others = [*_schema_differences(snapshot, found_schema), *_role_differences(snapshot, observer)]
        others += _object_differences(snapshot, observer)
        others += _large_object_differences(snapshot, observer)
        others += _privilege_differences(snapshot, observer)
        deviations = _collation_versions(snapshot, observer)
        if tables and not sequences and not others:
            tables, stale = _without_stale_views(tables, observer, binary=snapshot.binary_digests)
            deviations += stale
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
        deviations=tuple(deviations),
    )


def _table_differences(snapshot: Snapshot, observer: Observer, loaded: Loading) -> list[Difference]:
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
    known = loading.untouched(observer, loaded)
    equal = {name for name, digest in known.items() if digest == snapshot.tables.get(name)}
    left = [name for name in wanted if name not in equal]  # a difference is looked at again before it is told
    parts = slices.cut(observer, left, binary=snapshot.binary_digests)
    with _sessions(observer, sum(part.size_bytes for part in parts)) as sessions:
        digests = slices.digests(sessions, parts)
    found += [
        Difference(
            kind="table",
            name=name,
            expected=_spelled(snapshot.tables[name]),
            found=_spelled(digest),
        )
        for name, digest in digests.items()
        if digest != snapshot.tables[name]
    ]
    return found + [
        Difference(kind="table", name=name, expected="absent", found="present")
        for name in sorted(present - snapshot.tables.keys())
    ]


@contextmanager
def _sessions(observer: Observer, size_bytes: int) -> Iterator[list[Observer]]:
    """This session and, for much work, others beside it."""
    number = dumps.jobs() - 1 if size_bytes >= PARALLEL_FROM_BYTES else 0
    with ExitStack() as stack:
        yield [
            observer,
            *(
                stack.enter_context(
                    connect(observer.login, purpose="compare", read_only=True, statement_timeout_s=_DEADLINE_S)
                )
                for _ in range(number)
            ),
        ]


def _without_stale_views(
    tables: list[Difference], observer: Observer, *, binary: bool
) -> tuple[list[Difference], list[str]]:
    """The differences without those of materialized views, if nothing else differs; and what is declared instead."""
    definitions = {
        str(row["name"]): str(row["definition"])
        for row in observer.rows(
            "SELECT n.nspname || '.' || c.relname AS name, rtrim(pg_catalog.pg_get_viewdef(c.oid), ' ;') AS definition"
            " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'm' AND c.relispopulated"
        )
    }
    if any(item.name not in definitions for item in tables):
        return tables, []
    left, declared = [], []
    for item in tables:
        word = _refreshed(item, definitions[item.name], observer, binary=binary)
        if word is None:
            left.append(item)
        else:
            declared.append(word)
    return left, declared


def _refreshed(item: Difference, definition: str, observer: Observer, *, binary: bool) -> str | None:
    """What to declare of a materialized view that differs, or None where it does not hold what its definition gives.

    A definition that gives something else each time it is asked (a clock, a random number) cannot be compared at all.
    """
    spelled = slices.cut(observer, [item.name], binary=binary)[0].binary
    source = f"({definition}) AS t"
    try:
        first, second = (slices.digest_rows(observer, source, binary=spelled).digest for _ in range(2))
    except ServerAnswer as answer:
        raise EnvironmentFault(f"materialized view {item.name}: {answer.message}", remedy=answer.remedy) from answer
    name = f"materialized view {item.name}"
    if first != second:
        return f"{name} gives other rows each time: the copy's were computed by the restore"
    if item.found != _spelled(first):
        return None
    return f"{name} was stale in production ({item.expected}); the copy's is refreshed ({item.found})"


def _spelled(digest: TableDigest) -> str:
    return f"{digest.rows} rows {digest.digest}"


def _collation_versions(snapshot: Snapshot, observer: Observer) -> list[str]:
    """Another version of a collation sorts some words differently: an index may be used in another order."""
    found = {item.name: item.version for item in collations(observer)}
    return [
        f"collation {item.name} has version {found[item.name] or 'unknown'}, in production {item.version}"
        for item in snapshot.needs.collations
        if item.version and item.name in found and found[item.name] != item.version
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

"""C-05: check what the dump needs, restore it, and compare the copy with the snapshot line by line (G-08, G-09).

Roles come first (as the source's catalog shows them, without login and password), then the database with the source's
encoding and locale, then the script in one transaction that stops at the first error: a missing extension, skipped in
silence, would still end with status 0.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pg_dryrun import commands
from pg_dryrun.credentials import Vault
from pg_dryrun.observer import Observer, ServerAnswer, connect, counts, quote, quote_literal, schema
from pg_dryrun.observer import roles as catalog_roles
from pg_dryrun.observer.counts import SequenceState
from pg_dryrun.observer.roles import RoleFacts
from pg_dryrun.snapshot import Needs, ProofKind, Snapshot
from pg_dryrun.subject import Login

_OWN_DATABASES = frozenset({"postgres", "template0", "template1"})
_COPY_NAME = "rehearsal"
_TUNED = (
    "-c synchronous_commit=off -c maintenance_work_mem=256MB -c max_parallel_maintenance_workers=2"
    " -c log_statement=none -c statement_timeout=0 -c lock_timeout=0"
)
_INSTRUMENT_SETTINGS = ("log_", "wal_level", "default_transaction_read_only")
_EXECUTABLE_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}


@dataclass(frozen=True, kw_only=True)
class Missing:
    """One thing the environment lacks. ``kind``: version, extension, locale, encoding."""

    kind: str
    name: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """The restored copy. ``admin`` is the environment's superuser on the copy's database.

    ``deviations`` are declared: what is knowingly not as in production.
    """

    admin: Login
    created_roles: tuple[str, ...]
    deviations: tuple[str, ...]
    duration_s: float


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


def missing(needs: Needs, admin: Login) -> tuple[Missing, ...]:
    """Everything the server of ``admin`` lacks for a restore, all at once; empty means that it can be tried."""
    with connect(admin, purpose="needs") as observer:
        found = list(_missing_extensions(needs, observer))
        major = observer.server_version_num // 10000
        if needs.server_major and major != needs.server_major:
            found.append(
                Missing(
                    kind="version",
                    name=f"PostgreSQL {needs.server_major}",
                    remedy=f"This server is PostgreSQL {major}: take a lender of major version {needs.server_major}.",
                )
            )
        if needs.locale_provider and not _locale_works(needs, observer):
            found.append(
                Missing(
                    kind="locale",
                    name=f"{needs.collate} / {needs.ctype} {needs.locale} ({_provider(needs)}, {needs.encoding})",
                    remedy="Install this locale on the machine, or take a lender that has it.",
                )
            )
    return tuple(found)


def restore(
    snapshot: Snapshot,
    admin: Login,
    *,
    bin_dir: Path,
    vault: Vault,
    dbname: str | None = None,
    timeout_s: float = 3600.0,
) -> Restored:
    """Create roles and database on the server of ``admin`` and restore; ``bin_dir`` holds ``psql``.

    The copy has the name of the source's database unless the server already has one of its own by that name.
    Raises ``EnvironmentFault`` with the server's words; the half-made copy is for the caller's teardown.
    """
    began = time.monotonic()
    wanted = dbname or (snapshot.identity.database if snapshot.identity else _COPY_NAME)
    name = _COPY_NAME if wanted in _OWN_DATABASES else wanted
    deviations = [f"the database is called {name}, not {wanted}"] if name != wanted else []
    with connect(admin, purpose="restore", statement_timeout_s=timeout_s) as observer:
        observer.execute("SET log_statement = 'none'")
        created = _create_roles(snapshot.needs.roles, observer)
        _create_database(name, snapshot.needs, observer)
        deviations += _apply_settings(snapshot.needs, name, observer)
        deviations += _apply_privileges(snapshot.needs, name, observer)
    target = replace(admin, dbname=name)
    _run_script(snapshot.dump.script, target, bin_dir=bin_dir, vault=vault, timeout_s=timeout_s)
    with connect(target, purpose="analyze", statement_timeout_s=timeout_s) as observer:
        observer.execute("ANALYZE")
    return Restored(
        admin=target,
        created_roles=created,
        deviations=tuple(deviations),
        duration_s=time.monotonic() - began,
    )


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


def _missing_extensions(needs: Needs, observer: Observer) -> Iterator[Missing]:
    rows = observer.rows("SELECT name::text AS name, version FROM pg_catalog.pg_available_extension_versions")
    available: dict[str, set[str]] = {}
    for row in rows:
        available.setdefault(str(row["name"]), set()).add(str(row["version"]))
    for name, version in needs.extensions.items():
        if name not in available:
            yield Missing(kind="extension", name=name, remedy=f"Take a lender whose PostgreSQL has {name}.")
        elif version and version not in available[name]:
            yield Missing(
                kind="extension",
                name=f"{name} {version}",
                remedy=f"This server has {', '.join(sorted(available[name]))}; update the one that differs.",
            )


def _locale_works(needs: Needs, observer: Observer) -> bool:
    """Whether a database of this locale can be made: the server's own check, by making an empty one."""
    name = f"locale_probe_{secrets.token_hex(6)}"
    try:
        _create_database(name, needs, observer)
    except ServerAnswer:
        return False
    observer.execute(f"DROP DATABASE {quote(name)}")
    return True


def _create_database(name: str, needs: Needs, observer: Observer) -> None:
    options = ["TEMPLATE template0", "STRATEGY FILE_COPY"]
    if needs.encoding:
        options.append(f"ENCODING {quote_literal(needs.encoding)}")
    if needs.locale_provider:
        options.append(f"LOCALE_PROVIDER {_provider(needs)}")
        options.append(f"LC_COLLATE {quote_literal(needs.collate)} LC_CTYPE {quote_literal(needs.ctype)}")
        if needs.locale:
            word = "ICU_LOCALE" if needs.locale_provider == "i" else "BUILTIN_LOCALE"
            options.append(f"{word} {quote_literal(needs.locale)}")
    observer.execute(f"CREATE DATABASE {quote(name)} {' '.join(options)}")


def _provider(needs: Needs) -> str:
    return _EXECUTABLE_PROVIDERS.get(needs.locale_provider, needs.locale_provider)


def _create_roles(wanted: tuple[RoleFacts, ...], observer: Observer) -> tuple[str, ...]:
    """Placeholders: the source's attributes and memberships, no login and no password. Existing roles are left alone."""
    existing = {str(row["name"]) for row in observer.rows("SELECT rolname::text AS name FROM pg_catalog.pg_roles")}
    created = [role for role in wanted if role.name not in existing]
    for role in created:
        attributes = " ".join(attribute for attribute in role.attributes if attribute != "LOGIN")
        observer.execute(f"CREATE ROLE {quote(role.name)} NOLOGIN {attributes}")
    for role in created:
        for group in role.member_of:
            observer.execute(f"GRANT {quote(group)} TO {quote(role.name)}")
    return tuple(role.name for role in created)


def _apply_settings(needs: Needs, database: str, observer: Observer) -> list[str]:
    """The source's ALTER ROLE … SET and ALTER DATABASE … SET; what cannot or must not be applied is a deviation."""
    wanted = [(f"DATABASE {quote(database)}", item) for item in needs.database_settings]
    for role in needs.roles:
        wanted += [(f"ROLE {quote(role.name)}", item) for item in role.settings]
        wanted += [(f"ROLE {quote(role.name)} IN DATABASE {quote(database)}", item) for item in role.settings_here]
    deviations = []
    for target, item in wanted:
        name, _, value = item.partition("=")
        if name.startswith(_INSTRUMENT_SETTINGS):
            deviations.append(f"{target}: {item} left out (it would blind or stop the rehearsal)")
            continue
        try:
            # FROM CURRENT keeps lists lists: SET search_path = '"$user", public' would make one name of two.
            with observer.block("BEGIN"):
                observer.rows("SELECT pg_catalog.set_config(%s, %s, true)", [name, value])
                observer.execute(f"ALTER {target} SET {_setting(name)} FROM CURRENT")
        except ServerAnswer as answer:
            deviations.append(f"{target}: {item} could not be applied: {answer.message}")
    return deviations


def _apply_privileges(needs: Needs, database: str, observer: Observer) -> list[str]:
    """Rights on the database itself, which no dump holds: exactly the source's, for every role that the copy has."""
    if needs.database_privileges is None:
        return []
    deviations = []
    observer.execute(f"REVOKE ALL ON DATABASE {quote(database)} FROM PUBLIC")
    for item in needs.database_privileges:
        privilege, _, role = item.partition(" TO ")
        grantee = "PUBLIC" if role == "public" else quote(role)
        try:
            observer.execute(f"GRANT {privilege} ON DATABASE {quote(database)} TO {grantee}")
        except ServerAnswer as answer:
            deviations.append(f"DATABASE {database}: {item} could not be granted: {answer.message}")
    return deviations


def _setting(name: str) -> str:
    return ".".join(quote(part) for part in name.split("."))


def _run_script(script: Path, target: Login, *, bin_dir: Path, vault: Vault, timeout_s: float) -> None:
    """psql without start-up file, in restricted mode: a script of somebody else's must not run psql's own commands."""
    argv: list[str | Path] = [bin_dir / "psql", "-X", "-q", "-w", "-1", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null"]
    if not _restricts_itself(script):
        argv += ["-c", f"\\restrict {secrets.token_hex(16)}"]
    argv += ["-f", script]
    environment = {**vault.environment(target), "PGOPTIONS": _TUNED}
    commands.check(argv, timeout_s=timeout_s, env=environment, redact=vault.redact)


def _restricts_itself(script: Path) -> bool:
    """pg_dump since August 2025 begins its script by restricting psql, before anything but comments."""
    with script.open("rb") as file:
        for line in file:
            if line.strip() and not line.startswith(b"--"):
                return line.startswith(b"\\restrict ")
    return False


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

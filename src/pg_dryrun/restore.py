"""C-05: check what the dump needs, and restore it (G-08).

Roles come first (as the source's catalog shows them, without login and password), then the database with the source's
encoding and locale, then the script in one transaction that stops at the first error: a missing extension, skipped in
silence, would still end with status 0.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pg_dryrun import commands
from pg_dryrun.credentials import Vault
from pg_dryrun.observer import Observer, ServerAnswer, connect, quote, quote_literal
from pg_dryrun.observer.roles import RoleFacts
from pg_dryrun.snapshot import Needs, Snapshot
from pg_dryrun.subject import Login

_OWN_DATABASES = frozenset({"postgres", "template0", "template1"})
_COPY_NAME = "rehearsal"
_TUNED = (
    "-c synchronous_commit=off -c maintenance_work_mem=256MB -c max_parallel_maintenance_workers=2"
    " -c default_transaction_read_only=off -c log_statement=none -c statement_timeout=0 -c lock_timeout=0"
)
_INSTRUMENT_SETTINGS = ("log_", "wal_level")
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
    """Placeholders: the source's attributes and memberships, no login and no password. Existing roles are left
    alone."""
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
            deviations.append(f"{target}: {item} left out (it would blind the rehearsal)")
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

"""C-05: restore the dump (what it needs was asked before, ``needs``).

Roles come first (as the source's catalog shows them, without login and password), then tablespaces, then the database
with the source's encoding and locale, then a script in one transaction, or an archive by parallel jobs. Both stop at
the first error: a missing extension, skipped in silence, would still end with status 0.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pg_dryrun import commands, dumps, loading
from pg_dryrun.credentials import Vault
from pg_dryrun.dumps import DumpFormat
from pg_dryrun.ledger import Kind
from pg_dryrun.loading import Loading
from pg_dryrun.needs import Needs, create_database, create_tablespaces
from pg_dryrun.observer import Observer, ServerAnswer, connect, quote
from pg_dryrun.observer.roles import RoleFacts
from pg_dryrun.snapshot import ProofKind, Snapshot
from pg_dryrun.subject import Login
from pg_embedded.places import available_memory_bytes

_OWN_DATABASES = frozenset({"postgres", "template0", "template1"})
_COPY_NAME = "rehearsal"
SERVER_SETTINGS: Mapping[str, str] = {
    "wal_level": "minimal",  # a table that was made in the same restore is loaded, and its indexes built, without WAL
    "max_wal_senders": "0",
    "max_wal_size": "16GB",  # no checkpoint while it lasts
    "shared_buffers": "256MB",
}
"""What a server is started with for the time of a restore. Its clones have settings of their own."""
TUNED = (
    "-c synchronous_commit=off -c default_transaction_read_only=off -c log_statement=none"
    " -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"
)
_INSTRUMENT_SETTINGS = ("log_", "wal_level")
_NEVER_ANALYSED = """
SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'p') AND c.reltuples < 0 AND n.nspname !~ '^pg_(toast|temp)' ORDER BY 1
"""
Announce = Callable[[Kind, str], None]
"""Told before something is made in a server that may outlive the run."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """The restored copy. ``admin`` is the environment's superuser on the copy's database.

    ``deviations`` are declared: what is knowingly not as in production.
    """

    admin: Login
    created_roles: tuple[str, ...]
    deviations: tuple[str, ...]
    duration_s: float
    loading: Loading = field(default_factory=Loading)
    """Tables that were digested while the restore went on, for ``fidelity.compare``."""


def restore(
    snapshot: Snapshot,
    admin: Login,
    *,
    bin_dir: Path,
    vault: Vault,
    dbname: str | None = None,
    timeout_s: float = 3600.0,
    announce: Announce | None = None,
) -> Restored:
    """Create roles and database on the server of ``admin`` and restore; ``bin_dir`` holds ``psql``, ``pg_restore``.

    The copy has the name of the source's database unless the server already has one of its own by that name.
    Raises ``EnvironmentFault`` with the server's words; the half-made copy is for the caller's teardown.
    """
    tell: Announce = announce or (lambda _kind, _name: None)
    began = time.monotonic()
    wanted = dbname or (snapshot.identity.database if snapshot.identity else _COPY_NAME)
    name = _COPY_NAME if wanted in _OWN_DATABASES else wanted
    deviations = [f"the database is called {name}, not {wanted}"] if name != wanted else []
    with connect(admin, purpose="restore", statement_timeout_s=timeout_s) as observer:
        observer.execute("SET log_statement = 'none'")
        created = _create_roles(snapshot.needs.roles, observer, tell)
        spaces = create_tablespaces(snapshot.needs, observer)
        deviations += [f"tablespace {space} lies inside the data directory" for space in spaces]
        tell(Kind.DATABASE, name)
        create_database(name, snapshot.needs, observer)
        deviations += _apply_settings(snapshot.needs, name, observer)
        deviations += _apply_privileges(snapshot.needs, name, observer)
    target = replace(admin, dbname=name)
    if snapshot.dump.format is DumpFormat.PLAIN:
        _run_script(snapshot.dump.script, target, bin_dir=bin_dir, vault=vault, timeout_s=timeout_s)
        seen = Loading()
    else:
        digests = snapshot.tables if snapshot.proof_kind is ProofKind.SOURCE_DIGESTS else {}
        with loading.digested(target, digests, binary=snapshot.binary_digests, timeout_s=timeout_s) as seen:
            _run_archive(snapshot, target, bin_dir=bin_dir, vault=vault, timeout_s=timeout_s)
    with connect(target, purpose="analyze", statement_timeout_s=timeout_s) as observer:
        names = [str(row["name"]) for row in observer.rows(_NEVER_ANALYSED)] if snapshot.planner_statistics else []
        if names or not snapshot.planner_statistics:
            observer.execute(f"ANALYZE {', '.join(names)}")
    return Restored(
        admin=target,
        created_roles=created,
        deviations=tuple(deviations),
        duration_s=time.monotonic() - began,
        loading=seen,
    )


def _create_roles(wanted: tuple[RoleFacts, ...], observer: Observer, tell: Announce) -> tuple[str, ...]:
    """Placeholders: the source's attributes and memberships, no login and no password. Existing roles are left
    alone."""
    existing = {str(row["name"]) for row in observer.rows("SELECT rolname::text AS name FROM pg_catalog.pg_roles")}
    created = [role for role in wanted if role.name not in existing]
    for role in created:
        tell(Kind.ROLE, role.name)
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
    _load(argv, target, vault=vault, timeout_s=timeout_s, sessions=1)


def _run_archive(snapshot: Snapshot, target: Login, *, bin_dir: Path, vault: Vault, timeout_s: float) -> None:
    """pg_restore sends SQL and knows no commands of its own, whoever wrote the archive."""
    dump = snapshot.dump
    sessions = 1 if dump.format is DumpFormat.TAR else dumps.jobs()  # a tar can only be read from front to back
    argv: list[str | Path] = [bin_dir / "pg_restore", "--exit-on-error", "--no-password", f"--dbname={target.dbname}"]
    if sessions > 1:
        argv.append(f"--jobs={sessions}")
    _load([*argv, dump.path], target, vault=vault, timeout_s=timeout_s, sessions=sessions)


def _load(argv: list[str | Path], target: Login, *, vault: Vault, timeout_s: float, sessions: int) -> None:
    """Indexes are most of the work. With as many sessions as processors, helpers of a session would only be in the way
    (``docs/decisions/clones.md``)."""
    memory_mb = max(64, min(512, available_memory_bytes() // (8 << 20) // sessions))
    helpers = 2 if sessions == 1 else 0
    tuned = f"{TUNED} -c maintenance_work_mem={memory_mb}MB -c max_parallel_maintenance_workers={helpers}"
    environment = {**vault.environment(target), "PGOPTIONS": tuned}
    commands.check(argv, timeout_s=timeout_s, env=environment, redact=vault.redact)


def _restricts_itself(script: Path) -> bool:
    """pg_dump since August 2025 begins its script by restricting psql, before anything but comments."""
    with script.open("rb") as file:
        for line in file:
            if line.strip() and not line.startswith(b"--"):
                return line.startswith(b"\\restrict ")
    return False

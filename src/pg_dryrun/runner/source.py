"""C-03: production is looked at, proven read-only, and dumped; whichever of its three forms it has."""

from __future__ import annotations

from dataclasses import asdict, replace

from pg_dryrun import dump_file, reader, restore, snapshot
from pg_dryrun.environments.interface import Environment
from pg_dryrun.errors import PlanFault
from pg_dryrun.gates.interface import Gate
from pg_dryrun.gates.source import ReadOnlyGate, SourceIdentityGate
from pg_dryrun.observer import Observer, connect, quote
from pg_dryrun.observer.identity import footprint, identity
from pg_dryrun.plan import BaseBackup, DumpFile, LiveSource, StandIn
from pg_dryrun.record import ProductionFacts
from pg_dryrun.runner import backup
from pg_dryrun.runner.run import Run
from pg_dryrun.subject import Login
from sealing.digest import canonical_digest, file_sha256

READER = "dryrun_reader"
STAND_IN_DATABASE = "production"
_RESTORED_BY_DUMPED = 4
"""About how much larger a database is than its dump, which may be compressed and holds no index."""
_SIZE = "database_size_bytes"
_IN_USE = frozenset({_SIZE, "next_xid", "relations", "sessions_of_this_tool"})
"""What a production in use changes while nobody of ours writes; a stand-in changes nothing but its size."""


def snapshot_of_production(run: Run) -> None:
    """C-03."""
    run.step("C-03")
    run.ask(ReadOnlyGate, lambda: _read_only(run))
    run.ask(SourceIdentityGate, lambda: _identity(run))


def _read_only(run: Run) -> Gate:
    """Find the source, look at it before anything else, and prove that the reading role cannot write."""
    plan_source = run.plan.source
    run.facts.production = ProductionFacts(kind=plan_source.kind)
    match plan_source:
        case DumpFile() | BaseBackup():
            run.facts.production = replace(run.facts.production, identity_before=look_at_file(plan_source))
            return ReadOnlyGate(proof=None)
        case LiveSource():
            run.facts.source = plan_source.login
            run.vault.adopt(f"password of {plan_source.login.user}", plan_source.login.password)
        case StandIn():
            run.facts.source = _stand_in(run)
    with connect(run.facts.source, purpose="proof", read_only=True) as observer:
        run.facts.production = replace(run.facts.production, identity_before=look_at_server(run, observer))
        return ReadOnlyGate(proof=reader.prove(observer))


def _identity(run: Run) -> Gate:
    """Take the snapshot and compare what it is of with what the plan authorises."""
    if isinstance(run.plan.source, BaseBackup):
        return backup.source_identity(run, run.plan.source)
    authorised: dict[str, str | None] = {}
    production = run.facts.production or ProductionFacts(kind=run.plan.source.kind)
    programs = rehearsal_environment(run)
    bin_dir = programs.program("pg_dump").parent
    seconds = float(run.plan.thresholds.command_timeout_s)
    if isinstance(run.plan.source, DumpFile):
        taken = dump_file.read(run.plan.source.path, bin_dir=bin_dir, workdir=run.workdir, ledger=run.ledger)
        authorised["dump sha256"] = run.plan.source.sha256
    else:
        if run.facts.source is None:
            raise AssertionError("G-05 was kept without a source")
        taken = snapshot.take(
            run.facts.source,
            bin_dir=bin_dir,
            workdir=run.workdir,
            vault=run.vault,
            major=programs.major,
            ledger=run.ledger,
            timeout_s=seconds,
        )
        if isinstance(run.plan.source, LiveSource):
            authorised["system identifier"] = run.plan.source.system_identifier
    run.facts.snapshot = taken
    run.facts.production = replace(
        production,
        dump_path=str(taken.dump.path),
        dump_sha256=taken.dump.sha256,
        dump_content_sha256=taken.dump.content_sha256,
        dump_size_bytes=taken.dump.size_bytes,
        dump_kept=isinstance(run.plan.source, DumpFile),
        schema_sha256=taken.schema.digest if taken.schema is not None else None,
        tables=len(taken.tables),
        rows=sum(table.rows for table in taken.tables.values()),
    )
    found = {"dump sha256": taken.dump.sha256}
    if taken.identity is not None:
        found["system identifier"] = taken.identity.system_identifier
    return SourceIdentityGate(authorised={name: value for name, value in authorised.items() if value}, found=found)


def rehearsal_environment(run: Run) -> Environment:
    """The environment of the copy, lent once. Its programs read the source, too."""
    if run.rehearsal is None:
        known = len(run.ledger.entries())
        size_bytes, major = _weight(run)
        run.rehearsal = run.lend("rehearsal", settings=restore.SERVER_SETTINGS, expected_bytes=size_bytes, major=major)
        run.facts.environment = run.rehearsal.describe()
        run.facts.environment_is_ours = len(run.ledger.entries()) > known
    return run.rehearsal


def _weight(run: Run) -> tuple[int, int | None]:
    """How large the restored database will be, in bytes, and of which major version it is; as far as can be told."""
    if isinstance(run.plan.source, DumpFile):
        seen = run.facts.production.identity_before if run.facts.production is not None else {}
        return _RESTORED_BY_DUMPED * int(str(seen.get("size_bytes", 0))), dump_file.major_of(run.plan.source.path)
    if run.facts.source is None:
        return 0, None
    with connect(run.facts.source, purpose="size", read_only=True) as observer:
        return footprint(observer).database_size_bytes, observer.server_version_num // 10000


def _stand_in(run: Run) -> Login:
    """A production made by the subject on a server of its own, and a role on it that reads everything."""
    server = run.lend("production", own_identity=True)
    run.vault.adopt("stand-in superuser", server.admin.password)
    with connect(server.admin, purpose="stand-in") as observer:
        observer.execute(f"CREATE DATABASE {quote(STAND_IN_DATABASE)}")
    admin = server.login(STAND_IN_DATABASE)
    folder = run.workdir / "production"
    folder.mkdir(mode=0o700)
    facts = run.subject.make_production(admin, folder)
    production = run.facts.production or ProductionFacts(kind="stand-in")
    run.facts.production = replace(production, facts=dict(facts))
    return reader.create_reader(admin, role=READER, password=run.vault.new_password(f"password of {READER}"))


def look_at_server(run: Run, observer: Observer) -> dict[str, object]:
    """Identity and footprint of production now, as canonical-JSON values."""
    who, weight = identity(observer), footprint(observer)
    run.facts.moving = _IN_USE if isinstance(run.plan.source, LiveSource) else frozenset({_SIZE})
    return {name: _plain(value) for name, value in {**asdict(who), **asdict(weight)}.items()}


def look_at_file(source: DumpFile | BaseBackup) -> dict[str, object]:
    """What a dump or backup is: path, size, digest of its file or of all its files. Raises ``PlanFault`` if there is
    none."""
    try:
        files = sorted(path for path in source.path.rglob("*") if path.is_file()) if source.path.is_dir() else []
        if source.path.is_dir() and not files:
            raise PlanFault(f"{source.path} is an empty folder", remedy="Name a dump or a base backup.")
        sizes = [path.stat().st_size for path in files or [source.path]]
        digests = {str(path.relative_to(source.path)): file_sha256(path) for path in files}
        digest = canonical_digest(digests) if files else file_sha256(source.path)
    except OSError as error:
        raise PlanFault(
            f"{source.path}: {error.strerror or error}", remedy="Name a dump that can be read as the plan's source."
        ) from error
    return {"path": str(source.path), "size_bytes": sum(sizes), "sha256": digest}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value

"""A base backup as the source: verified, copied, marked, started; never the production's own directory (G-06, G-10).

The copy has production's system identifier. What tells it apart are three marks that no production bears: a file in its
data directory, a row in a database of its own, and its ``cluster_name``.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.environments.interface import Environment, cluster_name
from pg_dryrun.environments.local import LocalLender
from pg_dryrun.errors import EnvironmentFault, PlanFault, ToolFault
from pg_dryrun.fidelity import RestoreComparison
from pg_dryrun.gates.environment import IdentityGate
from pg_dryrun.gates.source import SourceIdentityGate
from pg_dryrun.observer import connect, quote_literal, schema
from pg_dryrun.plan import BaseBackup
from pg_dryrun.record import ProductionFacts
from pg_dryrun.runner.run import Run
from pg_dryrun.snapshot import ProofKind
from pg_embedded import adoption
from pg_embedded import programs as installations
from pg_embedded.adoption import MARKER, Backup
from pg_embedded.errors import EmbeddedError
from pg_embedded.programs import Programs

_MARKER_DATABASE = "pg_dryrun_marker"
_MANIFEST = "backup_manifest"
_DEVIATIONS = ("settings of postgresql.conf, pg_hba.conf and ALTER SYSTEM are not production's",)


def source_identity(run: Run, source: BaseBackup) -> SourceIdentityGate:
    """Recognise and verify the backup, and start a marked copy of it. Raises ``PlanFault`` for what is no backup."""
    found = _recognised(run, source)
    lender = run.lender
    if not isinstance(lender, EmbeddedLender | LocalLender):
        raise EnvironmentFault(
            f"the lender {lender.name} starts no base backups", remedy="Take --lender embedded or local."
        )
    if run.rehearsal is None:
        _verified(found, installations.embedded() if found.tar else lender.programs_for(found.major))
        marker = f"{run.id} {secrets.token_hex(16)}"
        known = len(run.ledger.entries())
        made = lender.adopt(
            found, f"pg-dryrun-{run.id}-rehearsal", marker=marker, workdir=run.workdir, ledger=run.ledger
        )
        run.environments.append(made)
        run.vault.adopt("superuser of rehearsal", made.admin.password)
        run.rehearsal, run.facts.copy_marker = made, marker
        facts = made.describe()
        run.facts.environment = replace(facts, deviations=(*facts.deviations, *_DEVIATIONS))
        run.facts.environment_is_ours = len(run.ledger.entries()) > known
    production = run.facts.production or ProductionFacts(kind=source.kind)
    run.facts.production = replace(
        production, dump_path=str(found.folder), dump_sha256=str(production.identity_before["sha256"]), dump_kept=True
    )
    authorised = {"system identifier": source.system_identifier}
    return SourceIdentityGate(
        authorised={name: value for name, value in authorised.items() if value},
        found={"system identifier": run.rehearsal.system_identifier},
    )


def started_copy(run: Run, source: BaseBackup) -> RestoreComparison:
    """The second mark, and the database that is rehearsed on. Raises ``PlanFault`` if there is none of that name."""
    environment = _environment(run)
    with connect(environment.admin, purpose="backup") as observer:
        rows = observer.rows("SELECT datname::text AS name FROM pg_catalog.pg_database WHERE datallowconn ORDER BY 1")
        names = [str(row["name"]) for row in rows]
        if source.dbname not in names:
            raise PlanFault(f"the base backup has no database {source.dbname}", remedy=f"It has: {', '.join(names)}.")
        observer.execute(f"CREATE DATABASE {_MARKER_DATABASE} TEMPLATE template0")
    with connect(environment.login(_MARKER_DATABASE), purpose="backup") as observer:
        observer.execute("CREATE TABLE public.marker (marker text NOT NULL)")
        observer.execute(f"INSERT INTO public.marker VALUES ({quote_literal(run.facts.copy_marker or '')})")
    run.facts.copy = environment.login(source.dbname)
    with connect(run.facts.copy, purpose="schema", read_only=True) as observer:
        found = schema.fingerprint(observer)
    if run.facts.production is not None:
        run.facts.production = replace(run.facts.production, schema_sha256=found.digest)
    manifest = json.loads((source.path / _MANIFEST).read_bytes())
    return RestoreComparison(
        proof_kind=ProofKind.BACKUP_MANIFEST,
        differences=(),  # a file that differs was the plan's failure before anything was copied
        compared={"files": len(manifest["Files"])},
        schema_digest=found.digest,
    )


def copy_identity(run: Run) -> IdentityGate:
    """The marks that are due: before the restore's step two of them, after it all three."""
    environment, marker = _environment(run), run.facts.copy_marker
    with connect(environment.admin, purpose="identity", read_only=True) as observer:
        written = str(observer.value("SELECT pg_catalog.pg_read_file(%s, 0, 1000, true)", [MARKER]) or "").strip()
        called = str(observer.value("SELECT current_setting('cluster_name')"))
    marks = {
        "marker file": bool(marker) and written == marker,
        "cluster name": called == cluster_name(environment.name),
    }
    if run.facts.copy is not None:
        with connect(environment.login(_MARKER_DATABASE), purpose="identity", read_only=True) as observer:
            rows = [str(row["marker"]) for row in observer.rows("SELECT marker FROM public.marker")]
        marks["marker row"] = rows == [marker]
    return IdentityGate(
        copy_identifier=environment.system_identifier,
        forbidden=(),
        created_by_this_run=run.facts.environment_is_ours,
        marks=marks,
    )


def _recognised(run: Run, source: BaseBackup) -> Backup:
    path = source.path.resolve()
    for item in run.plan.protected:
        if item.data_dir.resolve() == path:
            raise PlanFault(f"{path} is the protected server {item.name} itself", remedy="Name a base backup of it.")
    try:
        found = adoption.recognise(path)
    except (EmbeddedError, OSError, EOFError, ValueError, KeyError) as error:
        remedy = getattr(error, "remedy", "Name the folder that pg_basebackup wrote.")
        raise PlanFault(getattr(error, "message", f"{path}: {error}"), remedy=remedy) from error
    if not found.manifest:
        raise PlanFault(f"{path} has no {_MANIFEST}: nothing shows that it is whole", remedy="Back up with a manifest.")
    return found


def _verified(found: Backup, programs: Programs) -> None:
    """By ``pg_verifybackup`` of ``programs``; those of older versions do not read tar."""
    differences = adoption.verify(found, programs)
    if differences:
        raise PlanFault(
            f"{found.folder} is not as it was written: {'; '.join(differences[:5])}",
            remedy="Copy it again, or make a new base backup.",
        )


def _environment(run: Run) -> Environment:
    if run.rehearsal is None:
        raise ToolFault("a base backup was not started")
    return run.rehearsal

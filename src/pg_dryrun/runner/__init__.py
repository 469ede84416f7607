"""The order of a run (design 3.1), and the one way into it: ``rehearse``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pg_dryrun.attestation import own_key
from pg_dryrun.credentials import Vault
from pg_dryrun.environments.interface import Lender
from pg_dryrun.errors import UsageError
from pg_dryrun.evidence import Folder
from pg_dryrun.faults.interface import FaultOrder
from pg_dryrun.ledger import RunLedger
from pg_dryrun.leftovers import LEDGER, under_way
from pg_dryrun.plan import Plan
from pg_dryrun.runner import blame
from pg_dryrun.runner.conclusion import Outcome, conclude
from pg_dryrun.runner.copying import fitness, isolated_copy
from pg_dryrun.runner.faults import faults
from pg_dryrun.runner.interruption import guarded
from pg_dryrun.runner.ledgers import ledgers
from pg_dryrun.runner.planned import Planned, planned_checks
from pg_dryrun.runner.preflight import preflight, work_place, workdir_for
from pg_dryrun.runner.probing import probe_further
from pg_dryrun.runner.run import Progress, Run, Silent, Stop
from pg_dryrun.runner.scenarios import happy_path, refusals
from pg_dryrun.runner.source import snapshot_of_production
from pg_dryrun.runner.surroundings import without_libpq_variables
from pg_dryrun.runner.teardown import teardown
from pg_dryrun.subject import Subject
from sealing.errors import KeyUnusable
from sealing.keys import SigningKey

_WALK = (preflight, work_place, snapshot_of_production, isolated_copy, fitness, happy_path, refusals, faults, ledgers)

__all__ = ["Outcome", "Progress", "conduct", "rehearse"]


def rehearse(
    subject: Subject,
    plan: Plan,
    lender: Lender,
    out_dir: Path,
    progress: Progress | None = None,
    *,
    key: SigningKey | None = None,
    order: FaultOrder | None = None,
) -> Outcome:
    """Rehearse ``subject`` by ``plan`` on what ``lender`` lends; the evidence goes to a fresh folder in ``out_dir``.

    ``key`` signs the evidence; None: the tool's own key for this user. ``order`` is what is to be broken at which
    boundaries; None: only the subject's own scenarios. SIGINT, SIGTERM and SIGHUP end the walk and
    never the teardown.

    Raises:
        UsageError: before anything was begun: no key, no folder, or a subject that cannot be planned.
    """
    planned = planned_checks(subject, order)
    return conduct(subject, plan, lender, out_dir, progress, planned=planned, walk=_WALK, key=key, order=order)


def conduct(
    subject: Subject,
    plan: Plan,
    lender: Lender,
    out_dir: Path,
    progress: Progress | None,
    *,
    planned: tuple[Planned, ...],
    walk: Sequence[Callable[[Run], None]],
    key: SigningKey | None = None,
    database: str | None = None,
    order: FaultOrder | None = None,
) -> Outcome:
    """What every run has in common: folder, ledger, signals; the ``walk`` up to its first broken check; teardown, seal.

    ``database`` is the name of the restored copy; None: as the snapshot has it. Raises as ``rehearse`` does.
    """
    signer = key or _own_key()
    started = datetime.now(UTC)
    run_id = secrets.token_hex(4)
    folder = Folder.create(out_dir, run_id=run_id, started=started)
    ledger = RunLedger.create(folder.path / LEDGER, run_id=run_id)
    workdir = workdir_for(run_id)
    with guarded() as guard, under_way(ledger.path), without_libpq_variables():
        run = Run(
            id=run_id,
            started=started,
            subject=subject,
            plan=plan,
            lender=lender,
            folder=folder,
            ledger=ledger,
            workdir=workdir,
            vault=Vault(workdir, ledger=ledger),
            guard=guard,
            planned=planned,
            progress=progress or Silent(),
            database=database,
            order=order,
        )
        try:
            _walk(run, walk)
            probe_further(run)
            guard.hold()
        except BaseException as error:  # an interruption between the walk's end and the hold, or the probe's own defect
            _blame_the_tool(run, error)
        _tear_down(run)
        return conclude(run, signer)


def _own_key() -> SigningKey:
    """The tool's own key, asked for before anything is begun: evidence that nobody can sign is not worth a run."""
    try:
        return own_key()
    except (OSError, KeyUnusable) as error:
        raise UsageError(
            f"the tool's own key cannot be used: {error}",
            remedy="Set XDG_DATA_HOME to a folder of your own, or give a key.",
        ) from error


def _walk(run: Run, walk: Sequence[Callable[[Run], None]]) -> None:
    """C-01 to C-12, up to the first check that is broken or could not run."""
    try:
        for stage in walk:
            stage(run)
    except Stop:
        return
    except BaseException as error:
        _blame_the_tool(run, error)


def _tear_down(run: Run) -> None:
    """C-13, whatever happened. A teardown that breaks is the tool's failure, and still leaves the other gates asked."""
    try:
        teardown(run)
    except BaseException as error:
        _blame_the_tool(run, error)


def _blame_the_tool(run: Run, error: BaseException) -> None:
    """Something escaped between two checks: it is the answer of the first check that has none yet."""
    answered = {check.id for check in run.checks}
    waiting = next((item for item in run.planned if item.id not in answered), None)
    planned = waiting or Planned(id="RUN", title="the run itself", step="C-13")
    check = run.redacted(blame.unanswered(planned, error, run.vault.redact))
    run.checks.append(check)

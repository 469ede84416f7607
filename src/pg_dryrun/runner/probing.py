"""Between a failed check and the teardown: the probe. Whatever happens in it, the verdict stays what it was."""

from __future__ import annotations

import time
from functools import partial

from pg_dryrun import probe
from pg_dryrun.outcome import Status
from pg_dryrun.probe_record import ProbeRecord
from pg_dryrun.runner.copying import give_back, principals_on, restored, take_clone
from pg_dryrun.runner.interruption import Interrupted, deadline
from pg_dryrun.runner.run import Run
from pg_dryrun.subject import ProbePhase, ScenarioContext, ScenarioResult

WITHIN_S = 60.0
"""A run that has failed is not held up for longer."""
_PHASE_S = 30


def probe_further(run: Run) -> None:
    """Fill ``facts.probe`` where a check has failed and there is a copy to look at. Nothing is raised but a signal."""
    if not any(check.status is Status.FAILED for check in run.checks) or not run.subject.statements:
        return
    if run.guard.interrupted_by is not None:
        return
    if run.facts.copy is None or set(run.facts.passwords) != set(run.subject.principals):
        run.facts.probe = ProbeRecord(trouble="the run stopped before there was a restored copy with its roles")
        return
    try:
        _probe(run)
    except (Interrupted, KeyboardInterrupt):
        raise
    except BaseException as error:  # the probe is a courtesy: the answer is there already
        known = run.facts.probe or ProbeRecord()
        run.facts.probe = ProbeRecord(
            statements=known.statements,
            phases=known.phases,
            defects=known.defects,
            trouble=f"{type(error).__name__}: {error}",
        )


def _probe(run: Run) -> None:
    until = time.monotonic() + WITHIN_S
    clone = take_clone(run, "probe")
    admin = clone.login(restored(run).dbname)
    logins = principals_on(run, admin)
    driven, defects = probe.statements(run.subject.statements, logins, until=until)
    run.facts.probe = ProbeRecord(statements=driven, defects=tuple(defects))
    state: dict[str, object] = {}

    def context(phase: ProbePhase) -> ScenarioContext:
        folder = run.workdir / "probe" / phase.name
        folder.mkdir(mode=0o700, parents=True)
        return ScenarioContext(logins=logins, admin=admin, workdir=folder, state=state)

    played, failed = probe.phases(run.subject.probes, context, _play, until=until)
    run.facts.probe = ProbeRecord(statements=driven, phases=tuple(played), defects=(*defects, *failed))
    give_back(run, clone)


def _play(phase: ProbePhase, context: ScenarioContext) -> ScenarioResult:
    call = partial(phase.run, context)
    try:
        with deadline(_PHASE_S):
            return call()
    except (Interrupted, KeyboardInterrupt):
        raise
    except BaseException as error:  # a phase that hangs or that ends its own process is a finding like any other
        return ScenarioResult(ok=False, message=f"{type(error).__name__}: {error}")

"""The order of a foreign command's run: the gates that concern any writer, then the command on a clone (design 3.7)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from pg_dryrun import gates
from pg_dryrun.anyprogram.execution import Execution, execute
from pg_dryrun.anyprogram.loopback import LoopbackDoor
from pg_dryrun.anyprogram.portrait import portrait
from pg_dryrun.anyprogram.request import ProgramRequest
from pg_dryrun.anyprogram.subject import PRINCIPAL, ProgramSubject
from pg_dryrun.anyprogram.watch import CLONE_SETTINGS, DEADLOCK_TIMEOUT_MS, Watch
from pg_dryrun.environments.interface import Lender
from pg_dryrun.errors import EnvironmentFault, PlanFault, ToolFault
from pg_dryrun.gates.environment import IdentityGate, ReachabilityGate, RestorableGate, RestoreGate
from pg_dryrun.gates.fitness import InstrumentsGate
from pg_dryrun.gates.interface import Gate
from pg_dryrun.gates.ledgers import LogSecretsGate, ReportSecretsGate
from pg_dryrun.gates.preflight import DiskGate, NameGate, ProtectedGate
from pg_dryrun.gates.program import (
    AcceptedGate,
    EndGate,
    LeftRunningGate,
    RoleGate,
    SessionGate,
    StatusGate,
    WitnessGate,
)
from pg_dryrun.gates.source import ReadOnlyGate, SourceIdentityGate
from pg_dryrun.gates.workplace import DigestGate, PermissionsGate
from pg_dryrun.observer import connect, quote, quote_literal
from pg_dryrun.plan import DumpFile, Plan, StandIn
from pg_dryrun.program_record import KeptOutput, ProgramRecord
from pg_dryrun.runner import Outcome, Progress, conduct
from pg_dryrun.runner.copying import (
    faithful_copy,
    give_back,
    identity_guard,
    proven_instruments,
    restored,
    take_clone,
)
from pg_dryrun.runner.ledgers import no_secret_left
from pg_dryrun.runner.planned import Planned
from pg_dryrun.runner.preflight import machine, work_place
from pg_dryrun.runner.run import Run
from pg_dryrun.runner.source import snapshot_of_production
from pg_dryrun.subject import Login

_BEFORE: tuple[type[Gate], ...] = (
    DiskGate,
    NameGate,
    ProtectedGate,
    PermissionsGate,
    DigestGate,
    ReadOnlyGate,
    SourceIdentityGate,
    ReachabilityGate,
    RestorableGate,
    RestoreGate,
    RoleGate,
    IdentityGate,
    InstrumentsGate,
)
_JUDGED: tuple[type[Gate], ...] = (WitnessGate, EndGate, LeftRunningGate, StatusGate, SessionGate)
_AFTER: tuple[type[Gate], ...] = (LogSecretsGate, ReportSecretsGate, *gates.TEARDOWN)
_LAST_WORDS = 300
STREAMS = {"stdout": "command.stdout.txt", "stderr": "command.stderr.txt"}


def rehearse_program(
    request: ProgramRequest, plan: Plan, lender: Lender, out_dir: Path, progress: Progress | None = None
) -> Outcome:
    """Restore the plan's source, run the command on a clone of it, report what it did. Teardown as in every run.

    Raises:
        PlanFault: the plan asks for what concerns a subject with scenarios only, or names a data directory as a dump.
        UsageError: before anything was begun: no key, no folder.
    """
    _require_a_plan_for_programs(plan)
    subject = ProgramSubject(request.program.name, request.role)
    walk: tuple[Callable[[Run], None], ...] = (
        machine,
        work_place,
        snapshot_of_production,
        faithful_copy,
        lambda run: _role(run, request),
        identity_guard,
        proven_instruments,
        lambda run: _command(run, request),
        lambda run: _judged(run, request),
        _secrets,
    )
    return conduct(
        subject, plan, lender, out_dir, progress, planned=planned(request), walk=walk, database=request.database
    )


def planned(request: ProgramRequest) -> tuple[Planned, ...]:
    """The checks of such a run, in order; P-07 only where there is something to compare with."""
    accepted: tuple[type[Gate], ...] = (AcceptedGate,) if request.expectations is not None else ()
    kinds = (*_BEFORE, *_JUDGED, *accepted, *_AFTER)
    return tuple(Planned(id=kind.id, title=kind.title, step=kind.step) for kind in kinds)


def _require_a_plan_for_programs(plan: Plan) -> None:
    if isinstance(plan.source, StandIn):
        raise PlanFault("a stand-in can be made by a subject only", remedy="Give --dump FILE, or a plan with a source.")
    names = [name for name in ("authorised_commit", "expected", "checks") if getattr(plan, name)]
    if names or plan.pins.statements_sha256 or plan.pins.scenarios_sha256:
        words = ", ".join([*names, *(["pins"] if plan.pins.statements_sha256 or plan.pins.scenarios_sha256 else [])])
        raise PlanFault(
            f"the plan asks for what a foreign command does not have: {words}",
            remedy="Leave it out; accepted effects stand in a file of their own (--expect).",
        )
    if isinstance(plan.source, DumpFile) and (plan.source.path / "PG_VERSION").exists():
        raise PlanFault(
            f"{plan.source.path} is a data directory of PostgreSQL, not a dump: it is never opened",
            remedy="Dump its database with pg_dump, or name the server in a plan with a source of kind 'dsn'.",
        )


def _role(run: Run, request: ProgramRequest) -> None:
    """C-06: the role gets a login and a fresh password; nothing else of it changes."""
    run.step("C-06")
    run.ask(RoleGate, lambda: _role_gate(run, request))
    admin = restored(run)
    run.facts.passwords = {PRINCIPAL: run.vault.new_password(f"password of {request.role}")}
    for name, value in request.secrets().items():
        run.vault.adopt(name, value)
    verb = "CREATE" if request.new_role else "ALTER"
    password = quote_literal(run.facts.passwords[PRINCIPAL])
    with connect(admin, purpose="role", settings={"log_statement": "none"}) as observer:
        observer.execute(f"{verb} ROLE {quote(request.role)} LOGIN PASSWORD {password}")
        if request.owner is not None:
            observer.execute(f"ALTER DATABASE {quote(admin.dbname)} OWNER TO {quote(request.owner)}")


def _role_gate(run: Run, request: ProgramRequest) -> Gate:
    admin = restored(run)
    with connect(admin, purpose="role", read_only=True) as observer:
        rows = observer.rows(
            "SELECT rolname::text AS name, rolsuper AS super FROM pg_catalog.pg_roles"
            " WHERE rolname !~ '^pg_' ORDER BY 1"
        )
    roles = {str(row["name"]): bool(row["super"]) for row in rows if row["name"] != admin.user}
    return RoleGate(
        role=request.role,
        own_role=admin.user,
        known=list(roles),
        new=request.new_role,
        superuser=roles.get(request.role, False),
        owner=request.owner,
    )


def _command(run: Run, request: ProgramRequest) -> None:
    """C-10: the clone, the instruments, the command. What it did is recorded whatever its end was."""
    run.step("C-10")
    run.facts.program = _draft(run, request)
    clone = take_clone(run, "command", settings=CLONE_SETTINGS)
    admin = clone.login(restored(run).dbname)
    login = replace(admin, user=request.role, password=run.facts.passwords[PRINCIPAL])
    _declare(run, request, admin)
    home = run.workdir / "home"
    home.mkdir(mode=0o700)
    with Watch.attach(admin) as watch:
        with LoopbackDoor(login) if request.tcp else nullcontext() as door:
            given = login if door is None else door.login
            done = execute(request, given, run_id=run.id, ledger=run.ledger, home=home, listen=watch.listen)
        seen = watch.finish()
    run.facts.program = portrait(
        run.facts.program,
        done,
        seen,
        request,
        output=_keep_output(run, done),
        printed=_printed(done, login.password),
        redact=run.vault.redact,
    )
    give_back(run, clone)


def _draft(run: Run, request: ProgramRequest) -> ProgramRecord:
    accepted = request.expectations.accepted if request.expectations is not None else None
    return ProgramRecord(
        command=tuple(run.vault.redact(word) for word in (str(request.program), *request.argv[1:])),
        role=request.role,
        role_origin="made for this run" if request.new_role else "named by the dump",
        database=restored(run).dbname,
        environment=tuple(sorted({*request.env, *request.url_names})),
        timeout_s=request.timeout_s,
        network=request.network,
        expected_exit_status=accepted.exit_status if accepted is not None else 0,
        expectations_sha256=request.expectations.sha256 if request.expectations is not None else None,
    )


def _declare(run: Run, request: ProgramRequest, admin: Login) -> None:
    """What is knowingly not as in production, for the evidence."""
    if run.facts.environment is None:
        raise EnvironmentFault("there is no environment", remedy="Look at the gates before this one.")
    with connect(admin, purpose="limits", read_only=True) as observer:
        most = observer.value("SELECT current_setting('max_connections')")
    more = [
        f"deadlock_timeout {DEADLOCK_TIMEOUT_MS} ms",
        f"max_connections {most}",
        "every statement and duration is logged",
        f"role {request.role}: login and password made for this run",
    ]
    if run.facts.snapshot is not None and run.facts.snapshot.identity is None:
        more.append("role attributes, memberships and settings that no dump holds are not there")
    if request.tcp:
        more.append("the command reaches the clone by TCP, through a port of loopback that leads to its socket")
    if request.owner is not None:
        more.append(f"the database belongs to {request.owner}, as the caller says")
    both = (*run.facts.environment.deviations, *more)
    run.facts.environment = replace(run.facts.environment, deviations=tuple(dict.fromkeys(both)))


def _keep_output(run: Run, done: Execution) -> tuple[KeptOutput, ...]:
    """Both streams into the evidence, redacted; an empty one, too: it says that nothing was written."""
    kept = []
    for stream, data in (("stdout", done.stdout), ("stderr", done.stderr)):
        text = run.vault.redact(data.decode("utf-8", "replace")).encode()
        run.folder.write(STREAMS[stream], text)
        kept.append(KeptOutput(stream=stream, file=STREAMS[stream], size_bytes=len(text), truncated=done.truncated))
    return tuple(kept)


def _printed(done: Execution, password: str) -> tuple[str, ...]:
    both = (("stdout", done.stdout), ("stderr", done.stderr))
    return tuple(stream for stream, data in both if password.encode() in data)


def _judged(run: Run, request: ProgramRequest) -> None:
    """C-11. Every question is asked, whatever the answer to the one before; the first broken one is the verdict."""
    run.step("C-11")
    record = run.facts.program
    if record is None:
        raise ToolFault("there is nothing to judge")
    run.ask(WitnessGate, lambda: WitnessGate(record=record), stop=False)
    run.ask(EndGate, lambda: EndGate(record=record), stop=False)
    run.ask(LeftRunningGate, lambda: LeftRunningGate(record=record), stop=False)
    run.ask(StatusGate, lambda: StatusGate(record=record, last_error=_last_words(run)), stop=False)
    run.ask(SessionGate, lambda: SessionGate(record=record), stop=False)
    if request.expectations is not None:
        run.ask(AcceptedGate, lambda: AcceptedGate(record=record), stop=False)


def _last_words(run: Run) -> str | None:
    text = (run.folder.path / STREAMS["stderr"]).read_text(encoding="utf-8").strip()
    return " ".join(text[-_LAST_WORDS:].split()) or None


def _secrets(run: Run) -> None:
    """C-12."""
    run.step("C-12")
    no_secret_left(run)

"""C-04 to C-09: the isolated copy, its principals, and proof that the instruments see, all before the first write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pg_dryrun import canaries, contract, fidelity, needs, reachability, restore, roles
from pg_dryrun.clones import GoldenCopy
from pg_dryrun.environments.interface import Environment
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.gates.environment import IdentityGate, ReachabilityGate, RelationsGate, RestorableGate, RestoreGate
from pg_dryrun.gates.fitness import ContractGate, GrantsGate, InstrumentsGate
from pg_dryrun.gates.interface import Gate
from pg_dryrun.ledger import Kind
from pg_dryrun.observer import connect, schema
from pg_dryrun.observer.identity import identity
from pg_dryrun.observer.presence import relation_names
from pg_dryrun.outcome import Status
from pg_dryrun.plan import OTHER_MAJOR, BaseBackup, DumpFile, LiveSource
from pg_dryrun.protected import ABSENT
from pg_dryrun.runner import backup
from pg_dryrun.runner.run import Run
from pg_dryrun.runner.source import rehearsal_environment
from pg_dryrun.snapshot import Snapshot
from pg_dryrun.statements import SERVER_SETTINGS
from pg_dryrun.subject import Login


def isolated_copy(run: Run) -> None:
    """C-04 and C-05."""
    faithful_copy(run)
    run.ask(RelationsGate, lambda: _relations(run))


def faithful_copy(run: Run) -> None:
    """C-04 and C-05 as far as they concern any writer. Before the restore writes anything, the identity guard is asked
    a first time."""
    run.step("C-04")
    run.ask(ReachabilityGate, lambda: _reachability(run))
    run.step("C-05")
    run.ask(RestorableGate, lambda: _restorable(run))
    if _identity(run).check().status is not Status.PASSED:
        run.ask(IdentityGate, lambda: _identity(run))
    run.ask(RestoreGate, lambda: _restore(run))


def fitness(run: Run) -> None:
    """C-06 to C-09, and the golden copy of which all clones are made."""
    run.step("C-06")
    run.ask(GrantsGate, lambda: _grants(run))
    identity_guard(run)
    run.step("C-08")
    run.ask(ContractGate, lambda: ContractGate(report=contract.check(restored(run), run.subject.emissions)))
    proven_instruments(run)


def identity_guard(run: Run) -> None:
    """C-07, the hard abort before any write of the subject."""
    run.step("C-07")
    run.ask(IdentityGate, lambda: _identity(run))


def proven_instruments(run: Run) -> None:
    """C-09: on a clone of their own."""
    run.step("C-09")
    run.ask(InstrumentsGate, lambda: _instruments(run))


def restored(run: Run) -> Login:
    """The restored database, as its superuser."""
    if run.facts.copy is None:
        raise EnvironmentFault("there is no restored copy", remedy="Look at the gates before this one.")
    return run.facts.copy


def principals_on(run: Run, admin: Login) -> dict[str, Login]:
    """Each principal's login on the server of ``admin``, by principal name."""
    return {
        principal: replace(admin, user=role, password=run.facts.passwords[principal])
        for principal, role in run.subject.principals.items()
    }


def take_clone(run: Run, name: str, *, settings: Mapping[str, str] = SERVER_SETTINGS) -> Environment:
    """A clone of the golden copy under the instruments' settings; registered, so it is given back whatever comes."""
    if run.golden is None:
        run.golden = GoldenCopy(rehearsal_environment(run))
    clone = run.golden.take(name, settings=settings)
    run.environments.append(clone)
    return clone


def give_back(run: Run, clone: Environment) -> None:
    """Keep the clone's log for the secrets scan, then remove the clone."""
    if run.golden is None or clone not in run.environments:
        return
    run.keep_log(clone)
    run.golden.give_back(clone)
    run.environments.remove(clone)


def _reachability(run: Run) -> Gate:
    environment = rehearsal_environment(run)
    admin = environment.admin
    run.vault.adopt("environment superuser", admin.password)

    def answers(address: str) -> bool:
        try:
            with connect(replace(admin, host=address), purpose="reachability", connect_timeout_s=2) as observer:
                return identity(observer).system_identifier == environment.system_identifier
        except EnvironmentFault:
            return False

    return ReachabilityGate(
        attempts=reachability.attempt(
            admin.port, answers_as_this_server=answers, addresses=reachability.own_addresses()
        ),
        lent=not environment.ours,
    )


def _restorable(run: Run) -> Gate:
    if isinstance(run.plan.source, BaseBackup):
        return RestorableGate(missing=(), deviations=list(rehearsal_environment(run).describe().deviations))
    environment = rehearsal_environment(run)
    missing = needs.missing(_snapshot(run).needs, environment.admin)
    deviations = list(environment.describe().deviations)
    if OTHER_MAJOR in run.plan.allowed_deviations:
        deviations += [f"another major version: the source has {item.name}" for item in missing if _is_version(item)]
        missing = tuple(item for item in missing if not _is_version(item))
        if run.facts.environment is not None:
            run.facts.environment = replace(run.facts.environment, deviations=tuple(deviations))
    return RestorableGate(missing=missing, deviations=deviations)


def _is_version(item: needs.Missing) -> bool:
    return item.kind == "version"


def _restore(run: Run) -> Gate:
    if isinstance(run.plan.source, BaseBackup):
        return RestoreGate(comparison=backup.started_copy(run, run.plan.source))
    environment = rehearsal_environment(run)
    taken = _snapshot(run)
    done = restore.restore(
        taken,
        environment.admin,
        bin_dir=environment.program("pg_restore").parent,
        vault=run.vault,
        dbname=run.database,
        timeout_s=float(run.plan.thresholds.command_timeout_s),
        announce=environment.announce,
    )
    run.facts.copy = done.admin
    if run.facts.production is not None and run.facts.production.schema_sha256 is None:
        with connect(done.admin, purpose="schema", read_only=True) as observer:  # a dump file cannot be asked
            run.facts.production = replace(run.facts.production, schema_sha256=schema.fingerprint(observer).digest)
    comparison = fidelity.compare(taken, done.admin, loaded=done.loading)
    if run.facts.environment is not None:
        all_of_them = (*run.facts.environment.deviations, *done.deviations, *comparison.deviations)
        run.facts.environment = replace(run.facts.environment, deviations=tuple(dict.fromkeys(all_of_them)))
    return RestoreGate(comparison=comparison)


def _relations(run: Run) -> Gate:
    with connect(restored(run), purpose="relations", read_only=True) as observer:
        present = relation_names(observer)
    return RelationsGate(expected=run.subject.expected_relations, present=present)


def _grants(run: Run) -> Gate:
    admin = restored(run)
    run.facts.passwords = {
        principal: run.vault.new_password(f"password of {role}") for principal, role in run.subject.principals.items()
    }
    for role in run.subject.principals.values():
        rehearsal_environment(run).announce(Kind.ROLE, role)
    run.subject.create_roles(admin, run.facts.passwords)
    logins = {login.user: login for login in principals_on(run, admin).values()}
    own = {run.subject.principals[item.principal]: item.schema for item in run.subject.companions}
    matrix = roles.probe(admin, logins, rights=run.subject.rights, tables=run.subject.tracked_tables, own_schemas=own)
    return GrantsGate(matrix=matrix)


def _identity(run: Run) -> Gate:
    if isinstance(run.plan.source, BaseBackup):
        return backup.copy_identity(run)
    seen = run.facts.protected_before
    servers = [item for item in seen.protected if item.kind == "server"] if seen is not None else []
    forbidden = {item.id for item in servers if item.id != ABSENT}
    taken = run.facts.snapshot
    if taken is not None and taken.identity is not None:
        forbidden.add(taken.identity.system_identifier)
    if isinstance(run.plan.source, LiveSource | DumpFile) and run.plan.source.system_identifier is not None:
        forbidden.add(run.plan.source.system_identifier)
    with connect(rehearsal_environment(run).admin, purpose="identity", read_only=True) as observer:
        copy = identity(observer).system_identifier
    return IdentityGate(
        copy_identifier=copy, forbidden=sorted(forbidden), created_by_this_run=run.facts.environment_is_ours
    )


def _instruments(run: Run) -> Gate:
    dbname = restored(run).dbname
    clone = take_clone(run, "canaries")
    if run.facts.environment is not None and run.golden is not None:
        run.facts.environment = replace(run.facts.environment, clone_method=", ".join(run.golden.methods))
    with run.scenario_folder("canaries") as folder:
        run.facts.canaries = canaries.fly(clone.login(dbname), workdir=folder)
    give_back(run, clone)
    return InstrumentsGate(canaries=run.facts.canaries)


def _snapshot(run: Run) -> Snapshot:
    if run.facts.snapshot is None:
        raise EnvironmentFault("no snapshot was taken", remedy="Look at the gates before this one.")
    return run.facts.snapshot

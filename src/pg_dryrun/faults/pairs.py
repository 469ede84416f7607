"""One pair: a fresh state, the command with its fault, the state, the same command again, the state; and the answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from pg_dryrun.errors import DryRunError, EnvironmentFault, ToolFault
from pg_dryrun.fault_record import FaultKind, FaultPair, PairOutcome, Said, Standing
from pg_dryrun.faults.ground import Ground
from pg_dryrun.faults.interface import Limits, Word
from pg_dryrun.faults.recording import CALM, RecordedCommand
from pg_dryrun.faults.scene import Fault, Scene
from pg_dryrun.faults.state import State, difference

DISTURBED = Limits(statement_s=0.8, lock_s=0.6, idle_in_transaction_s=1.2, deadline_s=0.9, resolve_s=4.0, connect_s=2)
"""Short, so that waiting for nothing does not take long; the replay has a user's limits."""
FAULT_DEADLINE_S = 30.0
REPLAY_DEADLINE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """Which pair."""

    recorded: RecordedCommand
    index: int
    kind: FaultKind

    @property
    def id(self) -> str:
        """``command:index:kind``."""
        return f"{self.recorded.command.name}:{self.index}:{self.kind.value}"

    @property
    def by_statement(self) -> str:
        """``command:statement:kind``: not one pair where the statement is sent more than once."""
        return f"{self.recorded.command.name}:{self.recorded.turns[self.index].name}:{self.kind.value}"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen of a pair, for the judge. ``stayed``: a session of the writer that did not end with it."""

    struck: bool
    seen: tuple[str, ...]
    word: Word
    after_fault: State
    stayed: str | None
    replay: Word
    after_replay: State
    why_not: str | None


def run_pair(ground: Ground, target: Target, faults: Mapping[FaultKind, type[Fault]]) -> FaultPair:
    """The answer of one pair. What breaks in the tool or the environment is ``CouldNotRun``, never a verdict."""
    begun = time.perf_counter()
    kind = faults[target.kind]
    try:
        pair = _run(ground, target, kind)
    except (DryRunError, ToolFault, OSError) as error:
        _heal_ground(ground)
        pair = _blank(target, PairOutcome.COULD_NOT_RUN, f"{type(error).__name__}: {error}")
    return replace(pair, duration_ms=round((time.perf_counter() - begun) * 1000, 1))


def _run(ground: Ground, target: Target, kind: type[Fault]) -> FaultPair:
    recorded = target.recorded
    scene = Scene(
        environment=ground.environment,
        admin=ground.environment.admin,
        roles=sorted({login.user for login in ground.logins.values()}),
        tables=list(ground.breakable.state),
        turns=recorded.turns,
        index=target.index,
        disk=ground.disk,
    )
    fault = kind(scene)
    if (why_not := fault.why_not()) is not None:
        return _blank(target, PairOutcome.NOT_APPLICABLE, why_not)
    on_small_disk = target.kind is FaultKind.DISK_FULL and ground.disk is not None
    with ground.copied(recorded.template, "faults_pair", on_small_disk=on_small_disk) as dbname:
        scene.admin = ground.environment.login(dbname)
        return judge(target, kind, _played(ground, target, fault, dbname))


def _played(ground: Ground, target: Target, fault: Fault, dbname: str) -> Seen:
    command, relay = target.recorded.command, ground.relay
    limits = replace(DISTURBED, **fault.limits)  # type: ignore[arg-type]
    relay.arm(fault.strike, at=target.index)
    call = ground.call(command, dbname, limits, through_relay=True)
    with closing(ground.nursery.start(command, call)) as fault.scene.writer:
        try:
            word = fault.scene.writer.wait(FAULT_DEADLINE_S)
        finally:
            fault.heal()
    if relay.trouble is not None:
        raise ToolFault(f"the fault could not be made: {type(relay.trouble).__name__}: {relay.trouble}")
    stayed = None if fault.in_the_dark else ground.wait_for_silence(dbname)
    with ground.look(dbname) as observer:
        after_fault = ground.states.read(observer)
        call = ground.call(command, dbname, CALM, through_relay=False)
        replay = ground.nursery.run(command, call, deadline_s=REPLAY_DEADLINE_S)
        after_replay = ground.states.read(observer)
    struck, seen = relay.struck.is_set(), tuple(relay.sqlstates)
    relay.arm()
    return Seen(
        struck=struck,
        seen=seen,
        word=word,
        after_fault=after_fault,
        stayed=stayed,
        replay=replay,
        after_replay=after_replay,
        why_not=fault.scene.notes.get("why_not"),
    )


def judge(target: Target, kind: type[Fault], seen: Seen) -> FaultPair:
    """The answer from what was seen: nothing lost, nothing twice, nothing half, nothing hung, and no untrue word."""
    before, final = target.recorded.before, target.recorded.final
    standing = _standing(seen.after_fault, before, final)
    trouble = _trouble(seen, standing, final)
    outcome, reason = PairOutcome.PASSED, ""
    if trouble is not None:
        outcome, reason = PairOutcome.FAILED, trouble
    elif not seen.struck:
        outcome, reason = PairOutcome.COULD_NOT_RUN, "the writer never came to this boundary"
    elif kind.sqlstates and not kind.sqlstates & {*seen.seen, seen.word.sqlstate}:
        expected = ", ".join(sorted(kind.sqlstates))
        outcome, reason = PairOutcome.NOT_APPLICABLE, seen.why_not or f"the server had no reason to answer {expected}"
    elif seen.why_not is not None:
        outcome, reason = PairOutcome.NOT_APPLICABLE, seen.why_not
    return replace(
        _blank(target, outcome, reason),
        said=seen.word.said,
        code=seen.word.code,
        sqlstate=seen.word.sqlstate,
        seen=seen.seen,
        after_fault=standing,
        replay=seen.replay.said,
        after_replay=_standing(seen.after_replay, before, final),
    )


def _trouble(seen: Seen, standing: Standing, final: State) -> str | None:
    """The first broken promise in words; None if all were kept."""
    word, replay = seen.word, seen.replay
    if word.said is Said.HUNG:
        return f"hung: {word.message}"
    if seen.stayed is not None:
        return f"hung: a session of the writer stayed on the server ({seen.stayed})"
    if standing is Standing.BETWEEN:
        return f"half-written after the fault: against the undisturbed end, {difference(seen.after_fault, final)}"
    if word.said is Said.DONE and standing is Standing.BEFORE:
        return f"lost: the writer said it was done, and nothing was kept ({difference(seen.after_fault, final)})"
    if word.said is Said.FAILED and standing is Standing.FINAL:
        return f"untrue: the writer said that it failed ({word.code}: {word.message}), and all of it was kept"
    if replay.said is Said.HUNG:
        return f"the replay hung: {replay.message}"
    if replay.said is not Said.DONE:
        return f"the replay did not get through: {replay.said.value} {replay.code}: {replay.message}"
    if seen.after_replay != final:
        return f"after the replay, against the undisturbed end: {difference(seen.after_replay, final)}"
    return None


def _standing(state: State, before: State, final: State) -> Standing:
    if state == final:
        return Standing.FINAL
    return Standing.BEFORE if state == before else Standing.BETWEEN


def _blank(target: Target, outcome: PairOutcome, reason: str) -> FaultPair:
    turn = target.recorded.turns[target.index]
    return FaultPair(
        id=target.id,
        command=target.recorded.command.name,
        index=target.index,
        statement=turn.name,
        kind=target.kind,
        outcome=outcome,
        reason=" ".join(reason.split())[:600],
    )


def _heal_ground(ground: Ground) -> None:
    """A pair that broke off leaves a server that runs, with nobody of the writer on the wire."""
    ground.relay.arm()
    if not ground.environment.running:
        try:
            ground.environment.start()
        except EnvironmentFault as fault:
            raise ToolFault(f"the server of the faults does not come back: {fault.message}") from fault

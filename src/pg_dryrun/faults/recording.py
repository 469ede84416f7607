"""The undisturbed run: every boundary, what was locked at it, the state before and after each command.

Boundaries are heard on the wire, never written by hand. Each command is run twice from the same state, by two
processes; if the two do not leave the same rows, nothing could be compared, and that is said before any fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pg_dryrun.errors import ToolFault
from pg_dryrun.fault_record import BoundaryRecord, Said
from pg_dryrun.faults.ground import Ground
from pg_dryrun.faults.interface import Breakable, Command, Limits
from pg_dryrun.faults.scene import RecordedTurn
from pg_dryrun.faults.session import CONNECT
from pg_dryrun.faults.state import State, difference
from pg_dryrun.faults.turns import PASS, Fate, Turn
from pg_dryrun.observer import Observer

CALM = Limits(statement_s=60.0, lock_s=20.0, idle_in_transaction_s=60.0, deadline_s=90.0, resolve_s=30.0, connect_s=10)
"""Of an undisturbed command and of a replay: no shorter than a user's."""
CALM_DEADLINE_S = 120.0
_LOCKS = """
SELECT n.nspname || '.' || c.relname AS name, l.mode FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
WHERE l.pid = %s AND l.granted AND c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
_WROTE = "SELECT backend_xid IS NOT NULL FROM pg_catalog.pg_stat_activity WHERE pid = %s"
_NAME_LENGTH = 48


@dataclass(frozen=True, kw_only=True)
class RecordedCommand:
    """One command undisturbed. ``template`` is the database from which it starts."""

    command: Command
    template: str
    turns: tuple[RecordedTurn, ...]
    before: State
    final: State

    def boundaries(self) -> tuple[BoundaryRecord, ...]:
        """For the record."""
        return tuple(
            BoundaryRecord(command=self.command.name, index=index, statement=turn.name)
            for index, turn in enumerate(self.turns)
        )


def record(ground: Ground, breakable: Breakable) -> tuple[RecordedCommand, ...]:
    """Walk through all commands once. Raises ``ToolFault`` if one of them does not do what it should undisturbed."""
    walk = ground.restored
    return tuple(
        _record(ground, breakable, command, walk, f"faults_before_{number}")
        for number, command in enumerate(breakable.commands)
    )


def _record(ground: Ground, breakable: Breakable, command: Command, walk: str, template: str) -> RecordedCommand:
    ground.copy(walk, template)
    turns, before, after = _listened(ground, breakable, command, walk)
    with ground.copied(template, "faults_again") as again:
        _undisturbed(ground, command, again, through_relay=False)
        with ground.look(again) as observer:
            other = ground.states.read(observer)
    if other != after:
        raise ToolFault(
            f"two undisturbed runs of {command.name} leave different rows ({difference(other, after)}):"
            " a column whose value hangs on the moment is not declared as volatile"
        )
    if before == after:
        raise ToolFault(f"{command.name} changes nothing when nobody disturbs it: there is nothing to lose")
    return RecordedCommand(command=command, template=template, turns=turns, before=before, final=after)


def _listened(
    ground: Ground, breakable: Breakable, command: Command, dbname: str
) -> tuple[tuple[RecordedTurn, ...], State, State]:
    found: list[RecordedTurn] = []
    with ground.look(dbname) as observer:
        before = ground.states.read(observer)

        def listen(turn: Turn) -> Fate:
            found.append(_heard(observer, turn, breakable.statement_names))
            return PASS

        ground.relay.arm()
        ground.relay.every = listen
        _undisturbed(ground, command, dbname, through_relay=True)
        ground.relay.every = None
        if ground.relay.trouble is not None:
            raise ground.relay.trouble
        after = ground.states.read(observer)
    ground.relay.arm()
    return tuple(found), before, after


def _heard(observer: Observer, turn: Turn, names: Mapping[str, str]) -> RecordedTurn:
    locks = observer.rows(_LOCKS, [turn.backend_pid]) if turn.backend_pid is not None else []
    return RecordedTurn(
        text=turn.text,
        name=name_of(turn.text, names),
        held=frozenset(str(row["name"]) for row in locks if row["mode"] != "SIReadLock"),
        wrote=bool(observer.value(_WROTE, [turn.backend_pid])) if locks else False,
        predicate=any(row["mode"] == "SIReadLock" for row in locks),
    )


def _undisturbed(ground: Ground, command: Command, dbname: str, *, through_relay: bool) -> None:
    call = ground.call(command, dbname, CALM, through_relay=through_relay)
    word = ground.nursery.run(command, call, deadline_s=CALM_DEADLINE_S)
    if word.said is not Said.DONE:
        raise ToolFault(f"{command.name} fails when nobody disturbs it: {word.said.value} {word.code}: {word.message}")
    ground.wait_for_silence(dbname)


def name_of(text: str, names: Mapping[str, str]) -> str:
    """The declared name of a statement, or the beginning of its text."""
    prefix, _, rest = text.partition("end of rows: ")
    if not prefix and rest:
        return f"{name_of(rest, names)}: end of rows"
    words = " ".join(text.split())
    return names.get(text) or (words if text == CONNECT else words[:_NAME_LENGTH])

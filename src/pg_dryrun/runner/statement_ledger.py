"""C-12, first half: on each clone, what the server logged against what the writer's journal and declarations say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import postgast

from pg_dryrun import companions, fingerprint
from pg_dryrun.effects import Verb
from pg_dryrun.instruments import Observation
from pg_dryrun.record import StatementRecord
from pg_dryrun.runner.run import Run
from pg_dryrun.statements import ServerStatement, Unexplained, reconcile, undeclared
from pg_dryrun.subject import ClientStatement, DeclaredStatement, Scenario, ScenarioResult

_TRANSACTION_CONTROL = frozenset({"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "ROLLBACK TO"})
_ENDS = frozenset({"COMMIT", "ROLLBACK"})
_MAKES = {Verb.INSERT: {"INSERT", "COPY"}, Verb.UPDATE: {"UPDATE", "INSERT"}}
"""Which statements can make a row event; an INSERT may update (ON CONFLICT)."""


@dataclass(kw_only=True)
class Conversation:
    """Everything said on one clone, by both sides."""

    server: list[ServerStatement] = field(default_factory=list)
    client: list[ClientStatement] = field(default_factory=list)
    deliberate: set[str] = field(default_factory=set)
    """Fingerprints of statements that a refusal sends on purpose."""
    effects: list[tuple[str, Observation]] = field(default_factory=list)

    def hear(self, scenario: Scenario, seen: Observation, result: ScenarioResult) -> None:
        """Add one step."""
        self.server += seen.log.statements
        self.client += result.client_statements
        self.deliberate |= {fingerprint.of(text).hex for text in scenario.deliberate_statements}
        self.effects.append((scenario.id, seen))


def settle(run: Run, talk: Conversation) -> None:
    """Compare both sides of one clone, and add it to the run's statement ledger."""
    roles = set(run.subject.principals.values())
    admin = run.facts.copy.user if run.facts.copy is not None else ""
    heard = [item for item in talk.server if item.user != admin]  # only the harness knows that password
    on_purpose = _sessions_on_purpose(heard, talk)
    beside = companions.roles(run.subject)
    server = [
        item
        for item in heard
        if item.user not in beside and item.print.hex not in talk.deliberate and not _aside(item, on_purpose)
    ]
    client = [
        item
        for item in talk.client
        if item.principal in run.subject.principals and fingerprint.of(item.text).hex not in talk.deliberate
    ]
    run.facts.unexplained += reconcile(server, client)
    run.facts.unexplained += [
        Unexplained(side="server", pid=item.pid, text=f"not refused: {item.text}", times=1)
        for item in heard
        if item.print.hex in talk.deliberate and item.sqlstate is None
    ]
    run.facts.undeclared += undeclared(
        [item for item in server if item.user in roles], run.subject.statements, run.subject.principals
    )
    run.facts.undeclared += companions.strays([item for item in heard if item.user in beside], run.subject)
    _note(run, heard, talk, on_purpose)
    begun: list[ServerStatement] = []
    for step, seen in talk.effects:
        said = [*begun, *seen.log.statements]
        run.facts.unexplained_effects += _unexplained_effects(step, seen, said, run.subject.statements)
        begun = _in_open_transactions(said)


def _in_open_transactions(said: Sequence[ServerStatement]) -> list[ServerStatement]:
    """Statements whose transaction had not ended when the step did: its effects belong to a later one."""
    found: dict[str, list[ServerStatement]] = {}
    for item in said:
        of_session = found.setdefault(item.session_id, [])
        of_session.append(item)
        if item.print.verbs & _ENDS:
            of_session.clear()
    return [item for of_session in found.values() for item in of_session]


def _sessions_on_purpose(heard: Sequence[ServerStatement], talk: Conversation) -> set[int]:
    """Backends on which a refusal spoke by itself, without the writer's adapter: no journal knows them."""
    journalled = {item.backend_pid for item in talk.client}
    return {item.pid for item in heard if item.print.hex in talk.deliberate} - journalled


def _aside(item: ServerStatement, on_purpose: Collection[int]) -> bool:
    """BEGIN and ROLLBACK around a statement that was sent on purpose."""
    return item.pid in on_purpose and bool(item.print.verbs) and item.print.verbs <= _TRANSACTION_CONTROL


def _note(run: Run, heard: Sequence[ServerStatement], talk: Conversation, on_purpose: Collection[int]) -> None:
    """Count every shape of statement by role, on both sides; what a refusal sent on purpose apart from the rest."""
    declared = _declared_by_print(run)
    role_of = run.subject.principals
    for item in heard:
        aside = item.print.hex in talk.deliberate or _aside(item, on_purpose)
        _count(run, (item.user, item.print.hex, aside), item.text, declared, server=1)
    for entry in talk.client:
        role = role_of.get(entry.principal)
        if role is not None:
            shape = fingerprint.of(entry.text).hex
            _count(run, (role, shape, shape in talk.deliberate), entry.text, declared, client=1)


def _declared_by_print(run: Run) -> dict[tuple[str, str], DeclaredStatement]:
    return {
        (run.subject.principals.get(item.principal, item.principal), fingerprint.of(item.text).hex): item
        for item in run.subject.statements
    }


def _count(
    run: Run,
    key: tuple[str, str, bool],
    text: str,
    declared: dict[tuple[str, str], DeclaredStatement],
    *,
    server: int = 0,
    client: int = 0,
) -> None:
    known, earlier = declared.get(key[:2]), run.facts.statements.get(key)
    shown = fingerprint.of(text)
    run.facts.statements[key] = StatementRecord(
        fingerprint=key[1],
        name=known.name if known else None,
        principal=key[0],
        verb=known.verb if known else "/".join(sorted(shown.verbs)) or "?",
        tables=known.tables if known else tuple(sorted({table for _, table in shown.targets})),
        text=known.text if known else _without_constants(run.vault.redact(text)),
        client=(earlier.client if earlier else 0) + client,
        server=(earlier.server if earlier else 0) + server,
        declared=known is not None,
        deliberate=key[2],
        companion=key[0] in companions.roles(run.subject),
    )


def _without_constants(text: str) -> str:
    """Production's values do not belong in a report."""
    try:
        return str(postgast.normalize(text))
    except postgast.PgQueryError:
        return "(a text that PostgreSQL's grammar does not accept)"


def _unexplained_effects(
    step: str, seen: Observation, said: Sequence[ServerStatement], declared: Sequence[DeclaredStatement]
) -> list[str]:
    """Committed row events that no statement of the same step, or of a transaction open before it, can have made."""
    explained: set[tuple[str, str]] = {pair for item in said for pair in item.print.targets}
    prints = {item.print.hex for item in said}
    for entry in declared:
        if fingerprint.of(entry.text).hex in prints:
            explained |= {(entry.verb, table) for table in entry.tables}
    found: list[str] = []
    for verb in Verb:
        makers = _MAKES.get(verb, {verb.value})
        for table, rows in seen.effects.totals(verb).items():
            if not any((maker, table) in explained for maker in makers):
                found.append(f"{step}: {rows} × {verb.value} on {table} by no statement seen")
    return found

"""What a companion of the writer did in a step, kept apart from what the writer did, and whether both kept apart.

A companion (``subject.Companion``) is a principal with a schema of its own whose rows nobody can promise: a job queue.
Which session committed a transaction is told by the transaction's id in the logged COMMIT; the writer's transactions
are explicit blocks, so each of its commits is known, and what is left is nobody's but the companion's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pg_dryrun.effects import CommittedTransaction, StepEffects, Verb
from pg_dryrun.effects_record import AsideRecord, SessionRecord, TableEffects
from pg_dryrun.instruments import Observation
from pg_dryrun.statements import ServerStatement, Undeclared
from pg_dryrun.subject import Companion, Subject

_ENDING = "COMMIT"
_CATALOGS = ("pg_catalog", "information_schema")


@dataclass(frozen=True, kw_only=True)
class Separated:
    """``seen``: the step without what companions did. ``crossed``: where somebody wrote what is not his."""

    seen: Observation
    asides: tuple[AsideRecord, ...] = ()
    sessions: tuple[SessionRecord, ...] = ()
    crossed: tuple[str, ...] = ()


def roles(subject: Subject) -> frozenset[str]:
    """The roles of all companions."""
    return frozenset(subject.principals[item.principal] for item in subject.companions)


def separate(seen: Observation, subject: Subject) -> Separated:
    """The step in parts. Without companions nothing is changed and nothing is looked at."""
    if not subject.companions:
        return Separated(seen=seen)
    committed = _committed_by(seen.log.statements)
    writers = frozenset(subject.principals.values()) - roles(subject)
    own = {item.schema for item in subject.companions}
    theirs = [
        item
        for item in seen.effects.transactions
        if _schemas(item) & own or (not item.changes and _role(committed, item) not in writers)
    ]
    kept = tuple(item for item in seen.effects.transactions if item not in theirs)
    sequences = tuple(name for name in seen.dark.sequences if name.partition(".")[0] not in own)
    dark = tuple(f"{item.xid}: {item.why}" for item in kept if not item.changes)
    rest = replace(
        seen,
        effects=replace(seen.effects, transactions=kept),
        dark=replace(seen.dark, transactions=dark, sequences=sequences),
    )
    return Separated(
        seen=rest,
        asides=tuple(_aside(item, seen, theirs, first=number == 0) for number, item in enumerate(subject.companions)),
        sessions=_sessions(kept, committed, subject),
        crossed=tuple(_crossed(seen, committed, subject)),
    )


def strays(said: Sequence[ServerStatement], subject: Subject) -> tuple[Undeclared, ...]:
    """Statements of companions that name a table outside their own schema, or that nobody may send, each once.

    A name without a schema is found by the companion's own search path; what it may not touch, the server refuses.
    """
    schema_of = {subject.principals[item.principal]: item.schema for item in subject.companions}
    times = Counter((item.user, item.text) for item in said)
    prints = {(item.user, item.text): item.print for item in said}
    found = []
    for (user, text), number in sorted(times.items()):
        shown = prints[user, text]
        allowed = {"", schema_of[user], *_CATALOGS}
        abroad = [table for _, table in shown.targets if "." in table and table.partition(".")[0] not in allowed]
        forbidden = tuple(word for word in shown.forbidden() if word != "DELETE")
        if abroad or forbidden:
            found.append(
                Undeclared(user=user, text=text, verbs=tuple(sorted(shown.verbs)), forbidden=forbidden, times=number)
            )
    return tuple(found)


def table_effects(effects: StepEffects) -> dict[str, TableEffects]:
    """Committed row events by table; tables without one are not named."""
    by_verb = {verb: effects.totals(verb) for verb in Verb}
    tables = sorted({table for rows in by_verb.values() for table in rows})
    return {
        table: TableEffects(
            inserted=by_verb[Verb.INSERT].get(table, 0),
            updated=by_verb[Verb.UPDATE].get(table, 0),
            deleted=by_verb[Verb.DELETE].get(table, 0),
            truncated=by_verb[Verb.TRUNCATE].get(table, 0),
        )
        for table in tables
    }


def _committed_by(said: Sequence[ServerStatement]) -> dict[int, ServerStatement]:
    """Transaction id to the COMMIT that ended it."""
    return {item.xid: item for item in said if item.xid is not None and _ENDING in item.print.verbs}


def _role(committed: Mapping[int, ServerStatement], transaction: CommittedTransaction) -> str | None:
    ended = committed.get(transaction.xid)
    return ended.user if ended is not None else None


def _schemas(transaction: CommittedTransaction) -> set[str]:
    return {change.table.partition(".")[0] for change in transaction.changes}


def _aside(
    companion: Companion, seen: Observation, theirs: Sequence[CommittedTransaction], *, first: bool
) -> AsideRecord:
    """``first``: transactions without a row are counted once, with the first companion."""
    own = [item for item in theirs if companion.schema in _schemas(item)]
    return AsideRecord(
        principal=companion.principal,
        schema=companion.schema,
        transactions=len(own),
        without_rows=sum(not item.changes for item in theirs) if first else 0,
        sequences=tuple(name for name in seen.dark.sequences if name.partition(".")[0] == companion.schema),
        effects=table_effects(replace(seen.effects, transactions=tuple(own))),
    )


def _sessions(
    kept: Sequence[CommittedTransaction], committed: Mapping[int, ServerStatement], subject: Subject
) -> tuple[SessionRecord, ...]:
    principal_of = {role: principal for principal, role in subject.principals.items()}
    found: dict[tuple[str, int], list[CommittedTransaction]] = {}
    for item in kept:
        if (ended := committed.get(item.xid)) is not None:
            found.setdefault((principal_of.get(ended.user, ended.user), ended.pid), []).append(item)
    return tuple(
        SessionRecord(
            principal=principal,
            backend_pid=pid,
            transactions=len(items),
            rows=dict(Counter(change.table for item in items for change in item.changes)),
        )
        for (principal, pid), items in sorted(found.items())
    )


def _crossed(seen: Observation, committed: Mapping[int, ServerStatement], subject: Subject) -> Iterator[str]:
    beside = roles(subject)
    writers = frozenset(subject.principals.values()) - beside
    own = {item.schema for item in subject.companions}
    for item in seen.effects.transactions:
        schemas, role = _schemas(item), _role(committed, item)
        tables = ", ".join(sorted({change.table for change in item.changes}))
        if schemas & own and schemas - own:
            yield f"transaction {item.xid} holds rows of a companion and of others: {tables}"
        elif schemas & own and role in writers:
            yield f"transaction {item.xid} of {role} wrote what is a companion's: {tables}"
        elif schemas - own and role not in writers:
            yield f"transaction {item.xid} was committed by {role or 'no session of the writer'}: {tables}"
    speaking = {item.user for item in seen.log.statements}
    for companion in subject.companions:
        silent = subject.principals[companion.principal] not in speaking
        if silent and any(companion.schema in _schemas(item) for item in seen.effects.transactions):
            yield f"rows of {companion.schema} were committed, and {companion.principal} said nothing"

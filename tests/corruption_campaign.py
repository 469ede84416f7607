"""Seeded corruptions, one after another, each judged by the real VERIFY or the real AUDIT; counts by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random

import psycopg
from tests.corruption_columns import RESULT, SIGNATURE, Corruption, column_kind
from tests.corruption_kinds import kinds
from tests.corruption_recut import base_kinds, recut_kinds
from tests.corruption_stage import Facts, Site
from tests.pipeline_room import Ledger

from cutter_agent.errors import CutterError, GovernanceRefused, UsageError, VerificationFailed
from cutter_agent.phases.audit import Keys, audit

Kind = Callable[[Random, Facts], Corruption]


class Judge(StrEnum):
    """Who looks at the corrupted store."""

    VERIFY = "VERIFY"
    AUDIT = "AUDIT"


class Outcome(StrEnum):
    """``refused``: the phase said no before it had anything to prove. The last three are misses."""

    FOUND = "found"
    REFUSED = "refused"
    MISSED = "missed"
    MISNAMED = "misnamed"
    CRASHED = "crashed"


GOOD = frozenset({Outcome.FOUND, Outcome.REFUSED})


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One corruption and what was said of it."""

    kind: str
    site: str
    seed: int
    judge: Judge
    outcome: Outcome
    said: str


@dataclass(kw_only=True)
class Tally:
    """Counts by kind, and every trial that did not end well."""

    counts: dict[str, Counter[Outcome]] = field(default_factory=dict)
    bad: list[Trial] = field(default_factory=list)

    def note(self, trial: Trial) -> None:
        self.counts.setdefault(trial.kind, Counter())[trial.outcome] += 1
        if trial.outcome not in GOOD:
            self.bad.append(trial)

    @property
    def trials(self) -> int:
        return sum(sum(counter.values()) for counter in self.counts.values())


def plan(sites: list[Site], count: int | None, seed: int, judge: Judge) -> Iterator[tuple[Site, str, Kind, int]]:
    """``count`` trials (None: every kind once): each kind on the next document, each with a seed of its own."""
    made = {site.name: kinds_for(site.facts, judge) for site in sites}
    names = sorted({name for found in made.values() for name in found})
    Random(seed).shuffle(names)  # noqa: S311 - repeatable, not secret
    for number in range(len(names) if count is None else count):
        name = names[number % len(names)]
        able = [site for site in sites if name in made[site.name]]
        site = able[(number + number // len(names)) % len(able)]
        yield site, name, made[site.name][name], seed * 1_000_000 + number


def kinds_for(facts: Facts, judge: Judge) -> dict[str, Kind]:
    """Every kind; for the audit also every value of the verdict and of its signature."""
    found = dict(kinds(facts) if facts.base is None else recut_kinds(facts))
    if judge is Judge.AUDIT and facts.base is not None:
        found |= base_kinds(facts)
    if judge is Judge.AUDIT:
        for table, row in ((RESULT, facts.result), (SIGNATURE, facts.verdict_signature)):
            assert row is not None
            for column in row:
                found[f"verdict {table.split('.')[1]}.{column}"] = _on(table, column, row)
    return found


def _on(table: str, column: str, row: dict[str, object]) -> Kind:
    kind = column_kind(table, column)
    return lambda random, facts: kind(random, replace(facts, rows={**facts.rows, table: [row]}))


def tried(site: Site, name: str, kind: Kind, seed: int, judge: Judge, *, number: int) -> Trial:
    """Make one corruption on a copy of the site and have it judged."""
    corruption = kind(Random(seed), site.facts)  # noqa: S311 - repeatable, not secret
    with site.copy(number) as ledger:
        corrupt(ledger, corruption)
        outcome, said = judged(ledger, site, judge, corruption)
    return Trial(kind=name, site=site.name, seed=seed, judge=judge, outcome=outcome, said=said)


def corrupt(ledger: Ledger, corruption: Corruption) -> None:
    """As the superuser, triggers and foreign keys off. Raises ``AssertionError`` where nothing was touched."""
    with psycopg.connect(**ledger.login) as connection:
        connection.execute("SET session_replication_role = replica")
        for query, values in corruption.statements:
            assert connection.execute(query, values).rowcount == 1, query.as_string()


def judged(ledger: Ledger, site: Site, judge: Judge, corruption: Corruption | None) -> tuple[Outcome, str]:
    """What the judge says, and whether it names the kind and the place."""
    try:
        findings = verified(ledger, site) if judge is Judge.VERIFY else audited(ledger, site)
    except (GovernanceRefused, UsageError, VerificationFailed) as refusal:
        return Outcome.REFUSED, f"{refusal.code}: {refusal.message}"
    except (CutterError, psycopg.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        return Outcome.CRASHED, f"{type(error).__name__}: {error}"
    said = "; ".join(f"{code} {address or ''} {message}" for code, address, message in findings)
    if not findings:
        return Outcome.MISSED, said
    if corruption is None:
        return Outcome.FOUND, said
    named = not corruption.words or any(code in corruption.words for code, _, _ in findings)
    place = corruption.place
    placed = place is None or any(place == address or place in message for _, address, message in findings)
    return (Outcome.FOUND if named and placed else Outcome.MISNAMED), said


def verified(ledger: Ledger, site: Site) -> list[tuple[str, str | None, str]]:
    """The findings of VERIFY, read back from the stored verdict."""
    outcome = ledger.verify(site.facts.entry_id)
    stored = ledger.admin(
        "SELECT verdict, findings FROM cutter_governance.verify_result WHERE verify_result_id = %s",
        outcome.result.verify_result_id,
    )
    assert [(outcome.result.verdict, list(outcome.result.findings))] == stored
    assert outcome.passed == (not outcome.result.findings)
    return [(str(f["code"]), _text(f["address"]), str(f["message"])) for f in outcome.result.findings]


def audited(ledger: Ledger, site: Site) -> list[tuple[str, str | None, str]]:
    """The findings of AUDIT about every document of the database."""
    keys = Keys(executor=ledger.exec_key.public, verifier=ledger.verify_key.public)
    found = list(audit(ledger.verifier, asked=None, keys=keys))
    return [(defect.code, defect.address, defect.message) for each in found for defect in each.defects]


def _text(value: object) -> str | None:
    return None if value is None else str(value)

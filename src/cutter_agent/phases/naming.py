"""MARK of names from outside (design 1.6): the official codification's, compared with the living cut. DOT-991.

A proposal like any other: it is swept, reviewed, cut and verified, so that every name in the ledger was ordered by a
signed change set. All lines are taken or none. What is known already is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cutter_agent.codification.matching import Article, Matched, law_number_in, match
from cutter_agent.codification.reading import Codified
from cutter_agent.errors import GovernanceRefused, InputRefused, LineProblem, LinesRefused, UsageError
from cutter_agent.model import AliasKind, RiskClass
from cutter_agent.phases.mark import Marker
from cutter_agent.phases.topology import Ordered
from cutter_agent.ports import ExecDatabase
from cutter_agent.ports_living import LivingDocument
from cutter_agent.topology import Ground, Name, ground, propose_names
from cutter_agent.validation import require_valid
from cutter_agent.vocabulary import Vocabulary

_ARTICLE = "article"
_NOT_OF_THE_LAW = frozenset({_ARTICLE, "annex", "quotation"})
"""Kinds in whose units an article is not one of the law's own count."""


@dataclass(frozen=True, kw_only=True)
class NamesPlan:
    """``matched`` says what is new and what was known; ``skipped`` are the lines about other laws."""

    ordered: Ordered
    matched: Matched
    skipped: tuple[LineProblem, ...]
    law_number: str


@dataclass(frozen=True, kw_only=True)
class NamesAsked:
    """What a person wants. ``law_number`` None: the document's own, as its text or its code says it."""

    document_ref: str
    codified: Sequence[Codified | LineProblem]
    law_number: str | None
    skip_other_laws: bool
    because: str


def plan(
    database: ExecDatabase,
    asked: NamesAsked,
    *,
    marker: Marker,
    risk_class: RiskClass = RiskClass.STANDARD,
    words: Vocabulary | None = None,
) -> NamesPlan:
    """The proposal. Nothing is written.

    Raises:
        GovernanceRefused: the document has no proven cut.
        UsageError: nothing says which law the document is.
        InputRefused: there is no codified article.
        LinesRefused: every line that cannot be taken.
    """
    standing = database.living(asked.document_ref)
    if standing is None:
        raise GovernanceRefused(
            f"{asked.document_ref} has no proven cut", remedy=f"Verify it first: iu-cutter status {asked.document_ref}."
        )
    if not asked.codified:
        raise InputRefused(
            "there is no codified article in it", remedy="Each begins its line: Điều 20.1.LQ.1. Title, then (Điều 1 …)."
        )
    here = _ground(standing)
    articles = _articles(here)
    number = asked.law_number or law_number_in(standing.document.document_code, _front(here))
    if number is None:
        raise UsageError(
            f"neither the text of {asked.document_ref} nor its code says the law's number",
            remedy="Give it: --law-number 14/2008/QH12.",
        )
    matched = match(asked.codified, law_number=number, articles=articles, known=_known(here, standing))
    skipped = tuple(p for p in matched.problems if asked.skip_other_laws and p.code == "other_law")
    problems = [problem for problem in matched.problems if problem not in skipped]
    if problems:
        raise LinesRefused(problems)
    names = [Name(text=n.text, address=n.article.address, because=n.rationale) for n in matched.named]
    manifest = None
    if names:
        manifest = propose_names(
            here,
            names,
            because=asked.because,
            marked_by=marker.identity,
            tool_revision=marker.tool_revision,
            risk_class=risk_class,
        )
        require_valid(manifest, here.living.data, words)
    ordered = Ordered(standing=standing, ground=here, manifest=manifest)
    return NamesPlan(ordered=ordered, matched=matched, skipped=skipped, law_number=number)


def _ground(standing: LivingDocument) -> Ground:
    return ground(
        standing.document,
        standing.cut,
        standing.units,
        ever=standing.ever,
        aliases=standing.aliases,
        governed=standing.governed,
        profile_version=standing.profile_version,
    )


def _articles(here: Ground) -> list[Article]:
    """The law's own articles: not those of annexes, nor those that it quotes."""
    kinds = {unit.address: unit.kind for unit in here.units}
    parents = {unit.address: unit.parent for unit in here.units}
    return [
        Article(address=unit.address, number=unit.number)
        for unit in here.units
        if unit.kind == _ARTICLE
        and unit.number is not None
        and not any(kinds[above] in _NOT_OF_THE_LAW for above in _above(unit.parent, parents))
    ]


def _above(parent: str | None, parents: dict[str, str | None]) -> Iterable[str]:
    while parent is not None:
        yield parent
        parent = parents[parent]


def _front(here: Ground) -> str:
    """What stands before the first article."""
    first = next((unit.start_byte for unit in here.units if unit.kind == _ARTICLE), 0)
    return here.living.data[:first].decode()


def _known(here: Ground, standing: LivingDocument) -> dict[str, str]:
    """Where the names from outside lead today."""
    found = {}
    for row in standing.aliases:
        reached = here.names.follow(row.alias_text).reached
        if row.alias_kind == AliasKind.EXTERNAL_REFERENCE and reached is not None:
            found[row.alias_text] = reached
    return found

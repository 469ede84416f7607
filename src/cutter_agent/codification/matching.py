"""Codified articles to the units of one document: by the law's number and the article's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cutter_agent.codification.citation import tidy
from cutter_agent.codification.reading import Codified
from cutter_agent.errors import LineProblem

_NUMBER = re.compile(r"(?<!\w)số:?\s*(\d{1,4}(?:/\d{4})?/[A-ZĐ0-9]+(?:-[A-ZĐ0-9]+)*)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Article:
    """An article of the document as of the living cut."""

    address: str
    number: str


@dataclass(frozen=True, kw_only=True)
class Named:
    """A name to be added: ``text`` leads to ``article``, because ``rationale`` (the provenance line) says so."""

    line: int
    text: str
    article: Article
    rationale: str


@dataclass(frozen=True, kw_only=True)
class Matched:
    """``known``: names that lead where they should already; there is nothing to do for them."""

    named: tuple[Named, ...]
    known: int
    problems: tuple[LineProblem, ...]


def law_number_in(code: str, front: str) -> str | None:
    """The law's own number: what follows ``số`` in the text before its first article, else what the code spells."""
    found = _NUMBER.search(tidy(front))
    if found is not None:
        return found[1].upper()
    spelled = re.fullmatch(r"[A-Z]*(\d{1,4})-(\d{4})-([A-Z0-9-]+)", code)
    return f"{int(spelled[1])}/{spelled[2]}/{spelled[3]}" if spelled else None


def match(
    codified: Iterable[Codified | LineProblem],
    *,
    law_number: str,
    articles: Sequence[Article],
    known: Mapping[str, str],
) -> Matched:
    """``known``: addresses by the names that are stored. Every problem is found, not only the first one."""
    by_number: dict[str, list[Article]] = {}
    for article in articles:
        by_number.setdefault(article.number.lower(), []).append(article)
    named: dict[str, Named] = {}
    problems: list[LineProblem] = []
    already: set[str] = set()
    for each in codified:
        found = each if isinstance(each, LineProblem) else _one(each, law_number, by_number)
        if isinstance(found, LineProblem):
            problems.append(found)
            continue
        problems += _contradictions(found, named.get(found.text), known.get(found.text))
        if known.get(found.text) == found.article.address:
            already.add(found.text)
        else:
            named.setdefault(found.text, found)
    return Matched(named=tuple(named.values()), known=len(already), problems=tuple(problems))


def _one(codified: Codified, law_number: str, articles: Mapping[str, Sequence[Article]]) -> Named | LineProblem:
    provenance = codified.provenance
    if same_number(provenance.instrument.number) != same_number(law_number):
        return LineProblem(
            line=codified.line,
            code="other_law",
            message=f"{codified.citation} is of {provenance.instrument.number}, the document is {law_number}",
            remedy="Leave such lines out with --skip-other-laws, or say the document's own number with --law-number.",
        )
    found = articles.get(provenance.article, ())
    if len(found) != 1:
        there = f"{len(found)} articles" if found else "no article"
        return LineProblem(
            line=codified.line,
            code="no_article",
            message=f"{codified.citation}: the living cut has {there} {provenance.article}",
            remedy="Cut the edition that has it, or take the line out; iu-cutter tree lists the articles.",
        )
    return Named(line=codified.line, text=str(codified.citation), article=found[0], rationale=provenance.text)


def _contradictions(found: Named, before: Named | None, stored: str | None) -> Iterator[LineProblem]:
    if before is not None and before.article != found.article:
        yield LineProblem(
            line=found.line,
            code="contradiction",
            message=f"{found.text} is {found.article.address} here and {before.article.address} in line {before.line}",
            remedy="Keep the line that is right.",
        )
    if stored is not None and stored != found.article.address:
        yield LineProblem(
            line=found.line,
            code="contradiction",
            message=f"{found.text} leads to {stored} already, not to {found.article.address}",
            remedy="A name is given once. Take the line out, or redirect the name by a decision.",
        )


def same_number(number: str) -> str:
    """A law's number for comparison: case, Đ and leading zeros do not tell two laws apart."""
    head, *rest = tidy(number).upper().replace("Đ", "D").split("/")
    return "/".join([head.lstrip("0") or "0", *rest])

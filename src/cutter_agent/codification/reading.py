"""A file of the codification: headings, each with its provenance line below it. Other lines are not looked at.

A heading without a provenance, or with one that cannot be read, is told with its line; so is a line that begins like a
heading and is none. Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cutter_agent.codification.citation import FORMS, Citation, citation_at, tidy
from cutter_agent.codification.provenance import Provenance, parse
from cutter_agent.errors import LineProblem

_LIKE_A_HEADING = re.compile(r"[^\W\d]{2,6}\s*\d+\s*\.\s*\d+\s*\.", re.IGNORECASE)
_LONGEST_PROVENANCE_LINES = 20
_SAYS_ARTICLE = re.compile(r"\(\s*Điều\s+\d", re.IGNORECASE)
FORM_REMEDY = "Spell it as the codification does: Điều 20.1.LQ.1. Title, and below it (Điều 1 Luật số 14/2008/QH12 …)."


@dataclass(frozen=True, kw_only=True)
class Codified:
    """One article of the codification. ``line`` is that of its heading, from 1."""

    line: int
    citation: Citation
    title: str
    provenance: Provenance


def read(text: str) -> Iterator[Codified | LineProblem]:
    """Every heading of a file, in order. Lines end with LF or CRLF."""
    lines = [tidy(line) for line in text.removeprefix("\ufeff").split("\n")]
    at = 0
    while at < len(lines):
        found = citation_at(lines[at])
        if found is not None:
            yield _article(lines, at, *found)
        elif _LIKE_A_HEADING.match(lines[at]):
            yield _malformed(at, f"{lines[at][:60]!r} begins like a codified article and is none")
        at += 1


def _article(lines: Sequence[str], at: int, citation: Citation, rest: str) -> Codified | LineProblem:
    opened = _SAYS_ARTICLE.search(rest)
    if opened is not None:
        title, text = rest[: opened.start()].strip(), _closed([rest[opened.start() :], *lines[at + 1 :]])
    else:
        below = next((i for i in range(at + 1, len(lines)) if lines[i]), len(lines))
        # A title may be wrapped: its provenance is then one line further down, before any next heading.
        while below < len(lines) and below <= at + 3 and lines[below] and not lines[below].startswith("("):
            if citation_at(lines[below]) is not None:
                break
            below += 1
        if below >= len(lines) or not _SAYS_ARTICLE.match(lines[below]):
            return _malformed(at, f"{citation} has no provenance line below it")
        title = " ".join(line for line in (rest, *lines[at + 1 : below]) if line)
        text = _closed(lines[below:])
    provenance = parse(text)
    if isinstance(provenance, str):
        return _malformed(at, f"{citation}: {provenance}")
    kinds = FORMS.get(citation.form)
    if kinds is not None and provenance.instrument.kind not in kinds:
        message = f"{citation} is of a {kinds[0]} ({citation.form}), its provenance of a {provenance.instrument.kind}"
        return _malformed(at, message)
    if citation.article != provenance.article:
        return _malformed(at, f"{citation} is article {citation.article}, its provenance says {provenance.article}")
    return Codified(line=at + 1, citation=citation, title=title, provenance=provenance)


def _closed(lines: Sequence[str]) -> str:
    """From the opening bracket to its partner; as far as a provenance may go where there is none."""
    text = ""
    for line in lines[:_LONGEST_PROVENANCE_LINES]:
        text = f"{text} {line}".strip()
        depth = 0
        for place, character in enumerate(text):
            depth += (character == "(") - (character == ")")
            if character == ")" and depth == 0:
                return text[: place + 1]
    return text


def _malformed(at: int, message: str) -> LineProblem:
    return LineProblem(line=at + 1, code="malformed", message=message, remedy=FORM_REMEDY)

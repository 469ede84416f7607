"""The provenance line of a codified article: which article of which instrument, in force since when, amended by what.

``(Điều 1 Luật số 14/2008/QH12 …, có hiệu lực thi hành kể từ ngày 01/01/2009; đã được sửa đổi, bổ sung bởi …)``
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from cutter_agent.codification.citation import FORMS

_INSTRUMENTS = sorted({word for words in FORMS.values() for word in words} | {"Lệnh", "Hiến pháp"}, key=len)[::-1]
_INSTRUMENT = re.compile(
    rf"(?<!\w)(?P<kind>{'|'.join(_INSTRUMENTS)})\s+số:?\s*(?P<number>\d{{1,4}}(?:/\d{{4}})?/[A-ZĐ0-9]+(?:-[A-ZĐ0-9]+)*)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\(\s*Điều\s+(?P<number>\d{1,4})\s?(?P<letter>[a-zđ]?)(?!\w)", re.IGNORECASE)
_IN_FORCE = re.compile(
    r"có hiệu lực(?: thi hành)? (?:kể )?từ ngày\s+(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.IGNORECASE
)
_AMENDED = re.compile(r"(?<!\w)được (?:sửa đổi|bổ sung|thay thế|bãi bỏ|đính chính)(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """``kind`` is its word as in ``FORMS``, ``in_force`` since when, None where the line does not say it."""

    kind: str
    number: str
    in_force: date | None


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """``text`` is the whole tidied line, brackets included. ``amended_by`` in the order of the line."""

    text: str
    article: str
    instrument: Instrument
    amended_by: tuple[Instrument, ...]


def parse(text: str) -> Provenance | str:
    """A tidied line in brackets; or, as text, what is wrong with it."""
    article = _ARTICLE.match(text)
    if article is None:
        return "its provenance does not begin with an article: (Điều 1 Luật số …"
    if not text.endswith(")"):
        return "its provenance has no closing bracket"
    named = list(_INSTRUMENT.finditer(text))
    if not named:
        return "its provenance names no instrument with a number: Luật số 14/2008/QH12"
    # Before that word another instrument is part of the title: a decree names the law that it details.
    amended = _AMENDED.search(text, named[0].end())
    changed_at = amended.start() if amended is not None else len(text)
    named = [named[0], *(found for found in named[1:] if found.start() > changed_at)]
    instruments = []
    for place, found in enumerate(named):
        end = named[place + 1].start() if place + 1 < len(named) else len(text)
        since = _in_force(text[found.end() : min(end, changed_at) if place == 0 else end])
        if isinstance(since, str):
            return since
        instruments.append(Instrument(kind=_kind(found["kind"]), number=found["number"].upper(), in_force=since))
    return Provenance(
        text=text,
        article=f"{int(article['number'])}{article['letter'].lower()}",
        instrument=instruments[0],
        amended_by=tuple(instruments[1:]),
    )


def _in_force(text: str) -> date | str | None:
    found = _IN_FORCE.search(text)
    if found is None:
        return None
    day, month, year = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return f"its provenance says {found[1]}/{found[2]}/{found[3]}, and there is no such day"


def _kind(word: str) -> str:
    return next(each for each in _INSTRUMENTS if each.casefold() == word.casefold())

"""Many runs as one static page: no external asset, links into the folders beside it; a small script finds runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from pg_dryrun.report.page import VERDICT_WORDS, policy_hash, seconds

_UNKNOWN = ("no report", "open")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One run on the page. ``links`` maps a word to a path beside the page; ``evidence`` is (word, tone, title)."""

    name: str
    ended_at: str
    subject: str
    commit: str | None
    clean: bool
    verdict: str | None
    failed_check: str | None
    summary: str
    passed: str
    duration_s: float
    evidence: tuple[str, str, str]
    links: Mapping[str, str]

    @property
    def word(self) -> tuple[str, str]:
        """The verdict for people, and its tone."""
        return next((words for verdict, words in VERDICT_WORDS.items() if verdict.value == self.verdict), _UNKNOWN)


def render(lines: Sequence[Line], *, title: str, made_at: str) -> bytes:
    """The page in UTF-8."""
    room = files("pg_dryrun.report")
    style = (room / "page.css").read_text(encoding="utf-8")
    script = (room / "page.js").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["seconds"] = seconds
    template = environment.from_string((room / "index.html.j2").read_text(encoding="utf-8"))
    counts: dict[tuple[str, str], int] = {}
    for line in lines:
        counts[line.word] = counts.get(line.word, 0) + 1
    return template.render(
        lines=lines,
        counts=counts,
        title=title,
        made_at=made_at,
        style=style,
        style_hash=policy_hash(style),
        script=script,
        script_hash=policy_hash(script),
    ).encode("utf-8")

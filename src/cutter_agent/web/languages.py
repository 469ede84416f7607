"""The words of the pages: one TOML file for each language, the same keys in all. A cookie or the browser says which."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from markupsafe import Markup

from cutter_agent.web.rendering import visible
from cutter_agent.web.sayings import Sayings

DEFAULT = "en"
NAMES: Mapping[str, str] = {"en": "English", "vi": "Tiếng Việt"}
COOKIE = "iu_language"


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language. ``words`` by dotted key, with ``{places}`` to fill; ``sayings``: the program's own sentences."""

    code: str
    words: Mapping[str, str]
    sayings: Sayings = field(default_factory=Sayings)

    def say(self, key: str, **values: object) -> str:
        """The words of ``key``. Raises ``KeyError`` for a key that no catalogue has: a defect of a page."""
        text = self.words[key]
        return text.format(**values) if values else text

    def program(self, text: str) -> Markup:
        """What the program itself says (a finding, a refusal), in this language; marked as English where it is."""
        if self.code == DEFAULT:
            return visible(text)
        said = self.sayings.translated(text)
        return Markup('<span lang="en">{}</span>').format(visible(text)) if said is None else visible(said)

    def has(self, key: str) -> bool:
        """Whether there are words for it."""
        return key in self.words


def load() -> Mapping[str, Language]:
    """Every language that ships."""
    folder = resources.files("cutter_agent.web") / "catalogue"
    return {
        code: Language(
            code=code,
            words=dict(_flat(tomllib.loads((folder / f"{code}.toml").read_text("utf-8")))),
            sayings=Sayings() if code == DEFAULT else Sayings.of((folder / f"said.{code}.toml").read_text("utf-8")),
        )
        for code in NAMES
    }


def choose(cookie: str | None, accepted: str) -> str:
    """The language's code: the one that was chosen, else the first that the browser accepts (RFC 9110 12.5.4)."""
    if cookie is not None and cookie in NAMES:
        return cookie
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:1000].split(",")):
        tag, _, weight = part.partition(";")
        wanted.append((-_quality(weight), place, tag.strip().lower().split("-")[0]))
    for quality, _, code in sorted(wanted):
        if code in NAMES and quality < 0:
            return code
    return DEFAULT


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(value)

"""What the program says in English, said in another language: findings, questions and refusals, by their templates.

The ledger keeps one wording, and so do errors; a page translates it when it is shown. A value in a sentence that is a
sentence or a word of the program itself is translated, too.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_DEEPEST = 4
_OWN = frozenset(
    {"level", "named", "reason", "assumed", "done", "stands", "where", "odd", "missing", "kind", "what"}
    | {"status", "before", "after", "verdict"}
)
"""Places that hold the program's own words; names, texts and rationales of people are never translated."""


@dataclass(frozen=True, kw_only=True)
class Saying:
    """One sentence. ``form`` matches the English one, and its groups are the ``{places}`` of ``text``."""

    form: re.Pattern[str]
    text: str
    weight: int


@dataclass(frozen=True, kw_only=True)
class Sayings:
    """Every sentence and word that is known, the most exact first."""

    listed: Sequence[Saying] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, toml: str) -> Sayings:
        """From ``[sentences]`` (English template = translation) and ``[words]``."""
        tables = tomllib.loads(toml)
        made = [_saying(english, text) for english, text in tables["sentences"].items()]
        return cls(listed=sorted(made, key=lambda each: -each.weight), words=tables["words"])

    def translated(self, text: str, depth: int = 0) -> str | None:
        """The sentence in this language; None where it is not known."""
        if text in self.words:
            return self.words[text]
        if depth > _DEEPEST:
            return None
        for saying in self.listed:
            found = saying.form.fullmatch(text)
            if found is not None:
                values = found.groupdict()
                own = {name: self._value(values[name], depth + 1) for name in values.keys() & _OWN}
                return saying.text.format(**values | own)
        return None

    def _value(self, value: str, depth: int) -> str:
        said = self.translated(value, depth)
        return value if said is None else said


def _saying(english: str, text: str) -> Saying:
    """A place stands for any text; twice the same place, for the same text."""
    form, weight, seen = "", 0, set[str]()
    for literal, name, _, _ in string.Formatter().parse(english):
        form += re.escape(literal)
        weight += len(literal)
        if name:
            form += f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
            seen.add(name)
    return Saying(form=re.compile(form, re.DOTALL), text=text, weight=weight)

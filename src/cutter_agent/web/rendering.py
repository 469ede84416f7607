"""Templates to HTML. Everything is escaped; characters that cannot be seen, or that turn a line around, are shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cutter_agent.recut.wordsteps import Fate, Step, word_steps

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
MOST_CHARACTERS = 20_000
SHORTCUTS: Mapping[str, Sequence[tuple[tuple[str, ...], str]]] = {
    "everywhere": ((("?",), "help"), (("b",), "backlog"), (("/",), "search"), (("Esc",), "leave")),
    "walking": (
        (("j", "n"), "next"),
        (("k", "p"), "previous"),
        (("o", "Enter"), "open"),
        (("]",), "next_page"),
        (("[",), "previous_page"),
    ),
    "case": (
        (("a",), "accept"),
        (("1", "…", "9"), "choose"),
        (("c",), "comment"),
        (("u",), "unit"),
        (("x",), "show"),
        (("g",), "again"),
        (("d",), "decide"),
        (("t",), "cut"),
    ),
    "deciding": (
        (("a",), "approve"),
        (("f",), "defer"),
        (("r",), "reject"),
        (("w",), "rationale"),
        (("Ctrl", "Enter"), "send"),
    ),
}
"""What ``static/keys.js`` listens to, for the list behind ``?``: keys, and their words in the catalogue."""
_GONE, _CAME = Markup("<del>{}</del>"), Markup("<ins>{}</ins>")
_FOLDED_FROM, _KEPT_AROUND = 1_200, 300
"""Characters that stayed: a longer run is folded, and this much of it is kept on each side."""


def visible(text: str) -> Markup:
    """Escaped, with control and format characters as boxes that name them: a law must not redraw the page that
    shows it (Unicode TR 36, "Trojan Source")."""
    parts: list[Markup] = []
    last = 0
    text = text.replace("\r\n", "\n")
    for found in _UNSEEN.finditer(text):
        parts += [escape(text[last : found.start()]), _box(found.group())]
        last = found.end()
    return Markup("").join([*parts, escape(text[last:])])


def _box(character: str) -> Markup:
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, code)
    return Markup('<span class="control" title="{}">{}</span>').format(name, code)


def shortened(text: str) -> str:
    """At most ``MOST_CHARACTERS`` of it, ending in an ellipsis where there is more."""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def differing(before: str, after: str) -> Markup:
    """``after`` with what went as ``<del>`` and what came as ``<ins>``; long runs that stayed are folded.

    A line's end in a change is shown as an arrow: it would not be seen. What is longer than ``MOST_CHARACTERS`` of one
    change ends in an ellipsis.
    """
    return _shown(word_steps(before, after))


def sides(before: str, after: str) -> tuple[Markup, Markup]:
    """Both texts whole, beside each other: left with what went, right with what came."""
    steps = word_steps(before, after)
    left = [step for step in steps if step.fate is not Fate.CAME]
    return _shown(left), _shown([step for step in steps if step.fate is not Fate.GONE])


def _shown(steps: Sequence[Step]) -> Markup:
    parts = []
    for number, step in enumerate(steps):
        if step.fate is Fate.STAYED:
            parts.append(_folded(step.text, first=number == 0, last=number == len(steps) - 1))
            continue
        shown = visible(shortened(step.text)).replace("\n", Markup('<span class="end" aria-hidden="true">↵</span>\n'))
        parts.append((_GONE if step.fate is Fate.GONE else _CAME).format(shown))
    return Markup("").join(parts)


def _folded(text: str, *, first: bool, last: bool) -> Markup:
    if len(text) <= _FOLDED_FROM or (first and last):
        return visible(shortened(text))
    head = "" if first else text[:_KEPT_AROUND]
    tail = "" if last else text[-_KEPT_AROUND:]
    count = len(text) - len(head) - len(tail)
    fold = Markup('<span class="fold">⋯ {} ⋯</span>').format(count)
    return Markup("").join((visible(head), fold, visible(tail)))


@cache
def environment() -> Environment:
    """The templates of this package; a name that a page forgot to give is an error, never an empty place."""
    made = Environment(
        loader=PackageLoader("cutter_agent.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["visible"] = visible
    made.filters["shortened"] = shortened
    made.globals["sides"] = sides
    made.globals["shortcuts"] = SHORTCUTS
    return made

"""Templates to HTML. Everything is escaped; characters that cannot be seen, or that turn a line around, are shown."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
MOST_CHARACTERS = 20_000


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
    return made

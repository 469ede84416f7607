"""A profile's TOML text to a ``Profile``: strict, every problem with its place, all of them at once."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from cutter_agent.errors import InputRefused
from cutter_agent.segmenter.grammar import (
    Block,
    Detection,
    Engine,
    Letters,
    Level,
    NumberStyle,
    Place,
    Profile,
    Run,
)

_W = TypeVar("_W", bound=StrEnum)
_TOKEN = re.compile(r"[A-Z][A-Z0-9]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass
class _Table:
    """One TOML table under reading: takes keys, notes what is wrong with them, and at the end what is left over."""

    where: str
    data: dict[str, Any]
    problems: list[str]
    taken: set[str] = field(default_factory=set)

    def take(self, key: str, kind: type, *, default: Any = None, required: bool = False) -> Any:
        self.taken.add(key)
        if key not in self.data:
            if required:
                self.problems.append(f"{self.where}: {key} is missing")
            return default
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.problems.append(f"{self.where}: {key} must be {_KINDS[kind]}, not {value!r}")
            return default
        return value

    def text(self, key: str, form: re.Pattern[str] | None = None, *, required: bool = True) -> str:
        value: str = self.take(key, str, default="", required=required)
        if value and form is not None and not form.fullmatch(value):
            self.problems.append(f"{self.where}: {key} = {value!r} must look like {form.pattern}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list, default=[])
        bad = [v for v in values if not isinstance(v, str) or not v]
        if bad:
            self.problems.append(f"{self.where}: {key} must hold non-empty strings, not {bad[0]!r}")
        return tuple(v for v in values if isinstance(v, str) and v)

    def word(self, key: str, words: type[_W], default: _W | None = None) -> _W | None:
        value = self.text(key, required=default is None)
        return self._word(key, value, words) or default if value else default

    def words(self, key: str, words: type[_W]) -> tuple[_W, ...]:
        read = (self._word(key, value, words) for value in self.texts(key))
        return tuple(word for word in read if word is not None)

    def _word(self, key: str, value: str, words: type[_W]) -> _W | None:
        try:
            return words(value)
        except ValueError:
            self.problems.append(f"{self.where}: {key} = {value!r} must be one of {', '.join(words)}")
            return None

    def mapping(self, key: str, check: Callable[[str, str], bool], says: str) -> Mapping[str, str]:
        value = self.take(key, dict, default={})
        for left, right in value.items():
            if not isinstance(right, str) or not check(left, right):
                self.problems.append(f"{self.where}: {key}: {left!r} = {right!r} {says}")
        return {k: v for k, v in value.items() if isinstance(v, str)}

    def table(self, key: str, *, required: bool = False) -> _Table:
        return _Table(
            f"{self.where}{'.' if self.where else ''}{key}",
            self.take(key, dict, default={}, required=required),
            self.problems,
        )

    def tables(self, key: str) -> list[_Table]:
        found = self.take(key, list, default=[])
        good = [t for t in found if isinstance(t, dict)]
        if len(good) != len(found):
            self.problems.append(f"{self.where or 'profile'}: {key} must be tables ([[{key}]])")
        return [_Table(f"[[{key}]] {t.get('name', f'number {i + 1}')}", t, self.problems) for i, t in enumerate(good)]

    def leftovers(self) -> None:
        for key in self.data:
            if key not in self.taken:
                known = ", ".join(sorted(self.taken))
                self.problems.append(f"{self.where or 'profile'}: unknown key {key!r} (known: {known})")


_KINDS = {str: "a string", int: "an integer", bool: "true or false", list: "an array", dict: "a table"}


def read(data: bytes, *, path: str) -> Profile:
    """The profile that the TOML bytes spell. Raises ``InputRefused`` that lists every problem."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputRefused(
            f"profile {path} is not UTF-8", remedy="Save it as UTF-8.", path=path, start_byte=error.start
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputRefused(f"profile {path} is not TOML: {error}", remedy="Mend the TOML there.", path=path) from error
    problems: list[str] = []
    root = _Table("", raw, problems)
    profile = _profile(root, hashlib.sha256(data).hexdigest()[:12])
    if problems:
        raise InputRefused(
            f"profile {path} has {len(problems)} problem{'s' if len(problems) > 1 else ''}: " + "; ".join(problems),
            remedy="Mend each of them; the reference of profiles names every key.",
            path=path,
        )
    return profile


def _profile(root: _Table, digest: str) -> Profile:
    text = root.table("text")
    engine = root.word("engine", Engine) or Engine.OUTLINE
    levels = _levels(root)
    blocks = tuple(_block(t, place=True) for t in root.tables("block"))
    if engine is Engine.OUTLINE and not levels:
        root.problems.append("profile: an outline needs at least one [[level]]")
    flush = root.table("flush")
    profile = Profile(
        id=root.text("id", _ID),
        version=f"{root.text('version')}+{digest}",
        title=root.text("title"),
        engine=engine,
        levels=levels,
        blocks=blocks,
        preamble=_block(root.table("preamble", required=True), place=False),
        letters=_letters(root.table("letters")),
        ordinals=_ordinals(root.table("ordinals")),
        homoglyphs=text.mapping(
            "homoglyphs", lambda a, b: len(a) == 1 and len(b) == 1, "must map one letter to one letter"
        ),
        quotations=_quotations(text),
        reference_words=text.texts("reference_words"),
        flush=_block(flush, place=False) if flush.data else None,
        detection=_detection(root.table("detection")),
    )
    text.leftovers()
    root.leftovers()
    _unique(root.problems, "name", [level.name for level in levels] + [block.name for block in blocks])
    _unique(root.problems, "token", [x.token for x in blocks])
    return profile


def _unique(problems: list[str], what: str, values: list[str]) -> None:
    problems.extend(
        f"profile: {what} {v!r} is used twice" for v in sorted({v for v in values if v and values.count(v) > 1})
    )


def _levels(root: _Table) -> tuple[Level, ...]:
    levels: list[Level] = []
    for table in root.tables("level"):
        level = Level(
            name=table.text("name", _NAME),
            kind=table.text("kind", _NAME),
            token=table.text("token", _TOKEN),
            keywords=table.texts("keywords"),
            numbers=table.words("numbers", NumberStyle),
            terminators=table.texts("terminators"),
            address_under=table.texts("address_under"),
            run=table.word("run", Run, Run.PARENT) or Run.PARENT,
            accepts_misspelt=table.take("accepts_misspelt", bool, default=False),
        )
        outer = [other.name for other in levels]
        for name in level.address_under:
            if name not in outer:
                table.problems.append(f"{table.where}: address_under names {name!r}, which is no outer level ({outer})")
        if not level.numbers:
            table.problems.append(f"{table.where}: numbers is missing or empty")
        if not level.keywords and not level.terminators:
            table.problems.append(f"{table.where}: a level without keywords needs terminators")
        table.leftovers()
        levels.append(level)
    return tuple(levels)


def _block(table: _Table, *, place: bool) -> Block:
    block = Block(
        name=table.text("name", _NAME),
        kind=table.text("kind", _NAME),
        token=table.text("token", _TOKEN),
        place=(table.word("place", Place) if place else None) or Place.FRONT,
        starts=table.texts("starts") if place else (),
    )
    if place and not block.starts:
        table.problems.append(f"{table.where}: starts is missing or empty")
    table.leftovers()
    return block


def _letters(table: _Table) -> Letters:
    order, optional = table.text("order", required=False), table.text("optional", required=False)
    twice = sorted({c for c in order + optional if (order + optional).count(c) > 1})
    if twice:
        table.problems.append(f"{table.where}: letters {twice} stand twice in order and optional")
    spelling = table.mapping(
        "spelling",
        lambda a, b: len(a) == 1 and bool(re.fullmatch(r"[A-Z0-9]+", b)),
        "must map one letter to ASCII upper case or digits",
    )
    spelt = [spelling.get(c, c.upper()) for c in order + optional]
    for spelt_as in sorted({s for s in spelt if spelt.count(s) > 1}):
        table.problems.append(f"{table.where}: two letters are spelt {spelt_as!r}")
    table.leftovers()
    return Letters(order=order or "abcdefghijklmnopqrstuvwxyz", optional=optional, spelling=spelling)


def _ordinals(table: _Table) -> dict[str, int]:
    prefixes = [p + " " for p in table.texts("prefixes")] or [""]
    words = table.take("words", list, default=[])
    out: dict[str, int] = {}
    for index, same in enumerate(words):
        if not isinstance(same, list) or not all(isinstance(w, str) and w for w in same):
            table.problems.append(f"{table.where}: words number {index + 1} must be an array of strings, not {same!r}")
            continue
        out.update({prefix + word: index + 1 for prefix in prefixes for word in same})
    table.leftovers()
    return out


def _quotations(table: _Table) -> tuple[tuple[str, str], ...]:
    pairs = table.take("quotations", list, default=[])
    good = [
        p for p in pairs if isinstance(p, list) and len(p) == 2 and all(isinstance(x, str) and len(x) == 1 for x in p)
    ]
    if len(good) != len(pairs):
        table.problems.append(f"{table.where}: quotations must be pairs of single marks")
    return tuple((p[0], p[1]) for p in good)


def _detection(table: _Table) -> Detection:
    patterns = table.texts("line_patterns")
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            table.problems.append(f"{table.where}: line_patterns {pattern!r} is no regular expression: {error}")
    suffixes = table.texts("suffixes")
    rank = table.take("rank", int, default=0)
    table.leftovers()
    return Detection(line_patterns=patterns, media_suffixes=suffixes, rank=rank)

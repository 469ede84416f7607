"""A profile's TOML text to a ``Profile``: strict, every problem with its place, all of them at once."""

from __future__ import annotations

import hashlib
import re
import tomllib

from cutter_agent.errors import InputRefused, Problem
from cutter_agent.segmenter.grammar import (
    PLAIN_STYLES,
    Block,
    Detection,
    Engine,
    Finest,
    Letters,
    Level,
    MarkdownText,
    NumberStyle,
    Place,
    Profile,
    Run,
)
from cutter_agent.segmenter.profiles import steps
from cutter_agent.segmenter.profiles.table import ID, NAME, TOKEN, Source, Table


def read(data: bytes, *, path: str) -> Profile:
    """The profile that the TOML bytes spell. Raises ``InputRefused`` that lists every problem."""
    profile, problems = examine(data, path=path)
    if problems:
        raise InputRefused(
            f"profile {path} has {len(problems)} problem{'s' if len(problems) > 1 else ''}: "
            + "; ".join(problem.message for problem in problems),
            remedy=f"Mend each of them: iu-cutter profiles check {path} says where and how.",
            path=path,
            start_byte=problems[0].start_byte,
        )
    return profile


def examine(data: bytes, *, path: str) -> tuple[Profile, list[Problem]]:
    """What the bytes spell and everything that is wrong with it; usable only where nothing is.

    Raises ``InputRefused`` for bytes that are no TOML: nothing further can be said of them.
    """
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputRefused(
            f"profile {path} is not UTF-8", remedy="Save it as UTF-8.", path=path, start_byte=error.start
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputRefused(f"profile {path} is not TOML: {error}", remedy="Mend the TOML there.", path=path) from error
    problems: list[Problem] = []
    root = Table("", raw, problems, Source(data))
    profile = _profile(root, hashlib.sha256(data).hexdigest()[:12])
    return profile, problems


def _profile(root: Table, digest: str) -> Profile:
    text = root.table("text")
    engine = root.word("engine", Engine) or Engine.OUTLINE
    levels = _levels(root) if engine is Engine.OUTLINE else ()
    rungs = steps.rungs(root) if engine is Engine.LADDER else ()
    elements = steps.elements(root) if engine is Engine.XML else ()
    blocks = tuple(_block(t, place=True) for t in root.tables("block")) if engine is Engine.OUTLINE else ()
    if engine is not Engine.COMMONMARK and not (levels or rungs or elements):
        root.note(f"{engine} needs at least one [[level]]", "Add a level.")
    flush, quoted = root.table("flush"), root.table("quoted")
    if quoted.data and (engine is not Engine.OUTLINE or not flush.data):
        root.note("[quoted] is for an outline that has [flush], too", "Add [flush], or take [quoted] out.")
    profile = Profile(
        id=root.text("id", ID),
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
        reference_words=text.texts("reference_words") if engine is Engine.OUTLINE else (),
        flush=_block(flush, place=False) if flush.data else None,
        quoted=_block(quoted, place=False) if quoted.data else None,
        detection=_detection(root.table("detection")),
        rungs=rungs,
        ladder=steps.ladder_text(root, text) if engine is Engine.LADDER else None,
        elements=elements,
        xml=steps.xml_text(root.table("xml")) if engine is Engine.XML else None,
        markdown=_markdown(text) if engine is Engine.COMMONMARK else None,
    )
    text.leftovers()
    root.leftovers()
    _unique(root, "name", [level.name for level in profile.named] + [block.name for block in blocks])
    _unique(root, "token", [x.token for x in blocks])
    return profile


def _markdown(text: Table) -> MarkdownText:
    return MarkdownText(finest=text.word("finest", Finest, Finest.LIST_ITEM) or Finest.LIST_ITEM)


def _unique(root: Table, what: str, values: list[str]) -> None:
    for twice in sorted({v for v in values if v and values.count(v) > 1}):
        root.note(f"{what} {twice!r} is used twice", "Give each its own.")


def _levels(root: Table) -> tuple[Level, ...]:
    levels: list[Level] = []
    for table in root.tables("level"):
        level = Level(
            name=table.text("name", NAME),
            kind=table.text("kind", NAME),
            token=table.text("token", TOKEN),
            keywords=table.texts("keywords"),
            numbers=table.words("numbers", NumberStyle),
            terminators=table.texts("terminators"),
            address_under=table.texts("address_under"),
            run=table.word("run", Run, Run.PARENT) or Run.PARENT,
            accepts_misspelt=table.flag("accepts_misspelt"),
        )
        steps.check_names(table, "address_under", level.address_under, [other.name for other in levels])
        if not level.numbers:
            table.note("numbers is missing or empty", f"Add some of {', '.join(PLAIN_STYLES)}.", key="numbers")
        for style in level.numbers:
            if style not in PLAIN_STYLES:
                table.note(f"numbers: {style} is for a ladder", f"Take of {', '.join(PLAIN_STYLES)}.", key="numbers")
        if level.run is Run.FREE:
            table.note("run = 'free' is for a ladder", "Take document, parent or either.", key="run")
        if not level.keywords and not level.terminators:
            table.note("a level without keywords needs terminators", 'Add terminators = ["."].', key="terminators")
        table.leftovers()
        levels.append(level)
    return tuple(levels)


def _block(table: Table, *, place: bool) -> Block:
    block = Block(
        name=table.text("name", NAME),
        kind=table.text("kind", NAME),
        token=table.text("token", TOKEN),
        place=(table.word("place", Place) if place else None) or Place.FRONT,
        starts=table.texts("starts") if place else (),
    )
    if place and not block.starts:
        table.note("starts is missing or empty", "Add how its first line may start.", key="starts")
    table.leftovers()
    return block


def _letters(table: Table) -> Letters:
    order, optional = table.text("order", required=False), table.text("optional", required=False)
    twice = sorted({c for c in order + optional if (order + optional).count(c) > 1})
    if twice:
        table.note(f"letters {twice} stand twice in order and optional", "Keep each once.", key="order")
    spelling = table.mapping(
        "spelling",
        lambda a, b: len(a) == 1 and bool(re.fullmatch(r"[A-Z0-9]+", b)),
        "must map one letter to ASCII upper case or digits",
    )
    spelt = [spelling.get(c, c.upper()) for c in order + optional]
    for spelt_as in sorted({s for s in spelt if spelt.count(s) > 1}):
        table.note(f"two letters are spelt {spelt_as!r}", "Spell them apart.", key="spelling")
    table.leftovers()
    return Letters(order=order or "abcdefghijklmnopqrstuvwxyz", optional=optional, spelling=spelling)


def _ordinals(table: Table) -> dict[str, int]:
    prefixes = [p + " " for p in table.texts("prefixes")] or [""]
    words = table.take("words", list, default=[])
    out: dict[str, int] = {}
    for index, same in enumerate(words):
        if not isinstance(same, list) or not all(isinstance(w, str) and w for w in same):
            message = f"words number {index + 1} must be an array of strings, not {same!r}"
            table.note(message, "Write it so.", key="words")
            continue
        out.update({prefix + word: index + 1 for prefix in prefixes for word in same})
    table.leftovers()
    return out


def _quotations(table: Table) -> tuple[tuple[str, str], ...]:
    pairs = table.take("quotations", list, default=[])
    good = [
        p for p in pairs if isinstance(p, list) and len(p) == 2 and all(isinstance(x, str) and len(x) == 1 for x in p)
    ]
    if len(good) != len(pairs):
        table.note("quotations must be pairs of single marks", "Write [[open, close], ...].", key="quotations")
    return tuple((p[0], p[1]) for p in good)


def _detection(table: Table) -> Detection:
    detection = Detection(
        line_patterns=table.patterns("line_patterns"),
        media_suffixes=table.texts("suffixes"),
        rank=table.take("rank", int, default=0),
        general=table.flag("general"),
    )
    table.leftovers()
    return detection

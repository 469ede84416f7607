"""The tables of a ladder and of an XML document: their levels, and how their text is laid out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cutter_agent.segmenter.grammar import (
    Block,
    Element,
    Gaps,
    LadderText,
    NumberStyle,
    Place,
    Run,
    Rung,
    XmlText,
)
from cutter_agent.segmenter.profiles.table import NAME, TOKEN, Table

REPEATED = "REP"


def rungs(root: Table) -> tuple[Rung, ...]:
    """The levels of a ladder, the outermost first."""
    tables = root.tables("level")
    every = [str(table.data.get("name")) for table in tables]
    return tuple(_rung(table, every) for table in tables)


def _rung(table: Table, every: Sequence[str]) -> Rung:
    rung = Rung(
        name=table.text("name", NAME),
        kind=table.text("kind", NAME),
        token=table.text("token", TOKEN),
        forms=table.patterns("forms"),
        numbers=table.words("numbers", NumberStyle),
        address_under=table.texts("address_under"),
        inside=table.texts("inside"),
        chains=table.texts("chains"),
        run=table.word("run", Run, Run.PARENT) or Run.PARENT,
        gaps=table.word("gaps", Gaps, Gaps.EXCEPTION) or Gaps.EXCEPTION,
        sure=table.flag("sure"),
        container=table.flag("container"),
        floats=table.flag("floats"),
        opens_paragraph=table.flag("opens_paragraph"),
        hanging=table.flag("hanging"),
        lead=table.flag("lead"),
        whole=table.flag("whole"),
        restarts=table.flag("restarts"),
    )
    check_names(table, "address_under", rung.address_under, [name for name in every if name != rung.name])
    check_names(table, "inside", rung.inside, every)
    check_names(table, "chains", rung.chains, every)
    if not rung.forms:
        table.note("forms is missing or empty", "Add forms = ['...'], regular expressions.", key="forms")
    if rung.floats and not rung.container:
        table.note("only a container can float", "Add container = true, or remove floats.", key="floats")
    for form in rung.forms:
        _check_form(table, form, numbered=bool(rung.numbers))
    table.leftovers()
    return rung


def _check_form(table: Table, form: str, *, numbered: bool) -> None:
    compiled = re.compile(form)
    if compiled.groups > 1:
        remedy = "Keep one, the number; write (?:...) else."
        table.note(f"forms {form!r} has {compiled.groups} groups", remedy, key="forms")
    elif numbered and not compiled.groups:
        table.note(f"forms {form!r} has no group for the number", "Put the number in ( ).", key="forms")
    if re.search(r"(?<!\\)\\[1-9]|\(\?P=", form):
        table.note(f"forms {form!r} refers back to a group", "Write the text out instead.", key="forms")
    if compiled.match(""):
        table.note(f"forms {form!r} matches nothing at all", "Let it match at least one character.", key="forms")


def check_names(table: Table, key: str, names: Iterable[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            table.note(f"{key} names {name!r}, which is no outer level ({list(known)})", "Name one of these.", key=key)


def ladder_text(root: Table, text: Table) -> LadderText:
    """Layout of a ladder's text."""
    drafts = root.table("drafts")
    return LadderText(
        indented=text.flag("indented"),
        front_matter=text.flag("front_matter"),
        range_words=text.texts("range_words"),
        suffix_words=text.texts("suffix_words"),
        flush_after_blank=text.flag("flush_after_blank"),
        repeat_token=text.text("repeat_token", TOKEN, required=False) or REPEATED,
        drafts=_drafts(drafts) if drafts.data else None,
    )


def _drafts(table: Table) -> Block:
    block = Block(
        name=table.text("name", NAME),
        kind=table.text("kind", NAME),
        token=table.text("token", TOKEN),
        place=Place.FRONT,
        starts=table.patterns("markers"),
    )
    if not block.starts:
        table.note("markers is missing or empty", "Add markers = ['...'], regular expressions.", key="markers")
    table.leftovers()
    return block


def elements(root: Table) -> tuple[Element, ...]:
    """The levels of an XML document. They nest as the elements do; the order is for people."""
    tables = root.tables("level")
    every = [str(table.data.get("name")) for table in tables]
    out = []
    for table in tables:
        element = Element(
            name=table.text("name", NAME),
            kind=table.text("kind", NAME),
            token=table.text("token", TOKEN),
            elements=table.texts("elements"),
            numbers=table.words("numbers", NumberStyle),
            address_under=table.texts("address_under"),
        )
        if not element.elements:
            table.note("elements is missing or empty", "Name the elements of this level.", key="elements")
        check_names(table, "address_under", element.address_under, every)
        table.leftovers()
        out.append(element)
    return tuple(out)


def xml_text(table: Table) -> XmlText:
    """Where numbers and identities stand."""
    found = XmlText(
        number_elements=table.texts("number_elements"),
        number_words=table.texts("number_words"),
        id_attributes=table.texts("id_attributes"),
        quoted_elements=table.texts("quoted_elements"),
        range_words=table.texts("range_words"),
        suffix_words=table.texts("suffix_words"),
        repeat_token=table.text("repeat_token", TOKEN, required=False) or REPEATED,
    )
    table.leftovers()
    return found

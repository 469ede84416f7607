"""Examples in ``--help``: a command's docstring ends with them, and the help shows them as they would be typed.

In a docstring the paragraph is ``Example: PROGRAM …`` or, for several, ``Examples:`` with one command a line. What
follows `` # `` says what the command does; a shell takes it for a comment, too. A line is never wrapped: it can be
copied. Modelled on the help of GitHub's ``gh``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import partial
from typing import Any

_SETTING = re.compile(r"^[A-Z_][A-Z0-9_]*=")
_PARAGRAPH = re.compile(r"^Examples?:[ \t]*\n?(?P<body>.*?)(?:\n[ \t]*\n|\Z)", flags=re.MULTILINE | re.DOTALL)


def lift(command: Any, *, program: str) -> Any:
    """Take the examples out of the help of ``command`` and of all that hangs under it; show them as a section."""
    found: tuple[str, ...] = ()
    if command.help:
        rest, found = split(command.help, program)
        command.help = rest
    command.examples = found
    command.short_help = first_sentence(command.help or "")
    if found:
        command.format_epilog = partial(_write, found)
    for below in getattr(command, "commands", {}).values():
        lift(below, program=program)
    return command


def split(text: str, program: str) -> tuple[str, tuple[str, ...]]:
    """The text without its examples, and the examples, each one line that begins with ``program``."""
    found = _PARAGRAPH.search(text)
    if found is None:
        return text, ()
    lines = tuple(_lines(found["body"], program))
    rest = f"{text[: found.start()].rstrip()}\n\n{text[found.end() :].lstrip()}".strip()
    return rest, lines


def first_sentence(text: str) -> str:
    """What a list of commands says of one: whole, never cut off in the middle."""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph, maxsplit=1)[0]


def of(command: Any) -> tuple[str, ...]:
    """The examples of a command that went through ``lift``."""
    return tuple(getattr(command, "examples", ()))


def words(example: str) -> list[str]:
    """What a shell would hand to the program: its comment left out, its quotes undone, the program's name first.

    Keys of the environment that are set before the program's name are left out, too.
    """
    typed = shlex.split(example, comments=True)
    while typed and _SETTING.match(typed[0]):
        del typed[0]
    return typed


def _lines(body: str, program: str) -> Iterator[str]:
    """A line that does not begin with the program goes on with the one before it."""
    held = ""
    for line in (line.strip() for line in body.splitlines()):
        if _begins(line, program):
            if held:
                yield held
            held = line
        elif line:
            held = f"{held} {line}".strip()
    if held:
        yield held


def _begins(line: str, program: str) -> bool:
    """Whether a line is a call of its own: the program, or keys of the environment before it."""
    called = [word for word in line.split() if not _SETTING.match(word)]
    return called[:1] == [program]


def _write(found: tuple[str, ...], ctx: Any, formatter: Any) -> None:  # noqa: ARG001 - the shape of format_epilog
    typed = [line.partition(" # ") for line in found]
    width = max((len(command.rstrip()) for command, _, said in typed if said), default=0)
    formatter.write_paragraph()
    formatter.write("Examples:\n")
    for command, _, said in typed:
        beside = f"{command.rstrip():<{width}}  # {said.strip()}" if said else command.rstrip()
        formatter.write(f"  {beside}\n")

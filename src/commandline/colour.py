"""Colour as the user wants it: the conventions of no-color.org and force-color.org, and ``TERM=dumb``.

``NO_COLOR`` (set, not empty) wins over everything; then ``FORCE_COLOR``; then a stream is coloured if it is a terminal
that is not dumb. Progress bars are drawn on real terminals only, whatever the colours.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PIPE_COLUMNS = 140
"""How wide text is laid out where nobody's terminal says it."""


def wanted(stream: IO[str]) -> bool:
    """Whether ``stream`` gets colours."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    if forced:
        return forced not in {"0", "false"}
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def bold(text: str, stream: IO[str]) -> str:
    """``text`` in bold for ``stream``, or as it is."""
    return f"\x1b[1m{text}\x1b[0m" if wanted(stream) else text


def watched(stream: IO[str]) -> bool:
    """Whether ``stream`` is a terminal on which a line can be drawn again."""
    return stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


def console(stream: IO[str], *, width_columns: int | None = None) -> Console:
    """A console over ``stream``: its colours as above, never folded by markup, as wide as the terminal."""
    from rich.console import Console  # noqa: PLC0415 - 80 ms that a command without a table does not pay

    coloured = wanted(stream)
    by_itself = stream.isatty() and os.environ.get("TERM") != "dumb"
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        soft_wrap=True,
        color_system=("auto" if by_itself else "standard") if coloured else None,
        force_terminal=coloured,
        width=width_columns if width_columns or stream.isatty() else PIPE_COLUMNS,
    )

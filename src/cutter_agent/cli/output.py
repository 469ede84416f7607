"""What a person or a program reads on standard output.

With ``--json`` a command prints exactly one JSON document: UTF-8, one line, a final newline. Without it: plain lines
and tables. Colour only on a terminal, never with ``NO_COLOR``. A table that is not on a terminal is never wrapped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

_UNWRAPPED_COLUMNS = 10_000


def prepare_streams() -> None:
    """A terminal that cannot show a character must not end a command: show its escape instead."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """One JSON document. UTF-8 whatever the locale (RFC 8259, 8.1)."""
    print_bytes(json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n")


def print_bytes(data: bytes) -> None:
    """Exactly these bytes."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_line(text: str = "") -> None:
    """One line for a person."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """One line beside the result: progress, what was decided, what comes next."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table: as wide as the terminal, or as wide as its contents where there is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - 80 ms that only a table pays
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _UNWRAPPED_COLUMNS
    Console(width=width, highlight=False, markup=False).print(table)

"""Tables that fit the terminal and fold no id.

Where a row is too wide, the last column is shortened, as long as something can be read of it; where that is not
enough, every row becomes a block of ``name  value`` lines, as psql's expanded form. Without a width nothing is
shortened: a program that reads a pipe gets everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_GAP = "  "
_LEAST_READABLE = 20
_SHORTENED = "…"


def fitted(columns: Sequence[str], rows: Sequence[Sequence[object]], width_columns: int | None) -> Iterator[str]:
    """The lines, the head first (not in the form of blocks). ``width_columns`` None: as wide as the contents are."""
    from rich.cells import cell_len  # noqa: PLC0415 - 30 ms that only a table pays

    cells = [[_words(value) for value in row] for row in rows]
    widths = [max(cell_len(line[place]) for line in [list(columns), *cells]) for place in range(len(columns))]
    if width_columns is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > width_columns:
        left = width_columns - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
        if left < _LEAST_READABLE:
            yield from _blocks(columns, cells)
            return
        widths[-1] = left
    for line in [list(columns), *cells]:
        padded = [_padded(text, widths[place]) for place, text in enumerate(line[:-1])]
        yield _GAP.join([*padded, _cut(line[-1], widths[-1])]).rstrip()


def _blocks(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> Iterator[str]:
    name_width = max(len(name) for name in columns)
    for number, line in enumerate(cells):
        if number:
            yield ""
        for name, text in zip(columns, line, strict=True):
            if text:
                yield f"{name:<{name_width}}  {text}"


def _words(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _padded(text: str, width: int) -> str:
    from rich.cells import cell_len  # noqa: PLC0415

    return text + " " * (width - cell_len(text))


def _cut(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415

    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + _SHORTENED

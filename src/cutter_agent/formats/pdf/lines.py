"""Characters of a page to lines in reading order: wide gaps part a line, columns follow one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from cutter_agent.formats.pdf.pages import Char, Page

_GAP_HEIGHTS = 2.6
_LEAST_GAP_POINTS = 20.0
_LEAST_COLUMN_ROWS = 5
_LEAST_PROSE_CHARACTERS = 12
_MOST_COLUMNS_DEEP = 3
_PARAGRAPH_LEADS = 1.45
_BACK_POINTS = 60.0
_SAME_ROW_POINTS = 2.5


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Text without a wide gap in it."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    base: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the stream: a piece, or pieces side by side that are parted by a tab."""

    pieces: tuple[Piece, ...] = field(repr=False)

    @property
    def text(self) -> str:
        """As it stands in the stream, without its end."""
        return "\t".join(piece.text for piece in self.pieces)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in points."""
        return (
            min(piece.left for piece in self.pieces),
            min(piece.bottom for piece in self.pieces),
            max(piece.right for piece in self.pieces),
            max(piece.top for piece in self.pieces),
        )

    @property
    def base(self) -> float:
        """The height of the base line."""
        return self.pieces[0].base


@dataclass(frozen=True, kw_only=True)
class Laid:
    """The lines of a page in reading order. ``columns`` is 1 where nothing had to be reordered."""

    lines: list[Line]
    columns: int
    side_by_side: int


def lay_out(page: Page) -> Laid:
    """The lines of a page."""
    rows: list[list[Piece]] = []
    for run in page.runs:
        for part in _parts(run):
            _add(rows, _pieces(part))
    ordered, columns = _in_columns(rows, 1)
    lines: list[Line] = []
    beside = 0
    for row in ordered:
        beside += len(row) > 1
        if len(row) == 2 and _are_halves(row):
            lines += [Line(pieces=(piece,)) for piece in row]
        else:
            lines.append(Line(pieces=tuple(row)))
    return Laid(lines=lines, columns=columns, side_by_side=beside)


def begins_column(before: Line, after: Line) -> bool:
    """Whether the text goes on higher up and to the right, as it does from column to column."""
    return after.base - before.base > _BACK_POINTS and after.box[0] > before.box[2] - _BACK_POINTS


def begins_paragraph(before: Line, after: Line, leading: float) -> bool:
    """Whether there is more space between two lines than lines of a paragraph have."""
    return before.base - after.base > _PARAGRAPH_LEADS * leading > 0


def leading(lines: Sequence[Line]) -> float:
    """The usual distance of two lines of a page; 0 where there is none."""
    steps = [before.base - after.base for before, after in pairwise(lines)]
    down = [step for step in steps if 2.0 < step < 60.0]
    return median(down) if down else 0.0


def _parts(run: Sequence[Char]) -> list[list[Char]]:
    """A run parted where it goes back to the left on another height: a word with a hyphen runs on without a mark."""
    parts: list[list[Char]] = [[]]
    last: Char | None = None
    for char in run:
        if char.text.strip():
            if last is not None and char.left < last.left and abs(char.base - last.base) > _SAME_ROW_POINTS:
                parts.append([])
            last = char
        parts[-1].append(char)
    return parts


def _add(rows: list[list[Piece]], pieces: list[Piece]) -> None:
    """One more row; what stands to the right on the height of the last row belongs to it."""
    if not pieces:
        return
    last = rows[-1][-1] if rows else None
    if last is None or abs(last.base - pieces[0].base) > _SAME_ROW_POINTS or pieces[0].left < last.right:
        rows.append(pieces)
    elif pieces[0].left - last.right > _LEAST_GAP_POINTS:
        rows[-1] += pieces
    else:
        rows[-1][-1:] = [_joined(last, pieces[0]), *pieces[1:]]


def _joined(first: Piece, second: Piece) -> Piece:
    return Piece(
        text=f"{first.text} {second.text}",
        left=first.left,
        right=second.right,
        bottom=min(first.bottom, second.bottom),
        top=max(first.top, second.top),
        base=first.base,
    )


def _pieces(run: Sequence[Char]) -> list[Piece]:
    heights = [char.top - char.bottom for char in run if char.text.strip()]
    if not heights:
        return []
    gap = max(_GAP_HEIGHTS * median(heights), _LEAST_GAP_POINTS)
    parts: list[list[Char]] = [[]]
    last: Char | None = None
    for char in run:
        if char.text.strip():
            if last is not None and (char.left - last.right > gap or last.left - char.left > gap):
                parts.append([])
            last = char
        parts[-1].append(char)
    return [piece for part in parts if (piece := _piece(part)) is not None]


def _piece(chars: Sequence[Char]) -> Piece | None:
    text = "".join(char.text for char in chars).strip(" \t\u00a0")
    ink = [char for char in chars if char.text.strip()]
    if not ink:
        return None
    return Piece(
        text=text,
        left=min(char.left for char in ink),
        right=max(char.right for char in ink),
        bottom=min(char.bottom for char in ink),
        top=max(char.top for char in ink),
        base=median(char.base for char in ink),
    )


def _in_columns(rows: list[list[Piece]], depth: int) -> tuple[list[list[Piece]], int]:
    """Rows in reading order: where two columns of prose stand in the same rows, the left one first."""
    gutter = _gutter(rows)
    if gutter is None or depth > _MOST_COLUMNS_DEEP:
        return rows, 1
    ordered: list[list[Piece]] = []
    block: list[list[Piece]] = []
    most = 1
    for row in [*rows, []]:
        if row and not any(piece.left < gutter < piece.right for piece in row):
            block.append(row)
            continue
        if block:
            found, columns = _parted(block, gutter, depth)
            ordered += found
            most, block = max(most, columns), []
        if row:
            ordered.append(row)
    return ordered, most


def _parted(block: list[list[Piece]], gutter: float, depth: int) -> tuple[list[list[Piece]], int]:
    both = sum(any(p.right <= gutter for p in row) and any(p.left >= gutter for p in row) for row in block)
    if both < _LEAST_COLUMN_ROWS:
        return block, 1
    left = [kept for row in block if (kept := [piece for piece in row if piece.right <= gutter])]
    right = [kept for row in block if (kept := [piece for piece in row if piece.left >= gutter])]
    first, columns = _in_columns(left, depth + 1)
    second, more = _in_columns(right, depth + 1)
    return first + second, columns + more


def _gutter(rows: Sequence[Sequence[Piece]]) -> float | None:
    """The middle of a gap that most of the parted rows share, with prose on both sides; None where there is none."""
    gaps = [(before.right, after.left) for row in rows for before, after in pairwise(row)]
    best, most = None, 0
    for _, start in gaps[:200]:
        place = start - 1.0
        shared = [row for row in rows if any(b.right < place < a.left for b, a in pairwise(row))]
        if len(shared) > most:
            best, most = place, len(shared)
    if best is None or most < _LEAST_COLUMN_ROWS:
        return None
    around = [row for row in rows if any(b.right < best < a.left for b, a in pairwise(row))]
    left = [sum(len(piece.text) for piece in row if piece.right < best) for row in around]
    right = [sum(len(piece.text) for piece in row if piece.left > best) for row in around]
    prose = min(median(left), median(right)) >= _LEAST_PROSE_CHARACTERS
    return best if prose else None


def _are_halves(row: Sequence[Piece]) -> bool:
    """Two blocks beside each other (heads and signatures of official texts), and no line of a table."""
    return all(len(piece.text) >= _LEAST_PROSE_CHARACTERS for piece in row)

"""Small laws for the tests of the re-cut: labelled provisions as a segmentation with its bytes, no segmenter needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cutter_agent.model import Segmentation, Unit
from cutter_agent.recut import Change, Matching, match

_WORDS_TEXT = (
    "authority register licence holder penalty notice appeal tribunal minister record vessel harbour inspector permit "
    "quota grain seed storage fee schedule tariff carrier route depot signal bridge canal lock pilot survey chart buoy "
    "beacon cargo manifest customs bond levy rebate exemption waiver hearing witness oath evidence ruling stay costs"
)
WORDS = _WORDS_TEXT.split(" ")


def prose(seed: int, words: int = 12) -> str:
    """A sentence of its own for each seed: no two seeds share three words in a row by design of the strides."""
    step = 7 + 2 * (seed % 11)
    return " ".join(f"{WORDS[(seed * 13 + k * step) % len(WORDS)]}{(seed * 31 + k) % 97}" for k in range(words))


@dataclass(frozen=True)
class Row:
    """One provision: depth 0 for an article, 1 for a clause in it; label as it is printed; text."""

    depth: int
    label: str
    text: str


@dataclass(frozen=True)
class Edition:
    """A cut and its bytes."""

    cut: Segmentation
    data: bytes

    def text(self, place: int) -> str:
        """The own text of one unit."""
        unit = self.cut.units[place]
        return self.data[unit.start_byte : unit.end_byte].decode()

    def at(self, address: str) -> int:
        """The place of the unit with this address."""
        return next(k for k, unit in enumerate(self.cut.units) if unit.address == address)


def edition(rows: Sequence[Row]) -> Edition:
    """Rows as a cut: ``Article 3`` is ``X-A3``, its clause ``(2)`` ``X-A3-C2``. A label that comes twice gets -Dn."""
    units: list[Unit] = []
    bodies: list[bytes] = []
    at = 0
    parent: str | None = None
    seen: dict[str, int] = {}
    for row in rows:
        head = f"Article {row.label}." if row.depth == 0 else f"({row.label})"
        body = f"{head} {row.text}\n".encode()
        wanted = f"X-A{row.label}".upper() if row.depth == 0 or parent is None else f"{parent}-C{row.label}".upper()
        seen[wanted] = seen.get(wanted, 0) + 1
        address = wanted if seen[wanted] == 1 else f"{wanted}-D{seen[wanted]}"
        units.append(
            Unit(
                start_byte=at,
                end_byte=at + len(body),
                level="article" if row.depth == 0 else "clause",
                number=row.label,
                address=address,
                kind="article" if row.depth == 0 else "clause",
                parent=None if row.depth == 0 else parent,
                content_sha256=sha256(body).hexdigest(),
            )
        )
        if row.depth == 0:
            parent = address
        bodies.append(body)
        at += len(body)
    data = b"".join(bodies)
    return Edition(
        Segmentation(
            snapshot_sha256=sha256(data).hexdigest(),
            byte_length=len(data),
            profile_id="test",
            profile_version="1",
            document_code="X",
            units=tuple(units),
            findings=(),
        ),
        data,
    )


def matched(old: Edition, new: Edition) -> Matching:
    """The matching of two editions."""
    return match(old.cut, old.data, new.cut, new.data)


def heirs(matching: Matching) -> dict[str, tuple[str, Change]]:
    """Old address to new address and change."""
    old, new = matching.old.units, matching.new.units
    return {old[p.old].address: (new[p.new].address, p.change) for p in matching.pairs}


def law(articles: int = 6, clauses: int = 3) -> list[Row]:
    """Articles 1 to n, each with a title and clauses."""
    rows = []
    for article in range(1, articles + 1):
        rows.append(Row(0, str(article), prose(article * 50, 5)))
        rows += [Row(1, str(c), prose(article * 50 + c)) for c in range(1, clauses + 1)]
    return rows

"""Equal bytes first: what is there word for word needs no judgement, only care with texts that occur twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cutter_agent.recut.labels import is_code
from cutter_agent.recut.links import FREE, Links
from cutter_agent.recut.side import Side

_SAYING_WORDS = 3
_ROW = "table_row"
_TELLING_BYTES = 48
"""A shorter text (``(b) [Repealed]``) proves nothing away from its place, even where it occurs once."""


def anchor(old: Side, new: Side, links: Links, *, positional: bool) -> None:
    """Joins units with equal hashes: telling ones that occur once, their neighbours, then equal addresses.

    ``positional``: addresses count places, so an equal address says nothing of a text that occurs twice. O(n).
    """
    _ends(old, new, links)
    _unique(old, new, links)
    spread(old, new, links)
    if not positional:
        _same_address(old, new, links)
        spread(old, new, links)


def _ends(old: Side, new: Side, links: Links) -> None:
    """Common beginning and common end: an edited law is mostly that."""
    top = min(len(old), len(new))
    low = _alike(old.hashes, new.hashes, top)
    back = _alike(reversed(old.hashes), reversed(new.hashes), top - low)
    joined = links.join_run(0, 0, low)
    ended = links.join_run(len(old) - back, len(new) - back, back)
    links.close_in(low if joined else _first_apart(links, low), back if ended else _last_apart(links, back))


def _alike(old: Iterable[str], new: Iterable[str], most: int) -> int:
    """How many are equal before the first that are not."""
    return next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b or at == most), most)


def _first_apart(links: Links, count: int) -> int:
    """The first of ``count`` units at the beginning that an answer kept apart from its like."""
    return next((at for at in range(count) if links.to_new[at] != at), count)


def _last_apart(links: Links, count: int) -> int:
    """How many at the end stand behind the last that an answer kept apart from its like."""
    old, new = len(links.to_new), len(links.to_old)
    return next((at - 1 for at in range(1, count + 1) if links.to_new[old - at] != new - at), count)


def _unique(old: Side, new: Side, links: Links) -> None:
    new_place = {new.hashes[j]: j for j in links.new_window}
    wanted = {old.hashes[i] for i in links.old_window} & new_place.keys()
    seen_old, seen_new = (Counter(filter(wanted.__contains__, side.hashes)) for side in (old, new))
    for i in links.old_window:
        digest = old.hashes[i]
        if seen_old[digest] == 1 == seen_new.get(digest, 0) and old.size(i) >= _TELLING_BYTES:
            j = new_place[digest]
            if links.free(i, j):
                links.join(i, j)


def spread(old: Side, new: Side, links: Links) -> None:
    """What stands next to a joined unit on both sides and has equal bytes is joined, too, and so on outwards."""
    to_new, count = links.to_new, len(new)
    low, top, last = links.old_window.start, links.old_window.stop, len(old) - 1
    for step, places in ((1, range(max(low - 1, 0), min(top, last))), (-1, range(min(top, last), low, -1))):
        for i in places:
            a, j = i + step, to_new[i]
            if to_new[a] != FREE or j == FREE:
                continue
            b = j + step
            if 0 <= b < count and old.hashes[a] == new.hashes[b] and links.free(a, b):
                links.join(a, b)


def _same_address(old: Side, new: Side, links: Links) -> None:
    for i in links.old_window:
        if links.to_new[i] == FREE:
            j = new.place_of.get(old.units[i].address, FREE)
            if j != FREE and links.to_old[j] == FREE and old.hashes[i] == new.hashes[j]:
                links.join(i, j)


def gather(old: Side, new: Side, links: Links) -> None:
    """Equal bytes that are still free: in their parent's new place whatever the order, unlabelled ones anywhere. O(n).

    A labelled one elsewhere (``(b) [Repealed]``) is another provision that says the same.
    """
    near: dict[tuple[str, int], list[int]] = {}
    anywhere: dict[str, list[int]] = {}
    for j in reversed(links.new_window):
        if links.to_old[j] == FREE:
            near.setdefault((new.hashes[j], new.parents[j]), []).append(j)
            if not new.read(j).label:
                anywhere.setdefault(new.hashes[j], []).append(j)
    for i in links.old_window:
        parent = old.parents[i]
        parent = parent if parent == FREE else links.to_new[parent]
        if links.to_new[i] == FREE:
            _take(i, near.get((old.hashes[i], parent), []), links)
    for i in links.old_window:
        if links.to_new[i] == FREE:
            _take(i, anywhere.get(old.hashes[i], []), links)


def gather_words(old: Side, new: Side, links: Links) -> None:
    """Equal words under another label in their parent's new place: a list whose items changed places. O(n).

    Only what is there once on each side, and says more than a stub.
    """
    at_new = _by_words(new, links.to_old, range(len(new)), links.new_window)
    for key, i in _by_words(old, links.to_new, links.to_new, links.old_window).items():
        j = at_new.get(key, FREE)
        if i != FREE and j != FREE and links.free(i, j):
            links.join(i, j)


def gather_codes(old: Side, new: Side, links: Links) -> None:
    """Rows with one key, wherever they stand now and whatever else they say: a key that is there once on each side."""
    free = ((old, links.to_new, links.old_window), (new, links.to_old, links.new_window))
    if not all(any(linked[k] == FREE and side.units[k].level == _ROW for k in window) for side, linked, window in free):
        return
    places = [(side, [k for k in range(len(side)) if side.units[k].level == _ROW]) for side in (old, new)]
    at_old, at_new = (_by_code(side, rows) for side, rows in places)
    for key, i in at_old.items():
        j = at_new.get(key, FREE)
        if i != FREE and j != FREE and links.free(i, j):
            links.join(i, j)


def _by_code(side: Side, rows: Sequence[int]) -> dict[str, int]:
    out: dict[str, int] = {}
    for k in rows:
        label = side.read(k).label
        if is_code(label):
            out[label] = FREE if label in out else k
    return out


def _by_words(
    side: Side, linked: Sequence[int], names: Sequence[int], window: range
) -> dict[tuple[int, str, str], int]:
    """Free units by parent (as ``names`` calls it), level and words; ``FREE`` where there are several."""
    out: dict[tuple[int, str, str], int] = {}
    for k in window:
        parent = side.parents[k]
        if linked[k] != FREE or parent == FREE or names[parent] == FREE:
            continue
        reading = side.read(k)
        if len(reading.words) >= _SAYING_WORDS and reading.stub is None and not reading.entry:
            key = (names[parent], side.units[k].level, reading.words)
            out[key] = FREE if key in out else k
    return out


def _take(i: int, found: list[int], links: Links) -> None:
    while found:
        j = found.pop()
        if links.to_old[j] == FREE:
            links.join(i, j)
            return

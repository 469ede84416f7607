"""Axis 2, changes without a new source (design 1.8): the same bytes, divided otherwise, and a trail that leads on.

What changed is worked out from the spans of the two signed manifests, never from what the newer one says became of a
unit. The trail is walked through the rows as they are stored. What was once decided about the tree is decided still.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cutter_agent.rows import Alias
from cutter_agent.verifier.evidence import Defect, Evidence
from cutter_agent.verifier.reading import Block

Part = Mapping[str, Any]
Tree = Mapping[str, Block]
_ADDRESS = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
_KINDS = frozenset({"split", "merge", "retire", "renumber", "redirect", "name"})


def defects(evidence: Evidence, header: Mapping[str, Any], blocks: Sequence[Block]) -> Iterator[Defect]:
    """Every defect of what was ordered without a new source, of the trail, and of decisions that later cuts keep."""
    kind = header.get("operation_kind")
    yield from _circles(evidence)
    if kind == "first_cut":
        return
    document, before = evidence.told.document, evidence.base_told.document
    yield from _decisions(before, document, blocks)
    part = document.get("topology")
    if (part is not None) != (kind in _KINDS):
        yield _defect("topology_part", f"operation {kind} and the part topology do not belong together")
    if part is None or kind not in _KINDS:
        return
    if before.get("header", {}).get("snapshot_sha256") != header.get("snapshot_sha256"):
        yield _defect("topology_snapshot", f"a {kind} that changes the source")
        return
    old = {block["address"]: block for block in evidence.base_told.blocks}
    new = {block["address"]: block for block in blocks}
    yield from _SHAPES[kind](part["order"], old, new)
    yield from _names(kind, part)
    yield from _trail(evidence, document, new)


def _ended(old: Tree, new: Tree) -> list[Block]:
    return sorted((old[address] for address in old.keys() - new.keys()), key=_start)


def _made(old: Tree, new: Tree) -> list[Block]:
    return sorted((new[address] for address in new.keys() - old.keys()), key=_start)


def _start(block: Block) -> int:
    return int(block["start_byte"])


def _span(block: Block) -> tuple[int, int]:
    return int(block["start_byte"]), int(block["end_byte"])


def _same(old: Tree, new: Tree, *, but: frozenset[str], parents: Mapping[str, str | None]) -> Iterator[Defect]:
    """Every unit that the order does not name is as it was; below one that ended, its parent is the given one."""
    for address in sorted(old.keys() & new.keys() - but):
        was, now = old[address], new[address]
        if _span(was) != _span(now):
            yield _defect("topology_span", f"its bytes were {_span(was)}, and no order touched it", address)
        for name in ("kind", "level", "number"):
            if was[name] != now[name]:
                yield _defect("topology_label", f"its {name} was {was[name]}, and no order touched it", address)
        parent = parents.get(was["parent"], was["parent"])
        if now["parent"] != parent:
            yield _defect("topology_parent", f"it stands under {now['parent']}, due is {parent}", address)


def _tiled(code: str, whole: tuple[int, int], pieces: Sequence[Block], address: str) -> Iterator[Defect]:
    """The pieces, one after another, are exactly the whole."""
    reached = whole[0]
    for piece in pieces:
        if _start(piece) != reached:
            yield _defect(code, f"{piece['address']} begins at {_start(piece)}, due is {reached}", address)
        reached = int(piece["end_byte"])
    if reached != whole[1]:
        yield _defect(code, f"the pieces end at {reached}, the whole at {whole[1]}", address)


def _split(order: Part, old: Tree, new: Tree) -> Iterator[Defect]:
    (address,) = order["addresses"]
    made = _made(old, new)
    if _ended(old, new) or not made or address not in old or address not in new:
        yield _defect("topology_successor", "a split ends no unit and begins some", address)
        return
    yield from _tiled("topology_span", _span(old[address]), [new[address], *made], address)
    starts = [_start(piece) - _start(old[address]) for piece in made]
    if starts != list(order["at_bytes"]):
        yield _defect("topology_span", f"divided at {starts}, ordered was {order['at_bytes']}", address)
    for piece in made:
        if piece["parent"] != address or not piece["address"].startswith(f"{address}-"):
            yield _defect("topology_successor", f"it is no piece of {address}", piece["address"])
    yield from _same(old, new, but=frozenset({address}), parents={})


def _merge(order: Part, old: Tree, new: Tree) -> Iterator[Defect]:
    made, ended = _made(old, new), _ended(old, new)
    gone = [block["address"] for block in ended]
    if len(made) != 1 or len(ended) < 2 or made[0]["address"] != order["to"] or gone != list(order["addresses"]):
        yield _defect("topology_successor", f"{', '.join(gone)} ended, ordered was {', '.join(order['addresses'])}")
        return
    yield from _tiled("topology_span", _span(made[0]), ended, order["to"])
    if made[0]["parent"] != ended[0]["parent"]:
        yield _defect("topology_parent", f"it stands under {made[0]['parent']}", order["to"])
    yield from _same(old, new, but=frozenset(), parents=dict.fromkeys(gone, order["to"]))


def _retire(order: Part, old: Tree, new: Tree) -> Iterator[Defect]:
    ended, heir = _ended(old, new), order["to"]
    if [block["address"] for block in ended] != list(order["addresses"]) or _made(old, new) or heir not in old:
        yield _defect("topology_successor", f"{len(ended)} unit(s) ended, ordered was {', '.join(order['addresses'])}")
        return
    yield from _tiled("topology_span", _span(new[heir]), sorted([*ended, old[heir]], key=_start), heir)
    gone = ended[0]["address"]
    due = order["under"] if old[heir]["parent"] == gone else old[heir]["parent"]
    if new[heir]["parent"] != due:
        yield _defect("topology_parent", f"it stands under {new[heir]['parent']}, due is {due}", heir)
    yield from _same(old, new, but=frozenset({heir}), parents={gone: order["under"]})


def _renumber(order: Part, old: Tree, new: Tree) -> Iterator[Defect]:
    (address,) = order["addresses"]
    if old.keys() != new.keys() or _span(old[address]) != _span(new[address]):
        yield _defect("topology_successor", "a renumbering begins and ends no unit, and moves no byte", address)
        return
    for name in ("kind", "level", "parent"):
        if old[address][name] != new[address][name]:
            yield _defect("topology_label", f"its {name} was {old[address][name]}", address)
    yield from _same(old, new, but=frozenset({address}), parents={})


def _redirect(order: Part, old: Tree, new: Tree) -> Iterator[Defect]:
    if old.keys() != new.keys():
        yield _defect("topology_successor", f"a redirect of {', '.join(order['addresses'])} changes no unit")
    yield from _same(old, new, but=frozenset(), parents={})


_SHAPES: Mapping[str, Callable[[Part, Tree, Tree], Iterator[Defect]]] = {
    "split": _split,
    "merge": _merge,
    "retire": _retire,
    "renumber": _renumber,
    "redirect": _redirect,
    "name": _redirect,
}


def _names(kind: str, part: Part) -> Iterator[Defect]:
    """Names from outside come by that order alone, each with its reason, and none looks like an address."""
    for row in part["aliases"]:
        outside = row["kind"] == "external_reference"
        if outside != (kind == "name"):
            yield _defect("name_kind", f"the name {row['text']} is a {row['kind']} of a {kind}", row["target"])
        elif outside and (_ADDRESS.fullmatch(row["text"]) or not row["because"]):
            yield _defect("name_kind", f"the name {row['text']} is an address, or has no reason", row["target"])


def _trail(evidence: Evidence, document: Part, new: Tree) -> Iterator[Defect]:
    """Every unit that this cut ends is a name of the one that holds its bytes now."""
    ids = {unit.canonical_address: unit.unit_id for unit in evidence.units}
    by_text: dict[str, set[str]] = {}
    for row in evidence.aliases:
        by_text.setdefault(row.alias_text, set()).add(row.target_unit_id)
    for end in document["recut"]["ended"]:
        address = end["address"]
        heirs = [
            name
            for name, block in new.items()
            if _start(block) <= end["start_byte"] and end["end_byte"] <= int(block["end_byte"])
        ]
        if not heirs or ids.get(heirs[0]) not in by_text.get(address, set()):
            message = f"it ended in {heirs[0] if heirs else 'nothing'}, and no alias leads there"
            yield _defect("trail_missing", message, address)


def _circles(evidence: Evidence) -> Iterator[Defect]:
    """From every name, through units that ended, to one that lives or to nothing: never back."""
    ended = {unit.unit_id: unit.canonical_address for unit in evidence.ended}
    newest: dict[str, Alias] = {row.alias_text: row for row in evidence.aliases}
    for name, row in newest.items():
        passed, place = set[str](), row.target_unit_id
        while place in ended and place not in passed:
            passed.add(place)
            step = newest.get(ended[place])
            if step is None:
                break
            place = step.target_unit_id
        if place in passed and newest.get(ended[place]) is not None:
            yield _defect("trail_circle", f"the name {name} leads in a circle", ended[place])


def _decisions(before: Part, now: Part, blocks: Sequence[Block]) -> Iterator[Defect]:
    """What was decided of a unit that lives on is decided still, unless the reviewer was asked or ordered otherwise."""
    if not before.get("governed"):
        return
    living = {block["address"] for block in blocks}
    order = now["topology"]["order"] if "topology" in now else {"addresses": [], "to": None}
    said = " ".join(row["message"] for row in now.get("findings", ()) if row["severity"] == "exception")
    known = {*_ADDRESS.findall(said), *order["addresses"], order["to"]}
    held = Counter((each["address"], each["standing"]) for each in now.get("governed", ()))
    due = Counter((each["address"], each["standing"]) for each in before.get("governed", ()))
    for (address, standing), count in due.items():
        if address in living - known and held[address, standing] < count:
            yield _defect("governed_lost", f"it was {standing} by decision, and nobody was asked", address)


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)

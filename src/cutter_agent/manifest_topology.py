"""The parts of a manifest that a change without a new source adds, ``topology`` and ``governed``: spelt and read. Pure.

``governed`` stands in every later manifest of the document, too: a re-cut must know which boundaries were decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cutter_agent.model import Governed, Manifest, Topology, TopologyAlias, TopologyOrder
from sealing.canonical import JsonValue

_Types = tuple[type, ...]
_TEXT_OR_NULL = (str, type(None))
_ORDER: Mapping[str, _Types] = {
    "words": (list,),
    "addresses": (list,),
    "at_bytes": (list,),
    "to": _TEXT_OR_NULL,
    "under": _TEXT_OR_NULL,
}
_ALIAS: Mapping[str, _Types] = {
    "text": (str,),
    "kind": (str,),
    "target": (str,),
    "target_unit_id": (str,),
    "because": _TEXT_OR_NULL,
}
_TOPOLOGY: Mapping[str, _Types] = {"order": (dict,), "because": (str,), "aliases": (list,)}
_GOVERNED: Mapping[str, _Types] = {
    "address": (str,),
    "standing": (str,),
    "at_byte": (int,),
    "under": _TEXT_OR_NULL,
    "was": _TEXT_OR_NULL,
}
MEMBERS = frozenset({"topology", "governed"})


def as_json(manifest: Manifest) -> dict[str, JsonValue]:
    """The members of these parts; none where the manifest has neither."""
    out: dict[str, JsonValue] = {}
    if manifest.topology is not None:
        out["topology"] = {
            "order": order_json(manifest.topology.order),
            "because": manifest.topology.because,
            "aliases": [{name: getattr(alias, name) for name in _ALIAS} for alias in manifest.topology.aliases],
        }
    if manifest.governed:
        out["governed"] = [{name: getattr(each, name) for name in _GOVERNED} for each in manifest.governed]
    return out


def order_json(order: TopologyOrder) -> dict[str, JsonValue]:
    """What was ordered."""
    return {
        "words": list(order.words),
        "addresses": list(order.addresses),
        "at_bytes": list(order.at_bytes),
        "to": order.to,
        "under": order.under,
    }


def read(document: Mapping[str, Any]) -> tuple[Topology | None, tuple[Governed, ...]]:
    """From a document that ``shape_problems`` finds nothing wrong with."""
    part = document.get("topology")
    topology = None
    if part is not None:
        order = part["order"]
        topology = Topology(
            order=TopologyOrder(
                words=tuple(order["words"]),
                addresses=tuple(order["addresses"]),
                at_bytes=tuple(order["at_bytes"]),
                to=order["to"],
                under=order["under"],
            ),
            because=part["because"],
            aliases=tuple(TopologyAlias(**alias) for alias in part["aliases"]),
        )
    return topology, tuple(Governed(**each) for each in document.get("governed", ()))


def shape_problems(document: Mapping[str, Any]) -> Iterator[str]:
    """What is not as ``read`` needs it."""
    if "topology" in document:
        yield from _topology_problems(document["topology"])
    if "governed" in document:
        yield from _rows("governed", document["governed"], _GOVERNED)


def _topology_problems(part: object) -> Iterator[str]:
    found = list(_row("topology", part, _TOPOLOGY))
    yield from found
    if found or not isinstance(part, dict):
        return
    yield from _rows("topology.aliases", part["aliases"], _ALIAS)
    wrong = list(_row("topology.order", part["order"], _ORDER))
    yield from wrong
    if not wrong:
        for name, kind in (("words", str), ("addresses", str), ("at_bytes", int)):
            if any(type(each) is not kind for each in part["order"][name]):
                yield f"topology.order: {name} holds something that is no {kind.__name__}"


def _rows(where: str, rows: object, fields: Mapping[str, _Types]) -> Iterator[str]:
    if not isinstance(rows, list):
        yield f"{where}: a list is required"
        return
    for index, row in enumerate(rows):
        yield from _row(f"{where} {index}", row, fields)


def _row(where: str, row: object, fields: Mapping[str, _Types]) -> Iterator[str]:
    if not isinstance(row, dict) or row.keys() != fields.keys():
        yield f"{where}: an object with exactly {', '.join(fields)} is required"
        return
    for name, types in fields.items():
        if type(row[name]) not in types:
            yield f"{where}: {name} is a {type(row[name]).__name__}"

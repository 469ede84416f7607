"""Axis 2, the files that the text was made from: their bytes, the maps, and that no loss was kept from the reviewer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cutter_agent.originals import StoredRendering
from cutter_agent.verifier.evidence import Defect, Evidence
from cutter_agent.verifier.round_trip import sha256


def defects(evidence: Evidence) -> Iterator[Defect]:
    """Every defect of the originals of the cut's text. A text that was made from nothing else has none to check."""
    manifest = evidence.told.document
    named = manifest.get("original")
    if named is not None:
        yield from _named(evidence, named)
    for stored in evidence.renderings:
        yield from _bytes(stored)
        yield from _map(evidence, stored)
        if named is not None and stored.rendering.map_sha256 == named.get("map_sha256"):
            yield from _losses(stored, manifest)


def _named(evidence: Evidence, named: Mapping[str, Any]) -> Iterator[Defect]:
    for stored in evidence.renderings:
        original, rendering = stored.original, stored.rendering
        found = {
            "sha256": original.sha256,
            "byte_length": original.byte_length,
            "media_type": original.media_type,
            "reader": rendering.reader,
            "map_sha256": rendering.map_sha256,
        }
        if (found["sha256"], found["map_sha256"]) != (named.get("sha256"), named.get("map_sha256")):
            continue
        for name, value in found.items():
            if value != named.get(name):
                yield _defect("original_row", f"{name} is {value}, approved was {named.get(name)}")
        return
    yield _defect("original_missing", f"the original {named.get('sha256')} is not stored with its map")


def _bytes(stored: StoredRendering) -> Iterator[Defect]:
    original, rendering = stored.original, stored.rendering
    if (sha256(original.data), len(original.data)) != (original.sha256, original.byte_length):
        yield _defect("original_bytes", f"the stored original {original.sha256} has digest {sha256(original.data)}")
    if sha256(rendering.map) != rendering.map_sha256:
        yield _defect("map_digest", f"the stored map {rendering.map_sha256} has digest {sha256(rendering.map)}")


def _map(evidence: Evidence, stored: StoredRendering) -> Iterator[Defect]:
    """The map speaks of this text and this file, and its runs lie end to end over the whole text."""
    found = json.loads(stored.rendering.map)
    snapshot = evidence.snapshot or b""
    for name, said in (
        ("original_sha256", stored.original.sha256),
        ("text_sha256", sha256(snapshot)),
        ("text_byte_length", len(snapshot)),
        ("reader", stored.rendering.reader),
    ):
        if found[name] != said:
            yield _defect("map", f"{name} is {found[name]}, due is {said}")
    reached = 0
    for start, end, place, _, first, last in found["runs"]:
        if start != reached or end <= start or not 0 <= place < len(found["places"]):
            yield _defect("map", f"a run [{start}, {end}) where one from {reached} was due")
            return
        if first is not None and not 0 <= first <= last <= stored.original.byte_length:
            yield _defect("map", f"a run [{start}, {end}) comes from bytes [{first}, {last}), which are not there")
            return
        reached = end
    if reached != len(snapshot):
        yield _defect("map", f"the map ends at byte {reached}, the text at {len(snapshot)}")


def _losses(stored: StoredRendering, manifest: Mapping[str, Any]) -> Iterator[Defect]:
    names = ("code", "severity", "start_byte", "message")
    told = {tuple(finding[name] for name in names) for finding in manifest["findings"]}
    for loss in json.loads(stored.rendering.map)["findings"]:
        if tuple(loss[name] for name in names) not in told:
            yield _defect("loss_untold", f"the reviewer was not told: {loss['message']}")


def _defect(code: str, message: str) -> Defect:
    return Defect(axis=2, code=code, message=message)

"""Whether every block of a manifest keeps the validator's rules: each rule asked of a whole column at once. Pure.

The answer is yes or no. Most manifests hold, and one of 100,000 blocks is asked three times on its way; which block
breaks which rule is ``validation``'s to say, block by block, and a test holds the two against each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from operator import attrgetter, itemgetter, lt
from typing import Any

from cutter_agent.manifest_kept import Blocks
from cutter_agent.model import BlockRole, Manifest, ManifestBlock, Unit
from cutter_agent.vocabulary import PLAIN_WORD, Vocabulary

_SPELT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-\n"
_INSIDE = bytes(range(0x80, 0xC0))
"""Bytes that never begin a UTF-8 character."""
_MAX_ADDRESS_LENGTH, _MAX_NUMBER_LENGTH = 400, 200


def blocks_hold(manifest: Manifest, snapshot: bytes, words: Vocabulary) -> bool:
    """Whether labels, spans, hashes, addresses and parents of every block are as the validator wants them."""
    blocks = manifest.units
    if isinstance(blocks, Blocks):  # made from these one by one, with places from 0 and one role
        units: Sequence[ManifestBlock | Unit] = blocks.units
    else:
        units = list(blocks)
        if not _places_hold(blocks):
            return False
    return bool(units) and (
        _labels_hold(units, manifest.header.profile_id, words)
        and _spans_hold(units, snapshot)
        and _hashes_hold(units, snapshot)
        and _addresses_hold(units, manifest.header.document_code)
        and _parents_hold(units)
    )


def _places_hold(blocks: Sequence[ManifestBlock]) -> bool:
    """Counted from 0, and results all of them."""
    counted = _column(blocks, "unit_local_id") == list(range(len(blocks)))
    return counted and set(_column(blocks, "role")) == {BlockRole.RESULT}


def _column(units: Sequence[ManifestBlock | Unit], name: str) -> list[Any]:
    return list(map(attrgetter(name), units))


def _labels_hold(units: Sequence[ManifestBlock | Unit], profile_id: str, words: Vocabulary) -> bool:
    listed = words.get(profile_id)
    kinds, levels = set(_column(units, "kind")), set(_column(units, "level"))
    numbers = set(_column(units, "number")) - {None}
    return (
        (kinds <= listed.kinds if listed else all(map(PLAIN_WORD.fullmatch, kinds)))
        and (levels <= listed.levels if listed else all(map(PLAIN_WORD.fullmatch, levels)))
        and all(1 <= len(number) <= _MAX_NUMBER_LENGTH and number.isprintable() for number in numbers)
    )


def _spans_hold(units: Sequence[ManifestBlock | Unit], snapshot: bytes) -> bool:
    """End to end from 0 to the length, none empty, none inside a character."""
    starts, ends = _column(units, "start_byte"), _column(units, "end_byte")
    if starts != [0, *ends[:-1]] or ends[-1] != len(snapshot) or not all(map(lt, starts, ends)):
        return False
    first = bytes(itemgetter(0, 0, *starts[1:])(snapshot)[2:])
    return len(first.translate(None, delete=_INSIDE)) == len(first)


def _hashes_hold(units: Sequence[ManifestBlock | Unit], snapshot: bytes) -> bool:
    sha256 = hashlib.sha256
    return all(sha256(snapshot[unit.start_byte : unit.end_byte]).hexdigest() == unit.content_sha256 for unit in units)


def _addresses_hold(units: Sequence[ManifestBlock | Unit], code: str) -> bool:
    """Spelt right, each one once, and all under the document's code."""
    addresses = _column(units, "address")
    text = "\n".join(["", *addresses, ""])
    return (
        not text.encode("utf-8", "replace").translate(None, delete=_SPELT)
        and text.count("\n") == len(addresses) + 1
        and not any(wrong in text for wrong in ("\n\n", "--", "\n-", "-\n"))
        and max(map(len, addresses)) <= _MAX_ADDRESS_LENGTH
        and len(set(addresses)) == len(addresses)
        and text.count(f"\n{code}-") + text.count(f"\n{code}\n") == len(addresses)
    )


def _parents_hold(units: Sequence[ManifestBlock | Unit]) -> bool:
    """Each parent stands before its child."""
    before: set[str | None] = {None}
    passed = before.add
    for unit in units:
        if unit.parent not in before:
            return False
        passed(unit.address)
    return True

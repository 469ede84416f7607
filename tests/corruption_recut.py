"""What somebody would do to a document that was cut again: names, ends, orders, cuts, answers, and rows of the base."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from tests.corruption_columns import (
    AFFECTED,
    BLOCK,
    CHANGE_SET,
    DECISION,
    ENTRY,
    ENVELOPE,
    HISTORY,
    SIGNATURE,
    UNIT,
    VERSION,
    Corruption,
    add,
    change,
    column_kind,
    columns,
    drop,
    other_text,
    other_value,
    sha,
)
from tests.corruption_kinds import NAMED, row_doubled
from tests.corruption_stage import ALIAS, Facts, Row
from tests.derived_ids import HOUSE

from sealing.canonical import canonical_bytes

Kind = Callable[[Random, Facts], Corruption]
_OWN_LABELS = ("unit_kind", "section_type", "unit_number", "parent_unit_id")
_NEEDS_A_BLOCK_OF_EACH_UNIT = {
    "boundary shifted everywhere",
    "address moved everywhere",
    "document rewritten everywhere",
    "parent moved",
    "kind or level changed",
    "life changed",
}
_SOURCE = ("iu.manifest", "iu.source_snapshot")
_BASE = (ENTRY, HISTORY, ENVELOPE, BLOCK, DECISION, SIGNATURE, CHANGE_SET, AFFECTED, *_SOURCE)


def alias_forged(random: Random, facts: Facts) -> Corruption:
    """A name that nobody ordered, at any moment, for any unit, with a derived id or any other."""
    unit = random.choice(facts.units)
    text = f"{unit['canonical_address']}{random.choice(['9', 'BIS', '-X'])}"
    envelope = facts.change_set["manifest_id"]
    derived = uuid.uuid5(HOUSE, f"alias\n{envelope}\n{unit['unit_id']}\n{text}")
    row = {
        "alias_id": random.choice([derived, uuid.UUID(int=random.getrandbits(128))]),
        "target_unit_id": unit["unit_id"],
        "alias_text": text,
        "alias_kind": random.choice(["rename", "redirect", "previous_canonical", "external_reference"]),
        "valid_from": random.choice([facts.change_set["emitted_at"], facts.rows[ENTRY][0]["emitted_at"]]),
        "created_by": facts.change_set["emitted_by"],
        "rationale": f"renumbered by cut {facts.change_set['cut_seq']}",
    }
    words = frozenset({"alias_forged"})
    return Corruption(statements=[add(ALIAS, row)], words=words, place=unit["canonical_address"])


def aliases_swapped(random: Random, facts: Facts) -> Corruption:
    one, two = random.sample(facts.rows[ALIAS], 2)
    swap = [(one, two), (two, one)]
    statements = [change(ALIAS, a, {"alias_text": b["alias_text"]}) for a, b in swap]
    return Corruption(statements=statements, words=frozenset({"alias"}))


def alias_dropped(random: Random, facts: Facts) -> Corruption:
    row = random.choice([row for row in facts.rows[ALIAS] if row["valid_from"] == facts.change_set["emitted_at"]])
    return Corruption(statements=[drop(ALIAS, row)], words=frozenset({"alias_missing"}))


def alias_column(column: str) -> Kind:
    def make(random: Random, facts: Facts) -> Corruption:
        row = random.choice([row for row in facts.rows[ALIAS] if row["valid_from"] == facts.change_set["emitted_at"]])
        kind = facts.types[ALIAS, column]
        old = row[column] if row[column] is not None else (facts.change_set["emitted_at"] if "time" in kind else "")
        return Corruption(statements=[change(ALIAS, row, {column: other_value(random, kind, old)})])

    return make


def end_taken_back(random: Random, facts: Facts) -> Corruption:
    """A retired unit lives again: its last version is gone, or says that it is none."""
    end = random.choice(facts.ends)
    if random.random() < 0.5:
        return Corruption(statements=[drop(VERSION, end)])
    return Corruption(statements=[change(VERSION, end, {"ends_life": False})])


def ended_in_silence(random: Random, facts: Facts) -> Corruption:
    """A unit's life ends with a version that nobody approved."""
    unit = random.choice(facts.units)
    held = next(row for row in facts.rows[VERSION] if row["unit_id"] == unit["unit_id"])
    made = {
        **held,
        "version_seq": held["version_seq"] + 1,
        "body": "",
        "content_hash": sha(""),
        "ends_life": True,
        **dict.fromkeys(_OWN_LABELS),
        "cut_seq": facts.change_set["cut_seq"],
        "change_set_id": facts.change_set["change_set_id"],
    }
    return Corruption(statements=[add(VERSION, made)], place=unit["canonical_address"])


def order_nudged(random: Random, facts: Facts) -> Corruption:
    """So little that the document reads the same."""
    unit = random.choice(facts.units)
    moved = unit["render_order"] + Decimal(random.choice(["0.0001", "-0.0001", "0.000000001"]))
    return Corruption(statements=[change(VERSION, unit, {"render_order": moved})], place=unit["canonical_address"])


def bodies_between_documents(random: Random, facts: Facts) -> Corruption:
    unit, other = random.choice(facts.units), random.choice(facts.other_versions)
    swap = [(unit, other), (other, unit)]
    statements = [change(VERSION, a, {"body": b["body"], "content_hash": b["content_hash"]}) for a, b in swap]
    return Corruption(statements=statements, words=frozenset({"body"}), place=unit["canonical_address"])


def written_by_another_cut(random: Random, facts: Facts) -> Corruption:
    """A version is said to be of another cut of the document, number, change set or both."""
    unit = random.choice(facts.units)
    others = [cut for cut in facts.cuts if cut["change_set_id"] != unit["change_set_id"]]
    other = random.choice(others)
    values = random.choice([("cut_seq",), ("change_set_id",), ("cut_seq", "change_set_id")])
    return Corruption(statements=[change(VERSION, unit, {name: other[name] for name in values})])


def cuts_swapped(random: Random, facts: Facts) -> Corruption:
    """Two cuts change their numbers: what was first is last."""
    del random
    one, two = facts.cuts[-1], facts.cuts[0]
    swap = [(one, two), (two, one)]
    return Corruption(statements=[change(CHANGE_SET, a, {"cut_seq": b["cut_seq"]}) for a, b in swap])


def signature_of_another_cut(random: Random, facts: Facts) -> Corruption:
    """A true signature of this lane over another cut of the same document, in this one's row."""
    row = facts.rows[SIGNATURE][0]
    others = [each for each in facts.signatures if each["signer_dot_id"] == row["signer_dot_id"]]
    other = random.choice(others)
    values = {name: other[name] for name in ("payload_envelope", "payload_hash", "signature_payload")}
    more = {"signed_at": other["signed_at"]} if random.random() < 0.5 else {}
    words = frozenset({"signature", "signed_statement", "signed_digests"})
    return Corruption(statements=[change(SIGNATURE, row, {**values, **more})], words=words)


def label_of_a_version(random: Random, facts: Facts) -> Corruption:
    """What a renumbered or moved unit is called, or where it hangs."""
    unit = random.choice([unit for unit in facts.units if unit["unit_id"] in facts.relabelled])
    held = next(row for row in facts.rows[VERSION] if row["unit_id"] == unit["unit_id"])
    column = random.choice(_OWN_LABELS)
    others = [each["unit_id"] for each in facts.units if each["unit_id"] not in {unit["unit_id"], held[column]}]
    value = random.choice(others) if column == "parent_unit_id" else other_text(random, held[column] or "1")
    return Corruption(statements=[change(VERSION, held, {column: value})], place=unit["canonical_address"])


def manifest_rewritten(random: Random, facts: Facts) -> Corruption:
    """Another fate of a unit in the manifest, and its digest everywhere: all agrees, but not with what was signed."""
    row = facts.rows["iu.manifest"][0]
    proposal = json.loads(row["canonical_json"])
    word = random.choice(proposal["recut"]["units"])
    word["change"] = random.choice([w for w in ("unchanged", "revised", "moved", "inserted") if w != word["change"]])
    canonical = canonical_bytes(proposal)
    digest = {"manifest_digest": sha(canonical)}
    entry = facts.rows[ENTRY][0]
    statements = [
        change("iu.manifest", row, {"canonical_json": canonical, "digest": sha(canonical)}),
        *(change(DECISION, each, digest) for each in facts.rows[DECISION]),
        change(CHANGE_SET, facts.change_set, digest),
        *(change(ENVELOPE, each, digest) for each in facts.rows[ENVELOPE]),
        change(ENTRY, entry, {"payload": {**entry["payload"], **digest}}),
    ]
    return Corruption(statements=statements, words=frozenset({"signed_digests"}))


def answer_turned(random: Random, facts: Facts) -> Corruption:
    """Another answer on record than the reviewer gave, or none."""
    row = random.choice([row for row in facts.rows[DECISION] if row["manifest_unit_local_id"] is not None])
    if random.random() < 0.3:
        return Corruption(statements=[drop(DECISION, row)])
    lines = json.loads(json.dumps(row["findings"]))
    name = random.choice(["answer", "comment", "reviewer", "at"])
    lines[0][name] = other_text(random, lines[0][name])
    return Corruption(statements=[change(DECISION, row, {"findings": lines})])


def replaced_version(column: str) -> Kind:
    """A version that a later cut replaced: it is what the document was."""

    def make(random: Random, facts: Facts) -> Corruption:
        row = random.choice(facts.replaced)
        made = other_value(random, facts.types[VERSION, column], row[column])
        return Corruption(statements=[change(VERSION, row, {column: made})])

    return make


def life_of(name: str) -> Kind:
    """Draft, enacted or retired, otherwise than it is."""

    def make(random: Random, facts: Facts) -> Corruption:
        row = random.choice(facts.rows[name])
        others = [word for word in ("draft", "enacted", "retired") if word != row["lifecycle_status"]]
        return Corruption(statements=[change(name, row, {"lifecycle_status": random.choice(others)})])

    return make


RECUT: dict[str, Kind] = {
    "life of a unit": life_of(UNIT),
    "life of a version": life_of(VERSION),
    "alias forged": alias_forged,
    "aliases swapped": aliases_swapped,
    "alias dropped": alias_dropped,
    "end taken back": end_taken_back,
    "ended in silence": ended_in_silence,
    "order nudged": order_nudged,
    "bodies swapped between documents": bodies_between_documents,
    "written by another cut": written_by_another_cut,
    "cuts swapped": cuts_swapped,
    "signature of another cut": signature_of_another_cut,
    "label of a version": label_of_a_version,
    "manifest rewritten everywhere": manifest_rewritten,
    "answer turned": answer_turned,
    "replaced version: body": replaced_version("body"),
}


def recut_kinds(facts: Facts) -> dict[str, Kind]:
    """Every kind for a document that was cut again and waits for VERIFY."""
    found = {name: kind for name, kind in NAMED.items() if name not in _NEEDS_A_BLOCK_OF_EACH_UNIT}
    found |= {name: kind for name, kind in RECUT.items() if _possible(name, facts)}
    found |= {f"column canonical_address_alias.{column}": alias_column(column) for column in facts.rows[ALIAS][0]}
    found["block doubled"] = row_doubled(BLOCK, "unit_local_id", "block")
    for name, column in columns(facts):
        if name not in {UNIT, ALIAS}:
            found[f"column {name.split('.')[1]}.{column}"] = _placed(column_kind(name, column))
    own = [row for row in facts.rows[UNIT] if row["unit_id"] not in facts.relabelled]
    for column in facts.rows[UNIT][0]:
        rows = own if column in _OWN_LABELS else facts.rows[UNIT]
        found[f"column information_unit.{column}"] = _placed(_among(UNIT, column, rows))
    return found


def _placed(kind: Kind) -> Kind:
    """What ended is missed where it was, in the earlier cuts, and not by its name."""

    def make(random: Random, facts: Facts) -> Corruption:
        made = kind(random, facts)
        living = {unit["canonical_address"] for unit in facts.units}
        return replace(made, place=made.place if made.place in living else None)

    return make


def base_kinds(facts: Facts) -> dict[str, Kind]:
    """For the audit: every value of the rows that the cut before this one rests on, and of replaced versions."""
    assert facts.base is not None
    found: dict[str, Kind] = {}
    for name in _BASE:
        for column in facts.base.rows[name][0] if facts.base.rows[name] else ():
            found[f"base {name.split('.')[1]}.{column}"] = _on_base(column_kind(name, column))
    for column in facts.rows[VERSION][0]:
        if facts.replaced:
            found[f"replaced version: {column}"] = replaced_version(column)
    return found


def _on_base(kind: Kind) -> Kind:
    def make(random: Random, facts: Facts) -> Corruption:
        assert facts.base is not None
        return kind(random, facts.base)

    return make


def _among(name: str, column: str, rows: list[Row]) -> Kind:
    kind = column_kind(name, column)
    return lambda random, facts: kind(random, replace(facts, rows={**facts.rows, name: rows}))


def _possible(name: str, facts: Facts) -> bool:
    rows: dict[str, Any] = {
        "aliases swapped": len(facts.rows[ALIAS]) > 1,
        "end taken back": facts.ends,
        "answer turned": any(row["manifest_unit_local_id"] is not None for row in facts.rows[DECISION]),
        "replaced version: body": facts.replaced,
        "label of a version": facts.relabelled,
    }
    return bool(rows.get(name, True))

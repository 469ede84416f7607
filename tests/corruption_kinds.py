"""What somebody would do to a store who knows the format: kinds of corruption, each made from a seed and stored facts.

Bodies with their hashes, boundaries that shift, units doubled, histories rewritten, signatures forged or taken from
somewhere else, whole documents that agree with themselves.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any, cast

from tests.corruption_columns import (
    AFFECTED,
    BLOCK,
    CHANGE_SET,
    DECISION,
    ENTRY,
    ENVELOPE,
    HISTORY,
    RESULT,
    SIGNATURE,
    UNIT,
    VERSION,
    Corruption,
    Statement,
    add,
    change,
    column_kind,
    columns,
    drop,
    other_text,
    sha,
)
from tests.corruption_stage import Facts, Row
from tests.derived_ids import within

from sealing.canonical import canonical_bytes
from sealing.dsse import seal
from sealing.intoto import PAYLOAD_TYPE
from sealing.keys import SigningKey

# ----------------------------------------------------------------------------------------------------- units and bodies


def body_with_hash(random: Random, facts: Facts) -> Corruption:
    unit = random.choice(facts.units)
    body = other_text(random, unit["body"])
    values = {"body": body, "content_hash": sha(body)}
    words = frozenset({"body"})
    return Corruption(statements=[change(VERSION, unit, values)], words=words, place=unit["canonical_address"])


def bodies_swapped(random: Random, facts: Facts) -> Corruption:
    one, two = _two_different(random, facts.units, "body")
    swap = [(one, two), (two, one)]
    statements = [change(VERSION, a, {"body": b["body"], "content_hash": b["content_hash"]}) for a, b in swap]
    return Corruption(statements=statements, words=frozenset({"body"}), place=one["canonical_address"])


def _two_different(random: Random, rows: list[Row], column: str) -> tuple[Row, Row]:
    one = random.choice(rows)
    return one, random.choice([row for row in rows if row[column] != one[column]])


def unit_dropped(random: Random, facts: Facts) -> Corruption:
    unit = random.choice(facts.units)
    statements = [drop(VERSION, unit)] + ([drop(UNIT, unit)] if random.random() < 0.5 else [])
    return Corruption(statements=statements, words=frozenset({"unit_missing", "body"}), place=unit["canonical_address"])


def unit_doubled(random: Random, facts: Facts) -> Corruption:
    """The same text once more, under an address and id of its own, right behind the first."""
    unit = random.choice(facts.units)
    address = f"{unit['canonical_address']}-{random.choice(['BIS', 'X2', '2'])}"
    document = facts.change_set["document_ref"]
    made = within("unit", document, address)
    own = next(row for row in facts.rows[UNIT] if row["unit_id"] == unit["unit_id"])
    held = next(row for row in facts.rows[VERSION] if row["unit_id"] == unit["unit_id"])
    order = held["render_order"] + Decimal("0.5")
    statements = [
        add(UNIT, {**own, "unit_id": made, "canonical_address": address}),
        add(VERSION, {**held, "unit_id": made, "render_order": order}),
    ]
    return Corruption(statements=statements, words=frozenset({"unit_unknown"}), place=address)


def version_doubled(random: Random, facts: Facts) -> Corruption:
    """One more version: of the same cut, of a cut to come, or of nobody's; with the same text or another."""
    held = random.choice(facts.rows[VERSION])
    body = random.choice([held["body"], other_text(random, held["body"])])
    made = {**held, "version_seq": held["version_seq"] + 1, "body": body, "content_hash": sha(body)}
    made["cut_seq"] += random.choice([0, 1, 90])
    made["change_set_id"] = random.choice([held["change_set_id"], uuid.UUID(int=random.getrandbits(128))])
    return Corruption(statements=[add(VERSION, made)])


def reordered(random: Random, facts: Facts) -> Corruption:
    one, two = _two_different(random, facts.units, "unit_id")
    swap = [(one, two), (two, one)]
    statements = [change(VERSION, a, {"render_order": b["render_order"]}) for a, b in swap]
    return Corruption(statements=statements, words=frozenset({"order"}))


def boundary_shifted(random: Random, facts: Facts) -> Corruption:
    """Text goes from one unit to its neighbour: together they are the same bytes, hashes and all."""
    one, two, left, right = _shift(random, facts)
    statements = [
        change(VERSION, one, {"body": left, "content_hash": sha(left)}),
        change(VERSION, two, {"body": right, "content_hash": sha(right)}),
    ]
    return Corruption(statements=statements, words=frozenset({"body"}), place=one["canonical_address"])


def _shift(random: Random, facts: Facts) -> tuple[Row, Row, str, str]:
    at = random.choice([i for i, unit in enumerate(facts.units[:-1]) if len(unit["body"]) > 1])
    one, two = facts.units[at], facts.units[at + 1]
    keep = random.randrange(1, len(one["body"]))
    return one, two, one["body"][:keep], one["body"][keep:] + two["body"]


def boundary_shifted_everywhere(random: Random, facts: Facts) -> Corruption:
    """The same, and blocks and affected rows say so too: only what was signed and the manifest still disagree."""
    one, two, left, right = _shift(random, facts)
    statements = []
    middle = None
    for unit, body in ((one, left), (two, right)):
        statements.append(change(VERSION, unit, {"body": body, "content_hash": sha(body)}))
        block = next(row for row in facts.rows[BLOCK] if row["target_unit_id"] == unit["unit_id"])
        span = block["source_span"]
        lower = span.lower if middle is None else middle
        middle = lower + len(body.encode())
        statements.append(change(BLOCK, block, {"content_hash": sha(body), "source_span": type(span)(lower, middle)}))
        statements += _affected_says(facts, unit, {"content_hash": sha(body)})
    return Corruption(statements=statements, words=frozenset({"body"}), place=one["canonical_address"])


def _affected_says(facts: Facts, unit: Row, values: Row) -> list[Statement]:
    found = [row for row in facts.rows[AFFECTED] if row["target_row_id"] == unit["unit_id"]]
    return [change(AFFECTED, row, {"after_state_snapshot": {**row["after_state_snapshot"], **values}}) for row in found]


def addresses_swapped(random: Random, facts: Facts) -> Corruption:
    one, two = _two_different(random, facts.units, "unit_id")
    swap = [(one, two), (two, one)]
    statements = [change(UNIT, a, {"canonical_address": b["canonical_address"]}) for a, b in swap]
    return Corruption(statements=statements, place=one["canonical_address"])


def address_moved_everywhere(random: Random, facts: Facts) -> Corruption:
    """Another address in the unit, its block and its affected row alike."""
    unit = random.choice(facts.units)
    address = f"{unit['canonical_address']}9"
    statements = [change(UNIT, unit, {"canonical_address": address})]
    block = next(row for row in facts.rows[BLOCK] if row["target_unit_id"] == unit["unit_id"])
    statements.append(change(BLOCK, block, {"proposed_canonical_address": address}))
    statements += _affected_says(facts, unit, {"canonical_address": address})
    return Corruption(statements=statements, words=frozenset({"unit_unknown", "unit_id"}), place=address)


def parent_moved(random: Random, facts: Facts) -> Corruption:
    unit = random.choice(facts.units)
    parents = [each["unit_id"] for each in facts.units if each["unit_id"] != unit["parent_unit_id"]]
    parent = random.choice([*parents, facts.other_unit_id] + [None] * bool(unit["parent_unit_id"]))
    words = frozenset({"parent"})
    statements = [change(UNIT, unit, {"parent_unit_id": parent})]
    return Corruption(statements=statements, words=words, place=unit["canonical_address"])


def kind_changed(random: Random, facts: Facts) -> Corruption:
    unit = random.choice(facts.units)
    column, words = random.choice([("unit_kind", "kind"), ("section_type", "level")])
    value = random.choice([v for v in ("article", "point", "clause", "dieu", "khoan") if v != unit[column]])
    statements = [change(UNIT, unit, {column: value})]
    return Corruption(statements=statements, words=frozenset({words}), place=unit["canonical_address"])


def enacted_too_soon(random: Random, facts: Facts) -> Corruption:
    unit = random.choice(facts.units)
    other = [word for word in ("draft", "enacted", "retired", "gone") if word != unit["lifecycle_status"]]
    name = random.choice([UNIT, VERSION])
    statements = [change(name, unit, {"lifecycle_status": random.choice(other)})]
    return Corruption(statements=statements, place=unit["canonical_address"])


# ----------------------------------------------------------------------------------------------------------- the ledger


def history_dropped(random: Random, facts: Facts) -> Corruption:
    row = random.choice(facts.rows[HISTORY])
    return Corruption(statements=[drop(HISTORY, row)], words=frozenset({"history", "entry_status"}))


def history_inserted(random: Random, facts: Facts) -> Corruption:
    """One more row, at the end or in the middle; the rows behind it make room."""
    rows = sorted(facts.rows[HISTORY], key=lambda row: row["entry_version_after"])
    at = random.randrange(1, len(rows) + 1)
    before, behind = rows[at - 1], rows[at:]
    shifted = [
        change(
            HISTORY,
            row,
            {
                "entry_version_before": row["entry_version_before"] + 1,
                "entry_version_after": row["entry_version_after"] + 1,
            },
        )
        for row in behind
    ]
    status = before["change_diff"]["status"][1]
    made = {
        **before,
        "history_id": uuid.UUID(int=random.getrandbits(128)),
        "entry_version_before": before["entry_version_after"],
        "entry_version_after": before["entry_version_after"] + 1,
        "change_kind": "sweep_promote",
        "change_diff": {"status": [status, status]},
    }
    return Corruption(statements=[*shifted, add(HISTORY, made)], words=frozenset({"history", "signed_history"}))


def history_reordered(random: Random, facts: Facts) -> Corruption:
    one, two = _two_different(random, facts.rows[HISTORY], "history_id")
    names = ("entry_version_before", "entry_version_after")
    swap = [(one, two), (two, one)]
    statements = [change(HISTORY, a, {name: b[name] for name in names}) for a, b in swap]
    return Corruption(statements=statements, words=frozenset({"history"}))


def decision_dropped(random: Random, facts: Facts) -> Corruption:
    row = random.choice(facts.rows[DECISION])
    return Corruption(statements=[drop(DECISION, row)], words=frozenset({"decision_missing", "signed_decisions"}))


def decision_inserted(random: Random, facts: Facts) -> Corruption:
    row = random.choice(facts.rows[DECISION])
    made = {**row, "review_decision_id": uuid.UUID(int=random.getrandbits(128)), "reviewer_identity": "human:nobody"}
    made["prior_review_decision_id"] = random.choice([None, row["review_decision_id"]])
    return Corruption(statements=[add(DECISION, made)], words=frozenset({"signed_decisions"}))


def row_dropped(name: str, words: str) -> Callable[[Random, Facts], Corruption]:
    def make(random: Random, facts: Facts) -> Corruption:
        row = random.choice(facts.rows[name])
        return Corruption(statements=[drop(name, row)], words=frozenset({words}))

    return make


def row_doubled(name: str, key: str, words: str) -> Callable[[Random, Facts], Corruption]:
    def make(random: Random, facts: Facts) -> Corruption:
        row = random.choice(facts.rows[name])
        made = random.getrandbits(30) + 1000 if key == "unit_local_id" else uuid.UUID(int=random.getrandbits(128))
        return Corruption(statements=[add(name, {**row, key: made})], words=frozenset({words}))

    return make


def verdict_forged(random: Random, facts: Facts) -> Corruption:
    """A pass that nobody gave."""
    change_set = facts.change_set
    same = ("change_set_id", "manifest_id", "manifest_version", "review_decision_id", "executor_signature_id")
    made = {name: change_set[name] for name in same} | {
        "verify_result_id": uuid.UUID(int=random.getrandbits(128)),
        "verifier_signature_id": uuid.UUID(int=random.getrandbits(128)),
        "executor_tool_revision": change_set["executor_tool_revision"],
        "verifier_tool_revision": change_set["executor_tool_revision"],
        "tool_revision_match": True,
        "verify_kind": "axis_1_round_trip",
        "axis_1_status": "pass",
        "axis_2_status": "pass",
        "verdict": random.choice(["pass", "fail"]),
        "state": "final",
        "canonicalization_rule_used": "canon-md-v0.1.0",
        "findings": [],
        "rebuilt_sha256": change_set["snapshot_sha256"],
        "verified_by": "DOT-992",
        "verified_at": change_set["emitted_at"],
    }
    return Corruption(statements=[add(RESULT, made)], words=frozenset({"verdict", "verdict_forged"}))


# ----------------------------------------------------------------------------------------------------------- signatures


def signature_forged(random: Random, facts: Facts) -> Corruption:
    """The same statement, or one that says more, signed by a key of the forger's own."""
    row = facts.rows[SIGNATURE][0]
    payload = base64.b64decode(row["payload_envelope"]["payload"])
    if random.random() < 0.5:
        statement = json.loads(payload)
        statement["predicate"]["affected_unit_count"] += 1
        payload = canonical_bytes(statement)
    return _sealed_anew(row, payload)


def _sealed_anew(row: Row, payload: bytes) -> Corruption:
    envelope = cast("Any", seal(payload, payload_type=PAYLOAD_TYPE, key=SigningKey.generate()))
    values = {
        "payload_envelope": envelope,
        "payload_hash": sha(payload),
        "signature_payload": base64.b64decode(envelope["signatures"][0]["sig"]),
    }
    return Corruption(statements=[change(SIGNATURE, row, values)], words=frozenset({"signature"}))


def signature_crossed(random: Random, facts: Facts) -> Corruption:
    """Another true signature in its place: of another change set, of another attempt, or of the other lane."""
    row, other = facts.rows[SIGNATURE][0], random.choice(facts.signatures)
    if random.random() < 0.5:
        change_set = facts.rows[CHANGE_SET][0]
        values = {"executor_signature_id": other["signature_id"]}
        words = frozenset({"signature", "signed_statement", "signed_digests"})
        return Corruption(statements=[change(CHANGE_SET, change_set, values)], words=words)
    whole = random.random() < 0.5
    left_out = {"signature_id"} | (
        set() if whole else {"cross_reference_change_set_id", "cross_reference_verify_result_id"}
    )
    values = {name: value for name, value in other.items() if name not in left_out}
    words = frozenset({"signature", "signed_statement", "signed_digests"})
    return Corruption(statements=[change(SIGNATURE, row, values)], words=words)


# -------------------------------------------------------------------------------- a whole store that agrees with itself


def document_rewritten(random: Random, facts: Facts) -> Corruption:
    """Another text everywhere, from the unit to the entry: all agrees, but not with what was signed."""
    unit = random.choice(facts.units)
    at = random.randrange(len(unit["body"].encode()))
    while not 97 <= unit["body"].encode()[at] <= 122 and any(97 <= b <= 122 for b in unit["body"].encode()):
        at = random.randrange(len(unit["body"].encode()))
    data = bytearray(unit["body"].encode())
    data[at] = ord("z") if data[at] != ord("z") else ord("y")
    body = bytes(data).decode("utf-8", errors="replace")
    snapshot, manifest = facts.rows["iu.source_snapshot"][0], facts.rows["iu.manifest"][0]
    block = next(row for row in facts.rows[BLOCK] if row["target_unit_id"] == unit["unit_id"])
    span = block["source_span"]
    text = snapshot["bytes"][: span.lower] + body.encode() + snapshot["bytes"][span.upper :]
    proposal = json.loads(manifest["canonical_json"])
    proposal["header"]["snapshot_sha256"] = sha(text)
    proposal["units"][block["unit_local_id"]]["content_sha256"] = sha(body)
    canonical = canonical_bytes(proposal)
    both = {"manifest_digest": sha(canonical), "snapshot_sha256": sha(text)}
    entry = facts.rows[ENTRY][0]
    statements = [
        change(VERSION, unit, {"body": body, "content_hash": sha(body)}),
        change("iu.source_snapshot", snapshot, {"bytes": text, "sha256": sha(text), "byte_length": len(text)}),
        change(
            "iu.manifest",
            manifest,
            {"canonical_json": canonical, "digest": sha(canonical), "snapshot_sha256": sha(text)},
        ),
        change(BLOCK, block, {"content_hash": sha(body)}),
        *_affected_says(facts, unit, {"content_hash": sha(body)}),
        *(change(DECISION, row, both) for row in facts.rows[DECISION]),
        change(CHANGE_SET, facts.change_set, both),
        *(change(ENVELOPE, row, {"manifest_digest": sha(canonical)}) for row in facts.rows[ENVELOPE]),
        change(ENTRY, entry, {"payload": {**entry["payload"], **both}}),
    ]
    return Corruption(statements=statements, words=frozenset({"signed_digests"}))


NAMED: dict[str, Callable[[Random, Facts], Corruption]] = {
    "body with its hash": body_with_hash,
    "bodies swapped": bodies_swapped,
    "unit dropped": unit_dropped,
    "unit doubled": unit_doubled,
    "version doubled": version_doubled,
    "units reordered": reordered,
    "boundary shifted": boundary_shifted,
    "boundary shifted everywhere": boundary_shifted_everywhere,
    "addresses swapped": addresses_swapped,
    "address moved everywhere": address_moved_everywhere,
    "parent moved": parent_moved,
    "kind or level changed": kind_changed,
    "life changed": enacted_too_soon,
    "history dropped": history_dropped,
    "history inserted": history_inserted,
    "history reordered": history_reordered,
    "decision dropped": decision_dropped,
    "decision inserted": decision_inserted,
    "affected row dropped": row_dropped(AFFECTED, "signed_affected"),
    "affected row doubled": row_doubled(AFFECTED, "affected_row_id", "signed_affected"),
    "block dropped": row_dropped(BLOCK, "block_missing"),
    "block doubled": row_doubled(BLOCK, "unit_local_id", "block_count"),
    "envelope doubled": row_doubled(ENVELOPE, "envelope_id", "envelope"),
    "envelope dropped": row_dropped(ENVELOPE, "envelope"),
    "snapshot dropped": row_dropped("iu.source_snapshot", "snapshot_missing"),
    "manifest dropped": row_dropped("iu.manifest", "manifest_missing"),
    "document dropped": row_dropped("iu.document", "document_missing"),
    "signature dropped": row_dropped(SIGNATURE, "signature_missing"),
    "signature doubled": row_doubled(SIGNATURE, "signature_id", "signature_count"),
    "signature forged": signature_forged,
    "signature crossed": signature_crossed,
    "verdict forged": verdict_forged,
    "document rewritten everywhere": document_rewritten,
}


def kinds(facts: Facts) -> dict[str, Callable[[Random, Facts], Corruption]]:
    """Every kind by its name."""
    by_column = {f"column {name.split('.')[1]}.{column}": column_kind(name, column) for name, column in columns(facts)}
    return {**NAMED, **by_column}

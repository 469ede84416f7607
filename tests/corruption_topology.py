"""Corruptions of changes without a new source: the trail of names, successors, what ended, coverage, the order itself.

Each is made on a copy of a document that was really split, merged, retired, renumbered or redirected. A kind that a
document has nothing for (a redirect begins no unit) is not planned there.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from psycopg import sql
from tests.corruption_columns import BLOCK, ENVELOPE, SIGNATURE, UNIT, VERSION, Corruption, Statement, change, drop, sha
from tests.corruption_stage import GOVERNANCE, Facts, Making, Row, Site
from tests.pipeline_room import Ledger, law
from tests.topology_room import applied, order

from sealing.canonical import canonical_bytes

ALIAS = f"{GOVERNANCE}.canonical_address_alias"
K1, K2, K3 = "L1-DIEU2-K1", "L1-DIEU2-K2", "L1-DIEU2-K3"


def _stage(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(4, clauses=3), code="L1")
    assert ledger.verify(entry_id).passed


def _made(kind: str, *names: str, **how: Any) -> Callable[[Ledger], str]:
    def make(ledger: Ledger) -> str:
        _stage(ledger)
        return applied(ledger, order(kind, *names, **how))

    return make


def _after_a_merge(ledger: Ledger) -> str:
    _stage(ledger)
    assert ledger.verify(applied(ledger, order("merge", K1, K2))).passed
    return applied(ledger, order("retire", "L1-DIEU3", under="L1-DIEU2"))


ORDERED: Making = {
    "split": _made("split", K1, at=("text:khoản", "text:của")),
    "merge": _made("merge", K2, K3),
    "retire": _made("retire", "L1-DIEU3", under="L1-DIEU2"),
    "renumber": _made("renumber", K1, to="9"),
    "redirect": _made("redirect", "L1-DIEU99", K1),
    "retire after a merge": _after_a_merge,
}

# ------------------------------------------------------------------------------------------------------------ the trail

_OWN = (
    "valid_from = (SELECT max(c.emitted_at) FROM cutter_governance.cut_change_set c WHERE c.change_set_id = %s) "
    "AND alias_id = (SELECT a.alias_id FROM cutter_governance.canonical_address_alias a ORDER BY a.valid_from DESC, "
    "a.alias_text LIMIT 1)"
)


def _alias(facts: Facts, values: dict[str, Any]) -> Statement:
    """UPDATE of one alias that the cut wrote."""
    assigned = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in values)
    query = sql.SQL("UPDATE {} SET {} WHERE " + _OWN).format(_table(ALIAS), assigned)
    return query, [*values.values(), facts.change_set["change_set_id"]]


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def alias_missing(_: Random, facts: Facts) -> Corruption:
    query = sql.SQL("DELETE FROM {} WHERE " + _OWN).format(_table(ALIAS))
    return Corruption(
        statements=[(query, [facts.change_set["change_set_id"]])], words=frozenset({"alias_missing", "trail_missing"})
    )


def alias_to_another_unit(random: Random, facts: Facts) -> Corruption:
    target = random.choice([unit["unit_id"] for unit in _units(facts) if unit["document_ref"] == "law/L1"][:4])
    return Corruption(
        statements=[_alias(facts, {"target_unit_id": target})], words=frozenset({"alias", "trail_missing"})
    )


def alias_to_another_document(_: Random, facts: Facts) -> Corruption:
    return Corruption(
        statements=[_alias(facts, {"target_unit_id": facts.other_unit_id})],
        words=frozenset({"alias", "alias_missing", "trail_missing"}),
    )


def alias_in_a_circle(_: Random, facts: Facts) -> Corruption:
    ended = next(unit["unit_id"] for unit in _units(facts) if unit["ends_life"])
    return Corruption(
        statements=[_alias(facts, {"target_unit_id": ended})],
        words=frozenset({"alias", "trail_missing", "trail_circle"}),
    )


def alias_says_otherwise(random: Random, facts: Facts) -> Corruption:
    column, value = random.choice(
        [
            ("alias_text", "L1-DIEU88"),
            ("alias_kind", "external_reference"),
            ("created_by", "nobody"),
            ("rationale", "merge by cut 2, ordered by nobody: no reason"),
            ("scenario_ref", "forged"),
        ]
    )
    return Corruption(statements=[_alias(facts, {column: value})], words=frozenset({"alias", "trail_missing"}))


def alias_forged(random: Random, facts: Facts) -> Corruption:
    """One more name, of this moment or of another."""
    unit = random.choice(_units(facts))["unit_id"]
    moment = random.choice(["0 seconds", "1 second"])
    query = sql.SQL(
        "INSERT INTO {} (alias_id, target_unit_id, alias_text, alias_kind, valid_from, created_by, rationale) "
        "SELECT %s, %s, 'L1-DIEU77', 'redirect', c.emitted_at - %s::interval, c.emitted_by, 'forged' "
        "FROM cutter_governance.cut_change_set c WHERE c.change_set_id = %s"
    ).format(_table(ALIAS))
    values = [uuid.UUID(int=random.getrandbits(128)), unit, moment, facts.change_set["change_set_id"]]
    return Corruption(statements=[(query, values)], words=frozenset({"alias_forged"}))


# --------------------------------------------------------------------------------------------- successors and coverage


def _units(facts: Facts) -> list[Row]:
    """Every unit with the version that holds, ended ones too, in document order; columns are the version's."""
    own = {row["unit_id"]: row for row in facts.rows[UNIT]}
    held: dict[str, Row] = {}
    for version in sorted(facts.rows[VERSION], key=lambda row: row["version_seq"]):
        held[version["unit_id"]] = {**own[version["unit_id"]], **version}
    return sorted(held.values(), key=lambda row: row["render_order"])


def _written(facts: Facts, *, ends: bool = False) -> list[Row]:
    """What this cut wrote and lives, or (``ends``) what it ended."""
    here = facts.change_set["change_set_id"]
    return [unit for unit in _units(facts) if unit["change_set_id"] == here and unit["ends_life"] == ends]


def wrong_successor(random: Random, facts: Facts) -> Corruption:
    """A new or moved unit stands under another one."""
    unit = random.choice(_written(facts))
    parents = [each["unit_id"] for each in _units(facts) if not each["ends_life"]]
    now = unit["parent_unit_id"]
    parent = random.choice([each for each in parents if each not in {now, unit["unit_id"]}])
    own = next(row for row in facts.rows[UNIT] if row["unit_id"] == unit["unit_id"])
    relabelled = unit["unit_kind"] is not None and unit["version_seq"] > 1
    statement = change(VERSION if relabelled else UNIT, unit if relabelled else own, {"parent_unit_id": parent})
    return Corruption(statements=[statement], words=frozenset({"parent"}), place=unit["canonical_address"])


def coverage_hole(random: Random, facts: Facts) -> Corruption:
    """A successor loses bytes, its hash with them, or its whole version."""
    unit = random.choice(_written(facts))
    if random.random() < 0.5:
        return Corruption(
            statements=[drop(VERSION, unit)],
            words=frozenset({"unit_missing", "body", "rebuilt_digest", "parent", "number"}),
            place=unit["canonical_address"],
        )
    body = unit["body"][: random.randrange(1, len(unit["body"]))]
    values = {"body": body, "content_hash": sha(body)}
    return Corruption(
        statements=[change(VERSION, unit, values)], words=frozenset({"body"}), place=unit["canonical_address"]
    )


def boundary_of_pieces_shifted(random: Random, facts: Facts) -> Corruption:
    """Bytes go from one unit to the next one, hashes, blocks and all: together they still cover the text."""
    living = [unit for unit in _units(facts) if not unit["ends_life"]]
    written = {unit["unit_id"] for unit in _written(facts)}
    at = random.choice(
        [k for k in range(len(living) - 1) if written & {living[k]["unit_id"], living[k + 1]["unit_id"]}]
    )
    one, two = living[at], living[at + 1]
    keep = random.randrange(1, len(one["body"]))
    statements = []
    for unit, body in ((one, one["body"][:keep]), (two, one["body"][keep:] + two["body"])):
        statements.append(change(VERSION, unit, {"body": body, "content_hash": sha(body)}))
        statements += [
            change(BLOCK, row, {"content_hash": sha(body)})
            for row in facts.rows[BLOCK]
            if row["target_unit_id"] == unit["unit_id"]
        ]
    return Corruption(statements=statements, words=frozenset({"body"}), place=one["canonical_address"])


def end_taken_back(random: Random, facts: Facts) -> Corruption:
    """A unit that ended says something again, or its end is gone."""
    unit = random.choice(_written(facts, ends=True))
    statement = random.choice(
        [drop(VERSION, unit), change(VERSION, unit, {"ends_life": False}), change(VERSION, unit, {"body": "again"})]
    )
    return Corruption(statements=[statement], words=frozenset({"recut_end", "unit_unknown", "rebuilt_digest"}))


def life_given_early(random: Random, facts: Facts) -> Corruption:
    """A successor or an end that says another life than its proof gives it."""
    unit = random.choice([*_written(facts), *_written(facts, ends=True)])
    words = [word for word in ("draft", "enacted", "retired") if word != unit["lifecycle_status"]]
    statement = change(VERSION, unit, {"lifecycle_status": random.choice(words)})
    return Corruption(
        statements=[statement], words=frozenset({"version_life", "unit_life"}), place=unit["canonical_address"]
    )


def number_given_back(random: Random, facts: Facts) -> Corruption:
    unit = random.choice([unit for unit in _written(facts) if unit["version_seq"] > 1])
    statement = change(VERSION, unit, {"unit_number": random.choice(["77", "1a"])})
    return Corruption(statements=[statement], words=frozenset({"number"}), place=unit["canonical_address"])


# --------------------------------------------------------------------------------------------------------- the order


def operation_renamed(random: Random, facts: Facts) -> Corruption:
    row = facts.rows[ENVELOPE][0]
    other = [word for word in ("recut", "first_cut", "split", "merge", "retire") if word != row["operation_kind"]]
    statement = change(ENVELOPE, row, {"operation_kind": random.choice(other)})
    return Corruption(statements=[statement], words=frozenset({"envelope"}))


def order_rewritten(random: Random, facts: Facts) -> Corruption:
    """Another reason, target, or decision in the manifest, and the same in every digest that names it."""
    manifest = facts.rows["iu.manifest"][0]
    document = json.loads(manifest["canonical_json"])
    if document.get("governed") and random.random() < 0.4:
        document["governed"].pop()
    elif document["topology"]["aliases"] and random.random() < 0.5:
        document["topology"]["aliases"][0]["target"] = "L1-DIEU4"
    else:
        document["topology"]["because"] = "another reason"
    canonical = canonical_bytes(document)
    digest = {"manifest_digest": sha(canonical)}
    entry = facts.rows[f"{GOVERNANCE}.decision_backlog_entry"][0]
    statements = [
        change("iu.manifest", manifest, {"canonical_json": canonical, "digest": sha(canonical)}),
        *(change(f"{GOVERNANCE}.review_decision", row, digest) for row in facts.rows[f"{GOVERNANCE}.review_decision"]),
        change(f"{GOVERNANCE}.cut_change_set", facts.change_set, digest),
        *(change(ENVELOPE, row, digest) for row in facts.rows[ENVELOPE]),
        change(f"{GOVERNANCE}.decision_backlog_entry", entry, {"payload": {**entry["payload"], **digest}}),
    ]
    return Corruption(statements=statements, words=frozenset({"signed_digests"}))


def signature_dropped(_: Random, facts: Facts) -> Corruption:
    return Corruption(statements=[drop(SIGNATURE, facts.rows[SIGNATURE][0])], words=frozenset({"signature_missing"}))


Kind = Callable[[Random, Facts], Corruption]
ALWAYS: dict[str, Kind] = {
    "operation renamed": operation_renamed,
    "order rewritten everywhere": order_rewritten,
    "signature dropped": signature_dropped,
    "alias forged": alias_forged,
}
OF_ALIASES: dict[str, Kind] = {
    "alias missing": alias_missing,
    "alias to another unit": alias_to_another_unit,
    "alias to another document": alias_to_another_document,
    "alias says otherwise": alias_says_otherwise,
}
OF_UNITS: dict[str, Kind] = {
    "wrong successor": wrong_successor,
    "coverage hole": coverage_hole,
    "boundary of pieces shifted": boundary_of_pieces_shifted,
    "life given early": life_given_early,
}
OF_ENDS: dict[str, Kind] = {"end taken back": end_taken_back, "alias in a circle": alias_in_a_circle}


def kinds_of(name: str, facts: Facts) -> dict[str, Kind]:
    """The kinds that this document has something for."""
    found = dict(ALWAYS)
    if name != "split":
        found |= OF_ALIASES
    if _written(facts):
        found |= OF_UNITS
    if _written(facts, ends=True):
        found |= OF_ENDS
    if name == "renumber":
        found["number given back"] = number_given_back
    return found


def planned(sites: Sequence[Site], *, each: int | None = None) -> Iterator[tuple[Site, str, Kind]]:
    """Every kind on every document that has something for it, or on ``each`` of them in turn."""
    made = {site.name: kinds_of(site.name, site.facts) for site in sites}
    for at, name in enumerate(sorted({name for kinds in made.values() for name in kinds})):
        able = [site for site in sites if name in made[site.name]]
        chosen = able if each is None else [able[(at + k) % len(able)] for k in range(min(each, len(able)))]
        for site in chosen:
            yield site, name, made[site.name][name]

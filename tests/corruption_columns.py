"""One value of one row of one table, for every table and column that a cut rests on; and what a corruption is."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb
from tests.corruption_stage import GOVERNANCE, KEYS, SCOPE, Facts, Row

HISTORY, DECISION = f"{GOVERNANCE}.decision_backlog_history", f"{GOVERNANCE}.review_decision"
BLOCK, AFFECTED = f"{GOVERNANCE}.manifest_unit_block", f"{GOVERNANCE}.cut_change_set_affected_row"
SIGNATURE, CHANGE_SET = f"{GOVERNANCE}.dot_pair_signature", f"{GOVERNANCE}.cut_change_set"
ENTRY, ENVELOPE = f"{GOVERNANCE}.decision_backlog_entry", f"{GOVERNANCE}.manifest_envelope"
RESULT = f"{GOVERNANCE}.verify_result"
UNIT, VERSION = "iu.information_unit", "iu.unit_version"
LETTERS = "abcdefgh XYZ0123đâ."

Statement = tuple[sql.Composed, Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """What is done, which words its findings may bear (any of them; none given: any finding), and at which unit."""

    statements: list[Statement] = field(repr=False)
    words: frozenset[str] = frozenset()
    place: str | None = None


def table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def change(name: str, row: Row, values: Row) -> Statement:
    """UPDATE of one row by its key."""
    key = KEYS[name]
    assigned = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in values)
    found = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in key)
    query = sql.SQL("UPDATE {} SET {} WHERE {}").format(table(name), assigned, found)
    return query, [*map(_value, values.values()), *(row[column] for column in key)]


def drop(name: str, row: Row) -> Statement:
    key = KEYS[name]
    found = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in key)
    return sql.SQL("DELETE FROM {} WHERE {}").format(table(name), found), [row[column] for column in key]


def add(name: str, row: Row) -> Statement:
    columns = sql.SQL(", ").join(map(sql.Identifier, row))
    places = sql.SQL(", ").join([sql.SQL("%s")] * len(row))
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table(name), columns, places)
    return query, list(map(_value, row.values()))


def _value(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def sha(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def other_text(random: Random, text: str) -> str:
    """Another text: one character replaced, put in or taken out."""
    at = random.randrange(len(text)) if text else 0
    letter = random.choice([each for each in LETTERS if each != text[at : at + 1]])
    made = random.choice(
        [text[:at] + letter + text[at + 1 :], text[:at] + letter + text[at:], text[:at] + text[at + 1 :]]
    )
    return made if made != text and made else text + letter


def flipped(random: Random, data: bytes) -> bytes:
    """One bit is another."""
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


# ------------------------------------------------------------------------------------------------- one value of one row


def columns(facts: Facts) -> list[tuple[str, str]]:
    """Every (table, column) that a cut rests on."""
    return [(name, column) for name in SCOPE if facts.rows[name] for column in facts.rows[name][0]]


def column_kind(name: str, column: str) -> Callable[[Random, Facts], Corruption]:
    def make(random: Random, facts: Facts) -> Corruption:
        row = random.choice(facts.rows[name])
        made = other_value(random, facts.types[name, column], row[column])
        return Corruption(statements=[change(name, row, {column: made})], place=_place(facts, name, row))

    return make


def _place(facts: Facts, name: str, row: Row) -> str | None:
    if name == BLOCK:
        return str(row["proposed_canonical_address"])
    if name in {UNIT, VERSION}:
        return next(str(u["canonical_address"]) for u in facts.rows[UNIT] if u["unit_id"] == row["unit_id"])
    return None


def other_value(random: Random, kind: str, value: Any) -> Any:
    """Another value of the column's type."""
    match kind:
        case "uuid":
            return uuid.UUID(int=random.getrandbits(128))
        case "text":
            return other_text(random, value or "")
        case "integer" | "bigint":
            return (value or 0) + random.choice([-1, 1, 2, 7])
        case "numeric":
            return value + random.choice([Decimal(1), Decimal("0.5"), Decimal(-1)])
        case "timestamp with time zone":
            return value + timedelta(microseconds=random.choice([-1, 1, 10**6, -3600 * 10**6]))
        case "bytea":
            return flipped(random, value)
        case "jsonb":
            return Jsonb(other_json(random, value))
        case "boolean":
            return not value
        case "int8range":
            moved = random.choice([-1, 1])
            return type(value)(max(value.lower + moved, 0), max(value.upper + 2 * moved, 3))
        case _:
            raise AssertionError(f"no other value of {kind} is known")


def other_json(random: Random, value: Any) -> Any:
    """Another JSON value of the same outer shape: a leaf changed, or a member put in."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        name = random.choice(sorted(value))
        return {**value, name: other_json(random, value[name])}
    if isinstance(value, dict):
        return {**value, "x": 1}
    if isinstance(value, list) and value and random.random() < 0.85:
        at = random.randrange(len(value))
        return [*value[:at], other_json(random, value[at]), *value[at + 1 :]]
    if isinstance(value, list):
        return [*value, "x"]
    if isinstance(value, bool) or value is None:
        return "x"
    return value + random.choice([-1, 1]) if isinstance(value, int) else other_text(random, str(value))

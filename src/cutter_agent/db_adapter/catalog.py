"""What is deployed and what should be: one description of the schema, from a server or from ``expected/catalog.json``.

A description is made of plain values only, from the queries of ``sql/contract.sql``; it holds no oid, no owner and no
grant, and no text that PostgreSQL spells differently from one version to the next.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

Fetch = Callable[[str, Mapping[str, object]], Sequence[Mapping[str, Any]]]
"""Send a declared statement by name; rows by column name."""

CATALOG_FILE = "catalog.json"
TABLE_KINDS = frozenset({"r", "p"})


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. ``generated`` and ``identity`` are PostgreSQL's letters, empty for an ordinary column."""

    name: str
    type: str
    not_null: bool
    default_text: str | None
    generated: str
    identity: str

    @property
    def must_be_supplied(self) -> bool:
        """NOT NULL, and the server fills in nothing by itself."""
        return self.not_null and self.default_text is None and not self.generated and not self.identity


@dataclass(frozen=True, kw_only=True)
class Index:
    """One index. ``usable``: valid, ready and not deferrable, so that ON CONFLICT may rest on it."""

    name: str
    columns: tuple[str, ...]
    is_unique: bool
    is_partial: bool
    usable: bool
    definition: str


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """One trigger with what it runs; ``enabled`` is PostgreSQL's letter (``O``: fires)."""

    name: str
    enabled: str
    definition: str
    body_sha256: str
    security_definer: bool
    settings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table or view. ``constraints`` maps a name to its definition."""

    kind: str
    persistence: str
    row_security: bool
    rules: tuple[str, ...]
    columns: Mapping[str, Column] = field(default_factory=dict)
    indexes: Mapping[str, Index] = field(default_factory=dict)
    constraints: Mapping[str, str] = field(default_factory=dict)
    triggers: Mapping[str, Trigger] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All relations by ``schema.name``, and the CHECKs of the domains by domain."""

    relations: Mapping[str, Relation]
    domains: Mapping[str, Mapping[str, str]]


def describe(fetch: Fetch, schemas: Sequence[str]) -> Catalog:
    """Read the catalog of a server: five statements, whatever the number of tables."""
    asked = {"schemas": list(schemas)}
    columns, indexes = _grouped(fetch("contract_columns", asked)), _grouped(fetch("contract_indexes", asked))
    constraints, triggers = _grouped(fetch("contract_constraints", asked)), _grouped(fetch("contract_triggers", asked))
    relations = {
        str(row["relation"]): Relation(
            kind=row["kind"],
            persistence=row["persistence"],
            row_security=row["row_security"],
            rules=tuple(row["rules"]),
            columns={each["name"]: _column(each) for each in columns.get(row["relation"], ())},
            indexes={each["name"]: _index(each) for each in indexes.get(row["relation"], ())},
            constraints={each["name"]: _constraint(each) for each in constraints.get(row["relation"], ())},
            triggers={each["name"]: _trigger(each) for each in triggers.get(row["relation"], ())},
        )
        for row in fetch("contract_relations", asked)
    }
    domains = {name: {each["name"]: _constraint(each) for each in rows} for name, rows in constraints.items()}
    return Catalog(
        relations=relations, domains={name: checks for name, checks in domains.items() if name not in relations}
    )


@cache
def expected() -> Catalog:
    """What this release wants deployed, from ``expected/catalog.json`` (generated; a test proves it current)."""
    text = files("cutter_agent.db_adapter").joinpath("expected", CATALOG_FILE).read_text("utf-8")
    return from_json(json.loads(text))


def to_json(catalog: Catalog) -> dict[str, Any]:
    """Plain values for ``expected/catalog.json``."""
    relations = {
        name: {
            "kind": relation.kind,
            "persistence": relation.persistence,
            "row_security": relation.row_security,
            "rules": list(relation.rules),
            "columns": [vars(column) for column in relation.columns.values()],
            "indexes": [vars(index) | {"columns": list(index.columns)} for index in relation.indexes.values()],
            "constraints": dict(relation.constraints),
            "triggers": [vars(each) | {"settings": list(each.settings)} for each in relation.triggers.values()],
        }
        for name, relation in catalog.relations.items()
    }
    return {"relations": relations, "domains": {name: dict(checks) for name, checks in catalog.domains.items()}}


def from_json(value: Mapping[str, Any]) -> Catalog:
    """The inverse of ``to_json``."""
    relations = {
        name: Relation(
            kind=each["kind"],
            persistence=each["persistence"],
            row_security=each["row_security"],
            rules=tuple(each["rules"]),
            columns={row["name"]: _column(row) for row in each["columns"]},
            indexes={row["name"]: _index(row) for row in each["indexes"]},
            constraints=each["constraints"],
            triggers={row["name"]: _trigger(row) for row in each["triggers"]},
        )
        for name, each in value["relations"].items()
    }
    return Catalog(relations=relations, domains=value["domains"])


def differences(wanted: Catalog, found: Catalog) -> list[str]:
    """Every difference, one line each; empty means the same schema."""
    return list(_compare("relation", wanted.relations, found.relations, _relation_differences)) + list(
        _compare("domain", wanted.domains, found.domains, _domain_differences)
    )


def _relation_differences(name: str, wanted: Relation, found: Relation) -> Iterator[str]:
    for fact in ("kind", "persistence", "row_security", "rules"):
        if getattr(wanted, fact) != getattr(found, fact):
            yield f"{name}: {fact} is {getattr(found, fact)!r}, expected {getattr(wanted, fact)!r}"
    for part in ("column", "index", "constraint", "trigger"):
        plural = "indexes" if part == "index" else f"{part}s"
        yield from _compare(f"{name}: {part}", getattr(wanted, plural), getattr(found, plural), _leaf)


def _domain_differences(name: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    yield from _compare(f"{name}: constraint", wanted, found, _leaf)


def _leaf(name: str, wanted: object, found: object) -> Iterator[str]:
    if wanted != found:
        yield f"{name} is {found}, expected {wanted}"


def _compare(
    what: str,
    wanted: Mapping[str, Any],
    found: Mapping[str, Any],
    inside: Callable[[str, Any, Any], Iterator[str]],
) -> Iterator[str]:
    for name in sorted(wanted.keys() - found.keys()):
        yield f"{what} {name} is missing"
    for name in sorted(found.keys() - wanted.keys()):
        yield f"{what} {name} is not ours"
    for name in sorted(wanted.keys() & found.keys()):
        yield from inside(name if what in ("relation", "domain") else f"{what} {name}", wanted[name], found[name])


def _grouped(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["relation"], []).append(row)
    return groups


def _column(row: Mapping[str, Any]) -> Column:
    return Column(
        name=row["name"],
        type=row["type"],
        not_null=row["not_null"],
        default_text=row["default_text"],
        generated=row["generated"],
        identity=row["identity"],
    )


def _index(row: Mapping[str, Any]) -> Index:
    return Index(
        name=row["name"],
        columns=tuple(row["columns"]),
        is_unique=row["is_unique"],
        is_partial=row["is_partial"],
        usable=row["usable"],
        definition=row["definition"],
    )


def _constraint(row: Mapping[str, Any]) -> str:
    return str(row["definition"]) if row["is_valid"] else f"{row['definition']} NOT VALID"


def _trigger(row: Mapping[str, Any]) -> Trigger:
    return Trigger(
        name=row["name"],
        enabled=row["enabled"],
        definition=row["definition"],
        body_sha256=row["body_sha256"],
        security_definer=row["security_definer"],
        settings=tuple(row["settings"]),
    )

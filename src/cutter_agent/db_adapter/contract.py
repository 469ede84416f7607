"""The contract between the statements a lane will send and the schema that is deployed (design 2.2 line 12, gate G-26).

Checked once when a lane starts, as the lane's own role, before the first write: every mismatch at once, each with its
remedy. It answers the defects of design 1.2: unknown columns and missing NOT NULL values (2), a CHECK that nobody had
read (4), a BEFORE INSERT trigger on the live table (6). Only pg_catalog is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from cutter_agent.db_adapter import catalog as catalogs
from cutter_agent.db_adapter.contract_rules import Comparison, Mismatch, Privileges, of_constraints
from cutter_agent.db_adapter.rights import LEDGER, UNITS
from cutter_agent.db_adapter.uses import use_of
from cutter_agent.errors import ContractMismatch
from cutter_agent.model import Lane

CHECKED_SCHEMAS = (LEDGER, UNITS)


class Reader(Protocol):
    """What the check needs of a transaction: send a declared statement, get rows by column name."""

    def fetch(self, name: str, parameters: Mapping[str, object] | None = None) -> Sequence[Mapping[str, Any]]:
        """Every row of the declared statement ``name``."""
        ...


class Declared(Protocol):
    """What the check needs of a declared statement."""

    @property
    def name(self) -> str: ...
    @property
    def principals(self) -> frozenset[Lane]: ...
    @property
    def numbered_sql(self) -> str: ...


class SchemaContractMismatch(ContractMismatch):
    """All mismatches at once, in ``mismatches``."""

    def __init__(self, mismatches: Sequence[Mismatch]) -> None:
        count = len(mismatches)
        text = "\n".join(f"  {mismatch.line()}" for mismatch in mismatches)
        super().__init__(
            f"the deployed schema does not fit this release, {count} mismatch{'es' if count > 1 else ''}:\n{text}",
            remedy=mismatches[0].remedy,
        )
        self.mismatches = tuple(mismatches)


_clean: set[tuple[object, ...]] = set()
"""Server start, database and role that were found clean, with the statements checked: asked once per process."""


def check(reader: Reader, statements: Mapping[str, Declared], *, lane: Lane | None = None) -> None:
    """Raise ``SchemaContractMismatch`` with every mismatch; nothing where all fits.

    A clean result is remembered for this process. ``lane`` defaults to the one whose role asks; give it where the roles
    have other names on this server.
    """
    asker = reader.fetch("contract_asker")[0]
    lane = lane or Lane(asker["role"])
    declared = [statement for statement in statements.values() if lane in statement.principals]
    key = (*asker.values(), lane, hash(tuple(statement.numbered_sql for statement in declared)))
    if key in _clean:
        return
    mismatches = find(reader, declared)
    if mismatches:
        raise SchemaContractMismatch(mismatches)
    _clean.add(key)


def find(reader: Reader, declared: Sequence[Declared]) -> list[Mismatch]:
    """Every mismatch of these statements with the catalog that ``reader`` sees, in a stable order."""
    compared = _compare(reader)
    uses = {each.name: use_of(each.numbered_sql, compared.wanted).within(CHECKED_SCHEMAS) for each in declared}
    said = [mismatch for name, use in uses.items() for mismatch in compared.of_statement(name, use)]
    written = {table for use in uses.values() for table in use.written()}
    for table in written & compared.found.relations.keys() & compared.wanted.relations.keys():
        said += compared.of_table(table)
    for domain, checks in compared.wanted.domains.items():
        said += [
            Mismatch(where=domain, code=code, message=message, remedy=remedy)
            for code, message, remedy in of_constraints(checks, compared.found.domains.get(domain, {}))
        ]
    return _merged(said)


def _compare(reader: Reader) -> Comparison:
    rows: dict[str, Sequence[Mapping[str, Any]]] = {}

    def fetch(name: str, parameters: Mapping[str, object]) -> Sequence[Mapping[str, Any]]:
        rows[name] = reader.fetch(name, parameters)
        return rows[name]

    found = catalogs.describe(fetch, CHECKED_SCHEMAS)
    privileges = Privileges(
        relations={row["relation"]: row for row in rows["contract_relations"]},
        columns={(row["relation"], row["name"]): row for row in rows["contract_columns"]},
    )
    return Comparison(wanted=catalogs.expected(), found=found, privileges=privileges)


def _merged(said: Sequence[Mismatch]) -> list[Mismatch]:
    """One line for what several statements need."""
    needed_by: dict[Mismatch, set[str]] = {}
    for each in said:
        needed_by.setdefault(replace(each, statements=()), set()).update(each.statements)
    return sorted(replace(each, statements=tuple(sorted(names))) for each, names in needed_by.items())

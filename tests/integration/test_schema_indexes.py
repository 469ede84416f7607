"""No phase ever walks through a table: each declared look-up has an index (design 1.2 number 13, 1.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.schema_room import Deployed

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.rights import LEDGER, UNITS, Role
from cutter_agent.model import Lane

WALKS = {"report_signatures": "an export for `verify-signatures`: every signature there is"}
"""Statements that may read a whole table, with the reason."""


def _walked(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan.get("Schema") in (LEDGER, UNITS):
        yield f"{plan['Schema']}.{plan['Relation Name']}"
    for child in plan.get("Plans", ()):
        yield from _walked(child)


@pytest.mark.parametrize("lane", Lane)
def test_every_look_up_has_an_index(deployed: Deployed, lane: Lane) -> None:
    walks: dict[str, list[str]] = {}
    explained = 0
    with deployed.as_role(Role(lane.value)) as connection:
        connection.execute("SET search_path = pg_catalog, pg_temp")
        # a sequential scan is what is left when no index fits
        connection.execute("SET enable_seqscan = off")
        for each in statements.load().values():
            if lane not in each.principals or each.verb not in ("SELECT", "INSERT", "UPDATE") or each.tables == ():
                continue
            explained += 1
            explain = f"EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) {each.numbered_sql}"
            row = connection.execute(explain.encode()).fetchone()
            assert row is not None
            found = sorted(set(_walked(row[0][0]["Plan"])))
            if found:
                walks[each.name] = found
    assert explained > 10
    assert {name: tables for name, tables in walks.items() if name not in WALKS} == {}

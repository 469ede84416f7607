"""The fixture of a deployed ledger: each test has one of its own, whole, empty, and with both lanes let in."""

from __future__ import annotations

import psycopg
import pytest
from tests.deployed import LedgerDatabase

from cutter_agent.db_adapter import grants, schema
from cutter_agent.db_adapter.rights import LEDGER_TABLES
from cutter_agent.model import Lane


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_an_empty_one(ledger_database: LedgerDatabase, turn: int) -> None:
    with psycopg.connect(**ledger_database.admin) as admin:
        for table in LEDGER_TABLES:
            assert admin.execute(f"select count(*) from cutter_governance.{table}").fetchone() == (0,), table
        admin.execute("create table left_behind (n int)")


@pytest.mark.parametrize("lane", list(Lane))
def test_a_lane_is_let_in_as_itself(ledger_database: LedgerDatabase, lane: Lane) -> None:
    settings = ledger_database.lanes[lane]
    with psycopg.connect(
        host=settings.host,
        port=settings.port,
        dbname=settings.dbname,
        user=settings.user,
        password=settings.password,
    ) as connection:
        assert connection.execute("select current_user").fetchone() == (settings.user,)


def test_a_copy_is_as_deployed(ledger_database: LedgerDatabase) -> None:
    with psycopg.connect(**ledger_database.admin, autocommit=True) as admin:
        assert schema.state(admin).is_current
        assert grants.disagreements(grants.report(admin, names=ledger_database.names)) == []

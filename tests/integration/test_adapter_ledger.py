"""The adapter on the deployed ledger: the keys it takes for idempotency keys are there, and who may be which lane."""

from __future__ import annotations

import psycopg
import pytest
from tests.deployed import LedgerDatabase

from cutter_agent.db_adapter.rights import Role
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.sqlstates import IDEMPOTENCY_CONSTRAINTS
from cutter_agent.errors import ConfigMismatch
from cutter_agent.model import Lane

UNIQUE_INDEXES = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND n.nspname IN ('cutter_governance', 'iu')
"""


def test_every_idempotency_key_is_a_key_of_the_deployed_ledger(ledger_database: LedgerDatabase) -> None:
    with psycopg.connect(**ledger_database.admin) as admin:
        found = {row[0] for row in admin.execute(UNIQUE_INDEXES).fetchall()}
    assert len(found) > len(IDEMPOTENCY_CONSTRAINTS)
    assert sorted(IDEMPOTENCY_CONSTRAINTS - found) == []


@pytest.mark.parametrize("lane", list(Lane))
def test_each_lane_is_who_it_should_be_and_no_lane_passes_for_the_other(
    ledger_database: LedgerDatabase, lane: Lane
) -> None:
    role = ledger_database.names.of(Role(lane.value))
    with RealPostgresAdapter(settings=ledger_database.lanes[lane], lane=lane, role=role) as adapter:
        identity = adapter.facts().identity
        assert identity is not None
        assert identity.current_user == role
    other = next(each for each in Lane if each is not lane)
    with (
        RealPostgresAdapter(settings=ledger_database.lanes[other], lane=lane, role=role) as adapter,
        pytest.raises(ConfigMismatch, match="nothing was written"),
        adapter.transaction("mark"),
    ):
        pytest.fail("a block was opened")
    with (
        RealPostgresAdapter(settings=ledger_database.lanes[lane], lane=lane) as adapter,
        pytest.raises(ConfigMismatch, match=lane.value),
    ):
        adapter.find("session_identity")

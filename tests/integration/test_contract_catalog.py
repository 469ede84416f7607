"""The catalog contract: what a lane will send against what is deployed, before the first write (design 2.2 line 12).

Each case plants one thing that the schema of a live database may have and a rehearsal on a mirror never shows (design
1.2: 2, 4, 6), and asks for its name.
"""

from __future__ import annotations

import pytest
from tests.schema_room import NAMES, Deployed, refusal, rows

from cutter_agent.db_adapter import admin as administration
from cutter_agent.db_adapter import contract, statements
from cutter_agent.db_adapter.contract import SchemaContractMismatch
from cutter_agent.db_adapter.contract_rules import Mismatch
from cutter_agent.db_adapter.rights import Role
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.errors import ContractMismatch
from cutter_agent.model import Lane

HISTORY = "cutter_governance.decision_backlog_history"
ENTRY = "cutter_governance.decision_backlog_entry"
SIGNATURE = "cutter_governance.dot_pair_signature"
REFUSE = "FUNCTION cutter_governance.refuse_verb()"

LABEL = "iu.source_snapshot.media_type"
CHECK = "ADD CHECK (prior_signature_id IS NOT NULL)"
REQUIRED = "signature_exactly_one_reference"
IDENTITY = "cutter_governance.identity"
CAPITALS = f"ALTER DOMAIN {IDENTITY} ADD CONSTRAINT in_capitals CHECK (VALUE = upper(VALUE))"
GENERATED = """
    ALTER TABLE iu.source_snapshot DROP COLUMN media_type;
    ALTER TABLE iu.source_snapshot ADD COLUMN media_type text GENERATED ALWAYS AS ('text/plain') STORED"""
HOLLOW = """
    CREATE OR REPLACE FUNCTION cutter_governance.refuse_move() RETURNS trigger LANGUAGE plpgsql SET search_path = ''
    AS 'BEGIN RETURN NULL; END'"""

# name: (what is done to the live schema, the code it must be given, where)
PLANTS = {
    "column renamed": (
        f"ALTER TABLE {HISTORY} RENAME COLUMN changed_by TO author",
        "COLUMN_MISSING",
        f"{HISTORY}.changed_by",
    ),
    "table gone": ("ALTER TABLE iu.source_snapshot RENAME TO elsewhere", "TABLE_MISSING", "iu.source_snapshot"),
    "new column": (f"ALTER TABLE {HISTORY} ADD reason text NOT NULL", "COLUMN_NOT_SUPPLIED", f"{HISTORY}.reason"),
    "type": ("ALTER TABLE iu.document ALTER COLUMN title TYPE varchar(10)", "COLUMN_TYPE", "iu.document.title"),
    "generated": (GENERATED, "COLUMN_GENERATED", LABEL),
    "identity": (
        f"ALTER TABLE {HISTORY} ALTER COLUMN entry_version_after ADD GENERATED ALWAYS AS IDENTITY",
        "COLUMN_GENERATED",
        f"{HISTORY}.entry_version_after",
    ),
    "a CHECK nobody read": (f"ALTER TABLE {SIGNATURE} {CHECK}", "CONSTRAINT_UNEXPECTED", SIGNATURE),
    "a CHECK that is gone": (f"ALTER TABLE {SIGNATURE} DROP CONSTRAINT {REQUIRED}", "CONSTRAINT_MISSING", SIGNATURE),
    "a CHECK of a domain": (CAPITALS, "CONSTRAINT_UNEXPECTED", IDENTITY),
    "a foreign key": (
        f"ALTER TABLE {HISTORY} ADD FOREIGN KEY (history_id) REFERENCES {ENTRY}",
        "CONSTRAINT_UNEXPECTED",
        HISTORY,
    ),
    "BEFORE INSERT trigger": (
        f"CREATE TRIGGER live_only BEFORE INSERT ON {ENTRY} FOR EACH ROW EXECUTE {REFUSE}",
        "TRIGGER_UNEXPECTED",
        ENTRY,
    ),
    "guard dropped": (f"DROP TRIGGER guard_moves ON {ENTRY}", "TRIGGER_MISSING", ENTRY),
    "guard disabled": (f"ALTER TABLE {ENTRY} DISABLE TRIGGER guard_moves", "TRIGGER_CHANGED", ENTRY),
    "guard hollowed out": (HOLLOW, "TRIGGER_CHANGED", ENTRY),
    "rule": (f"CREATE RULE quiet AS ON INSERT TO {HISTORY} DO INSTEAD NOTHING", "RULE_UNEXPECTED", HISTORY),
    "row security": (f"ALTER TABLE {HISTORY} ENABLE ROW LEVEL SECURITY", "ROW_SECURITY", HISTORY),
    "grant revoked": (f"REVOKE INSERT ON {HISTORY} FROM schema_exec", "GRANT_MISSING", f"{HISTORY}.history_id"),
    "update revoked": (f"REVOKE UPDATE (status) ON {ENTRY} FROM schema_exec", "GRANT_MISSING", f"{ENTRY}.status"),
    "schema closed": ("REVOKE USAGE ON SCHEMA iu FROM schema_exec", "GRANT_MISSING", "iu.source_snapshot"),
}


def _said(deployed: Deployed, lane: Lane = Lane.EXEC) -> list[Mismatch]:
    with deployed.adapter(lane) as adapter, adapter.read() as block:
        try:
            contract.check(block, statements.load(), lane=lane)
        except SchemaContractMismatch as error:
            return list(error.mismatches)
    return []


@pytest.mark.parametrize("lane", Lane)
def test_what_is_deployed_fits_every_declared_statement(deployed: Deployed, lane: Lane) -> None:
    assert _said(deployed, lane) == []
    assert sum(lane in each.principals for each in statements.load().values()) > 10


@pytest.mark.parametrize(("plant", "code", "where"), PLANTS.values(), ids=PLANTS.keys())
def test_what_does_not_fit_is_named_with_its_remedy(deployed: Deployed, plant: str, code: str, where: str) -> None:
    with deployed.admin() as connection:
        connection.execute(plant.encode())
    found = [each for each in _said(deployed) if (each.code, each.where) == (code, where)]
    assert found, [(each.code, each.where) for each in _said(deployed)]
    assert all(each.remedy and each.message for each in found)
    if code.startswith(("COLUMN", "TABLE", "GRANT")):
        assert all(each.statements for each in found)


def test_everything_at_once_and_nothing_is_written(deployed: Deployed) -> None:
    planted = [PLANTS[name] for name in ("column renamed", "BEFORE INSERT trigger", "a CHECK nobody read", "rule")]
    with deployed.admin() as connection:
        for plant, _, _ in planted:
            connection.execute(plant.encode())
    seen = {(each.code, each.where) for each in _said(deployed)}
    assert seen >= {(code, where) for _, code, where in planted}


def test_the_adapter_refuses_to_write_into_a_schema_that_does_not_fit(deployed: Deployed) -> None:
    def check(block: contract.Reader, declared: object) -> None:
        contract.check(block, declared, lane=Lane.EXEC)  # type: ignore[arg-type]

    with deployed.admin() as connection:
        connection.execute(PLANTS["BEFORE INSERT trigger"][0].encode())
        with deployed.adapter(Lane.EXEC, startup_checks=[check]) as adapter:
            with (
                pytest.raises(ContractMismatch, match="trigger live_only is not ours") as caught,
                adapter.transaction("mark"),
            ):
                pytest.fail("the block was entered")
            assert caught.value.exit_code == 7
        assert rows(connection, f"SELECT count(*) AS n FROM {ENTRY}") == [{"n": 0}]


def test_a_clean_answer_is_remembered_and_a_bad_one_is_not(deployed: Deployed) -> None:
    with deployed.adapter(Lane.VERIFY) as adapter, adapter.read() as block:
        contract.check(block, statements.load(), lane=Lane.VERIFY)
        first = adapter.journal.total
        contract.check(block, statements.load(), lane=Lane.VERIFY)
        assert adapter.journal.total == first + 1  # who asks, and nothing more
    with deployed.admin() as connection:
        connection.execute(PLANTS["guard dropped"][0].encode())
    for _ in range(2):
        assert [each.code for each in _said(deployed, Lane.EXEC)] == ["TRIGGER_MISSING"]


@pytest.mark.parametrize("lane", Lane)
def test_the_server_itself_accepts_every_declared_statement(deployed: Deployed, lane: Lane) -> None:
    """PREPARE has the server parse and analyse each statement as the lane's role: the contract check's own check."""
    refused: dict[str, str] = {}
    asked = 0
    with deployed.as_role(Role(lane.value)) as connection:
        connection.execute("SET search_path = pg_catalog, pg_temp")
        for each in statements.load().values():
            if lane in each.principals and each.verb in ("SELECT", "INSERT", "UPDATE"):
                asked += 1
                said = refusal(connection, f"PREPARE {each.name} AS {each.numbered_sql}")
                if said is not None:
                    refused[each.name] = f"{said.sqlstate} {said.message_primary}"
    assert refused == {}
    assert asked > 10


def _statement(sql: str) -> Statement:
    return Statement(
        name="planted",
        principals=frozenset(Lane),
        verb="INSERT",
        tables=(),
        sql=sql,
        numbered_sql=sql,
        parameters=(),
        source="test",
    )


BAD_STATEMENTS = {
    "INSERT INTO iu.document (document_ref, no_such) VALUES ($1, $2)": {
        ("COLUMN_MISSING", "iu.document.no_such"),
        ("COLUMN_NOT_SUPPLIED", "iu.document.title"),
    },
    "INSERT INTO iu.document VALUES ($1)": {("COLUMNS_NOT_NAMED", "iu.document")},
    "COPY iu.document (document_ref) FROM STDIN": {("COLUMN_NOT_SUPPLIED", "iu.document.document_code")},
    "SELECT d.no_such FROM iu.document AS d": {("COLUMN_MISSING", "iu.document.no_such")},
    "SELECT no_such FROM iu.document": {("COLUMN_MISSING", "iu.document.no_such")},
    "SELECT x.a FROM iu.no_such AS x": {("TABLE_MISSING", "iu.no_such")},
    "SELECT count(*) FROM cutter_governance.verify_result": {("GRANT_MISSING", "cutter_governance.verify_result")},
    "SELECT s.label FROM iu.source_snapshot AS s FOR UPDATE": {("GRANT_MISSING", "iu.source_snapshot")},
    "UPDATE cutter_governance.decision_backlog_entry SET payload = $1": {("GRANT_MISSING", f"{ENTRY}.payload")},
    "INSERT INTO cutter_governance.cut_change_set_affected_row (affected_row_id, change_set_id, target_table, "
    "target_row_id, operation_kind) VALUES ($1, $2, $3, $4, $5) RETURNING affected_row_id": {
        ("GRANT_MISSING", "cutter_governance.cut_change_set_affected_row.affected_row_id")
    },
    "INSERT INTO iu.document (document_ref, document_code, profile_id, title, created_at, created_by) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (title) DO NOTHING": {("KEY_MISSING", "iu.document")},
    "INSERT INTO iu.document (document_ref, document_code, profile_id, title, created_at, created_by) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT no_such DO NOTHING": {("KEY_MISSING", "iu.document")},
}  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), BAD_STATEMENTS.items(), ids=range(len(BAD_STATEMENTS)))
def test_a_statement_that_does_not_fit_is_named(deployed: Deployed, sql: str, expected: set[tuple[str, str]]) -> None:
    with deployed.adapter(Lane.EXEC) as adapter, adapter.read() as block:
        found = contract.find(block, [_statement(sql)])
    assert {(each.code, each.where) for each in found} >= expected
    assert all(each.statements == ("planted",) for each in found)


def test_the_administrator_asks_in_the_lanes_role(deployed: Deployed) -> None:
    with deployed.admin() as connection:
        assert administration.mismatches(connection, Lane.EXEC, names=NAMES) == []
        connection.execute(f"REVOKE SELECT ON {SIGNATURE} FROM {NAMES.verify}".encode())
        said = administration.mismatches(connection, Lane.VERIFY, names=NAMES)
        assert {each.code for each in said} == {"GRANT_MISSING"}
        assert rows(connection, "SELECT current_user::text AS who") == [{"who": "pgadmin"}]

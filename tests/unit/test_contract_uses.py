"""What a statement needs of the catalog, and the statements against the table of rights: no server needed."""

from __future__ import annotations

import pytest

from cutter_agent.db_adapter import catalog as catalogs
from cutter_agent.db_adapter import statements, uses
from cutter_agent.db_adapter.rights import LEDGER, UNITS, Role, right_on
from cutter_agent.db_adapter.sqlstates import IDEMPOTENCY_CONSTRAINTS
from cutter_agent.db_adapter.uses import ConflictTarget, Use
from cutter_agent.errors import Internal

ENTRY = f"{LEDGER}.decision_backlog_entry"
UNIT = f"{UNITS}.information_unit"
VERSION = f"{UNITS}.unit_version"


def _parse(sql: str) -> Use:
    return uses.parse(sql, catalogs.expected())


def test_a_join_is_read_column_by_column() -> None:
    use = _parse(
        f"SELECT u.unit_id, body AS text FROM {UNIT} AS u JOIN {VERSION} AS v ON v.unit_id = u.unit_id "
        "WHERE u.document_ref = $1 ORDER BY text"
    )
    assert use.relations == {UNIT, VERSION}
    assert use.reads == {(UNIT, "unit_id"), (UNIT, "document_ref"), (VERSION, "unit_id"), (VERSION, "body")}
    assert use.only_named() == frozenset()


def test_a_cte_and_a_lateral_subquery_are_no_tables() -> None:
    use = _parse(
        f"WITH living AS (SELECT unit_id AS id FROM {UNIT}) SELECT l.id, n.newest FROM living AS l "
        f"JOIN LATERAL (SELECT max(v.version_seq) AS newest FROM {VERSION} AS v WHERE v.unit_id = l.id) AS n ON true"
    )
    assert use.relations == {UNIT, VERSION}
    assert use.reads == {(UNIT, "unit_id"), (VERSION, "version_seq"), (VERSION, "unit_id")}


def test_an_insert_its_conflict_target_and_what_it_returns() -> None:
    use = _parse(
        f"INSERT INTO {ENTRY} AS e (entry_id, kind) VALUES ($1, $2) ON CONFLICT (entry_id) WHERE kind = 'cut' "
        "DO UPDATE SET status = excluded.status RETURNING e.emitted_at"
    )
    assert use.inserts == {ENTRY: ("entry_id", "kind")}
    assert use.updates == {(ENTRY, "status")}
    assert use.reads == {(ENTRY, "entry_id"), (ENTRY, "kind"), (ENTRY, "emitted_at")}
    assert use.conflicts == (ConflictTarget(table=ENTRY, columns=("entry_id",), partial=True),)


def test_an_update_from_a_values_list() -> None:
    use = _parse(f"UPDATE {ENTRY} AS e SET status = n.status FROM unnest($1::uuid[]) AS n (id) WHERE e.entry_id = n.id")
    assert use.updates == {(ENTRY, "status")}
    assert use.reads == {(ENTRY, "entry_id")}


def test_a_row_lock_is_seen() -> None:
    assert _parse(f"SELECT e.status FROM {ENTRY} AS e FOR UPDATE").locks == {ENTRY}
    both = f"SELECT e.status FROM {ENTRY} AS e JOIN {UNIT} AS u ON true FOR UPDATE OF e SKIP LOCKED"
    assert _parse(both).locks == {ENTRY}


@pytest.mark.parametrize(
    "sql",
    [
        f"WITH gone AS (DELETE FROM {ENTRY} RETURNING 1) SELECT count(*) FROM gone",
        f"DELETE FROM {ENTRY}",
        f"TRUNCATE {ENTRY}",
        f"MERGE INTO {ENTRY} AS e USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_a_statement_that_removes_rows_is_refused_wherever_it_hides(sql: str) -> None:
    with pytest.raises(Internal, match="contains"):
        _parse(sql)


def test_what_is_no_sql_is_refused() -> None:
    with pytest.raises(Internal, match="not SQL"):
        _parse("SELEC 1")


def test_a_use_survives_its_json() -> None:
    for statement in statements.load().values():
        use = _parse(statement.numbered_sql)
        assert uses.from_json(uses.to_json(use)) == use


def test_every_declared_statement_stays_within_the_table_of_rights() -> None:
    too_much: list[str] = []
    for statement in statements.load().values():
        use = _parse(statement.numbered_sql).within((LEDGER, UNITS))
        for lane in statement.principals:
            role = Role(lane.value)
            for verb, (table, column) in use.touched():
                right = right_on(role, table)
                allowed = {"SELECT": right.select, "INSERT": right.insert, "UPDATE": column in right.update_columns}
                if not allowed[verb]:
                    too_much.append(f"{statement.name}: {role} may not {verb} {table}.{column}")
            unread = [table for table in use.only_named() if not right_on(role, table).select]
            too_much += [f"{statement.name}: {role} may not SELECT {table}" for table in unread]
    assert too_much == []


def test_every_declared_statement_names_exactly_its_tables() -> None:
    wrong = {
        statement.name: sorted(uses_of ^ set(statement.tables))
        for statement in statements.load().values()
        if (uses_of := set(_parse(statement.numbered_sql).relations)) != set(statement.tables)
    }
    assert wrong == {}


def test_every_key_that_converges_is_a_unique_key_of_the_schema() -> None:
    unique = {
        index.name
        for relation in catalogs.expected().relations.values()
        for index in relation.indexes.values()
        if index.is_unique and index.usable
    }
    assert unique >= IDEMPOTENCY_CONSTRAINTS

"""The loader of declared statements, and every declaration against PostgreSQL's own grammar."""

from __future__ import annotations

import postgast
import pytest
from postgast import pg_query_pb2

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.settings import Isolation
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.db_adapter.transaction import BEGIN
from cutter_agent.errors import Internal
from cutter_agent.model import Lane

GOOD = """
-- A word about it.
-- name: put
-- principal: cutter_exec
-- verb: INSERT
-- tables: room.thing, room.other
INSERT INTO room.thing (id, label, share, again)
-- inside, too
VALUES (%(id)s, %(label)s, '10 %%', %(id)s);
"""

DECLARED = sorted(statements.load().values(), key=lambda each: each.name)
NODE_OF_VERB = {
    "SELECT": "select_stmt",
    "INSERT": "insert_stmt",
    "UPDATE": "update_stmt",
    "COPY": "copy_stmt",
    **dict.fromkeys(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"), "transaction_stmt"),
}


def one(text: str, file_name: str = "room.sql") -> Statement:
    (statement,) = statements.parse(text, file_name=file_name)
    return statement


def test_a_declaration_is_read_and_numbered() -> None:
    put = one(GOOD)
    assert put.name == "put"
    assert put.principals == {Lane.EXEC}
    assert put.principal == "cutter_exec"
    assert put.verb == "INSERT"
    assert put.tables == ("room.thing", "room.other")
    assert put.parameters == ("id", "label")
    assert put.numbered_sql == "INSERT INTO room.thing (id, label, share, again)\nVALUES ($1, $2, '10 %', $1)"
    assert put.source == "room.sql:3"


@pytest.mark.parametrize("word", ["both", "cutter_exec, cutter_verify", "both: cutter_exec, cutter_verify"])
def test_both_has_three_spellings(word: str) -> None:
    put = one(GOOD.replace("cutter_exec", word))
    assert put.principals == set(Lane)
    assert put.principal == "both"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("-- name: put", "-- name: Put It", "is not a name"),
        ("-- name: put", "", "header lacks name|SQL before|without a header"),
        ("-- principal: cutter_exec", "", "header lacks principal"),
        ("-- principal: cutter_exec", "-- principal: postgres", "no known principal"),
        ("-- verb: INSERT", "", "header lacks verb"),
        ("-- verb: INSERT", "-- verb: DELETE", "the verb 'DELETE'"),
        ("-- verb: INSERT", "-- verb: SELECT", "says SELECT and the statement begins with"),
        ("-- verb: INSERT", "-- verb: COMMIT", "the verb 'COMMIT'"),
        ("-- tables: room.thing, room.other", "", "header lacks tables"),
        ("-- tables: room.thing, room.other", "-- tables: thing", "not spelt schema.table"),
        ("-- tables: room.thing, room.other", "-- tables: room.thing\n-- tables: a.b", "given twice"),
        ("%(label)s", "%s", "neither"),
        ("'10 %%'", "'10 %'", "neither"),
        ("%(label)s", "$2", r"\$n placeholder"),
        (");", "); DELETE FROM room.thing;", "more than one statement"),
        (");", ") RETURNING *;", "a star"),
        (");", ") RETURNING thing.*;", "a star"),
    ],
)
def test_a_bad_declaration_is_refused_with_its_place(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(Internal, match=complaint) as refused:
        statements.parse(GOOD.replace(old, new, 1), file_name="room.sql")
    assert "room.sql" in refused.value.message


def test_a_name_is_declared_once() -> None:
    with pytest.raises(Internal, match=r"put is declared in a\.sql:3 too"):
        statements.collect({"a.sql": GOOD, "b.sql": GOOD})


def test_count_of_all_rows_is_no_star_in_a_list() -> None:
    text = "-- name: n\n-- principal: both\n-- verb: SELECT\n-- tables: a.b\nSELECT count(*) AS n FROM a.b"
    assert one(text).parameters == ()


def test_every_block_the_adapter_opens_is_declared() -> None:
    assert len(BEGIN) == 2 * len(Isolation)
    for (isolation, writes), name in BEGIN.items():
        words = f"BEGIN ISOLATION LEVEL {isolation.value.upper()} READ {'WRITE' if writes else 'ONLY'}"
        assert statements.load()[name].numbered_sql == words


@pytest.mark.parametrize("statement", DECLARED, ids=lambda each: each.name)
def test_a_declared_statement_is_what_its_header_says(statement: Statement) -> None:
    """Read by PostgreSQL's grammar: one statement, of that kind, on those tables, naming its columns."""
    tree = postgast.parse(statement.numbered_sql)
    assert len(tree.stmts) == 1
    assert tree.stmts[0].stmt.WhichOneof("node") == NODE_OF_VERB[statement.verb]
    named = {f"{table.schemaname}.{table.relname}" for table in tables_of(tree) if table.schemaname}
    assert named == set(statement.tables)
    bare = {table.relname for table in tables_of(tree) if not table.schemaname}
    own = {cte.ctename for cte in postgast.find_nodes(tree, pg_query_pb2.CommonTableExpr)}
    assert bare <= own, "a table without its schema"
    assert list(postgast.find_nodes(tree, pg_query_pb2.A_Star)) == []
    numbers = {each.number for each in postgast.find_nodes(tree, pg_query_pb2.ParamRef)}
    assert numbers == set(range(1, len(statement.parameters) + 1))
    for kind in (pg_query_pb2.DeleteStmt, pg_query_pb2.TruncateStmt, pg_query_pb2.VariableSetStmt):
        assert list(postgast.find_nodes(tree, kind)) == [], "hidden inside, for example in a WITH"


def tables_of(tree: pg_query_pb2.ParseResult) -> list[pg_query_pb2.RangeVar]:
    """Without the aliases of ``FOR UPDATE OF alias``."""
    locks = [
        name.range_var for lock in postgast.find_nodes(tree, pg_query_pb2.LockingClause) for name in lock.locked_rels
    ]
    return [table for table in postgast.find_nodes(tree, pg_query_pb2.RangeVar) if table not in locks]


def test_the_package_declares_something() -> None:
    assert {"commit", "rollback", "session_identity"} <= {each.name for each in DECLARED}

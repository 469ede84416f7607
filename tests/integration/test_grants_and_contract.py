"""G-11 and G-26 on a real server: each planted deviation is found in its cell, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from tests.instruments_room import new_database

from pg_dryrun import contract, roles
from pg_dryrun.observer import connect
from pg_dryrun.roles import GrantMatrix
from pg_dryrun.subject import Emission, Login, Right
from pg_embedded.cluster import ThrowawayCluster

SCRIPT = """
CREATE ROLE {p}exec LOGIN PASSWORD 'password';
CREATE ROLE {p}verify LOGIN PASSWORD 'password';
CREATE ROLE {p}other NOLOGIN;
CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO {p}exec, {p}verify;
CREATE TABLE s.entry (id integer PRIMARY KEY, state text NOT NULL, note text DEFAULT '', mark "char",
    long integer GENERATED ALWAYS AS (length(state)) STORED, n bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE s.history (id integer REFERENCES s.entry, line text);
CREATE FUNCTION s.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'append only' USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON s.history FOR EACH STATEMENT EXECUTE FUNCTION s.refuse();
CREATE TABLE s.bystander (id integer);
CREATE SEQUENCE s.q;
CREATE VIEW s.shown AS SELECT id FROM s.entry;
GRANT SELECT, INSERT ON s.entry, s.history TO {p}exec;
GRANT UPDATE (state) ON s.entry TO {p}exec;
GRANT SELECT ON s.entry TO {p}verify;
GRANT SELECT ON s.shown TO {p}verify;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ThrowawayCluster]:
    with ThrowawayCluster.create(name="grants") as made:
        yield made


@pytest.fixture
def admin(server: ThrowawayCluster) -> Login:
    return new_database(server, SCRIPT)


def probed(admin: Login) -> GrantMatrix:
    writer, checker = f"{admin.dbname}_exec", f"{admin.dbname}_verify"
    logins = {role: replace(admin, user=role, password="password") for role in (writer, checker)}
    rights = [
        Right(role=writer, table="s.entry", select=True, insert=True, update_columns=("state",)),
        Right(role=writer, table="s.history", select=True, insert=True),
        Right(role=checker, table="s.entry", select=True),
        Right(role=checker, table="s.shown", select=True),
    ]
    return roles.probe(admin, logins, rights=rights, tables=["s.entry", "s.history"])


def test_the_matrix_is_exact_where_server_and_declaration_agree(admin: Login) -> None:
    matrix = probed(admin)
    assert matrix.defects == ()
    assert matrix.exact
    granted = {(cell.role[-4:], cell.table, cell.verb, cell.column) for cell in matrix.cells if cell.granted}
    assert granted == {
        ("exec", "s.entry", "SELECT", None),
        ("exec", "s.entry", "INSERT", None),
        ("exec", "s.entry", "UPDATE", "state"),
        ("exec", "s.history", "SELECT", None),
        ("exec", "s.history", "INSERT", None),
        ("rify", "s.entry", "SELECT", None),
        ("rify", "s.shown", "SELECT", None),
    }
    denied = [cell for cell in matrix.cells if not cell.granted and cell.table != "s.shown"]
    assert len(denied) > 30
    assert {cell.sqlstate for cell in denied} == {"42501"}


@pytest.mark.parametrize(
    ("change", "defect"),
    [
        (
            "GRANT UPDATE (note) ON s.entry TO {p}exec",
            "UPDATE on s.entry (note) is not declared, but the server allows",
        ),
        ("GRANT INSERT (mark) ON s.entry TO {p}verify", "INSERT on s.entry (mark) is not declared"),
        ("GRANT SELECT (line) ON s.history TO {p}verify", "SELECT on s.history (line) is not declared"),
        ("GRANT DELETE ON s.entry TO {p}exec", "DELETE on s.entry is not declared"),
        ("GRANT DELETE ON s.history TO {p}exec", "DELETE on s.history is not declared, but the server answered 42501"),
        ("GRANT TRUNCATE ON s.entry TO PUBLIC", "TRUNCATE on s.entry is not declared, but the server answered 0A000"),
        ("REVOKE INSERT ON s.history FROM {p}exec", "INSERT on s.history is declared, but the server denies it"),
        (
            "REVOKE UPDATE (state) ON s.entry FROM {p}exec",
            "UPDATE on s.entry (state) is declared, but the server denies",
        ),
        ("REVOKE USAGE ON SCHEMA s FROM {p}verify", "SELECT on s.shown is declared, but the server denies it"),
        ("GRANT INSERT ON s.shown TO {p}verify", "INSERT on s.shown is not declared"),
        ("GRANT UPDATE ON s.bystander TO {p}exec", "exec may UPDATE on s.bystander"),
        ("GRANT CREATE ON SCHEMA s TO {p}exec", "exec may CREATE in schema s"),
        ("GRANT CREATE ON DATABASE {d} TO {p}exec", "exec may CREATE in database {d}"),
        ("ALTER ROLE {p}exec CREATEROLE", "exec has CREATEROLE"),
        ("GRANT {p}other TO {p}exec", "exec is a member of {d}_other"),
        ("ALTER TABLE s.history OWNER TO {p}exec", "exec owns table s.history"),
        ("DROP TABLE s.history", "s.history does not exist"),
    ],
)
def test_every_deviation_is_found(admin: Login, change: str, defect: str) -> None:
    with connect(admin, purpose="test") as observer:
        observer.execute(change.replace("{p}", f"{admin.dbname}_").replace("{d}", admin.dbname))
    matrix = probed(admin)
    assert not matrix.exact
    assert any(defect.replace("{d}", admin.dbname) in line for line in matrix.defects), matrix.defects


def test_probing_writes_nothing(admin: Login) -> None:
    with psycopg.connect(**admin.keywords(), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute("INSERT INTO s.entry (id, state) VALUES (1, 'new')")
        connection.execute(f"GRANT TRUNCATE, DELETE ON s.entry, s.history TO {admin.dbname}_exec")
        probed(admin)
        assert connection.execute("SELECT count(*) FROM s.entry").fetchone() == (1,)


def emission(table: str, *columns: str) -> Emission:
    return Emission(statement="write", principal="exec", table=table, columns=columns)


def test_what_fits_fits_and_the_demands_are_told(admin: Login) -> None:
    report = contract.check(admin, [emission("s.entry", "id", "state"), emission("s.history", "id")])
    assert report.holds
    assert report.emissions_examined == 2
    assert "append_only" in report.demands["s.history"]["triggers"][0]
    assert "REFERENCES s.entry(id)" in report.demands["s.history"]["foreign keys"][0]
    assert report.demands["s.entry"]["keys"] == ("entry_pkey PRIMARY KEY (id)",)


def test_all_mismatches_come_at_once(admin: Login) -> None:
    with connect(admin, purpose="test") as observer:
        observer.execute("CREATE RULE swallow AS ON INSERT TO s.history DO INSTEAD NOTHING")
    report = contract.check(
        admin,
        [
            emission("s.entry", "id", "long", "n", "absent"),
            emission("s.absent", "id"),
            emission("s.shown", "id"),
            emission("s.history", "id"),
        ],
    )
    assert {(item.code, item.table, item.column) for item in report.mismatches} == {
        ("not_writable", "s.entry", "long"),
        ("not_writable", "s.entry", "n"),
        ("missing_column", "s.entry", "absent"),
        ("not_filled", "s.entry", "state"),
        ("missing_table", "s.absent", None),
        ("not_a_table", "s.shown", None),
        ("rule", "s.history", None),
    }


def test_nothing_examined_is_not_kept(admin: Login) -> None:
    assert not contract.check(admin, []).holds

"""Roles and rights on a live server, both ways (design 1.10)."""

from __future__ import annotations

import contextlib
import threading

import psycopg
import pytest
from tests import databases
from tests.schema_room import CONNECTION_LIMIT, NAMES, PASSWORDS, Deployed, refusal, rows

from cutter_agent.db_adapter import grants, probes, roles, schema
from cutter_agent.db_adapter.rights import LEDGER_TABLES, OBSERVE, Role, RoleNames, rights_of
from pg_embedded.cluster import ThrowawayCluster

ENTRY = "cutter_governance.decision_backlog_entry"
GUARD = "cutter_governance.refuse_move()"


def _wrong(deployed: Deployed) -> list[tuple[str, str, str]]:
    with deployed.admin() as connection:
        cells = grants.report(connection, names=NAMES, connection_limit=CONNECTION_LIMIT)
    assert len(cells) > 1000
    return [(cell.role, cell.object, cell.privilege) for cell in grants.disagreements(cells)]


def test_every_cell_is_as_the_table_says(deployed: Deployed) -> None:
    assert _wrong(deployed) == []


@pytest.mark.parametrize("role", grants.GUESTS)
def test_every_right_works_and_every_other_is_refused_by_the_server(deployed: Deployed, role: Role) -> None:
    with deployed.admin() if role is Role.RO else deployed.as_role(role) as connection:
        tried = probes.probe(connection, role, names=NAMES)
        assert connection.info.transaction_status.name == "IDLE"
    assert [(each.object, each.action, each.sqlstate, each.message) for each in tried if not each.passed] == []
    granted = sum(right.select + right.insert + len(right.update_columns) for right in rights_of(role))
    assert sum(each.granted for each in tried) == granted
    assert {each.sqlstate for each in tried} == {None, "42501"}
    assert len(tried) > 250


TEMPORARY = """
    DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$"""
WRONG_RIGHTS = {
    "GRANT DELETE ON iu.document TO schema_exec": ("schema_exec", "iu.document", "DELETE"),
    "GRANT TRUNCATE ON iu.document TO PUBLIC": ("schema_verify", "iu.document", "TRUNCATE"),
    f"GRANT UPDATE (payload) ON {ENTRY} TO schema_exec": ("schema_exec", f"{ENTRY}.payload", "UPDATE"),
    f"GRANT UPDATE ON {ENTRY} TO schema_exec": ("schema_exec", ENTRY, "UPDATE"),
    f"REVOKE SELECT ON {ENTRY} FROM schema_verify": ("schema_verify", ENTRY, "SELECT"),
    "GRANT SELECT (label) ON iu.source_snapshot TO schema_ro": ("schema_ro", "iu.source_snapshot", "SELECT"),
    "GRANT CREATE ON SCHEMA iu TO schema_exec": ("schema_exec", "schema iu", "CREATE"),
    f"GRANT SELECT ON {OBSERVE}.signature_state TO schema_ro": ("schema_ro", f"{OBSERVE}.signature_state", "SELECT"),
    f"GRANT EXECUTE ON FUNCTION {GUARD} TO PUBLIC": ("schema_ro", GUARD, "EXECUTE"),
    "ALTER TABLE iu.document OWNER TO pgadmin": ("schema_owner", "iu.document", "OWNS"),
    TEMPORARY: ("schema_exec", "database", "TEMPORARY"),
}


@pytest.mark.parametrize(
    ("grant", "seen"), WRONG_RIGHTS.items(), ids=[" ".join(seen) for seen in WRONG_RIGHTS.values()]
)
def test_a_wrong_right_is_seen_and_put_right(deployed: Deployed, grant: str, seen: tuple[str, str, str]) -> None:
    with deployed.admin() as connection:
        connection.execute(grant.encode())
        assert seen in _wrong(deployed)
        if not grant.startswith("ALTER TABLE"):
            roles.apply_grants(connection, names=NAMES)
            assert _wrong(deployed) == []


@pytest.mark.parametrize(
    ("grant", "action"),
    [
        ("GRANT DELETE ON iu.document TO schema_exec", "DELETE"),
        ("GRANT INSERT ON cutter_governance.verify_result TO schema_exec", "INSERT"),
        (f"GRANT UPDATE (payload) ON {ENTRY} TO schema_exec", "UPDATE"),
        ("REVOKE INSERT ON iu.document FROM schema_exec", "INSERT"),
    ],
)
def test_a_wrong_right_is_seen_by_trying_it(deployed: Deployed, grant: str, action: str) -> None:
    with deployed.admin() as connection, deployed.as_role(Role.EXEC) as lane:
        connection.execute(grant.encode())
        failed = [each for each in probes.probe(lane, Role.EXEC, names=NAMES) if not each.passed]
    assert [each.action for each in failed] == [action]


def test_onlookers_see_the_twelve_views_and_nothing_else(deployed: Deployed) -> None:
    with deployed.admin() as connection:
        connection.execute(f"SET ROLE {NAMES.ro}")
        for table in LEDGER_TABLES:
            assert refusal(connection, f"SELECT count(*) FROM {OBSERVE}.{table}") is None
            said = refusal(connection, f"SELECT count(*) FROM cutter_governance.{table}")
            assert said is not None
            assert said.sqlstate == "42501"
        said = refusal(connection, f"SELECT count(*) FROM {OBSERVE}.signature_state")
        assert said is not None
        assert said.sqlstate == "42501"


def test_roles_once_made_are_not_touched_again(deployed: Deployed) -> None:
    with deployed.admin() as connection:
        assert roles.create_roles(connection, {}, names=NAMES, connection_limit=CONNECTION_LIMIT) == []


def test_what_a_role_should_not_be_is_taken_back(cluster: ThrowawayCluster) -> None:
    names = RoleNames(owner="bad_owner", exec="bad_exec", verify="bad_verify", ro="bad_ro")
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        connection.execute("CREATE ROLE bad_exec SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS NOLOGIN")
        connection.execute("CREATE ROLE bad_ro LOGIN")
        connection.execute("GRANT pg_read_all_data TO bad_exec")
        try:
            changes = {(each.role, each.change) for each in roles.create_roles(connection, {}, names=names)}
            assert changes >= {
                ("bad_exec", "NOSUPERUSER"),
                ("bad_exec", "NOCREATEDB"),
                ("bad_exec", "NOCREATEROLE"),
                ("bad_exec", "NOREPLICATION"),
                ("bad_exec", "NOBYPASSRLS"),
                ("bad_exec", "LOGIN"),
                ("bad_exec", "CONNECTION LIMIT 2"),
                ("bad_exec", "left pg_read_all_data"),
                ("bad_ro", "NOLOGIN"),
            }
            query = """
                SELECT rolname::text AS name, rolcanlogin AS login, rolconnlimit AS connections FROM pg_roles
                WHERE rolname = ANY (%s) AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication
                    OR rolbypassrls) ORDER BY 1"""
            facts = rows(connection, query, ["bad_owner", "bad_exec", "bad_verify", "bad_ro"])
            assert facts == [
                {"name": "bad_exec", "login": True, "connections": 2},
                {"name": "bad_owner", "login": False, "connections": -1},
                {"name": "bad_ro", "login": False, "connections": -1},
                {"name": "bad_verify", "login": True, "connections": 2},
            ]
        finally:
            for name in ("bad_owner", "bad_exec", "bad_verify", "bad_ro"):
                connection.execute(f"DROP ROLE IF EXISTS {name}".encode())


def test_the_connection_limit_holds(cluster: ThrowawayCluster) -> None:
    names = RoleNames(owner="few_owner", exec="few_exec", verify="few_verify", ro="few_ro")
    with psycopg.connect(**cluster.admin, autocommit=True) as admin:
        roles.create_roles(admin, {Role.EXEC: "pass word ' \\ ü"}, names=names)
        login = cluster.admin | {"user": "few_exec", "password": "pass word ' \\ ü"}
        try:
            with contextlib.ExitStack() as stack:
                for _ in range(2):
                    stack.enter_context(psycopg.connect(**login))
                with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
                    psycopg.connect(**login)
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(**(login | {"password": "other"}))
        finally:
            for name in (names.owner, names.exec, names.verify, names.ro):
                admin.execute(f"DROP ROLE IF EXISTS {name}".encode())


def test_no_password_reaches_a_statement_or_the_servers_log() -> None:
    secret = "a-secret-that-must-not-be-seen"
    with ThrowawayCluster.create(name="log", json_log=True) as own:
        with psycopg.connect(**own.admin, autocommit=True) as connection:
            roles.create_roles(connection, {Role.EXEC: secret, Role.VERIFY: secret + "2"})
            stored = rows(connection, "SELECT rolpassword FROM pg_authid WHERE rolname = 'cutter_exec'")
            assert stored[0]["rolpassword"].startswith("SCRAM-SHA-256$")
        with psycopg.connect(**(own.admin | {"user": "cutter_exec", "password": secret})) as lane:
            assert lane.execute("SELECT current_user").fetchone() == ("cutter_exec",)
        own.stop()  # the log is whole
        logs = [path.read_text("utf-8") for path in own.folders.log_dir.rglob("*") if path.is_file()]
        assert any("ALTER ROLE" in text and "PASSWORD" in text for text in logs)
        assert not any(secret in text for text in logs)


def test_an_empty_password_is_refused(deployed: Deployed) -> None:
    with deployed.admin() as connection, pytest.raises(ValueError, match="empty"):
        roles.create_roles(connection, {Role.EXEC: ""}, names=NAMES, connection_limit=CONNECTION_LIMIT)


def test_several_databases_make_the_same_roles_at_once(cluster: ThrowawayCluster) -> None:
    names = RoleNames(owner="race_owner", exec="race_exec", verify="race_verify", ro="race_ro")
    failures: list[BaseException] = []

    def make(login: dict[str, object]) -> None:
        try:
            with psycopg.connect(**login, autocommit=True) as connection:  # type: ignore[arg-type]
                schema.install(connection, names=names)
                roles.create_roles(connection, PASSWORDS, names=names)
        except BaseException as error:
            failures.append(error)

    with contextlib.ExitStack() as stack:
        logins = [stack.enter_context(databases.made(cluster, f"race_{number}")) for number in range(4)]
        threads = [threading.Thread(target=make, args=(dict(login),)) for login in logins]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert failures == []
        for login in logins:
            with psycopg.connect(**login, autocommit=True) as connection:
                assert grants.disagreements(grants.report(connection, names=names)) == []
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        for name in (names.exec, names.verify, names.ro, names.owner):
            connection.execute(f"DROP ROLE {name}".encode())


def test_an_administrator_who_is_no_superuser_can_do_it_all(cluster: ThrowawayCluster) -> None:
    names = RoleNames(owner="dba_owner", exec="dba_exec", verify="dba_verify", ro="dba_ro")
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        connection.execute("CREATE ROLE dba LOGIN CREATEROLE CREATEDB PASSWORD 'dba'")
    with databases.made(cluster, "dba_database") as login:
        with psycopg.connect(**cluster.admin, autocommit=True) as connection:
            connection.execute("ALTER DATABASE dba_database OWNER TO dba")
        with psycopg.connect(**(login | {"user": "dba", "password": "dba"}), autocommit=True) as dba:
            schema.install(dba, names=names)
            roles.create_roles(dba, PASSWORDS, names=names)
            assert schema.drift(dba) == []
            wrong = grants.disagreements(grants.report(dba, names=names))
            assert [(cell.role, cell.object, cell.privilege) for cell in wrong] == []
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        for name in (names.exec, names.verify, names.ro, names.owner, "dba"):
            connection.execute(f"DROP ROLE {name}".encode())

"""A database that does not exist and a wrong password were answered with "Run the same command again"; an administrator
without enough rights with advice to a lane: "do not use another role"."""

from __future__ import annotations

import pytest

from pg_embedded import resident

DBA = "CREATE ROLE dba LOGIN PASSWORD 'dba-password-7731'"


@pytest.fixture
def server(embedded):
    assert embedded("db", "init").code == 0
    embedded.query(DBA)
    with resident.attach(embedded.home / "server"):
        yield embedded.server_login()


def test_what_cannot_be_reached_is_to_be_checked_first(embedded, server) -> None:
    for wrong in ({"DOT_CUTTER_DB_NAME": "no_such"}, {"DOT_CUTTER_EXEC_DB_PASSWORD": "wrong-password-5512"}):
        answer = embedded("status", "--json", env={**server, **wrong})
        assert (answer.code, answer.error["code"]) == (7, "CONNECTION_FAILED")
        assert "user and password are the right ones" in answer.error["remedy"]
    dba = {"PGUSER": "dba", "PGPASSWORD": "wrong-password-5512"}
    answer = embedded("db", "check", "--json", env={**server, **dba})
    assert (answer.code, answer.error["code"]) == (7, "CONNECTION_FAILED")
    assert "user and password are the right ones" in answer.error["remedy"]


@pytest.mark.parametrize("command", ["init", "grants"])
def test_an_administrator_with_too_few_rights_is_told_which(embedded, server, command: str) -> None:
    dba = {"PGUSER": "dba", "PGPASSWORD": "dba-password-7731"}
    answer = embedded("db", command, "--json", env={**server, **dba})
    assert (answer.code, answer.error["code"]) == (7, "PRIVILEGE_DENIED")
    assert "administrator" in answer.error["remedy"]
    assert "do not use another role" not in answer.err

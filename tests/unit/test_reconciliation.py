"""Server and client statements as multisets, and the allow-list by principal."""

from __future__ import annotations

from pg_dryrun import fingerprint
from pg_dryrun.statements import ServerStatement, reconcile, undeclared
from pg_dryrun.subject import ClientStatement, DeclaredStatement


def logged(text: str, *, pid: int = 1, user: str = "writer") -> ServerStatement:
    return ServerStatement(
        user=user, dbname="d", pid=pid, session_id="1.1", how="execute", text=text, print=fingerprint.of(text)
    )


def sent(text: str, *, pid: int = 1) -> ClientStatement:
    return ClientStatement(principal="exec", backend_pid=pid, name="s", text=text, outcome="ok")


def declared(text: str, principal: str = "exec") -> DeclaredStatement:
    return DeclaredStatement(name="s", principal=principal, verb="INSERT", tables=("s.t",), text=text)


def test_equal_multisets_leave_nothing() -> None:
    texts = ["BEGIN", "INSERT INTO s.t VALUES ($1)", "INSERT INTO s.t VALUES ($1)", "COMMIT"]
    assert reconcile([logged(text) for text in texts], [sent(text) for text in reversed(texts)]) == ()


def test_a_statement_sent_twice_and_journalled_once_is_seen() -> None:
    found = reconcile([logged("SELECT 1"), logged("SELECT 2")], [sent("SELECT 3")])
    assert [(item.side, item.times) for item in found] == [("server", 1)]


def test_the_session_counts() -> None:
    found = reconcile([logged("SELECT 1", pid=1)], [sent("SELECT 1", pid=2)])
    assert [(item.side, item.pid) for item in found] == [("client", 2), ("server", 1)]


def test_a_statement_declared_for_another_principal_is_undeclared() -> None:
    allowed = [declared("INSERT INTO s.t VALUES ($1)", "verify")]
    roles = {"exec": "writer", "verify": "checker"}
    found = undeclared([logged("INSERT INTO s.t VALUES (5)")], allowed, roles)
    assert [(item.user, item.verbs, item.forbidden, item.times) for item in found] == [("writer", ("INSERT",), (), 1)]
    assert undeclared([logged("INSERT INTO s.t VALUES (5)", user="checker")], allowed, roles) == ()


def test_no_declaration_excuses_a_hidden_delete() -> None:
    text = "WITH d AS (DELETE FROM s.t RETURNING 1) SELECT 1 FROM d"
    found = undeclared([logged(text)], [declared(text)], {"exec": "writer"})
    assert [item.forbidden for item in found] == [("DELETE",)]


def test_several_statements_in_one_text_are_allowed_only_if_each_is() -> None:
    allowed = [declared("SELECT 1"), declared("SELECT 1, 2")]
    roles = {"exec": "writer"}
    assert undeclared([logged("SELECT 5; SELECT 6, 7")], allowed, roles) == ()
    assert len(undeclared([logged("SELECT 5; SELECT now()")], allowed, roles)) == 1

"""`db check` and `db grants` said that all was well while the server granted too much, a guard was switched off, or a
lane could not log in: they looked at the migrations and at the columns that a statement needs, and printed the table of
rights without asking whether the server has it."""

from __future__ import annotations

import pytest

TOO_MUCH = "GRANT DELETE ON cutter_governance.decision_backlog_history TO cutter_exec"
TOO_LITTLE = "REVOKE INSERT ON iu.unit_version FROM cutter_exec"
GUARD_OFF = "ALTER TABLE cutter_governance.decision_backlog_entry DISABLE TRIGGER ALL"
LIMIT = "ALTER ROLE cutter_verify CONNECTION LIMIT 0"
PASSWORD = "ALTER ROLE cutter_exec PASSWORD 'another'"


@pytest.fixture
def ready(embedded):
    assert embedded("db", "init").code == 0
    sound = embedded("db", "check", "--json")
    assert (sound.code, sound.json["ok"]) == (0, True), sound.err
    assert embedded("db", "grants").code == 0
    return embedded


@pytest.mark.parametrize(
    ("harm", "question", "word"),
    [
        (TOO_MUCH, "rights", "DELETE on cutter_governance.decision_backlog_history is there"),
        (TOO_LITTLE, "rights", "INSERT on iu.unit_version is not there"),
        (GUARD_OFF, "drift", "decision_backlog_entry"),
        (LIMIT, "rights", "CONNECTION LIMIT"),
    ],
)
def test_db_check_names_what_differs(ready, harm: str, question: str, word: str) -> None:
    ready.query(harm)
    answer = ready("db", "check", "--json")
    assert answer.code == 7
    assert not answer.json["ok"]
    found = {finding["question"]: finding for finding in answer.json["findings"] if not finding["ok"]}
    assert question in found
    assert word in " ".join(found[question]["details"])
    assert found[question]["remedy"]
    in_words = ready("db", "check")
    assert in_words.code == 7
    assert word in in_words.out.decode()
    assert "CONTRACT_MISMATCH" in in_words.err


def test_db_check_tries_the_lanes_logins(ready) -> None:
    ready.query(PASSWORD)
    answer = ready("db", "check", "--json")
    assert answer.code == 7
    wrong = [finding["question"] for finding in answer.json["findings"] if not finding["ok"]]
    assert wrong == ["login of cutter_exec"]


@pytest.mark.parametrize("harm", [TOO_MUCH, TOO_LITTLE])
def test_db_grants_compares_and_tries_and_db_init_puts_it_right(ready, harm: str) -> None:
    ready.query(harm)
    answer = ready("db", "grants", "--json")
    assert answer.code == 7
    server = answer.json["server"]
    assert not server["ok"]
    assert [cell["role"] for cell in server["cells_differing"]] == ["cutter_exec"]
    assert [probe["role"] for probe in server["rights_differing"]] == ["cutter_exec"]
    in_words = ready("db", "grants")
    assert in_words.code == 7
    assert "was tried and" in in_words.out.decode()
    assert ready("db", "grants", "--declared").code == 0
    assert ready("db", "init").code == 0
    assert ready("db", "grants").code == 0


def test_a_database_without_roles_is_said_and_nothing_is_tried(embedded) -> None:
    empty = embedded("db", "grants", "--json")
    assert empty.code == 7
    assert empty.json["server"]["rights_tried"] == 0
    assert {cell["privilege"] for cell in empty.json["server"]["cells_differing"]} == {"exists"}
    unset = embedded("db", "check", "--json")
    assert unset.code == 7
    assert "db init" in next(finding["remedy"] for finding in unset.json["findings"] if not finding["ok"])

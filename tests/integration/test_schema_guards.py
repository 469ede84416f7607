"""What the server refuses to everybody, the owner and the superuser included (migration 0002; design 1.4, 1.6, 1.7)."""

from __future__ import annotations

import itertools
import threading
import uuid

import psycopg
import pytest
from psycopg import errors as pg
from tests.schema_room import (
    SHA,
    WHEN,
    Deployed,
    change_set,
    decision,
    entry,
    insert,
    refusal,
    rows,
    without_foreign_keys,
    without_guards,
)

from cutter_agent.db_adapter.rights import LEDGER, LEDGER_TABLES, SCHEMAS, UNIT_TABLES, UNITS
from cutter_agent.model import EntryStatus, LifecycleStatus
from cutter_agent.state_machine import ALLOWED_TRANSITIONS, TRANSACTION_ONLY
from sealing.digest import sha256_hex

ENTRY = f"{LEDGER}.decision_backlog_entry"
DECISION = f"{LEDGER}.review_decision"
DEPENDENCY = f"{LEDGER}.decision_backlog_dependency"
CHANGE_SET = f"{LEDGER}.cut_change_set"
TABLES = [f"{LEDGER}.{name}" for name in LEDGER_TABLES] + [f"{UNITS}.{name}" for name in UNIT_TABLES]
MUTABLE = {
    (ENTRY, "status"),
    (DECISION, "superseded_by_review_decision_id"),
    (f"{UNITS}.information_unit", "lifecycle_status"),
    (f"{UNITS}.unit_version", "lifecycle_status"),
}
LIFECYCLE_MOVES = {
    (LifecycleStatus.DRAFT, LifecycleStatus.ENACTED),
    (LifecycleStatus.DRAFT, LifecycleStatus.RETIRED),
    (LifecycleStatus.ENACTED, LifecycleStatus.RETIRED),
}


def test_all_121_pairs_of_states_agree_with_the_one_table(deployed: Deployed) -> None:
    disagree: list[str] = []
    with deployed.admin() as connection:
        for before, after in itertools.product(EntryStatus, EntryStatus):
            row = entry(before)
            with connection.transaction(force_rollback=True):
                connection.execute("SET LOCAL session_replication_role = replica")
                insert(connection, ENTRY, row)
                connection.execute("SET LOCAL session_replication_role = origin")
                said = refusal(
                    connection, f"UPDATE {ENTRY} SET status = %s WHERE entry_id = %s", (after, row["entry_id"])
                )
            if (said is None) is not (after in ALLOWED_TRANSITIONS[before]):
                disagree.append(f"{before} > {after}")
            if said is not None:
                assert (said.sqlstate, said.constraint_name) == ("23514", "guard_moves")
                assert f"is {before} and cannot become {after}" in (said.message_primary or "")
    assert disagree == []


@pytest.mark.parametrize("status", EntryStatus)
def test_an_entry_begins_as_marked(deployed: Deployed, status: EntryStatus) -> None:
    with deployed.owner() as connection:
        said = None
        try:
            with connection.transaction(force_rollback=True):
                insert(connection, ENTRY, entry(status))
        except psycopg.Error as error:
            said = error.diag
        if status is EntryStatus.MARKED:
            assert said is None
        else:
            assert said is not None
            assert (said.sqlstate, said.constraint_name) == ("23514", "guard_begins_marked")


@pytest.mark.parametrize("resting", sorted(TRANSACTION_ONLY))
def test_a_state_of_a_transaction_cannot_be_committed(deployed: Deployed, resting: EntryStatus) -> None:
    before = next(state for state, ways in ALLOWED_TRANSITIONS.items() if resting in ways)
    row = entry(before)
    update = f"UPDATE {ENTRY} SET status = %s WHERE entry_id = %s"
    with deployed.admin() as connection:
        without_guards(connection, ENTRY, row)
        with pytest.raises(pg.CheckViolation) as caught, connection.transaction():
            connection.execute(update.encode(), (resting, row["entry_id"]))
        assert caught.value.diag.constraint_name == "guard_rests"
        assert rows(connection, f"SELECT status FROM {ENTRY}") == [{"status": before}]
        after = next(iter(sorted(ALLOWED_TRANSITIONS[resting])))
        with connection.transaction():
            connection.execute(update.encode(), (resting, row["entry_id"]))
            connection.execute(update.encode(), (after, row["entry_id"]))
        assert rows(connection, f"SELECT status FROM {ENTRY}") == [{"status": after}]


@pytest.mark.parametrize("table", TABLES)
def test_nobody_deletes_or_truncates(deployed: Deployed, table: str) -> None:
    with deployed.owner() as owner, deployed.admin() as superuser:
        for connection in (owner, superuser):
            for statement in (f"DELETE FROM {table} WHERE false", f"TRUNCATE {table} CASCADE"):
                said = refusal(connection, statement)
                assert said is not None
                assert (said.sqlstate, said.constraint_name) == ("23001", "guard_keeps_rows")


@pytest.mark.parametrize("table", TABLES)
def test_every_column_but_the_four_is_written_once(deployed: Deployed, table: str) -> None:
    query = "SELECT attname AS name FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
    with deployed.owner() as connection:
        names = [row["name"] for row in rows(connection, query, table)]
        assert len(names) >= 6
        for name in names:
            said = refusal(connection, f"UPDATE {table} SET {name} = NULL WHERE false")
            if (table, name) in MUTABLE:
                assert said is None
            else:
                assert said is not None, name
                assert (said.sqlstate, said.constraint_name) == ("23001", "guard_keeps_columns")


SPELLINGS = {
    "on-conflict-update": f"""
        INSERT INTO {ENTRY} (entry_id, kind, status, payload, emitted_at)
        VALUES (%(id)s, 'cut', 'marked', '{{}}', now())
        ON CONFLICT (entry_id) DO UPDATE SET payload = '{{"other": 1}}'""",
    "merge-update": f"""
        MERGE INTO {ENTRY} AS e USING (SELECT %(id)s::uuid AS id) AS s ON e.entry_id = s.id
        WHEN MATCHED THEN UPDATE SET payload = '{{"other": 1}}'""",
    "merge-delete": f"""
        MERGE INTO {ENTRY} AS e USING (SELECT %(id)s::uuid AS id) AS s ON e.entry_id = s.id WHEN MATCHED THEN DELETE""",
    "cte-delete": f"""
        WITH gone AS (DELETE FROM {ENTRY} WHERE entry_id = %(id)s RETURNING 1) SELECT count(*) FROM gone""",
}


@pytest.mark.parametrize("statement", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_no_other_spelling_gets_around_the_guards(deployed: Deployed, statement: str) -> None:
    row = entry()
    with deployed.owner() as connection:
        insert(connection, ENTRY, row)
        said = refusal(connection, statement, {"id": row["entry_id"]})
        assert said is not None
        assert said.sqlstate == "23001"


def test_a_decision_is_stamped_once_and_only_with_its_successor(deployed: Deployed) -> None:
    entry_id, manifest_id = uuid.uuid4(), uuid.uuid4()
    first = decision(entry_id, manifest_id)
    second = decision(entry_id, manifest_id, prior_review_decision_id=first["review_decision_id"])
    stranger = decision(entry_id, manifest_id, prior_review_decision_id=second["review_decision_id"])
    stamp = f"UPDATE {DECISION} SET superseded_by_review_decision_id = %s WHERE review_decision_id = %s"
    with deployed.admin() as connection:
        for row in (first, second, stranger):
            without_guards(connection, DECISION, row)
        with pytest.raises(pg.ForeignKeyViolation, match="decision_stamp_names_its_successor"):
            connection.execute(stamp.encode(), (stranger["review_decision_id"], first["review_decision_id"]))
        connection.execute(stamp.encode(), (second["review_decision_id"], first["review_decision_id"]))
        for again in (second["review_decision_id"], stranger["review_decision_id"], None):
            said = refusal(connection, stamp, (again, first["review_decision_id"]))
            assert said is not None
            assert (said.sqlstate, said.constraint_name) == ("23514", "guard_stamped_once")


def test_a_decision_begins_without_a_stamp(deployed: Deployed) -> None:
    row = decision(uuid.uuid4(), uuid.uuid4(), superseded_by_review_decision_id=uuid.uuid4())
    with (
        deployed.admin() as connection,
        pytest.raises(pg.CheckViolation) as caught,
        without_foreign_keys(connection, DECISION),
    ):
        insert(connection, DECISION, row)
    assert caught.value.diag.constraint_name == "guard_begins_unstamped"


def _entries(connection: psycopg.Connection, count: int) -> list[uuid.UUID]:
    made = [entry() for _ in range(count)]
    for row in made:
        insert(connection, ENTRY, row)
    return [row["entry_id"] for row in made]  # type: ignore[misc]


def _dependency(connection: psycopg.Connection, before: uuid.UUID, after: uuid.UUID, kind: str = "blocks") -> None:
    row = {"dependency_id": uuid.uuid4(), "from_entry_id": before, "to_entry_id": after, "dependency_kind": kind}
    insert(connection, DEPENDENCY, row | {"created_by": "human:operator", "created_at": WHEN})


@pytest.mark.parametrize("length", [2, 3, 40])
def test_a_dependency_that_closes_a_cycle_is_refused(deployed: Deployed, length: int) -> None:
    with deployed.owner() as connection:
        ids = _entries(connection, length)
        for before, after in itertools.pairwise(ids):
            _dependency(connection, before, after)
        with pytest.raises(pg.CheckViolation) as caught:
            _dependency(connection, ids[-1], ids[0])
        assert caught.value.diag.constraint_name == "guard_no_cycle"
        assert rows(connection, f"SELECT count(*) AS n FROM {DEPENDENCY}") == [{"n": length - 1}]


def test_a_diamond_and_another_kind_are_no_cycle(deployed: Deployed) -> None:
    with deployed.owner() as connection:
        top, left, right, bottom = _entries(connection, 4)
        for before, after in ((top, left), (top, right), (left, bottom), (right, bottom)):
            _dependency(connection, before, after)
        _dependency(connection, bottom, top, kind="refines")
        assert rows(connection, f"SELECT count(*) AS n FROM {DEPENDENCY}") == [{"n": 5}]


def test_two_halves_of_a_cycle_cannot_pass_each_other(deployed: Deployed) -> None:
    refused: list[psycopg.Error] = []
    with deployed.owner() as one, deployed.owner() as other:
        a, b = _entries(one, 2)
        with one.transaction():
            _dependency(one, a, b)

            def second_half() -> None:
                try:
                    _dependency(other, b, a)
                except psycopg.Error as error:
                    refused.append(error)

            thread = threading.Thread(target=second_half)
            thread.start()
            thread.join(timeout=0.3)
            assert thread.is_alive(), "the second half did not wait for the first"
        thread.join(timeout=10)
    assert [error.sqlstate for error in refused] == ["23514"]


def test_dependencies_are_written_at_read_committed_only(deployed: Deployed) -> None:
    with deployed.owner() as connection:
        a, b = _entries(connection, 2)
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        with pytest.raises(pg.InvalidTransactionState, match="READ COMMITTED"), connection.transaction():
            _dependency(connection, a, b)


@pytest.mark.parametrize("table", ["information_unit", "unit_version"])
def test_the_life_of_units_and_versions(deployed: Deployed, table: str) -> None:
    unit_id = uuid.uuid4()
    unit = {"unit_id": unit_id, "document_ref": "doc"}
    version = {"version_seq": 1, "content_hash": SHA, "body": "x", "render_order": 1, "cut_seq": 1}
    row: dict[str, object] = unit | (
        {"canonical_address": "A-1", "unit_kind": "article", "section_type": "body"}
        if table == "information_unit"
        else version
        | {
            "change_set_id": uuid.uuid4(),
            "content_hash": sha256_hex(b"x"),
        }
    )
    update = f"UPDATE {UNITS}.{table} SET lifecycle_status = %s WHERE unit_id = %s"
    with deployed.admin() as connection:
        for before, after in itertools.product(LifecycleStatus, LifecycleStatus):
            with connection.transaction(force_rollback=True):
                connection.execute("SET LOCAL session_replication_role = replica")
                insert(connection, f"{UNITS}.{table}", row | {"lifecycle_status": before})
                connection.execute("SET LOCAL session_replication_role = origin")
                # foreign keys look again at rows of this very transaction
                with without_foreign_keys(connection, f"{UNITS}.{table}"):
                    said = refusal(connection, update, (after, unit_id))
            assert (said is None) is ((before, after) in LIFECYCLE_MOVES), (before, after)
            assert said is None or (said.sqlstate, said.constraint_name) == ("23514", "guard_lifecycle")
        for status in (LifecycleStatus.ENACTED, LifecycleStatus.RETIRED):
            with pytest.raises(pg.CheckViolation) as caught, without_foreign_keys(connection, f"{UNITS}.{table}"):
                insert(connection, f"{UNITS}.{table}", row | {"lifecycle_status": status})
            assert caught.value.diag.constraint_name == "guard_begins_draft"


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": "FAIL", "status": "rejected"},
        {"verdict": "NEEDS_HUMAN", "status": "deferred"},
        {"superseded_by_review_decision_id": uuid.uuid4()},
    ],
    ids=["rejected", "deferred", "superseded"],
)
def test_a_change_set_needs_a_standing_approval(deployed: Deployed, fields: dict[str, object]) -> None:
    manifest_id = uuid.uuid4()
    judged = decision(uuid.uuid4(), manifest_id, **fields)
    with deployed.admin() as connection:
        without_guards(connection, DECISION, judged)
        without_guards(connection, f"{UNITS}.document", _document())
        with pytest.raises(pg.CheckViolation) as caught, connection.transaction():
            insert(connection, CHANGE_SET, change_set(judged["review_decision_id"], manifest_id))  # type: ignore[arg-type]
        assert caught.value.diag.constraint_name == "guard_is_approved"


@pytest.mark.parametrize("named", ["manifest_digest", "snapshot_sha256", "manifest_id"])
def test_a_change_set_cuts_exactly_what_was_decided(deployed: Deployed, named: str) -> None:
    manifest_id = uuid.uuid4()
    judged = decision(uuid.uuid4(), manifest_id)
    other: object = uuid.uuid4() if named == "manifest_id" else "1" * 64
    row = change_set(judged["review_decision_id"], manifest_id) | {named: other}  # type: ignore[arg-type]
    with deployed.admin() as connection:
        without_guards(connection, DECISION, judged)
        without_guards(connection, f"{UNITS}.document", _document())
        with pytest.raises(pg.ForeignKeyViolation, match="change_set_cuts_what_was_decided"):
            insert(connection, CHANGE_SET, row)


def test_a_count_that_nothing_stands_behind_is_refused_at_commit(deployed: Deployed) -> None:
    manifest_id = uuid.uuid4()
    judged = decision(uuid.uuid4(), manifest_id)
    row = change_set(judged["review_decision_id"], manifest_id)  # type: ignore[arg-type]
    with deployed.admin() as connection:
        without_guards(connection, DECISION, judged)
        without_guards(connection, f"{UNITS}.document", _document())
        with connection.transaction(force_rollback=True):
            insert(connection, CHANGE_SET, row)
            with pytest.raises(pg.CheckViolation, match="counts 1 units, but has 0 affected rows") as caught:
                connection.execute("SET CONSTRAINTS cutter_governance.guard_counts_are_true IMMEDIATE")
        assert caught.value.diag.constraint_name == "guard_counts_are_true"


def _document() -> dict[str, object]:
    return {
        "document_ref": "doc",
        "document_code": "DOC",
        "profile_id": "p",
        "title": "t",
        "created_at": WHEN,
        "created_by": "cutter_exec",
    }


@pytest.mark.parametrize("references", [(True, True), (False, False)], ids=["both", "none"])
def test_a_signature_has_exactly_one_reference(deployed: Deployed, references: tuple[bool, bool]) -> None:
    to_change_set, to_result = references
    row: dict[str, object] = {
        "signature_id": uuid.uuid4(),
        "signature_kind": "executor",
        "signer_dot_id": "DOT-991",
        "signer_identity": "cutter_exec",
        "signer_tool_revision": "1",
        "payload_hash": SHA,
        "payload_envelope": {},
        "signature_payload": b"\0" * 64,
        "validation_state": "valid",
        "cross_reference_change_set_id": uuid.uuid4() if to_change_set else None,
        "cross_reference_verify_result_id": uuid.uuid4() if to_result else None,
        "signed_at": WHEN,
    }
    with deployed.owner() as connection, pytest.raises(pg.CheckViolation, match="signature_exactly_one_reference"):
        insert(connection, f"{LEDGER}.dot_pair_signature", row)


def test_guards_are_the_owners_and_their_search_path_is_pinned(deployed: Deployed) -> None:
    query = """
        SELECT p.proname AS name, pg_get_userbyid(p.proowner)::text AS owner, p.prosecdef AS definer,
               p.proconfig AS settings
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ANY (%s) ORDER BY 1"""
    with deployed.admin() as connection:
        found = rows(connection, query, list(SCHEMAS))
    assert {row["owner"] for row in found} == {"schema_owner"}
    assert all(row["settings"] == ['search_path=""'] for row in found)
    assert [row["name"] for row in found if row["definer"]] == ["refuse_wrong_count"]

"""The backend is killed before every single statement of every phase: nothing half-written, and the same call goes on.

BEGIN and COMMIT count as statements. The final state must be that of a walk that nobody disturbed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.pipeline_room import Ledger, law
from tests.topology_room import marked, order

from cutter_agent.db_adapter.connection import LaneConnection
from cutter_agent.errors import DatabaseError
from cutter_agent.model import EntryStatus
from cutter_agent.phases.resolve import Way

CONTENT = """
    SELECT md5(string_agg(t.line, E'\\n' ORDER BY t.line)) FROM (
        SELECT 'e' || entry_id || status AS line FROM cutter_governance.decision_backlog_entry
        UNION ALL SELECT 'h' || history_id || change_kind FROM cutter_governance.decision_backlog_history
        UNION ALL SELECT 'b' || envelope_id || unit_local_id || content_hash FROM cutter_governance.manifest_unit_block
        UNION ALL SELECT 'd' || review_decision_id || verdict FROM cutter_governance.review_decision
        UNION ALL SELECT 's' || signature_id FROM cutter_governance.dot_pair_signature
        UNION ALL SELECT 'c' || change_set_id || cut_seq FROM cutter_governance.cut_change_set
        UNION ALL SELECT 'a' || affected_row_id FROM cutter_governance.cut_change_set_affected_row
        UNION ALL SELECT 'r' || verify_result_id || verdict FROM cutter_governance.verify_result
        UNION ALL SELECT 'u' || unit_id || canonical_address || lifecycle_status FROM iu.information_unit
        UNION ALL SELECT 'n' || alias_id || alias_text FROM cutter_governance.canonical_address_alias
        UNION ALL SELECT 'v' || unit_id || version_seq || content_hash || lifecycle_status FROM iu.unit_version
    ) AS t"""


class Killer:
    """Kills the connection's own backend before its ``at``-th statement."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.at: int | None = None
        self.seen = 0

    def arm(self, at: int) -> None:
        self.at, self.seen = at, 0

    def look(self, connection: LaneConnection) -> None:
        if self.at is None:
            return
        self.seen += 1
        if self.seen == self.at:
            self.at = None
            pid = connection.info.backend_pid
            with psycopg.connect(**self.ledger.login, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.fixture
def killer(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Killer:
    made = Killer(ledger)
    send, copy_in = LaneConnection.send, LaneConnection.copy_in

    def watched_send(self: LaneConnection, *args: Any, **how: Any) -> Any:
        made.look(self)
        return send(self, *args, **how)

    def watched_copy(self: LaneConnection, *args: Any, **how: Any) -> int:
        made.look(self)
        return copy_in(self, *args, **how)

    monkeypatch.setattr(LaneConnection, "send", watched_send)
    monkeypatch.setattr(LaneConnection, "copy_in", watched_copy)
    return made


def killed_at_every_statement(killer: Killer, act: Callable[[], object]) -> int:
    """Kill at 1, 2, 3, … until the act gets through undisturbed; how many kills there were."""
    ledger, at = killer.ledger, 0
    while True:
        at += 1
        before = ledger.everything()
        killer.arm(at)
        failed = False
        try:
            act()
        except DatabaseError:
            failed = True
        if failed:
            assert ledger.everything() == before, f"killed before statement {at}"
        elif killer.at is not None:
            killer.at = None
            return at - 1
        # a kill that did no harm: the adapter found a dead idle connection, or opened the block on a fresh one


@pytest.mark.timeout(240)
def test_every_statement_of_every_phase(ledger: Ledger, killer: Killer) -> None:
    data, kills = law(3, clauses=2), {}
    other = ledger.mark(b"a bystander\n", code="BY").entry.entry_id

    kills["mark"] = killed_at_every_statement(killer, lambda: ledger.mark(data))
    entry_id = ledger.mark(data).entry.entry_id

    def sweep_until_promoted() -> None:
        if ledger.status(entry_id) == EntryStatus.MARKED:
            ledger.sweep()

    kills["sweep"] = killed_at_every_statement(killer, sweep_until_promoted)
    kills["review"] = killed_at_every_statement(killer, lambda: ledger.judge(entry_id))
    kills["cut"] = killed_at_every_statement(killer, lambda: ledger.cut(entry_id))
    kills["verify"] = killed_at_every_statement(killer, lambda: ledger.verify(entry_id))

    assert {phase: count for phase, count in kills.items() if count < 6} == {}
    assert ledger.status(entry_id) == EntryStatus.VERIFIED_COMPLETE
    assert ledger.status(other) == EntryStatus.REVIEW_PENDING
    disturbed = ledger.admin(CONTENT)
    assert disturbed == undisturbed(ledger, data)


@pytest.mark.timeout(240)
def test_every_statement_of_every_phase_of_a_recut(ledger: Ledger, killer: Killer) -> None:
    first = law(4, clauses=2)
    edited = first.replace("Điều 4.".encode(), "Điều 5.".encode()).replace(
        "2. Nội dung khoản 2 của điều 1.\n".encode(), b""
    )
    ledger.mark(b"a bystander\n", code="BY")
    assert ledger.verify(ledger.applied(first)).passed
    kills = {"mark": killed_at_every_statement(killer, lambda: ledger.mark(edited))}
    entry_id = ledger.mark(edited).entry.entry_id
    ledger.sweep()
    kills["review"] = killed_at_every_statement(killer, lambda: ledger.judge(entry_id))
    kills["cut"] = killed_at_every_statement(killer, lambda: ledger.cut(entry_id))
    kills["verify"] = killed_at_every_statement(killer, lambda: ledger.verify(entry_id))
    assert {phase: count for phase, count in kills.items() if count < 6} == {}
    assert ledger.status(entry_id) == EntryStatus.VERIFIED_COMPLETE
    assert ledger.counts()["canonical_address_alias"] > 0
    assert ledger.admin(CONTENT) == undisturbed(ledger, first, edited)


@pytest.mark.timeout(240)
def test_every_statement_of_a_merger_without_a_new_source(ledger: Ledger, killer: Killer) -> None:
    """The one order that writes rows of every sort: a unit, versions that end, names."""
    assert ledger.verify(ledger.applied(law(2, clauses=2))).passed
    wanted = order("merge", "L1-DIEU1-K1", "L1-DIEU1-K2")
    kills = {"mark": killed_at_every_statement(killer, lambda: marked(ledger, wanted))}
    entry_id = marked(ledger, wanted).entry.entry_id
    ledger.sweep()
    ledger.judge(entry_id)
    kills["cut"] = killed_at_every_statement(killer, lambda: ledger.cut(entry_id))
    kills["verify"] = killed_at_every_statement(killer, lambda: ledger.verify(entry_id))
    assert {phase: count for phase, count in kills.items() if count < 6} == {}
    assert ledger.status(entry_id) == EntryStatus.VERIFIED_COMPLETE
    assert ledger.counts()["canonical_address_alias"] == 2
    before = ledger.everything()
    assert marked(ledger, wanted).living == 2
    assert ledger.everything() == before


@pytest.mark.timeout(240)
def test_every_statement_of_a_resolution(ledger: Ledger, killer: Killer) -> None:
    entry_id = ledger.applied(law(2))
    ledger.tamper(
        "UPDATE iu.unit_version SET body = 'x', content_hash = encode(sha256('x'), 'hex') WHERE render_order = 2"
    )
    killed_at_every_statement(killer, lambda: ledger.verify(entry_id))
    ledger.sweep()

    def retry() -> None:
        if ledger.status(entry_id) == EntryStatus.VERIFY_FAILED_ESCALATED:
            ledger.resolve(entry_id, Way.RETRY)

    assert killed_at_every_statement(killer, retry) > 6
    ledger.judge(entry_id)
    assert killed_at_every_statement(killer, lambda: ledger.cut(entry_id)) > 6
    assert ledger.verify(entry_id).passed


def undisturbed(ledger: Ledger, *editions: bytes) -> list[tuple[Any, ...]]:
    """The same walk in a copy of the empty ledger that nobody disturbed."""
    name = f"{ledger.login['dbname']}_calm"
    with psycopg.connect(**{**ledger.login, "dbname": "postgres"}, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {ledger.template} STRATEGY FILE_COPY")
    calm = Ledger(login={**ledger.login, "dbname": name}, stack=ledger.stack)  # type: ignore[typeddict-item]
    try:
        calm.mark(b"a bystander\n", code="BY")
        for data in editions:
            assert calm.verify(calm.applied(data)).passed
        return calm.admin(CONTENT)
    finally:
        calm.exec_adapter.close()
        calm.verify_adapter.close()
        with psycopg.connect(**{**ledger.login, "dbname": "postgres"}, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

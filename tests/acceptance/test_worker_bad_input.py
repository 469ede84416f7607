"""What a worker meets: a server that goes and comes, other schedulers, being stopped, killed and thought dead, a clock
that is wrong by an hour. Whatever happens, every document ends verified once, and no row is there twice.

Moments are not left to chance: a phase waits at a lock (``Turnstiles``), and there it happens. The campaign over many
documents and random moments is ``test_worker_kills``.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from tests.pipeline_room import MARKER, OPERATOR, law
from tests.shifted_worker import SOURCES
from tests.worker_site import PATIENCE_S, SWEEPS, Site, Yard

from cutter_agent import segmenter
from cutter_agent.model import EntryStatus, Lane, ReviewerKind, Verdict
from cutter_agent.phases.mark import Marker, Source
from cutter_agent.phases.review import Judgement
from cutter_agent.wiring import ExecLane
from cutter_dryrun.matrix import Phase
from cutter_dryrun.workers.turnstiles import TABLES

pytestmark = pytest.mark.xdist_group("worker-bad-input")

QUIET = ("--every", "0", "--stalled-after", "3")
RESCUING = ("--every", "1", "--stalled-after", "3")
ROOT = Path(__file__).resolve().parents[2] / "src" / "cutter_agent"
ELSEWHERE = {"cli/inputs.py", "cli/reading.py", "cli/serve.py", "cli/serve_tokens.py", "db_adapter/values.py"}
"""Ask for the time, and decide nothing of a worker's: whether a file was just written and is looked at again, a line on
a terminal, the days of a token, the words of a remedy."""


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One server for all of these tests."""
    with Yard.opened(tmp_path_factory.mktemp("keys")) as made:
        yield made


@pytest.fixture
def site(yard: Yard, tmp_path: Path) -> Iterator[Site]:
    """A ledger and a queue of one's own."""
    with yard.site(tmp_path) as made:
        yield made


def test_the_server_restarts_in_the_middle_of_a_job(site: Site) -> None:
    """Both workers wait for it and come back; the job that was broken off is done once."""
    holding = psycopg.connect(**site.yard.cluster.admin_of(site.dbname))
    holding.execute(f"LOCK TABLE {TABLES[Phase.CUT]} IN SHARE MODE")
    site.add("R1", "R2")
    for lane in Lane:
        site.start(lane, *RESCUING)
    site.until(lambda: site.value(_WAITING_FOR_A_TABLE) > 0)
    site.yard.cluster.crash()
    with suppress(psycopg.OperationalError):
        holding.close()
    site.yard.cluster.start()
    site.until(lambda: site.statuses() == {EntryStatus.VERIFIED_COMPLETE: 2} and site.jobs().keys() == {"succeeded"})
    assert site.end() == [0, 0], site.logs()
    site.assert_done_once(2)
    assert site.logs().count('"worker started"') >= 4, "each of them has come back"


def test_two_schedulers_sweep_at_the_same_time_with_one_effect(site: Site) -> None:
    """Each worker has a scheduler; both sweep what waits, and one of them has promoted it."""
    for lane in (Lane.EXEC, Lane.EXEC, Lane.VERIFY):
        site.start(lane, "--every", "1", "--stalled-after", "60")
    site.until(lambda: site.listening() == 3)
    with site.turnstiles() as turnstiles:
        turnstiles.close(Phase.SWEEP)
        _marked(site, "S1")
        site.until(lambda: site.value(_WAITING_FOR_ANYTHING) == 2)
        assert site.jobs("sweep")["doing"] == 2
        assert site.statuses() == {EntryStatus.MARKED: 1}
    site.until(lambda: site.statuses() == {EntryStatus.VERIFIED_COMPLETE: 1})
    site.until(lambda: site.jobs().keys() == {"succeeded"})
    assert site.end() == [0, 0, 0], site.logs()
    site.assert_done_once(1, sweeps=1)


def test_a_worker_that_was_thought_dead_goes_on_and_changes_nothing(site: Site) -> None:
    """Stopped in the middle of CUT, its job given to another one, then set going again: the job is run twice."""
    site.add("T1")
    with site.turnstiles() as turnstiles:
        turnstiles.close(Phase.CUT)
        stopped = site.start(Lane.EXEC, *QUIET)
        site.until(lambda: turnstiles.standing_at(Phase.CUT) == 1)
        stopped.send_signal(signal.SIGSTOP)
    for lane in Lane:
        site.start(lane, *RESCUING)
    site.until(lambda: site.value(_ATTEMPTS) == 1 and site.value(_WAITING_FOR_ANYTHING) == 1)
    stopped.send_signal(signal.SIGCONT)
    site.until(lambda: site.statuses() == {EntryStatus.VERIFIED_COMPLETE: 1})
    site.until(lambda: not {"todo", "doing"} & site.jobs().keys())
    assert site.end() == [0, 0, 0], site.logs()
    assert "is put back" in site.logs()
    assert site.jobs().keys() == {"succeeded"}, site.logs()
    site.assert_done_once(1)


def test_a_worker_told_to_stop_finishes_its_job_and_a_proof_waits_for_its_own_lane(site: Site) -> None:
    """SIGTERM in the middle of CUT. Where the verifier's credentials are not, VERIFY is not done, nor is it tried."""
    site.add("G1")
    with site.turnstiles() as turnstiles:
        turnstiles.close(Phase.CUT)
        worker = site.run(Lane.EXEC, *QUIET)
        assert not any("_VERIFY_" in name and not name.endswith("_PUBLIC_KEY") for name in site.keys_of(Lane.EXEC))
        site.until(lambda: turnstiles.standing_at(Phase.CUT) == 1)
        worker.send_signal(signal.SIGTERM)
        site.until(lambda: "stopping" in site.logs())
    assert worker.wait(PATIENCE_S) == 0, site.logs()
    assert site.statuses() == {EntryStatus.CUT_APPLIED: 1}
    assert (site.jobs("cut_file"), site.jobs("verify")) == ({"succeeded": 1}, {"todo": 1})
    before = site.counts()

    entry = site.value("SELECT entry_id::text FROM cutter_governance.decision_backlog_entry")
    site.put("cut", "verify", {"entry_id": entry})  # as if somebody had put it into the wrong queue
    assert site.run(Lane.EXEC, "--every", "0", "--until-empty").wait(PATIENCE_S) == 0, site.logs()
    assert site.jobs("verify") == {"todo": 1, "failed": 1}
    assert site.counts() == before
    assert site.run(Lane.VERIFY, "--every", "0", "--until-empty").wait(PATIENCE_S) == 0, site.logs()
    site.assert_done_once(1, sweeps=1)


def test_workers_killed_in_each_phase(site: Site) -> None:
    """Five workers, each in another phase, killed at the same time; two others do the rest."""
    for lane in (*[Lane.EXEC] * 4, Lane.VERIFY):
        site.start(lane, *QUIET)
    killed = len(site.workers)
    site.until(lambda: site.listening() == killed)
    with site.turnstiles() as turnstiles:
        for phase in reversed(Phase):  # whoever has come so far is not held by what is closed after him
            turnstiles.close(phase)
            site.add(f"K-{phase}")
            site.until(lambda at=phase: turnstiles.standing_at(at) == 1)
        for worker in site.workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait(PATIENCE_S)
    for lane in Lane:
        site.start(lane, *RESCUING)
    site.until(lambda: site.statuses() == {EntryStatus.VERIFIED_COMPLETE: len(Phase)}, dead=killed)
    site.until(lambda: not {"todo", "doing"} & site.jobs().keys(), dead=killed)
    assert site.end() == [0, 0], site.logs()
    assert [worker.returncode for worker in site.workers[:killed]] == [-signal.SIGKILL] * killed
    site.assert_done_once(len(Phase))


def test_clocks_that_differ_by_an_hour_decide_nothing(site: Site) -> None:
    """One worker's clock is an hour fast, the other's an hour slow. What was deferred for half an hour stays deferred,
    and every moment in the ledger is the server's."""
    deferred = _marked(site, "D1")
    with site.lane(Lane.EXEC) as lane:
        assert isinstance(lane, ExecLane)
        lane.sweep()
        lane.review(
            deferred,
            Judgement(
                verdict=Verdict.NEEDS_HUMAN,
                reviewer="human:reviewer",
                reviewer_kind=ReviewerKind.HUMAN,
                rationale="in half an hour",
                decided_by=OPERATOR,
                due_at=datetime.now(UTC) + timedelta(minutes=30),
            ),
        )
    site.add("C1", "C2")
    for lane_, off_s in ((Lane.EXEC, 3600), (Lane.VERIFY, -3600)):
        site.run(lane_, *RESCUING, program=("-m", "tests.shifted_worker", str(off_s)))
    site.until(lambda: site.statuses().get(EntryStatus.VERIFIED_COMPLETE) == 2)
    swept = site.jobs("sweep").get("succeeded", 0)
    site.until(lambda: site.jobs("sweep").get("succeeded", 0) > swept)
    assert site.end() == [0, 0], site.logs()
    assert site.statuses() == {EntryStatus.VERIFIED_COMPLETE: 2, EntryStatus.REVIEWED_DEFERRED: 1}
    assert site.counts()[SWEEPS] <= 3
    assert site.value(_FURTHEST_MINUTES) < 30, "a moment of a worker's own clock stands in the ledger"


def test_there_is_no_other_clock_on_a_workers_way() -> None:
    asked = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if "web" not in path.relative_to(ROOT).parts
        and re.search(r"(datetime\.(now|utcnow|today)|\btime\.time(_ns)?)\(", path.read_text("utf-8"))
    }
    assert asked == SOURCES | ELSEWHERE, "tests.shifted_worker shifts the clocks of a worker: it has to know them all"


_WAITING_FOR_A_TABLE = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND locktype = 'relation' AND usename IN ('cutter_exec', 'cutter_verify')
    AND datname = current_database()
"""
_WAITING_FOR_ANYTHING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND usename IN ('cutter_exec', 'cutter_verify') AND datname = current_database()
"""
_ATTEMPTS = "SELECT attempts FROM cutter_queue.procrastinate_jobs WHERE task_name = 'cut_file'"
_FURTHEST_MINUTES = """
SELECT max(abs(extract(epoch FROM clock_timestamp() - at)))::float / 60 FROM (
    SELECT changed_at AS at FROM cutter_governance.decision_backlog_history
    UNION ALL SELECT emitted_at FROM cutter_governance.decision_backlog_entry
    UNION ALL SELECT started_at FROM cutter_governance.decision_backlog_sweep_log
    UNION ALL SELECT decided_at FROM cutter_governance.review_decision
    UNION ALL SELECT signed_at FROM cutter_governance.dot_pair_signature
) AS moments
"""


def _marked(site: Site, code: str) -> str:
    """A law that was marked and that no job names; its entry."""
    source = Source(
        data=law(2, code=code),
        label=f"{code}.txt",
        origin="test",
        media_type="text/plain",
        document_ref=code,
        document_code=code,
        title=code,
    )
    with site.lane(Lane.EXEC) as lane:
        assert isinstance(lane, ExecLane)
        return lane.mark(
            source, segmenter.profiles.load("vn-law"), Marker(identity=MARKER, tool_revision="test")
        ).entry.entry_id

"""S13, S16 and S19: a connection left dirty, and two workers who meet. Each on a clone of its own, on a real server.

Moments are not left to chance: another session holds the lock for which both workers come, and lets go when both wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from cutter_agent import segmenter
from cutter_agent.errors import CutterError, Internal, TransactionLeak
from cutter_agent.model import EntryStatus
from cutter_agent.phases.mark import MarkResult
from cutter_dryrun.law import one_unit_document
from cutter_dryrun.scenarios.happy import approve, entry_of, mark_document, marker, source_of, sweep_backlog
from cutter_dryrun.scenarios.stage import Stage
from pg_dryrun.errors import ToolFault
from pg_dryrun.observer import Observer, connect
from pg_dryrun.subject import ScenarioResult

T = TypeVar("T")

DIRTY = "25001"
_CHAIN = "one-unit"
_BEGIN = "begin_read_committed_read_write"
_MEET_S = 10.0
_POLL_S = 0.005
_WAITING = """
SELECT count(*) FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND wait_event_type = 'Lock' AND application_name LIKE 'dot-iu-cutter%'
"""
LOCK_ENTRY = "SELECT 1 FROM cutter_governance.decision_backlog_entry WHERE entry_id = %s FOR UPDATE"


def bring_to_approved(stage: Stage) -> ScenarioResult:
    """Marked, swept, approved."""
    for act in (_mark, sweep_backlog, approve):
        done = act(stage)
        if not done.ok:
            return done
    return stage.result("marked, swept and approved")


def dirty_connection(stage: Stage) -> ScenarioResult:
    """The seed's defect, twice: a connection comes back in the middle of a transaction, and one that lies in the pool
    is in the middle of one. Neither is worked on, neither loses a row in silence, and the next MARK is whole."""
    source, profile = source_of(one_unit_document(), chain=_CHAIN), segmenter.profiles.load("markdown")
    met: dict[str, str] = {}
    with stage.exec_lane() as lane:
        adapter = lane.adapter
        pool, begin = adapter._pool, adapter._statements[_BEGIN]  # noqa: SLF001 - the defect is planted below the doors
        connection = pool.borrow()
        connection.send(begin)
        pool.give_back(connection)
        met["came back dirty"] = _told(lambda: lane.mark(source, profile, marker()))
        connection = pool.borrow()
        pool.give_back(connection)
        connection.send(begin)
        met["dirty in the pool"] = _told(lambda: lane.mark(source, profile, marker()))
        try:
            with adapter.transaction("S13"):
                lane.mark(source, profile, marker())
        except Internal as error:
            met["a block inside a block"] = error.code
        returns = adapter.facts().dirty_returns
        marked = lane.mark(source, profile, marker())
    stage.context.state.update(units=1)
    if met != {"came back dirty": DIRTY, "dirty in the pool": DIRTY, "a block inside a block": Internal.code}:
        return stage.disappointed(f"a dirty connection was not refused every time: {met}")
    if returns != len(met) - 1 or not marked.created:
        return stage.disappointed(f"{returns} dirty returns counted, MARK afterwards created={marked.created}")
    return stage.result("refused by name each time, then MARK was whole", refused=DIRTY, met=met, dirty_returns=returns)


def two_workers(stage: Stage) -> ScenarioResult:
    """Two CUTs of one entry: 40001 for the second, who finds the work done. Then VERIFY in a deadlock: 40P01, again."""
    entry = entry_of(stage)
    with stage.exec_lane() as one, stage.exec_lane() as two:
        for lane in (one, two):
            lane.adapter.start()
        with held(stage, lambda admin: admin.execute(LOCK_ENTRY, [entry])) as admin:
            cuts = [_Worker(lambda lane=lane: lane.cut(entry)) for lane in (one, two)]  # type: ignore[misc]
            _until_waiting(admin, len(cuts))
        done = [worker.answer() for worker in cuts]
        retries = {**one.adapter.facts().retries, **two.adapter.facts().retries}
    if sorted(cut.applied for cut in done) != [False, True] or set(retries) != {"CUT 40001"}:
        return stage.disappointed(f"two CUTs: applied {[cut.applied for cut in done]}, retries {retries}")
    with stage.verify_lane() as verifier:
        verifier.adapter.start()
        status = _in_a_deadlock(stage, entry, lambda: verifier.verify(entry).status)
        again = dict(verifier.adapter.facts().retries)
    if status is not EntryStatus.VERIFIED_COMPLETE or set(again) != {"VERIFY 40P01"}:
        return stage.disappointed(f"VERIFY in a deadlock: {status}, retries {again}")
    return stage.result("both conflicts were the server's, and both phases were tried again", retries=retries | again)


def same_source_at_once(stage: Stage) -> ScenarioResult:
    """Both find nothing, both insert: one entry, and the other is handed it."""
    source, profile = source_of(one_unit_document(), chain=_CHAIN), segmenter.profiles.load("markdown")
    with stage.exec_lane() as one, stage.exec_lane() as two:
        for lane in (one, two):
            lane.adapter.start()
        lock = "LOCK TABLE cutter_governance.decision_backlog_entry IN SHARE MODE"
        with held(stage, lambda admin: admin.execute(lock)) as admin:
            marks: list[_Worker[MarkResult]] = [
                _Worker(lambda lane=lane: lane.mark(source, profile, marker()))  # type: ignore[misc]
                for lane in (one, two)
            ]
            _until_waiting(admin, len(marks))
        done = [worker.answer() for worker in marks]
    stage.context.state.update(units=1)
    entries = {result.entry.entry_id for result in done}
    if sorted(result.created for result in done) != [False, True] or len(entries) != 1:
        return stage.disappointed(f"two MARKs made {len(entries)} entries, created {[r.created for r in done]}")
    return stage.result("one entry; the other MARK was handed it")


class _Worker(threading.Thread, Generic[T]):
    """A phase in a thread of its own."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._result: T | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error

    def answer(self) -> T:
        """What it returned. Raises what it raised."""
        self.join(_MEET_S * 3)
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise ToolFault("a worker did not come back")
        return self._result


def _in_a_deadlock(stage: Stage, entry: str, work: Callable[[], T]) -> T:
    """``work`` waits for a table that another session holds, which then waits for the entry that ``work`` holds. The
    other session's own look for deadlocks comes too late on purpose: the writer is the victim."""
    patient = {"deadlock_timeout": "1h"}
    with (
        connect(stage.context.admin, purpose="S16", settings=patient) as other,
        connect(stage.context.admin, purpose="S16 look", read_only=True) as looking,
    ):
        other.execute("BEGIN")
        other.execute("LOCK TABLE cutter_governance.verify_result IN ACCESS EXCLUSIVE MODE")
        worker = _Worker(work)
        _until_waiting(looking, 1)
        other.execute(LOCK_ENTRY, [entry])  # comes back when the victim has let go
        other.execute("ROLLBACK")
        return worker.answer()


@contextmanager
def held(stage: Stage, lock: Callable[[Observer], object]) -> Iterator[Observer]:
    """Another session holds a lock inside the block."""
    with connect(stage.context.admin, purpose="hold") as admin:
        admin.execute("BEGIN")
        lock(admin)
        with connect(stage.context.admin, purpose="look", read_only=True) as looking:
            yield looking
        admin.execute("ROLLBACK")


def _until_waiting(admin: Observer, workers: int) -> None:
    until = time.monotonic() + _MEET_S
    while int(str(admin.value(_WAITING))) < workers:
        if time.monotonic() > until:
            raise ToolFault(f"{workers} workers did not meet at the lock within {_MEET_S:g} s")
        time.sleep(_POLL_S)


def _told(act: Callable[[], object]) -> str:
    try:
        act()
    except TransactionLeak as error:
        return error.sqlstate or error.code
    except CutterError as error:
        return error.code
    return "not refused"


def _mark(stage: Stage) -> ScenarioResult:
    return mark_document(stage, one_unit_document(), chain=_CHAIN, profile="markdown")

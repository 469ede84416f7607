"""Defects of the product that show only when something is broken on purpose, or when a judge says no."""

from __future__ import annotations

from tests.acceptance.plants_product import SESSION, TRANSACTION
from tests.plants_room import PRODUCT, Edit, Plant

_AT_THE_RESOLUTION = "            raise lost.cause  # the block wrote nothing: there is nothing to be known\n"

TRUSTS_A_LOST_COMMIT = Plant(
    name="trusts-a-lost-commit",
    why="a COMMIT whose answer never came is taken for done: nobody asks the server",
    edits=(Edit(path=SESSION, old=_AT_THE_RESOLUTION, new=f"{_AT_THE_RESOLUTION}        return\n"),),
    faults=("--fault", "mark:commit:cut-before"),
    whose=PRODUCT,
    failed_check="G-17",
    says=("lost: the writer said it was done, and nothing was kept", "decision_backlog_entry has lost 1 row(s)"),
)

REPEATS_WITHOUT_ASKING = Plant(
    name="repeats-without-asking",
    why="a COMMIT whose answer never came is tried again as if it had been refused: the sweep is logged twice",
    edits=(
        Edit(
            path=SESSION,
            old=_AT_THE_RESOLUTION,
            new=f"{_AT_THE_RESOLUTION}        from cutter_agent.errors import DatabaseError\n\n"
            '        raise DatabaseError("again", remedy="none", sqlstate="40001")\n',
        ),
    ),
    faults=("--fault", "sweep:commit:cut-after"),
    whose=PRODUCT,
    failed_check="G-17",
    says=("decision_backlog_sweep_log has 1 row(s) twice or too many",),
)

COMMITS_IN_THE_MIDDLE = Plant(
    name="commits-in-the-middle",
    why="SWEEP commits the promotion before it writes the history: whoever dies between leaves half of it",
    edits=(
        Edit(
            path=TRANSACTION,
            old='        if statement.verb != "COPY":\n',
            new='        if name == "copy_histories":\n'
            '            self._connection.send(self._statements["commit"])\n'
            '            self._send_block("begin_read_committed_read_write")\n'
            '        if statement.verb != "COPY":\n',
        ),
    ),
    faults=("--fault", "sweep:copy_histories:backend-killed"),
    whose=PRODUCT,
    failed_check="G-17",
    says=("half-written after the fault", "decision_backlog_history has lost 1 row(s)"),
)

SWALLOWS_40001 = Plant(
    name="swallows-40001",
    why="the adapter takes a serialization failure at COMMIT for success",
    edits=(
        Edit(
            path=TRANSACTION,
            old="                raise AnswerLost(xid, error) from error\n            raise\n",
            new="                raise AnswerLost(xid, error) from error\n"
            '            if error.sqlstate == "40001":\n                return\n            raise\n',
        ),
    ),
    faults=("--fault", "cut:commit:serialization"),
    whose=PRODUCT,
    failed_check="G-17",
    says=("lost: the writer said it was done, and nothing was kept",),
)

RETRIES_FOR_EVER = Plant(
    name="retries-for-ever",
    why="MARK tries again and again and never says why: it has to be ended by the deadline",
    edits=(
        Edit(
            path="src/cutter_agent/phases/mark.py",
            old='    return converging(lambda: database.read_committed("MARK", body))',
            new='    while True:\n        __import__("time").sleep(0.1)',
        ),
    ),
    plan='[source]\nkind = "stand-in"\n[thresholds]\nscenario_timeout_s = 8\n',
    whose=PRODUCT,
    failed_check="S4",
    says=("no answer within 8 s",),
)

ALWAYS_PROVEN = Plant(
    name="verify-always-passes",
    why="VERIFY looks at everything and says pass whatever it found",
    edits=(
        Edit(
            path="src/cutter_agent/verifier/prove.py",
            old="    return Proof(defects=tuple(found), rebuilt_sha256=rebuilt)",
            new="    return Proof(defects=(), rebuilt_sha256=rebuilt)",
        ),
    ),
    faults=("--faults", "short"),
    whose=PRODUCT,
    failed_check="S17",
    says=("a changed body was verified as verified_complete",),
)

MARKER_REVIEWS = Plant(
    name="marker-reviews-himself",
    why="nobody asks whether the reviewer is somebody else than the marker; the server's CHECK still does",
    edits=(
        Edit(
            path="src/cutter_agent/phases/review.py",
            old="    if reviewer.strip().casefold() == marker.strip().casefold():\n",
            new="    if not reviewer.strip():\n",
        ),
    ),
    faults=("--faults", "short"),
    whose=PRODUCT,
    failed_check="S18",
    says=("23514", "envelope_reviewer_is_not_author"),
)

WHEN_BROKEN: tuple[Plant, ...] = (
    TRUSTS_A_LOST_COMMIT,
    REPEATS_WITHOUT_ASKING,
    COMMITS_IN_THE_MIDDLE,
    SWALLOWS_40001,
    RETRIES_FOR_EVER,
    ALWAYS_PROVEN,
    MARKER_REVIEWS,
)

"""Defects of the rehearsal tool itself: none of them may read as a verdict on the product."""

from __future__ import annotations

from tests.acceptance.plants_product import SIGNATURE_WITHOUT_REFERENCE
from tests.plants_room import TOOL, Edit, Plant

REPORT_WRITER_CRASHES = Plant(
    name="report-writer-crashes",
    why="the tool's own report writer raises: never a verdict on the product",
    edits=(
        Edit(
            path="src/pg_dryrun/report/__init__.py",
            old="    return {\n        REPORT: render_json(record),\n",
            new='    raise RuntimeError("planted in the report writer")\n    return {\n',
        ),
    ),
    whose=TOOL,
    failed_check="G-24",
    says=("planted in the report writer",),
)

BLIND_INSTRUMENT = Plant(
    name="blind-instrument",
    why="logical decoding reports nothing at all: its zero is worth nothing, and the canary says so",
    edits=(
        Edit(
            path="src/pg_dryrun/effects.py",
            old="                if change.verb == verb:\n",
            new="                if change.verb == verb and not change.table:\n",
        ),
    ),
    whose=TOOL,
    failed_check="G-13",
    says=("effects",),
)

BLIND_LOG = Plant(
    name="blind-server-log",
    why="the reader of the server's log throws every statement away",
    edits=(
        Edit(
            path="src/pg_dryrun/server_log.py",
            old="            statements=_statements(foreign),\n",
            new="            statements=(),\n",
        ),
    ),
    whose=TOOL,
    failed_check="G-13",
    says=("server log did not see",),
)

COUNTS_LIE = Plant(
    name="counts-lie",
    why="the counting connection counts every row of a larger set of tables twice: two instruments contradict each other",
    edits=(
        Edit(
            path="src/pg_dryrun/observer/counts.py",
            old="    return {name: found[index] for index, name in enumerate(names)}\n",
            new="    twice = 2 if len(names) > 1 else 1\n"
            "    return {name: found[index] * twice for index, name in enumerate(names)}\n",
        ),
    ),
    whose=TOOL,
    failed_check="S4",
    says=("the instruments contradict each other", "counted +2, decoded 1 inserts"),
    short=True,
)

FORGETS_A_FILE = Plant(
    name="teardown-forgets-a-file",
    why="the teardown says that it removed the dump, and did not",
    edits=(
        Edit(
            path="src/pg_dryrun/ledger.py",
            old="            return _remove_path(Path(entry.name), wanted=stat.S_ISREG)\n",
            new='            return "removed"\n',
        ),
    ),
    whose=TOOL,
    failed_check="G-22",
    says=("things are still there", "file "),
)

SILENT_GATE = Plant(
    name="gate-that-is-never-asked",
    why="nobody asks G-20 any more: nothing fails, and nothing says so",
    edits=(
        Edit(
            path="src/pg_dryrun/runner/ledgers.py",
            old="    run.ask(AllowListGate, lambda: _allow_list(run))\n",
            new="",
        ),
    ),
    whose=TOOL,
    failed_check="G-20",
    says=("was never asked",),
)

GATE_BREAKS = Plant(
    name="gate-breaks",
    why="a gate cannot gather its facts, because its own code is wrong",
    edits=(
        Edit(
            path="src/pg_dryrun/runner/copying.py",
            old="contract.check(restored(run), run.subject.emissions)",
            new="contract.check(restored(run), run.subject.emission)",
        ),
    ),
    whose=TOOL,
    failed_check="G-26",
    says=("AttributeError", "emission"),
    short=True,
)

HARNESS_BREAKS = Plant(
    name="harness-breaks",
    why="the rehearsal's own harness looks for something under a wrong name",
    edits=(
        Edit(
            path="src/cutter_dryrun/scenarios/happy.py",
            old='    return str(stage.context.state["entry_id"])\n',
            new='    return str(stage.context.state["entry"])\n',
        ),
    ),
    whose=TOOL,
    failed_check="SWEEP",
    says=("KeyError", "the harness of SWEEP failed"),
)

WRITES_TO_PRODUCTION = Plant(
    name="tool-writes-to-production",
    why="the tool makes a table in production while it looks at the copy",
    edits=(
        Edit(
            path="src/pg_dryrun/runner/copying.py",
            old='    with connect(restored(run), purpose="relations", read_only=True) as observer:\n',
            new='    with connect(run.environments[0].login("production"), purpose="wrong server") as observer:\n'
            '        observer.execute("CREATE TABLE public.left_behind (n integer)")\n'
            '    with connect(restored(run), purpose="relations", read_only=True) as observer:\n',
        ),
    ),
    whose=TOOL,
    failed_check="G-21",
    says=("relations",),
)

WRONG_DIGEST = Plant(
    name="wrong-digest-in-the-evidence",
    why="the attestation lists digests that are not those of the files: only who checks the evidence can tell",
    edits=(
        Edit(
            path="src/pg_dryrun/attestation.py",
            old="    evidence = folder.digests(leaving_out=frozenset({ENVELOPE}))\n",
            new="    evidence = folder.digests(leaving_out=frozenset({ENVELOPE}))\n"
            "    evidence = {name: digest[::-1] for name, digest in evidence.items()}\n",
        ),
    ),
    whose=TOOL,
    ends=("PASS", 0),
    sealed=False,
    failed_check=None,
)

ALWAYS_PASS = Plant(
    name="verdict-that-does-not-follow",
    why="the tool says PASS although a check failed: the verdict is derived again by who checks the evidence",
    edits=(
        *SIGNATURE_WITHOUT_REFERENCE.edits,
        Edit(
            path="src/pg_dryrun/outcome.py",
            old="    for check in checks:\n        if check.status is Status.FAILED:\n            match check.blame:\n",
            new="    return Verdict.PASS\n"
            "    for check in checks:\n        if check.status is Status.FAILED:\n            match check.blame:\n",
        ),
    ),
    whose=TOOL,
    ends=("PASS", 0),
    sealed=False,
    failed_check="S6",
)

IN_THE_TOOL: tuple[Plant, ...] = (
    REPORT_WRITER_CRASHES,
    BLIND_INSTRUMENT,
    BLIND_LOG,
    COUNTS_LIE,
    FORGETS_A_FILE,
    SILENT_GATE,
    GATE_BREAKS,
    HARNESS_BREAKS,
    WRITES_TO_PRODUCTION,
    WRONG_DIGEST,
    ALWAYS_PASS,
)

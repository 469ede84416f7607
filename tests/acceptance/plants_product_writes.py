"""Defects of the product in what it writes: rows, updates and deletions that nobody promised, and a schema that drifted."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.plants_product import CUT, TRANSACTION
from tests.plants_room import PRODUCT, Edit, Plant

_END_OF_DUMP = b"--\n-- PostgreSQL database dump complete\n"


def deployed_with(sql: str) -> Callable[[bytes], bytes]:
    """Production has more than the commit knows of: ``sql`` at the end of its dump."""

    def add(dump: bytes) -> bytes:
        assert dump.count(_END_OF_DUMP) == 1
        return dump.replace(_END_OF_DUMP, sql.encode() + b"\n\n" + _END_OF_DUMP)

    return add


def _says_in_sweep(sql: str) -> Edit:
    """SWEEP sends one more statement, through its own adapter and journal."""
    return Edit(
        path=TRANSACTION,
        old='        if statement.verb != "COPY":\n',
        new='        if name == "copy_histories":\n'
        "            from dataclasses import replace\n\n"
        f"            text = {sql!r}\n"
        '            sent = replace(statement, verb="SELECT", sql=text, numbered_sql=text, parameters=())\n'
        "            self._connection.send(sent)\n"
        '        if statement.verb != "COPY":\n',
    )


DELETES_IN_A_CTE = Plant(
    name="deletes-in-a-cte",
    why="an undeclared DELETE inside a SELECT: to whoever reads first words only, SWEEP is reading",
    edits=(_says_in_sweep("WITH gone AS (DELETE FROM iu.manifest RETURNING digest) SELECT count(*) AS n FROM gone"),),
    whose=PRODUCT,
    failed_check="SWEEP",
    says=("42501", "WITH gone AS (DELETE FROM iu.manifest"),
)

DELETES_THROUGH_A_FUNCTION = Plant(
    name="deletes-through-a-function",
    why="SWEEP calls a function of production that deletes with its owner's rights: no grant and no verb shows it",
    dump=deployed_with(
        "CREATE TABLE public.old_jobs (id integer PRIMARY KEY);\n"
        "INSERT INTO public.old_jobs VALUES (1), (2);\n"
        "CREATE FUNCTION public.tidy_up() RETURNS bigint LANGUAGE sql SECURITY DEFINER\n"
        "    AS 'WITH gone AS (DELETE FROM public.old_jobs RETURNING id) SELECT count(*) FROM gone';"
    ),
    edits=(_says_in_sweep("SELECT public.tidy_up() AS n"),),
    whose=PRODUCT,
    failed_check="SWEEP",
    says=("rows were removed: public.old_jobs: 2 deleted",),
)

RIGHT_NOBODY_DECLARED = Plant(
    name="right-nobody-declared",
    why="in production everybody may write into a table beside: the lanes, too",
    dump=deployed_with(
        "CREATE TABLE public.audit_trail (at timestamp with time zone DEFAULT now());\n"
        "GRANT INSERT ON TABLE public.audit_trail TO PUBLIC;"
    ),
    whose=PRODUCT,
    failed_check="G-11",
    says=("cutter_exec may INSERT on public.audit_trail",),
)

ROW_IN_A_BYSTANDER = Plant(
    name="row-in-a-bystander-table",
    why="SWEEP writes a line into a table that is not its own, through a function with its owner's rights",
    dump=deployed_with(
        "CREATE TABLE public.audit_trail (at timestamp with time zone DEFAULT now());\n"
        "CREATE FUNCTION public.note() RETURNS void LANGUAGE sql SECURITY DEFINER\n"
        "    AS 'INSERT INTO public.audit_trail DEFAULT VALUES';"
    ),
    edits=(_says_in_sweep("SELECT public.note() AS n"),),
    whose=PRODUCT,
    failed_check="SWEEP",
    says=("tables outside the matrix changed: public.audit_trail",),
    short=True,
)

DARK_NEXTVAL = Plant(
    name="dark-nextval",
    why="SWEEP moves a sequence of production: no row shows it, and no rollback takes it back",
    dump=deployed_with("CREATE SEQUENCE public.ticket;\nGRANT USAGE ON SEQUENCE public.ticket TO PUBLIC;"),
    edits=(_says_in_sweep("SELECT pg_catalog.nextval('public.ticket') AS n"),),
    whose=PRODUCT,
    failed_check="SWEEP",
    says=("undeclared dark writes: sequences: public.ticket",),
)

UPDATE_NOT_PROMISED = Plant(
    name="update-not-promised",
    why="SWEEP changes a row of somebody else: no row more, no row less",
    dump=deployed_with(
        "CREATE TABLE public.tariff (price integer);\n"
        "INSERT INTO public.tariff VALUES (1);\n"
        "CREATE FUNCTION public.raise_it() RETURNS void LANGUAGE sql SECURITY DEFINER\n"
        "    AS 'UPDATE public.tariff SET price = price + 1';"
    ),
    edits=(_says_in_sweep("SELECT public.raise_it() AS n"),),
    whose=PRODUCT,
    failed_check="SWEEP",
    says=("updates differ: public.tariff expected 0 updates, committed 1",),
)

HISTORY_TWICE = Plant(
    name="history-row-too-many",
    why="SWEEP writes one history row more than it has moves",
    edits=(
        Edit(
            path="src/cutter_agent/phases/sweep.py",
            old="        store.add_histories(plan.histories)\n",
            new="        store.add_histories(plan.histories)\n"
            "        again = __import__('dataclasses').replace\n"
            "        store.add_histories(\n"
            "            [\n"
            "                again(\n"
            "                    row,\n"
            "                    history_id=str(__import__('uuid').uuid4()),\n"
            "                    entry_version_before=row.entry_version_after,\n"
            "                    entry_version_after=row.entry_version_after + 1,\n"
            "                )\n"
            "                for row in plan.histories\n"
            "            ]\n"
            "        )\n",
        ),
    ),
    whose=PRODUCT,
    failed_check="SWEEP",
    says=("decision_backlog_history expected 2 counted 3",),
)

NEVER_THE_SAME_ENTRY = Plant(
    name="mark-is-not-idempotent",
    why="the key of an entry has the clock in it: the same document marked again is another entry",
    edits=(
        Edit(
            path="src/cutter_agent/phases/mark.py",
            old="    key = key_of(source, profile.id, profile.version)\n",
            new='    key = sha256_hex(f"{key_of(source, profile.id, profile.version)} {clock()}".encode())\n',
        ),
    ),
    whose=PRODUCT,
    failed_check="S10",
    says=("created=True",),
)

KEEPS_A_PART = Plant(
    name="failure-keeps-a-part",
    why="CUT commits its first move before it writes: what fails later leaves the entry in the middle",
    edits=(
        Edit(
            path=TRANSACTION,
            old='        """Send it; how many rows it touched."""\n',
            new='        """Send it; how many rows it touched."""\n'
            '        if name == "insert_document":\n'
            '            self._connection.send(self._statements["commit"])\n'
            '            self._send_block("begin_serializable_read_write")\n',
        ),
    ),
    whose=PRODUCT,
    failed_check="S6",
    says=("guard_rests", "cut_in_progress"),
)

GIVES_UP = Plant(
    name="gives-up-on-failure",
    why="CUT marks the entry as abandoned when something fails: what was to be tried again is gone",
    edits=(
        Edit(
            path=CUT,
            old='    return converging(lambda: database.serializable("CUT", body))\n',
            new="    try:\n"
            '        return converging(lambda: database.serializable("CUT", body))\n'
            "    except Exception:\n"
            "        states = (EntryStatus.REVIEWED_APPROVED, EntryStatus.ABANDONED)\n"
            '        database.read_committed("CUT", lambda store: store.move_entry(entry_id, *states))\n'
            "        raise\n",
        ),
    ),
    whose=PRODUCT,
    failed_check="S11",
    says=("after the failure the entry is abandoned",),
)

COLUMN_NOT_FILLED = Plant(
    name="column-not-filled",
    why="production has a NOT NULL column without a default that no writer fills",
    dump=deployed_with(
        "ALTER TABLE cutter_governance.decision_backlog_history ADD COLUMN tenant text DEFAULT 'a' NOT NULL;\n"
        "ALTER TABLE cutter_governance.decision_backlog_history ALTER COLUMN tenant DROP DEFAULT;"
    ),
    whose=PRODUCT,
    failed_check="G-26",
    says=("tenant", "decision_backlog_history"),
    short=True,
)

TRIGGER_OF_PRODUCTION = Plant(
    name="trigger-of-production",
    why="a BEFORE INSERT trigger of production refuses the first write, as it once did on the day itself",
    dump=deployed_with(
        "CREATE FUNCTION public.only_by_night() RETURNS trigger LANGUAGE plpgsql\n"
        "    AS $$BEGIN RAISE EXCEPTION 'entries are taken by night only'; END$$;\n"
        "CREATE TRIGGER only_by_night BEFORE INSERT ON cutter_governance.decision_backlog_entry\n"
        "    FOR EACH ROW EXECUTE FUNCTION public.only_by_night();"
    ),
    whose=PRODUCT,
    failed_check="S4",
    says=("TRIGGER_UNEXPECTED", "only_by_night", "Nothing was written"),
)

TABLE_NOT_DEPLOYED = Plant(
    name="table-not-deployed",
    why="the commit works on a table that production does not have yet",
    edits=(
        Edit(
            path="src/cutter_dryrun/matrix.py",
            old='    "iu.deployment_mark",\n',
            new='    "iu.deployment_mark",\n    "iu.archive",\n',
        ),
    ),
    whose=PRODUCT,
    failed_check="G-14",
    says=("not in production: iu.archive",),
)

IN_WHAT_IT_WRITES: tuple[Plant, ...] = (
    DELETES_IN_A_CTE,
    DELETES_THROUGH_A_FUNCTION,
    RIGHT_NOBODY_DECLARED,
    ROW_IN_A_BYSTANDER,
    DARK_NEXTVAL,
    UPDATE_NOT_PROMISED,
    HISTORY_TWICE,
    NEVER_THE_SAME_ENTRY,
    KEEPS_A_PART,
    GIVES_UP,
    COLUMN_NOT_FILLED,
    TRIGGER_OF_PRODUCTION,
    TABLE_NOT_DEPLOYED,
)

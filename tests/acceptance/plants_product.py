"""Defects of the product that happened once, or nearly: transactions, words, columns, bytes that nobody approved."""

from __future__ import annotations

from tests.plants_room import PRODUCT, Edit, Plant

SESSION = "src/cutter_agent/db_adapter/session.py"
POOL = "src/cutter_agent/db_adapter/pool.py"
TRANSACTION = "src/cutter_agent/db_adapter/transaction.py"
EXECUTOR = "src/cutter_agent/db_adapter/store/executor.py"
CUT = "src/cutter_agent/phases/cut.py"

_LEAVING_FIND = Edit(
    path=SESSION,
    old="""        with self.read() as block:
            return block.fetch(name, parameters)
""",
    new="""        connection = self._pool.borrow()
        connection.autocommit = False
        rows = connection.send(self._statements[name], parameters).fetchall()
        self._pool.give_back(connection)
        return rows
""",
)
_DIRTY_RETURN = """            self._untold = leak_of(connection, "a connection came back to the pool in the middle of a transaction")
            self.dirty_returns += 1
            connection.close()
"""
_NO_GUARD_AT_RETURN = (
    Edit(
        path=POOL,
        old="        elif connection.state is not TransactionStatus.IDLE:\n" + _DIRTY_RETURN,
        new="",
    ),
    Edit(
        path=POOL,
        old="""        if self._pool is not None and isinstance(connection, _PooledConnection):
            self._pool.putconn(connection)
""",
        new="""        self._kept = connection
""",
    ),
    Edit(
        path=POOL,
        old="""        if (leak := self.take_leak()) is not None:
            raise leak
        pool = self._opened()
        if pool.get_stats()""",
        new="""        if getattr(self, "_kept", None) is not None:
            return self._kept
        pool = self._opened()
        if pool.get_stats()""",
    ),
)
_GUARD_AT_BEGIN = """        if connection.state is not TransactionStatus.IDLE:
            raise leak_of(connection, f"{self.phase} wanted to begin")
        connection.phase = self.phase
        self._send_block(BEGIN[isolation, self._writes])
"""

SEED_FIND = Plant(
    name="seed-find",
    why="find() leaves its implicit transaction open; the server refuses the next SET TRANSACTION ISOLATION LEVEL",
    edits=(
        _LEAVING_FIND,
        *_NO_GUARD_AT_RETURN,
        Edit(
            path=TRANSACTION,
            old=_GUARD_AT_BEGIN,
            new="""        connection.phase = self.phase
        if connection.state is TransactionStatus.IDLE:
            self._send_block(BEGIN[isolation, self._writes])
        else:
            from dataclasses import replace

            declared = self._statements["begin_serializable_read_write"]
            text = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
            connection.send(replace(declared, sql=text, numbered_sql=text))
""",
        ),
    ),
    whose=PRODUCT,
    failed_check="S4",
    says=("25001", "SET TRANSACTION ISOLATION LEVEL"),
    short=True,
)

SEED_FIND_GUARDED = Plant(
    name="seed-find-guarded",
    why="the same find() with the adapter's guards in place: caught before the server has to say it",
    edits=(_LEAVING_FIND,),
    whose=PRODUCT,
    failed_check="S4",
    says=("25001",),
)

SAVEPOINT_TWIN = Plant(
    name="savepoint-twin",
    why="a phase that finds a transaction open makes a savepoint, reports success, and the pool rolls it back",
    edits=(
        _LEAVING_FIND,
        Edit(
            path=POOL,
            old=_DIRTY_RETURN,
            new="""            if connection.phase in (None, "read", "admission"):
                self._kept = connection
                return
            connection.close()
""",
        ),
        Edit(
            path=POOL,
            old="""        if (leak := self.take_leak()) is not None:
            raise leak
        pool = self._opened()
        if pool.get_stats()""",
            new="""        if getattr(self, "_kept", None) is not None:
            kept, self._kept = self._kept, None
            return kept
        pool = self._opened()
        if pool.get_stats()""",
        ),
        Edit(
            path=TRANSACTION,
            old=_GUARD_AT_BEGIN,
            new="""        connection.phase = self.phase
        self._twin = connection.state is not TransactionStatus.IDLE
        self._send_block("savepoint" if self._twin else BEGIN[isolation, self._writes])
""",
        ),
        Edit(
            path=TRANSACTION,
            old="""        self._open = False
        self._require_no_stream("commit")
        xid = self._xid()
""",
            new="""        self._open = False
        if self._twin:
            self._connection.send(self._statements["release_savepoint"])
            return
        xid = self._xid()
""",
        ),
    ),
    whose=PRODUCT,
    failed_check="S4",
    says=("decision_backlog_entry expected 1 counted 0",),
)

UUID_IN_SIGNING_BODY = Plant(
    name="uuid-in-signing-body",
    why="json.dumps meets a uuid.UUID in the signing body: ids are text in memory and UUIDs when they are read back",
    edits=(
        Edit(
            path="src/cutter_agent/signing.py",
            old="""            "change_set_id": claim.change_set_id,
            "review_decision_id": claim.review_decision_id,
            "document_ref": claim.document_ref,
""",
            new="""            "change_set_id": claim.change_set_id,
            "review_decision_id": __import__("json").dumps(__import__("uuid").UUID(claim.review_decision_id)),
            "document_ref": claim.document_ref,
""",
        ),
    ),
    whose=PRODUCT,
    failed_check="S6",
    says=("UUID is not JSON serializable",),
)

SIGNATURE_WITHOUT_REFERENCE = Plant(
    name="signature-without-reference",
    why="the executor signs without naming its change set: the server's CHECK (exactly one reference) refuses it",
    edits=(
        Edit(
            path="src/cutter_agent/signing.py",
            old="            cross_reference_change_set_id=signed if executor else None,\n",
            new="            cross_reference_change_set_id=None,\n",
        ),
    ),
    whose=PRODUCT,
    failed_check="S6",
    says=("23514", "signature_exactly_one_reference"),
)

UNKNOWN_COLUMN = Plant(
    name="unknown-column",
    why="a writer names a column that the deployed table does not have",
    edits=(
        Edit(
            path="src/cutter_agent/db_adapter/sql/mark.sql",
            old="    change_kind, change_diff, changed_by, changed_at, rationale)\nVALUES (%(history_id)s",
            new="    change_kind, change_diff, changed_by, changed_at, reason)\nVALUES (%(history_id)s",
        ),
    ),
    whose=PRODUCT,
    failed_check="G-26",
    says=("reason", "decision_backlog_history"),
)

DROPPED_UNIT = Plant(
    name="dropped-unit",
    why="CUT silently drops a unit and its version, and makes its own count fit",
    edits=(
        Edit(
            path=CUT,
            old="        (store.add_recut_versions if plan.again else store.add_versions)(change_set, plan.units)\n",
            new="        store.add_versions(change_set, plan.units[:-1])\n",
        ),
        Edit(path=CUT, old="    if counted != approved:\n", new="    if counted[0] + 1 != approved[0]:\n"),
    ),
    whose=PRODUCT,
    failed_check="S6",
    says=("guard_counts_are_true",),
)

BODY_CHANGED_AFTER_APPROVAL = Plant(
    name="body-changed-after-approval",
    why="CUT writes another body than the approved one, under the approved hash",
    edits=(
        Edit(
            path=EXECUTOR,
            old='        """Write one version of each of these units, all at once."""\n',
            new='        """Write one version of each of these units, all at once."""\n'
            '        units = [__import__("msgspec").structs.replace(unit, body=unit.body.replace("e", "é")) for unit in units]\n',
        ),
    ),
    whose=PRODUCT,
    failed_check="S6",
    says=("23514", "version_hash_is_true"),
)

HISTORIC: tuple[Plant, ...] = (
    SEED_FIND,
    SEED_FIND_GUARDED,
    SAVEPOINT_TWIN,
    UUID_IN_SIGNING_BODY,
    SIGNATURE_WITHOUT_REFERENCE,
    UNKNOWN_COLUMN,
    DROPPED_UNIT,
    BODY_CHANGED_AFTER_APPROVAL,
)

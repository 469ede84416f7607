"""The warnings of a rehearsed command by code, each with what it means. They never change the verdict by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    """One kind of warning."""

    SCHEMA_CHANGED = "SCHEMA_CHANGED"
    SERVER_CHANGED = "SERVER_CHANGED"
    TABLE_REWRITE = "TABLE_REWRITE"
    INDEX_REBUILT = "INDEX_REBUILT"
    TRUNCATE = "TRUNCATE"
    ROWS_DROPPED = "ROWS_DROPPED"
    INDEX_BLOCKS_WRITES = "INDEX_BLOCKS_WRITES"
    OUTSIDE_TRANSACTION = "OUTSIDE_TRANSACTION"
    ERROR_IGNORED = "ERROR_IGNORED"
    WROTE_NOTHING = "WROTE_NOTHING"
    MANY_SESSIONS = "MANY_SESSIONS"
    CONNECTIONS_REFUSED = "CONNECTIONS_REFUSED"
    SESSIONS_LEFT = "SESSIONS_LEFT"
    OTHER_DATABASE = "OTHER_DATABASE"
    PRINTED_SECRET = "PRINTED_SECRET"  # noqa: S105 - a word, not a secret
    TWO_PHASE_LEFT = "TWO_PHASE_LEFT"
    LOG_SILENCED = "LOG_SILENCED"
    LONG_EXCLUSIVE_LOCK = "LONG_EXCLUSIVE_LOCK"
    LOCK_WAIT = "LOCK_WAIT"
    DEADLOCK = "DEADLOCK"


TIMING = frozenset({Code.LONG_EXCLUSIVE_LOCK, Code.LOCK_WAIT, Code.DEADLOCK, Code.MANY_SESSIONS, Code.SESSIONS_LEFT})
"""Warnings whose appearance depends on the speed of the machine."""

MEANINGS: Mapping[Code, str] = {
    Code.SCHEMA_CHANGED: "The command changed the schema of the database; the lines are in the report.",
    Code.SERVER_CHANGED: "It changed what belongs to the whole server: roles, memberships, settings, databases.",
    Code.TABLE_REWRITE: "Every row of a table was written anew (its file changed): time, disk, and an exclusive lock.",
    Code.INDEX_REBUILT: "An index of a table that was there before was built anew.",
    Code.TRUNCATE: "All rows of a table went at once; how many is in no event, the two counts show it.",
    Code.ROWS_DROPPED: "A table that held rows was dropped.",
    Code.INDEX_BLOCKS_WRITES: "CREATE INDEX or REINDEX without CONCURRENTLY: nobody can write the table while it runs.",
    Code.OUTSIDE_TRANSACTION: "Writing statements were sent without BEGIN: each is committed by itself.",
    Code.ERROR_IGNORED: "The server answered with errors, and the command ended with status 0 all the same.",
    Code.WROTE_NOTHING: "No row, no sequence, no schema: the command changed nothing at all.",
    Code.MANY_SESSIONS: "The command held very many sessions at one time.",
    Code.CONNECTIONS_REFUSED: "The server refused sessions because there were too many.",
    Code.SESSIONS_LEFT: "Sessions were still open when the command was over; the rehearsal ended them.",
    Code.OTHER_DATABASE: "The command also connected to another database; what it did there is not decoded.",
    Code.PRINTED_SECRET: "The command printed the password that it was given; it is redacted in the evidence.",
    Code.TWO_PHASE_LEFT: "A prepared transaction was left: neither committed nor rolled back, it holds its locks.",
    Code.LOG_SILENCED: "A superuser's statement changed what the server logs: statements after it may be missing.",
    Code.LONG_EXCLUSIVE_LOCK: "A table was locked against everybody for longer than the threshold.",
    Code.LOCK_WAIT: "A session of the command waited for a lock.",
    Code.DEADLOCK: "Sessions of the command waited for each other in a circle.",
}

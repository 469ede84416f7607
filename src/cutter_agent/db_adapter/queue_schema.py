"""The job queue's schema and its own role, made by an administrator (docs/decisions/queue.md).

Schema ``cutter_queue`` belongs to the owner role, as everything does; the one login that may touch it is
``cutter_queue``, which has no right on any table of the ledger or the unit store. Neither lane may look into it. What
stands in it is never evidence: it may be thrown away at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from cutter_agent.db_adapter import setup
from cutter_agent.db_adapter.rights import RoleNames
from cutter_agent.db_adapter.roles import acting_as_owner
from cutter_agent.db_adapter.setup import Administrator
from cutter_agent.errors import ConfigMismatch
from sealing.digest import sha256_hex

UNREACHABLE = psycopg.OperationalError
"""What a server that is away or refuses ends in; a pool that has no connection, too."""
SCHEMA = "cutter_queue"
ROLE = "cutter_queue"

_OWN = """
CREATE TABLE installed (schema_sha256 text PRIMARY KEY, library_version text NOT NULL, installed_at timestamptz NOT NULL DEFAULT now());
COMMENT ON TABLE installed IS 'Which text of the library''s schema this is.';
CREATE TABLE job_note (
    note_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id    bigint NOT NULL REFERENCES procrastinate_jobs ON DELETE CASCADE,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    code      text NOT NULL,
    message   text NOT NULL,
    remedy    text NOT NULL,
    exit_code integer NOT NULL
);
COMMENT ON TABLE job_note IS 'Why a job failed or waits, in the words of the program: for people, never for a decision.';
CREATE INDEX job_note_by_job ON job_note (job_id, note_id);
-- The library looks for an earlier job with the same lock whenever it takes one: without this index, through all of them.
CREATE INDEX job_by_lock ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing');
"""  # noqa: E501 - SQL


@dataclass(frozen=True, kw_only=True)
class QueueSchema:
    """The library's own schema, as a text, and the version it came with."""

    text: str
    library_version: str

    @property
    def sha256(self) -> str:
        """Of the text."""
        return sha256_hex(self.text.encode())


def knock(connection: Mapping[str, Any]) -> None:
    """Connect once, and leave. A pool would say only that it has no connection, and not why. Raises ``UNREACHABLE``."""
    psycopg.connect(**connection).close()


def install(login: Administrator, wanted: QueueSchema, password: str | None, *, recreate: bool = False) -> list[str]:
    """Schema, role and rights, all as this release wants them; what was done, in words. Safe to repeat.

    ``recreate``: throw the queue that is there away first, with every job in it.

    Raises:
        ConfigMismatch: the schema there is of another version of the library.
        DatabaseError: what the server said, for example that the ledger is not set up yet.
    """
    done: list[str] = []
    with setup.connect(login) as admin:
        done += _ensure_role(admin, password)
        with admin.transaction():
            admin.execute("SELECT pg_advisory_xact_lock(%s)", (0x6975_7175_6575_65,))
            if recreate and _installed(admin) is not None:
                admin.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(SCHEMA)))
                done.append(f"schema {SCHEMA} thrown away")
            found = _installed(admin)
            if found is None:
                _create(admin, wanted)
                done.append(f"schema {SCHEMA} made, for procrastinate {wanted.library_version}")
            elif found != wanted.sha256:
                raise ConfigMismatch(
                    f"schema {SCHEMA} was made for another version of procrastinate than {wanted.library_version}",
                    remedy="Stop the workers, then: iu-cutter queue init --recreate. Jobs are thrown away; the next "
                    "sweep queues again what the ledger says is on its way; add files that were not marked yet again.",
                )
            _grant(admin)
    return done


def _installed(admin: psycopg.Connection) -> str | None:
    there = admin.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.installed",)).fetchone()
    if there is None or there[0] is None:
        return None
    query = sql.SQL("SELECT schema_sha256 FROM {}.installed").format(sql.Identifier(SCHEMA))
    row = admin.execute(query).fetchone()
    return str(row[0]) if row else ""


def _create(admin: psycopg.Connection, wanted: QueueSchema) -> None:
    names = RoleNames()
    schema, owner = sql.Identifier(SCHEMA), sql.Identifier(names.owner)
    admin.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(schema, owner))
    with acting_as_owner(admin, names):
        admin.execute(sql.SQL("SET LOCAL search_path = {}, pg_temp").format(schema))
        admin.execute(wanted.text.encode())
        admin.execute(_OWN.encode())
        admin.execute(
            "INSERT INTO installed (schema_sha256, library_version) VALUES (%s, %s)",
            (wanted.sha256, wanted.library_version),
        )
        admin.execute("SET LOCAL search_path = ''")


def _grant(admin: psycopg.Connection) -> None:
    schema, role = sql.Identifier(SCHEMA), sql.Identifier(ROLE)
    row = admin.execute("SELECT current_database()").fetchone()
    database = sql.Identifier(str(row[0]) if row else "")
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role))
    with acting_as_owner(admin, RoleNames()):
        for objects in ("SCHEMA", "ALL TABLES IN SCHEMA", "ALL SEQUENCES IN SCHEMA", "ALL FUNCTIONS IN SCHEMA"):
            admin.execute(sql.SQL("REVOKE ALL ON {} {} FROM PUBLIC").format(sql.SQL(objects), schema))
        for right, objects in (
            ("USAGE", "SCHEMA"),
            ("SELECT, INSERT, UPDATE, DELETE", "ALL TABLES IN SCHEMA"),
            ("USAGE", "ALL SEQUENCES IN SCHEMA"),
            ("EXECUTE", "ALL FUNCTIONS IN SCHEMA"),
        ):
            admin.execute(sql.SQL("GRANT {} ON {} {} TO {}").format(sql.SQL(right), sql.SQL(objects), schema, role))


def _ensure_role(admin: psycopg.Connection, password: str | None) -> list[str]:
    done = []
    role = sql.Identifier(ROLE)
    with admin.transaction():
        if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone() is None:
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            done.append(f"role {ROLE} made")
        if password:
            verifier = admin.pgconn.encrypt_password(password.encode(), ROLE.encode(), b"scram-sha-256").decode()
            admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(verifier)))
    return done

"""A small schema, its declared statements and one lane's adapter on it: what the adapter's tests stand on.

The roles have names of their own, so that nothing here disturbs the product's roles on the same cluster.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import ConnectionSettings
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.model import Lane
from pg_embedded.server import AdminLogin

ROLES = {Lane.EXEC: "room_exec", Lane.VERIFY: "room_verify"}

SCHEMA = """
CREATE SCHEMA room;
CREATE TABLE room.thing (
    id uuid PRIMARY KEY, label text NOT NULL, amount integer CONSTRAINT thing_amount CHECK (amount >= 0),
    body jsonb, at timestamptz, span int8range, blob bytea);
CREATE TABLE room.late (key integer CONSTRAINT late_key UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE room.counter (id integer PRIMARY KEY, n integer NOT NULL);
CREATE TABLE room.once (key text CONSTRAINT cut_change_set_idempotency_key_key PRIMARY KEY);
CREATE TABLE room.secret (id integer);
INSERT INTO room.counter VALUES (1, 0), (2, 0);
GRANT USAGE ON SCHEMA room TO room_exec, room_verify;
GRANT SELECT, INSERT, UPDATE ON room.thing, room.late, room.counter, room.once TO room_exec, room_verify;
"""

STATEMENTS = """
-- name: put_thing
-- principal: both
-- verb: INSERT
-- tables: room.thing
INSERT INTO room.thing (id, label, amount, body, at, span, blob)
VALUES (%(id)s, %(label)s, %(amount)s, %(body)s, %(at)s, %(span)s, %(blob)s);

-- name: put_label
-- principal: both
-- verb: INSERT
-- tables: room.thing
INSERT INTO room.thing (id, label) VALUES (%(id)s, %(label)s);

-- name: put_amount
-- principal: both
-- verb: INSERT
-- tables: room.thing
INSERT INTO room.thing (id, label, amount) VALUES (%(id)s, 'amount', %(amount)s);

-- name: things
-- principal: both
-- verb: SELECT
-- tables: room.thing
SELECT id, label, amount, body, at, span, blob FROM room.thing ORDER BY label, id;

-- name: thing
-- principal: both
-- verb: SELECT
-- tables: room.thing
SELECT id, label FROM room.thing WHERE id = %(id)s;

-- name: things_by_id
-- principal: both
-- verb: SELECT
-- tables: room.thing
SELECT id, label FROM room.thing WHERE id = ANY (%(ids)s::uuid[]) ORDER BY label;

-- name: copy_things
-- principal: both
-- verb: COPY
-- tables: room.thing
COPY room.thing (id, label, body, at, span) FROM STDIN;

-- name: put_late
-- principal: both
-- verb: INSERT
-- tables: room.late
INSERT INTO room.late (key) VALUES (%(key)s);

-- name: put_once
-- principal: both
-- verb: INSERT
-- tables: room.once
INSERT INTO room.once (key) VALUES (%(key)s);

-- name: once
-- principal: both
-- verb: SELECT
-- tables: room.once
SELECT key FROM room.once WHERE key = %(key)s;

-- name: sum_counters
-- principal: both
-- verb: SELECT
-- tables: room.counter
SELECT sum(n)::int AS total FROM room.counter;

-- name: add_one
-- principal: both
-- verb: UPDATE
-- tables: room.counter
UPDATE room.counter SET n = n + 1 WHERE id = %(id)s;

-- name: put_counter
-- principal: both
-- verb: INSERT
-- tables: room.counter
INSERT INTO room.counter (id, n) VALUES (%(id)s, %(n)s);

-- name: read_secret
-- principal: both
-- verb: SELECT
-- tables: room.secret
SELECT id FROM room.secret;

-- name: nap
-- principal: both
-- verb: SELECT
-- tables: none
SELECT pg_catalog.pg_sleep(%(seconds)s)::text AS slept;

-- name: missing_column
-- principal: both
-- verb: INSERT
-- tables: room.thing
INSERT INTO room.thing (id, label, no_such_column) VALUES (%(id)s, 'x', 1);

-- name: verify_only
-- principal: cutter_verify
-- verb: SELECT
-- tables: room.thing
SELECT label FROM room.thing;

-- name: isolation_now
-- principal: both
-- verb: SELECT
-- tables: none
SELECT pg_catalog.current_setting('transaction_isolation') AS isolation,
       pg_catalog.current_setting('transaction_read_only') AS read_only,
       pg_catalog.current_setting('application_name') AS application_name;
"""


def declared() -> Mapping[str, Statement]:
    """The package's own session statements and the room's."""
    session = {
        name: each for name, each in statements.load().items() if each.source.startswith(statements.SESSION_FILE)
    }
    return {**session, **statements.collect({"room.sql": STATEMENTS})}


@dataclass
class Room:
    """A database with ``SCHEMA``, the passwords of two roles, and whatever a test opened: closed at its end."""

    admin: AdminLogin
    passwords: Mapping[Lane, str] = field(repr=False)
    opened: ExitStack = field(default_factory=ExitStack, repr=False)

    def settings(self, lane: Lane = Lane.EXEC, **changes: Any) -> ConnectionSettings:
        values: dict[str, Any] = {
            "host": str(self.admin["host"]),
            "port": self.admin["port"],
            "dbname": self.admin["dbname"],
            "user": ROLES[lane],
            "password": self.passwords[lane],
        }
        return ConnectionSettings(**{**values, **changes})

    def adapter(
        self, lane: Lane = Lane.EXEC, *, settings: ConnectionSettings | None = None, **arguments: Any
    ) -> RealPostgresAdapter:
        made = RealPostgresAdapter(
            settings=settings or self.settings(lane),
            lane=lane,
            **{"role": ROLES[lane], "declared": declared(), **arguments},
        )
        return self.opened.enter_context(made)

    def keywords(self, lane: Lane = Lane.EXEC, **changes: Any) -> dict[str, Any]:
        """For a bare ``psycopg.connect`` as the lane's role."""
        settings = self.settings(lane, **changes)
        return {
            "host": settings.host,
            "port": settings.port,
            "dbname": settings.dbname,
            "user": settings.user,
            "password": settings.password,
        }

    def bare(self, lane: Lane = Lane.EXEC, **arguments: Any) -> psycopg.Connection[Any]:
        """A bare psycopg connection: what an adapter without our contract would use."""
        return self.opened.enter_context(psycopg.connect(**{**self.keywords(lane), **arguments}))

    def query(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The superuser looks, or does, on a connection of its own."""
        with psycopg.connect(**self.admin, autocommit=True) as connection:
            cursor = connection.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    def labels(self) -> list[str]:
        """What is committed in ``room.thing``."""
        return [row[0] for row in self.query("SELECT label FROM room.thing ORDER BY label")]


@pytest.fixture
def room(fresh_database: AdminLogin) -> Iterator[Room]:
    """A fresh database with the room's schema and roles."""
    passwords = {lane: secrets.token_hex(16) for lane in ROLES}
    with psycopg.connect(**fresh_database, autocommit=True) as admin:
        known = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles").fetchall()}
        for lane, role in ROLES.items():
            verb = sql.SQL("ALTER" if role in known else "CREATE")
            admin.execute(
                sql.SQL("{} ROLE {} LOGIN CONNECTION LIMIT 20 PASSWORD {}").format(
                    verb, sql.Identifier(role), sql.Literal(passwords[lane])
                )
            )
        admin.execute(SCHEMA)
    made = Room(admin=fresh_database, passwords=passwords)
    with made.opened:
        yield made

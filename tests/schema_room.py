"""A deployed schema of one's own, with roles of its own: what the tests of schema, rights and contract stand on."""

from __future__ import annotations

import itertools
import json
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from tests import databases

from cutter_agent.db_adapter import roles, schema
from cutter_agent.db_adapter.rights import Role, RoleNames
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import ConnectionSettings
from cutter_agent.model import Lane
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.server import AdminLogin

NAMES = RoleNames(owner="schema_owner", exec="schema_exec", verify="schema_verify", ro="schema_ro")
PASSWORDS = {Role.EXEC: secrets.token_hex(12), Role.VERIFY: secrets.token_hex(12)}
CONNECTION_LIMIT = 20
SHA = "0" * 64
WHEN = "2025-01-06T08:00:00+00:00"
_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """One database with schema, roles and grants."""

    login: AdminLogin

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """The superuser."""
        with psycopg.connect(**self.login, autocommit=True) as connection:
            yield connection

    @contextmanager
    def owner(self) -> Iterator[psycopg.Connection]:
        """The superuser as the owner of everything."""
        with self.admin() as connection:
            connection.execute(f"SET ROLE {NAMES.owner}")
            yield connection

    @contextmanager
    def as_role(self, role: Role) -> Iterator[psycopg.Connection]:
        """A real login of a lane."""
        login = self.login | {"user": NAMES.of(role), "password": PASSWORDS[role]}
        with psycopg.connect(**login, autocommit=True) as connection:
            yield connection

    def adapter(self, lane: Lane, **options: Any) -> RealPostgresAdapter:
        """The lane's adapter."""
        role = Role(lane.value)
        settings = ConnectionSettings(
            host=self.login["host"],
            port=self.login["port"],
            dbname=self.login["dbname"],
            user=NAMES.of(role),
            password=PASSWORDS[role],
        )
        return RealPostgresAdapter(settings=settings, lane=lane, role=NAMES.of(role), **options)


@pytest.fixture(scope="session")
def deployed_template(cluster: ThrowawayCluster) -> Iterator[str]:
    """The name of a database with schema, roles and grants, to be copied."""
    with databases.made(cluster, "schema_room_template") as login:
        with psycopg.connect(**login, autocommit=True) as connection:
            schema.install(connection, names=NAMES)
            roles.create_roles(connection, PASSWORDS, names=NAMES, connection_limit=CONNECTION_LIMIT)
        yield str(login["dbname"])


@pytest.fixture
def deployed(cluster: ThrowawayCluster, deployed_template: str) -> Iterator[Deployed]:
    """A deployed database of one's own. Rights on a database are not copied with it, so the grants are made again."""
    with databases.made(cluster, f"schema_room_{next(_numbers)}", template=deployed_template) as login:
        with psycopg.connect(**login, autocommit=True) as connection:
            roles.apply_grants(connection, names=NAMES)
        yield Deployed(login=login)


def insert(connection: psycopg.Connection, table: str, row: dict[str, object]) -> None:
    """One row; dicts and lists go as JSON."""
    values = {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in row.items()}
    names, places = ", ".join(values), ", ".join(f"%({key})s" for key in values)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})".encode(), values)


def without_guards(connection: psycopg.Connection, table: str, row: dict[str, object]) -> None:
    """One row put there behind the backs of triggers and foreign keys, as only a superuser can."""
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        insert(connection, table, row)


@contextmanager
def without_foreign_keys(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """A transaction that is rolled back, in which the table's own triggers fire and its foreign keys do not."""
    with connection.transaction(force_rollback=True):
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        yield


def refusal(connection: psycopg.Connection, statement: str, parameters: object = None) -> psycopg.Diagnostic | None:
    """What the server said to a statement in a transaction that is rolled back; None when it took it."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode(), parameters)  # type: ignore[arg-type]
    except psycopg.Error as error:
        return error.diag
    return None


def rows(connection: psycopg.Connection, query: str, *parameters: object) -> list[dict[str, Any]]:
    """Rows by column name."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), parameters).fetchall()


def entry(status: str = "marked", **fields: object) -> dict[str, object]:
    """A row of decision_backlog_entry."""
    row: dict[str, object] = {
        "entry_id": uuid.uuid4(),
        "kind": "cut",
        "status": status,
        "payload": {},
        "emitted_at": WHEN,
    }
    return row | fields


def decision(entry_id: uuid.UUID, manifest_id: uuid.UUID, **fields: object) -> dict[str, object]:
    """A row of review_decision."""
    row: dict[str, object] = {
        "review_decision_id": uuid.uuid4(),
        "manifest_id": manifest_id,
        "verdict": "PASS",
        "status": "approved",
        "findings": [],
        "verdict_rationale": "looked at it",
        "reviewer_identity": "human:reviewer",
        "reviewer_kind": "human",
        "reviewer_independence_evidence": {},
        "risk_class": "low",
        "decided_by": "human:operator",
        "decided_at": WHEN,
        "entry_id": entry_id,
        "manifest_digest": SHA,
        "snapshot_sha256": SHA,
    }
    return row | fields


def change_set(review_decision_id: uuid.UUID, manifest_id: uuid.UUID, **fields: object) -> dict[str, object]:
    """A row of cut_change_set."""
    row: dict[str, object] = {
        "change_set_id": uuid.uuid4(),
        "rollback_key": secrets.token_hex(8),
        "idempotency_key": secrets.token_hex(8),
        "manifest_id": manifest_id,
        "manifest_version": 1,
        "review_decision_id": review_decision_id,
        "executor_signature_id": uuid.uuid4(),
        "executor_tool_revision": "1",
        "verifier_tool_revision": "pending",
        "state": "committed",
        "affected_unit_count": 1,
        "emitted_by": "cutter_exec",
        "emitted_at": WHEN,
        "payload_summary": {},
        "document_ref": "doc",
        "cut_seq": 1,
        "manifest_digest": SHA,
        "snapshot_sha256": SHA,
    }
    return row | fields

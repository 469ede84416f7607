"""A database with the ledger deployed, by copying one: schema and roles are made once for a test process."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import psycopg

from cutter_agent.db_adapter import roles, schema
from cutter_agent.db_adapter.rights import Role, RoleNames
from cutter_agent.db_adapter.settings import ConnectionSettings
from cutter_agent.model import Lane
from pg_embedded.server import AdminLogin

NAMES = RoleNames(owner="copied_owner", exec="copied_exec", verify="copied_verify", ro="copied_ro")
"""Roles belong to the whole cluster: a test that makes or breaks the usual ones must disturb nobody here."""


@dataclass(frozen=True, kw_only=True)
class LedgerDatabase:
    """A deployed ledger."""

    admin: AdminLogin
    lanes: Mapping[Lane, ConnectionSettings]
    names: RoleNames


@dataclass(frozen=True, kw_only=True)
class DeployedTemplate:
    """What a copy of the template database needs to know."""

    dbname: str
    passwords: Mapping[Role, str] = field(repr=False)
    names: RoleNames = NAMES

    @classmethod
    def deploy(cls, login: AdminLogin) -> Self:
        """Schema, roles and grants, as a fresh installation makes them."""
        made = cls(dbname=login["dbname"], passwords={Role(lane.value): secrets.token_hex(16) for lane in Lane})
        with psycopg.connect(**login, autocommit=True) as admin:
            schema.install(admin, names=made.names)
            roles.create_roles(admin, made.passwords, names=made.names)
        return made

    def copy_at(self, login: AdminLogin) -> LedgerDatabase:
        """The copy that ``login`` leads to. Rights on a database itself are not copied with it: granted here."""
        with psycopg.connect(**login, autocommit=True) as admin:
            roles.apply_grants(admin, names=self.names)
        lanes = {
            lane: ConnectionSettings(
                host=login["host"],
                port=login["port"],
                dbname=login["dbname"],
                user=self.names.of(Role(lane.value)),
                password=self.passwords[Role(lane.value)],
            )
            for lane in Lane
        }
        return LedgerDatabase(admin=login, lanes=lanes, names=self.names)

"""Who the server says we are (design 2.2 line 11, 1.11).

``current_user`` must be the lane's role, and the pinned settings must be what the server shows, before any write.
``system_user`` tells how the server let us in: with ``trust`` (it is NULL then) the check proves which role we were
routed to and nothing about who we are, and the report says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.connection import LaneConnection
from cutter_agent.db_adapter.interface import Row
from cutter_agent.db_adapter.settings import Limits, server_settings
from cutter_agent.errors import ConfigMismatch

_SYSTEM_USER_SINCE = 160000


class Proof(StrEnum):
    """What ``current_user`` being right proves."""

    AUTHENTICATION = "authentication"
    """The server asked for a proof of identity and got it."""
    ROUTING = "routing, not authentication"
    """``trust``: the server believed the name."""
    UNKNOWN = "unknown"
    """The server is older than 16 and cannot say."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What the server says of one session."""

    current_user: str
    session_user: str
    auth_method: str
    """``scram-sha-256``, ``peer``, …; ``trust`` where the server asked for nothing; ``unknown`` before 16."""
    proof: Proof
    server_version: str
    server_version_num: int
    backend_pid: int
    database: str
    in_recovery: bool


def identify(connection: LaneConnection) -> tuple[Identity, Row]:
    """Ask the server, in a read-only block of its own; the identity, and the row with the settings as shown."""
    declared = statements.load()
    name = "session_identity" if connection.info.server_version >= _SYSTEM_USER_SINCE else "session_identity_before_16"
    connection.send(declared["begin_read_committed_read_only"])
    row = connection.send(declared[name]).fetchone()
    connection.send(declared["commit"])
    if row is None:
        raise ConfigMismatch("the server did not say who we are", remedy="Check what answers at this address.")
    method, proof = _how(row["system_user"])
    identity = Identity(
        current_user=row["current_user"],
        session_user=row["session_user"],
        auth_method=method,
        proof=proof,
        server_version=row["server_version"],
        server_version_num=row["server_version_num"],
        backend_pid=row["backend_pid"],
        database=row["database"],
        in_recovery=row["in_recovery"],
    )
    return identity, row


def assert_principal(connection: LaneConnection, role: str, limits: Limits) -> Identity:
    """``ConfigMismatch`` unless the server shows ``role``, the lane's, and every pinned setting."""
    identity, row = identify(connection)
    lane = connection.lane
    if identity.current_user != role or identity.session_user != role:
        raise ConfigMismatch(
            f"lane {lane.dot_id} must be {role}, the server says current_user is {identity.current_user} "
            f"and session_user is {identity.session_user}; nothing was written",
            remedy=f"Set the user of lane {lane.dot_id} to {role}.",
        )
    if identity.backend_pid != connection.backend_pid:
        raise ConfigMismatch(
            f"the session started as backend {connection.backend_pid} and is answered by {identity.backend_pid}",
            remedy="Connect to the server itself: a pooler that shares sessions cannot carry this writer.",
        )
    for setting, wanted in MappingProxyType(server_settings(lane, limits)).items():
        if row[setting] != wanted:
            raise ConfigMismatch(
                f"{setting} is {row[setting]!r}, it was pinned to {wanted!r}; nothing was written",
                remedy="Connect to the server itself: something between changes the session's settings.",
            )
    return identity


def _how(system_user: str | None) -> tuple[str, Proof]:
    if system_user is None:
        return "trust", Proof.ROUTING
    if system_user == "unknown":
        return "unknown", Proof.UNKNOWN
    return system_user.split(":", 1)[0], Proof.AUTHENTICATION

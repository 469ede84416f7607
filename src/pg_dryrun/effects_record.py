"""What a step committed, for the record: by table, by session, and what a companion did beside the writer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VOLATILE_BESIDE_COMPANIONS: tuple[str, ...] = (
    "/scenarios/*/client_statements",
    "/scenarios/*/server_statements",
    "/statements",
)
"""Besides, where processes work at the same time: how often each was tried again hangs on the moment."""


@dataclass(frozen=True, kw_only=True)
class TableEffects:
    """Committed row events on one table in one step, from logical decoding."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    truncated: int = 0


@dataclass(frozen=True, kw_only=True)
class AsideRecord:
    """What a companion committed in one step in its own schema: no part of the matrix, by the subject's declaration."""

    principal: str
    schema: str
    transactions: int = 0
    without_rows: int = 0
    """Transactions that took an id and committed no row, sent by no session of the writer."""
    sequences: tuple[str, ...] = ()
    effects: Mapping[str, TableEffects] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """What one session of the writer committed in one step: told by the transaction's id in its logged COMMIT."""

    principal: str
    backend_pid: int
    transactions: int
    rows: Mapping[str, int] = field(default_factory=dict)
    """Row events of any kind by table."""

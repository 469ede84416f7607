"""Where to connect, as whom, and how long to wait for anything (design 1.11, 2.2 lines 9 and 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cutter_agent.model import Lane

SEARCH_PATH = "pg_catalog, pg_temp"
"""Statements name their schema. Nobody can put a look-alike table or operator before ours; pg_temp comes last because
PostgreSQL looks there first where it is not named."""

_UNITS_MS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))


class Isolation(StrEnum):
    """Isolation of a block, as PostgreSQL spells it."""

    READ_COMMITTED = "read committed"
    REPEATABLE_READ = "repeatable read"
    SERIALIZABLE = "serializable"


@dataclass(frozen=True, kw_only=True)
class ConnectionSettings:
    """Discrete keys, no DSN. ``host`` may be the folder of a unix socket. The password never shows in a ``repr``."""

    host: str
    port: int
    dbname: str
    user: str
    password: str = field(repr=False)
    sslmode: str | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every wait has an end.

    ``statement_timeout_s``, ``lock_timeout_s`` and ``idle_in_transaction_timeout_s`` are the server's, pinned when the
    connection starts. ``deadline_s`` is the client's own, per wait, for the case that the server cannot answer at all;
    it must be longer than the server's, so that the server speaks first and says why. ``resolve_timeout_s`` bounds
    finding out whether a COMMIT without an answer happened; ``borrow_timeout_s`` waiting for a connection.
    ``connect_timeout_s`` is libpq's, which treats anything below 2 as 2.
    """

    statement_timeout_s: float = 120.0
    lock_timeout_s: float = 15.0
    idle_in_transaction_timeout_s: float = 60.0
    deadline_s: float = 150.0
    connect_timeout_s: int = 10
    borrow_timeout_s: float = 15.0
    resolve_timeout_s: float = 30.0
    max_connections: int = 1
    max_attempts: int = 7
    """How often a whole phase is tried in all (40001, 40P01): once, at once again, then after pauses that grow."""
    retry_base_s: float = 0.02
    retry_cap_s: float = 1.0
    keepalive_idle_s: int = 30
    """After how long a silence TCP asks whether the other side is still there, on both sides; a server that waits for
    the rows of a COPY is under no other limit, and holds its locks."""
    keepalive_interval_s: int = 10
    keepalive_count: int = 3
    check_after_idle_s: float = 5.0
    """A connection that lay in the pool longer than this is asked a question before it is lent again."""

    def __post_init__(self) -> None:
        if self.deadline_s <= self.statement_timeout_s:
            raise ValueError(
                f"deadline_s {self.deadline_s} must be longer than statement_timeout_s {self.statement_timeout_s}: "
                "the server must be able to say why before the client gives up"
            )
        if self.max_connections < 1 or self.max_attempts < 1:
            raise ValueError("max_connections and max_attempts must be at least 1")


def application_name(lane: Lane) -> str:
    """What ``pg_stat_activity`` and the server's log show for this lane."""
    return f"dot-iu-cutter {lane.dot_id}"


def server_settings(lane: Lane, limits: Limits) -> dict[str, str]:
    """The settings that every connection of a lane must show, in the spelling of ``current_setting``.

    They travel in the start-up packet, so that they hold from the first moment and need no statement outside a block;
    ``principals.assert_principal`` then reads them back.
    """
    return {
        "application_name": application_name(lane),
        "statement_timeout": _duration(limits.statement_timeout_s),
        "lock_timeout": _duration(limits.lock_timeout_s),
        "idle_in_transaction_session_timeout": _duration(limits.idle_in_transaction_timeout_s),
        "search_path": SEARCH_PATH,
        "TimeZone": "UTC",
        "default_transaction_isolation": Isolation.READ_COMMITTED.value,
        "default_transaction_read_only": "off",
    }


def startup_options(lane: Lane, limits: Limits) -> str:
    """``server_settings`` as libpq's ``options`` (white space and backslashes escaped as libpq demands).

    The server's keepalives travel with them and are not read back: over a unix socket they read as 0.
    """
    settings = server_settings(lane, limits) | {
        "tcp_keepalives_idle": str(limits.keepalive_idle_s),
        "tcp_keepalives_interval": str(limits.keepalive_interval_s),
        "tcp_keepalives_count": str(limits.keepalive_count),
    }
    del settings["application_name"]  # a libpq keyword of its own
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())


def _duration(seconds: float) -> str:
    """As ``current_setting`` shows it: in the largest unit that leaves a whole number."""
    milliseconds = max(1, round(seconds * 1000))
    for unit, size in _UNITS_MS:
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")

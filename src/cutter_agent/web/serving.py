"""The site as a process: DOT-991's lane, a few connections, one address, until it is stopped."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import uvicorn

from cutter_agent import config, vocabulary
from cutter_agent.config import Settings
from cutter_agent.db_adapter.settings import Limits
from cutter_agent.errors import UsageError
from cutter_agent.home.folder import DataFolder
from cutter_agent.model import Lane
from cutter_agent.web.accounts import Accounts, Role
from cutter_agent.web.application import application
from cutter_agent.web.audit import AuditLog
from cutter_agent.web.proxy import TrustedProxy
from cutter_agent.web.sessions import LONGEST_S, Sessions
from cutter_agent.web.site import LOOPBACK, LOOPBACK_NAMES, Address, Site
from cutter_agent.web.throttle import Throttle
from cutter_agent.web.tokens import Tokens
from cutter_agent.wiring import connection_limit, lane_settings, open_exec, public_keys
from sealing.keys import PublicKey

_MOST_CONNECTIONS = 4
_STOP_TIMEOUT_S = 10


def accounts(environment: Mapping[str, str]) -> Accounts:
    """The accounts of this configuration's data folder, in the server mode too."""
    return Accounts.of(DataFolder.at(Settings.from_environment(environment).home))


def tokens(environment: Mapping[str, str]) -> Tokens:
    """The API tokens of this configuration's data folder."""
    return Tokens.of(DataFolder.at(Settings.from_environment(environment).home))


def audit_log(environment: Mapping[str, str]) -> AuditLog:
    """The audit log of this configuration's data folder."""
    return AuditLog.of(DataFolder.at(Settings.from_environment(environment).home))


def proxy(header: str | None, secret_file: Path | None) -> TrustedProxy | None:
    """The proxy that says who somebody is. Raises ``UsageError`` for one option without the other."""
    if header is None and secret_file is None:
        return None
    if header is None or secret_file is None:
        raise UsageError(
            "a trusted proxy needs --trusted-proxy-header and --trusted-proxy-secret",
            remedy="Everybody on this machine can send a header: give the file of the secret, too.",
        )
    return TrustedProxy.read(header, secret_file)


def serve(
    environment: Mapping[str, str],
    *,
    host: str | None,
    port: int,
    public_url: str | None,
    idle_minutes: int,
    proxy: TrustedProxy | None = None,
    reports: Path | None = None,
    cut_by: Role | None = Role.REVIEWER,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM. ``host`` None: the loopback. ``ready`` is told the address once it listens.
    ``cut_by``: as ``Site``.

    The other lane's login and key are taken out of what this process looks at before anything is opened.

    Raises:
        UsageError: the host is not this machine's loopback, or the port is taken; no folder of reports is there.
        ConfigError: the configuration cannot be used.
    """
    host = host or LOOPBACK
    if host not in LOOPBACK_NAMES:
        raise UsageError(
            f"{host} is not this machine's loopback",
            remedy=f"Listen on {LOOPBACK}, and let a proxy with TLS on this machine lead there: --public-url https://…",
        )
    if reports is not None and not reports.is_dir():
        raise UsageError(f"{reports}: no such folder", remedy="Give the folder in which pg-dryrun keeps its runs.")
    address = Address.public(public_url) if public_url else Address()
    own = config.environment_for(environment, Lane.EXEC)
    limits = Limits(
        max_connections=max(1, min(_MOST_CONNECTIONS, connection_limit(own) // 2)),
        statement_timeout_s=30.0,
        deadline_s=45.0,
        connect_timeout_s=5,
    )
    words = vocabulary.own_words(own)
    with lane_settings(own, Lane.EXEC) as settings, open_exec(settings, limits=limits) as lane:
        lane.words = words
        site = Site(
            lane=lane,
            accounts=accounts(own),
            audit=audit_log(own),
            tokens=tokens(own),
            sessions=Sessions(monotonic=time.monotonic, idle_s=idle_minutes * 60.0, longest_s=LONGEST_S),
            throttle=Throttle(monotonic=time.monotonic),
            address=address,
            proxy=proxy,
            reports=reports,
            cut_by=cut_by,
            public_keys={lane: PublicKey.load(path) for lane, path in public_keys(own).items()},
        )
        _run(site, host=host, port=port, ready=ready)


def listen(settings: uvicorn.Config) -> socket.socket:
    """The socket of the site, bound and listening: from here on a browser that is told the address is not refused.

    Raises:
        UsageError: the address is taken, or not to be had.
    """
    try:
        listening = settings.bind_socket()
        listening.listen(settings.backlog)
    except (SystemExit, OSError):
        place = f"{settings.host}:{settings.port}"
        raise UsageError(f"{place} cannot be listened on", remedy="Choose another --port.") from None
    return listening


class Announced(uvicorn.Server):
    """A server that says when it serves: whoever was told may call it, and stop it by a signal, at once."""

    def __init__(self, settings: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(settings)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's own, then the word."""
        await super().startup(sockets)
        self._ready()


def _terminated(number: int, _frame: FrameType | None) -> None:
    """uvicorn hands the signal on when the last answer is out: what is open here is then closed in order."""
    sys.exit(128 + number)


def _run(site: Site, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("cutter_agent.web").setLevel(logging.INFO)
    settings = uvicorn.Config(
        application(site),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_STOP_TIMEOUT_S,
        h11_max_incomplete_event_size=64 * 1024,
    )
    listening = listen(settings)
    shown = f"[{host}]" if ":" in host else host
    signal.signal(signal.SIGTERM, _terminated)
    told = f"http://{shown}:{listening.getsockname()[1]}/"
    try:
        Announced(settings, lambda: ready(told)).run(sockets=[listening])
    finally:
        listening.close()

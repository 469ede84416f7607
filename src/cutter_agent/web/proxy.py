"""Sign-in by a reverse proxy that has already asked who it is: a header with the name, and a secret that only it knows.

The page listens on loopback, where every user of the machine can connect; so the peer's address alone proves nothing.
Who has an account and which role it has stays in this site's own file.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from cutter_agent.errors import ConfigError, UsageError

SECRET_HEADER = "X-Review-Proxy-Secret"  # noqa: S105 - its name, not its value
LEAST_SECRET_CHARACTERS = 32
_OTHERS_MAY_READ = 0o077
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class TrustedProxy:
    """``header``: where the name stands."""

    header: str
    secret: str = field(repr=False)

    @classmethod
    def read(cls, header: str, secret_file: Path) -> TrustedProxy:
        """Raises ``UsageError`` for a header that cannot be, ``ConfigError`` for a secret that is none."""
        if _HEADER.fullmatch(header) is None or header.lower() in {"cookie", "host", "origin", "authorization"}:
            raise UsageError(f"{header!r} is no header for a name", remedy="Give one such as X-Forwarded-User.")
        try:
            mode = secret_file.stat().st_mode
            secret = secret_file.read_text("ascii").strip()
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{secret_file}: the proxy's secret cannot be read: {type(error).__name__}",
                remedy="Write 32 or more random characters in it, for this user alone: umask 077; openssl rand -hex 32",
            ) from error
        if mode & _OTHERS_MAY_READ:
            raise ConfigError(f"{secret_file}: others may read it", remedy=f"chmod 600 {secret_file}")
        if len(secret) < LEAST_SECRET_CHARACTERS:
            raise ConfigError(
                f"{secret_file}: a secret of {len(secret)} characters",
                remedy=f"Write at least {LEAST_SECRET_CHARACTERS} random ones: openssl rand -hex 32",
            )
        return cls(header=header, secret=secret)

    def name(self, request: Request) -> str | None:
        """Whom the proxy names; None where this request is not the proxy's, or it names nobody or several."""
        said = request.headers.getlist(SECRET_HEADER)
        names = request.headers.getlist(self.header)
        if len(said) != 1 or len(names) != 1 or not _is_near(request):
            return None
        if not hmac.compare_digest(said[0].encode("latin-1", "replace"), self.secret.encode()):
            return None
        return names[0].strip().lower() or None


def _is_near(request: Request) -> bool:
    """Whether the peer is this machine."""
    if request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False

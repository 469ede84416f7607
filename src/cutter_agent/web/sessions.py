"""Who is signed in: sessions in this process's memory, known by a random token in a cookie. And the forms' tokens.

A restart ends every session; what somebody was writing is kept by the sign-in page (``signing_in``).
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from cutter_agent.web.accounts import Account

IDLE_S = 30 * 60.0
LONGEST_S = 12 * 3600.0
MOST_SESSIONS = 1_000


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A form that was sent after its session had ended: the page it belongs to, and what was in it."""

    path: str
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Session:
    """One sign-in. ``stamp`` ties it to the account as it was: another password or role ends it. ``by_proxy``: it holds
    for requests only in which the proxy still names the account."""

    account: str
    stamp: str
    begun_s: float
    seen_s: float
    draft: Draft | None = field(default=None, repr=False)
    by_proxy: bool = False


class Sessions:
    """``monotonic``: seconds that only grow. ``idle_s``: how long nobody may click; ``longest_s``: in all."""

    def __init__(self, *, monotonic: Callable[[], float], idle_s: float = IDLE_S, longest_s: float = LONGEST_S) -> None:
        self._monotonic = monotonic
        self._idle_s = idle_s
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}
        self._secret = secrets.token_bytes(32)

    def begin(self, account: Account, *, draft: Draft | None = None, by_proxy: bool = False) -> str:
        """A new session's token. Nothing of an earlier one goes on in it."""
        now = self._monotonic()
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sweep(now)
            while len(self._open) >= MOST_SESSIONS:
                del self._open[min(self._open, key=lambda each: self._open[each].seen_s)]
            self._open[token] = Session(
                account=account.name,
                stamp=stamp_of(account),
                begun_s=now,
                seen_s=now,
                draft=draft,
                by_proxy=by_proxy,
            )
        return token

    def find(self, token: str) -> Session | None:
        """The session, seen just now; None where there is none or it has ended."""
        now = self._monotonic()
        with self._lock:
            self._sweep(now)
            found = self._open.get(token)
            if found is not None:
                self._open[token] = replace(found, seen_s=now)
        return found

    def glance(self, token: str) -> Session | None:
        """The same, and it is not seen: what a page asks by itself keeps nobody signed in."""
        with self._lock:
            self._sweep(self._monotonic())
            return self._open.get(token)

    def forget_draft(self, token: str) -> None:
        """What was kept has been used."""
        with self._lock:
            found = self._open.get(token)
            if found is not None:
                self._open[token] = replace(found, draft=None)

    def end(self, token: str) -> None:
        """Sign out."""
        with self._lock:
            self._open.pop(token, None)

    def form_token(self, cookie: str) -> str:
        """What a form must bring along to be this cookie's own."""
        return hmac.new(self._secret, cookie.encode(), sha256).hexdigest()

    def is_form_token(self, cookie: str, said: str) -> bool:
        """Whether a form is this cookie's own."""
        return bool(cookie) and hmac.compare_digest(self.form_token(cookie).encode(), said.encode())

    def _sweep(self, now: float) -> None:
        ended = [
            token
            for token, each in self._open.items()
            if now - each.seen_s > self._idle_s or now - each.begun_s > self._longest_s
        ]
        for token in ended:
            del self._open[token]


def stamp_of(account: Account) -> str:
    """What changes with an account's password and role."""
    return sha256(f"{account.role}:{account.password_hash}".encode()).hexdigest()

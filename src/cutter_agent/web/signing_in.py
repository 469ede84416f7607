"""Sign in, sign out, choose a language. A form that came too late is kept behind the sign-in page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from starlette.responses import Response

from cutter_agent.web import languages, mishaps
from cutter_agent.web.sessions import Draft
from cutter_agent.web.visit import Refusal, Visit, local_path

_KEPT = "kept."
_NAMES = ("verdict", "rationale", "due_at", "accept_assumed", "seen_digest", "case", "answer", "other", "comment")


def ask(visit: Visit) -> Response:
    """To the sign-in page; a form that was on its way goes along in hidden fields, and nothing is done with it."""
    if visit.request.method != "POST":
        return visit.to("/login" if visit.here == "/" else f"/login?{urlencode({'next': visit.here})}")
    kept = {name: visit.form[name] for name in _NAMES if name in visit.form}
    return _page(visit, status=401, back=visit.here, kept=kept, why="ended")


def show(visit: Visit) -> Response:
    """GET /login."""
    back = local_path(visit.query("next"))
    return visit.to(back) if visit.account else _page(visit, status=200, back=back, kept={}, why="")


def sign_in(visit: Visit) -> Response:
    """POST /login. Raises ``Refusal`` after too many attempts."""
    name, back = visit.form.get("name", "").strip().lower(), local_path(visit.form.get("next", ""))
    kept = {each.removeprefix(_KEPT): text for each, text in visit.form.items() if each.startswith(_KEPT)}
    kept = {each: text for each, text in kept.items() if each in _NAMES}
    wait_s = visit.site.throttle.attempt(name[:64])
    if wait_s > 0.0:
        mishaps.log.warning("sign-in of %r refused: too many attempts", name[:64])
        waiting = _page(visit, status=429, back=back, kept=kept, why="wait", minutes=math.ceil(wait_s / 60.0))
        waiting.headers["Retry-After"] = str(math.ceil(wait_s))
        return waiting
    account = visit.site.accounts.check(name, visit.form.get("password", ""))
    if account is None:
        mishaps.log.warning("sign-in of %r failed", name[:64])
        return _page(visit, status=401, back=back, kept=kept, why="wrong")
    visit.site.throttle.succeeded(name)
    mishaps.log.info("%s signed in", account.name)
    visit.site.sessions.end(visit.token)
    draft = Draft(path=urlsplit(back).path, fields=kept) if kept else None
    return visit.signed_in(
        visit.to(quote(back, safe="/?&=%#-._~:@+,;")), visit.site.sessions.begin(account, draft=draft)
    )


def sign_out(visit: Visit) -> Response:
    """POST /logout: the session ends here, not only in the browser."""
    visit.site.sessions.end(visit.token)
    return visit.signed_out(visit.to("/login"))


def speak(visit: Visit) -> Response:
    """POST /language."""
    code = visit.form.get("language", "")
    if code not in languages.NAMES:
        raise Refusal("unknown", 404)
    return visit.speaking(visit.to(local_path(visit.form.get("back", ""))), code)


def _page(visit: Visit, *, status: int, back: str, kept: Mapping[str, str], why: str, minutes: int = 0) -> Response:
    has_accounts = bool(visit.site.accounts.all())
    return visit.page(
        "login",
        status=status,
        back=back,
        kept={f"{_KEPT}{name}": text for name, text in kept.items()},
        why=why,
        minutes=minutes,
        name=visit.form.get("name", "")[:64],
        has_accounts=has_accounts,
    )

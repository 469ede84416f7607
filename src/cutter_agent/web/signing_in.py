"""Sign in, sign out, choose a language. A form that came too late is kept behind the sign-in page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from starlette.responses import Response

from cutter_agent.web import languages, mishaps
from cutter_agent.web.accounts import Account
from cutter_agent.web.audit import Event, Outcome
from cutter_agent.web.sessions import Draft
from cutter_agent.web.visit import Refusal, Visit, local_path

_KEPT = "kept."
_PASSWORD = {"by": "password"}
_NAMES = ("verdict", "rationale", "due_at", "accept_assumed", "seen_digest", "case", "answer", "other", "comment")


def ask(visit: Visit) -> Response:
    """To the sign-in page; a form that was on its way goes along in hidden fields, and nothing is done with it."""
    if visit.request.method != "POST":
        return visit.to("/login" if visit.here == "/" else f"/login?{urlencode({'next': visit.here})}")
    kept = {name: visit.form[name] for name in _NAMES if name in visit.form}
    return _page(visit, status=401, back=visit.here, kept=kept, why="ended")


def show(visit: Visit) -> Response:
    """GET /login. Whom a trusted proxy names is signed in at once, if the name has an account."""
    back = local_path(visit.query("next"))
    if visit.account:
        return visit.to(back)
    named = visit.named_by_proxy
    if named is None or visit.query("out") == "1":
        return _page(visit, status=200, back=back, kept={}, why="")
    account = visit.site.accounts.all().get(named)
    if account is None:
        visit.site.audit.add(Event.SIGN_IN_FAILED, Outcome.REFUSED, who=None, facts={"by": "proxy"})
        return _page(visit, status=403, back=back, kept={}, why="stranger")
    return _begin(visit, account, back, kept={}, by="proxy")


def sign_in(visit: Visit) -> Response:
    """POST /login. Raises ``Refusal`` after too many attempts."""
    name, back = visit.form.get("name", "").strip().lower(), local_path(visit.form.get("next", ""))
    kept = {each.removeprefix(_KEPT): text for each, text in visit.form.items() if each.startswith(_KEPT)}
    kept = {each: text for each, text in kept.items() if each in _NAMES}
    wait_s = visit.site.throttle.attempt(name[:64])
    if wait_s > 0.0:
        mishaps.log.warning("sign-in refused: too many attempts")
        if visit.site.throttle.is_worth_a_line():
            visit.site.audit.add(Event.SIGN_IN_REFUSED, Outcome.REFUSED, who=_known(visit, name), facts=_PASSWORD)
        waiting = _page(visit, status=429, back=back, kept=kept, why="wait", minutes=math.ceil(wait_s / 60.0))
        waiting.headers["Retry-After"] = str(math.ceil(wait_s))
        return waiting
    account = visit.site.accounts.check(name, visit.form.get("password", ""))
    if account is None:
        mishaps.log.warning("a sign-in failed")
        visit.site.audit.add(Event.SIGN_IN_FAILED, Outcome.REFUSED, who=_known(visit, name), facts=_PASSWORD)
        return _page(visit, status=401, back=back, kept=kept, why="wrong")
    visit.site.throttle.succeeded(name)
    return _begin(visit, account, back, kept=kept, by="password")


def _begin(visit: Visit, account: Account, back: str, *, kept: Mapping[str, str], by: str) -> Response:
    visit.site.audit.add(Event.SIGNED_IN, Outcome.DONE, who=account.name, facts={"by": by})
    mishaps.log.info("%s signed in", account.name)
    visit.site.sessions.end(visit.token)
    draft = Draft(path=urlsplit(back).path, fields=kept) if kept else None
    token = visit.site.sessions.begin(account, draft=draft, by_proxy=by == "proxy")
    return visit.signed_in(visit.to(quote(back, safe="/?&=%#-._~:@+,;")), token)


def _known(visit: Visit, name: str) -> str | None:
    """``name`` where an account has it: people type passwords into the wrong field."""
    return name if name in visit.site.accounts.all() else None


def sign_out(visit: Visit) -> Response:
    """POST /logout: the session ends here, not only in the browser."""
    if visit.account is not None:
        visit.site.audit.add(Event.SIGNED_OUT, Outcome.DONE, who=visit.account.name, facts={})
    visit.site.sessions.end(visit.token)
    return visit.signed_out(visit.to("/login?out=1" if visit.site.proxy else "/login"))


def speak(visit: Visit) -> Response:
    """POST /language."""
    code = visit.form.get("language", "")
    if code not in languages.NAMES:
        raise Refusal("unknown", 404)
    return visit.speaking(visit.to(local_path(visit.form.get("back", ""))), code)


def _page(visit: Visit, *, status: int, back: str, kept: Mapping[str, str], why: str, minutes: int = 0) -> Response:
    has_accounts = bool(visit.site.accounts.all())
    named = visit.named_by_proxy
    return visit.page(
        "login",
        status=status,
        back=back,
        kept={f"{_KEPT}{name}": text for name, text in kept.items()},
        why=why,
        minutes=minutes,
        name=visit.form.get("name", "")[:64],
        has_accounts=has_accounts,
        has_proxy=named is not None,
    )

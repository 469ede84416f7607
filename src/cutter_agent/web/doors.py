"""The one way into every page: who may, is the form this browser's own, and what becomes of an error."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from cutter_agent.errors import ConfigError, OutcomeUnknown
from cutter_agent.web import mishaps, signing_in
from cutter_agent.web.accounts import Role
from cutter_agent.web.audit import Event, Outcome
from cutter_agent.web.site import Site
from cutter_agent.web.visit import Page, Refusal, Visit, read_form

Endpoint = Callable[[Request], Awaitable[Response]]


def door(
    site: Site,
    page: Page,
    *,
    least: Role | None = Role.VIEWER,
    event: Event | None = None,
    is_glance: bool = False,
) -> Endpoint:
    """``page`` for accounts of role ``least`` or above; for everybody where that is None. ``event``: what the audit log
    calls it. ``is_glance``: what a page asks by itself, while nobody clicks.

    A POST is answered only where the form was given to this browser by this process. Whoever's session has ended gets
    the sign-in page, and his form's content waits behind it.
    """

    async def endpoint(request: Request) -> Response:
        visit = Visit(site=site, request=request, form={}, is_glance=is_glance)
        try:
            if request.method == "POST":
                visit = Visit(site=site, request=request, form=await read_form(request))
            return await run_in_threadpool(_enter, visit, page, least, event)
        except Exception as error:
            return await run_in_threadpool(mishaps.page, visit, error)

    return endpoint


def _enter(visit: Visit, page: Page, least: Role | None, event: Event | None) -> Response:
    is_post = visit.request.method == "POST"
    if is_post and visit.is_foreign():
        raise Refusal("foreign", 403)
    if least is not None and visit.account is None:
        return signing_in.ask(visit)
    if is_post and not visit.is_own_form():
        raise Refusal("form_token", 403)
    if least is not None and not visit.may(least):
        raise Refusal("role", 403, role=least.value, own=visit.account.role.value if visit.account else "")
    return page(visit) if event is None else _audited(visit, page, event)


def _audited(visit: Visit, page: Page, event: Event) -> Response:
    """``page``, written down before and behind it. What cannot be written down is not done."""
    facts = _facts(visit)

    def went(outcome: Outcome, why: str = "") -> None:
        try:
            visit.site.audit.add(event, outcome, who=visit.reviewer, facts=facts | ({"why": why} if why else {}))
        except ConfigError as error:  # it is done: the page says so, the operator's log the rest
            mishaps.log.error("%s", error)

    visit.site.audit.add(event, Outcome.SENT, who=visit.reviewer, facts=facts)
    try:
        answer = page(visit)
    except OutcomeUnknown:
        raise
    except Exception as error:
        went(Outcome.REFUSED, type(error).__name__)
        raise
    went(*((Outcome.DONE,) if answer.status_code < 400 else (Outcome.REFUSED, str(answer.status_code))))
    return answer


_WORDS = re.compile(r"[\w?-]{1,80}")


def _facts(visit: Visit) -> dict[str, str]:
    """Which entry, which digest, which choice; nothing that somebody wrote in sentences."""
    facts = {"entry": visit.place("entry")} | {name: visit.form.get(name, "") for name in ("verdict", "case", "answer")}
    facts["seen_digest"] = visit.form.get("seen_digest", "")
    return {name: text for name, text in facts.items() if _WORDS.fullmatch(text)}

"""The addresses of the site, and who may open each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from cutter_agent.web import (
    backlog,
    cutting,
    deciding,
    document,
    entry,
    mishaps,
    rehearsals,
    searches,
    shelf,
    signed,
    signing_in,
    watching,
)
from cutter_agent.web.accounts import Role
from cutter_agent.web.api.door import api
from cutter_agent.web.api.problem import Problem
from cutter_agent.web.audit import Event
from cutter_agent.web.doors import door
from cutter_agent.web.frame import Frame
from cutter_agent.web.site import Site
from cutter_agent.web.visit import Page, Visit

READS: tuple[tuple[str, Page, Role | None], ...] = (
    ("/", backlog.backlog, Role.VIEWER),
    ("/accounts", backlog.accounts, Role.ADMIN),
    ("/entries/{entry}", entry.entry, Role.VIEWER),
    ("/entries/{entry}/source", entry.source, Role.VIEWER),
    ("/entries/{entry}/decide", deciding.form, Role.VIEWER),
    ("/documents/{document:path}/text", document.rebuilt, Role.VIEWER),
    ("/documents/{document:path}", document.document, Role.VIEWER),
    ("/units/{address:path}", document.unit, Role.VIEWER),
    ("/ledger/{asked:path}", document.ledger, Role.VIEWER),
    ("/search", searches.search, Role.VIEWER),
    ("/documents", shelf.documents, Role.VIEWER),
    ("/signatures/{document:path}", signed.signatures, Role.VIEWER),
    ("/reports", rehearsals.runs, Role.VIEWER),
    ("/audit", watching.audit, Role.ADMIN),
    ("/login", signing_in.show, None),
)
FILES: tuple[tuple[str, Page, Role | None], ...] = (
    ("/exports/{form}/{document:path}", shelf.export, Role.VIEWER),
    ("/reports/{run}/{file}", rehearsals.file, Role.VIEWER),
)
"""What is taken along, or comes in a sandbox of its own."""
GLANCES: tuple[tuple[str, Page, Role | None], ...] = (("/entries/{entry}/state", cutting.state, Role.VIEWER),)
"""What a page asks by itself while somebody waits: no page, and no click of the session."""
WRITES: tuple[tuple[str, Page, Role | None], ...] = (
    ("/entries/{entry}/decide", deciding.decide, Role.REVIEWER),
    ("/entries/{entry}/answers", entry.answer, Role.REVIEWER),
    ("/entries/{entry}/again", entry.again, Role.REVIEWER),
    ("/entries/{entry}/cut", cutting.cut, Role.REVIEWER),
    ("/login", signing_in.sign_in, None),
    ("/logout", signing_in.sign_out, None),
    ("/language", signing_in.speak, None),
)
AUDITED: Mapping[Page, Event] = {
    deciding.decide: Event.DECISION,
    entry.answer: Event.ANSWER,
    entry.again: Event.PROPOSED_AGAIN,
    cutting.cut: Event.CUT,
}


def application(site: Site) -> ASGIApp:
    """The whole site as one ASGI application."""

    async def mishap(request: Request, error: Exception) -> Response:
        if request.url.path.startswith("/api/"):  # a line end in a path: no mount matches it
            return Problem.of(error).response()
        return await run_in_threadpool(mishaps.page, Visit(site=site, request=request, form={}), error)

    routes: list[Route | Mount] = [
        Route(path, door(site, page, least=least), methods=["GET"]) for path, page, least in (*READS, *FILES)
    ]
    routes += [
        Route(path, door(site, page, least=least, is_glance=True), methods=["GET"]) for path, page, least in GLANCES
    ]
    routes += [
        Route(path, door(site, page, least=least, event=AUDITED.get(page)), methods=["POST"])
        for path, page, least in WRITES
    ]
    routes.append(Mount("/api", app=api(site)))
    static = str(resources.files("cutter_agent.web") / "static")
    routes.append(Mount("/static", app=StaticFiles(directory=static)))
    return Frame(Starlette(routes=routes, exception_handlers={HTTPException: mishap}), site.address)

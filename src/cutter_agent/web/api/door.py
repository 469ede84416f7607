"""The way into the API: who may read, what was asked, and how the answer is told apart from yesterday's."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cutter_agent.web.accounts import Role
from cutter_agent.web.api import openapi
from cutter_agent.web.api.asking import Answer, Asked, Call, Elsewhere, Exactly
from cutter_agent.web.api.problem import Problem
from cutter_agent.web.api.records import PREFIX
from cutter_agent.web.api.routes import ROUTES
from cutter_agent.web.site import Site
from cutter_agent.web.visit import Visit

CACHE = "private, no-cache"
_VARY = "Authorization, Cookie"
Endpoint = Callable[[Request], Awaitable[Response]]


def api(site: Site) -> ASGIApp:
    """Everything below ``/api``."""

    async def mishap(request: Request, error: Exception) -> Response:  # noqa: ARG001
        return Problem.of(error).response()

    inner = PREFIX.removeprefix("/api")
    routes = [Route(inner + each.path.removeprefix(PREFIX), _endpoint(site, each), methods=["GET"]) for each in ROUTES]
    routes.append(Route(openapi.PATH.removeprefix("/api"), _described, methods=["GET"]))
    return Starlette(routes=routes, exception_handlers={HTTPException: mishap})


async def _described(request: Request) -> Response:
    return _tagged(request, json.dumps(openapi.document(), ensure_ascii=False, indent=1).encode(), "application/json")


def _endpoint(site: Site, asked: Asked) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(_enter, site, asked, request)
        except Exception as error:
            return Problem.of(error).response()

    return endpoint


def _enter(site: Site, asked: Asked, request: Request) -> Response:
    _admit(site, request)
    values = asked.values(request.path_params, request.query_params)
    return _told(request, asked.answer(Call(report=site.lane.report, path=asked.path, values=values)))


def _admit(site: Site, request: Request) -> None:
    """A token that holds, or a session; a token that does not hold is refused even where there is a session."""
    said = request.headers.getlist("authorization")
    if said:
        scheme, _, token = said[0].partition(" ")
        if len(said) == 1 and scheme.lower() == "bearer" and site.tokens.find(token.strip(), now=datetime.now(UTC)):
            return
        raise _stranger("the token is unknown, or it has expired", ' error="invalid_token"')
    if not Visit(site=site, request=request, form={}).may(Role.VIEWER):
        raise _stranger("bring a token: Authorization: Bearer …", "")


def _stranger(detail: str, more: str) -> Problem:
    challenge = 'Bearer realm="iu-cutter"' + ("," + more if more else "")
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": challenge})


def _told(request: Request, answer: Answer) -> Response:
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Elsewhere):
        return Response(status_code=308, headers={"Location": answer.url, "Cache-Control": CACHE, "Vary": _VARY})
    if isinstance(answer, Exactly):
        return _tagged(request, answer.text.encode(), "text/plain; charset=utf-8", digest=answer.sha256)
    return _tagged(request, json.dumps(answer, ensure_ascii=False).encode(), "application/json")


def _tagged(request: Request, data: bytes, media_type: str, *, digest: str = "") -> Response:
    """The answer, or 304 where the asker has it (RFC 9110 13.1.2: weakly compared, ``*`` is anything)."""
    etag = f'"{digest or sha256(data).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": CACHE, "Vary": _VARY}
    known = {
        part.strip().removeprefix("W/") for each in request.headers.getlist("if-none-match") for part in each.split(",")
    }
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)

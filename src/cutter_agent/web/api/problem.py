"""What went wrong, as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from cutter_agent.web import mishaps

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that is none. ``code`` is stable; ``detail`` is for people."""

    def __init__(self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.number = ""
        self.remedy = ""

    @classmethod
    def of(cls, error: Exception) -> Problem:
        """The problem of any error: what only the operator may read stands in his log under the number."""
        if isinstance(error, Problem):
            return error
        mishap = mishaps.of(error)
        headers = {"Retry-After": "10"} if mishap.status == 503 else {}
        if mishap.status == 404:
            code, detail = "not_found", mishap.said or "there is no such thing"
        elif mishap.kind == "method":
            code, detail = "method_not_allowed", "this address is read with GET"
            headers["Allow"] = "GET, HEAD"
        else:
            code, detail = mishap.kind, mishap.said or "the operator's log says more under this number"
        made = cls(mishap.status, code, detail, headers=headers)
        made.number = mishap.number
        made.remedy = str(getattr(error, "remedy", "") or "") if mishap.said else ""
        return made

    def response(self) -> Response:
        """The answer."""
        body: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        body |= {"remedy": self.remedy} if self.remedy else {}
        body |= {"number": self.number} if self.number else {}
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return Response(data, status_code=self.status, media_type=MEDIA_TYPE, headers=self.headers)

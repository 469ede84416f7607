"""The outermost layer: every answer, errors and files included, carries the headers that bind the browser.

Nothing is loaded from elsewhere, no script but the site's own file and no inline style runs, no other site may frame or
read a page. Requests
that name a host which this site does not have are refused: no foreign name can be led to loopback (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutter_agent.web.site import Address

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_STATIC = "/static/"


class Frame:
    """Wraps the whole application."""

    def __init__(self, inside: ASGIApp, address: Address) -> None:
        self._inside = inside
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._inside(scope, receive, send)
            return

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                # A file is asked for again each time (304 by its ETag): after an upgrade nobody sees the old one.
                is_file = str(scope["path"]).startswith(_STATIC)
                headers.setdefault("Cache-Control", "no-cache" if is_file else "no-store")
                if self._address.is_secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                message["headers"] = headers.raw
            await send(message)

        inside = self._inside if _host(scope) in self._address.hosts else _UNKNOWN_HOST
        await inside(scope, receive, framed)


_UNKNOWN_HOST = PlainTextResponse(
    "This is not an address of this review page.\n"
    "Open the one that iu-cutter serve printed; behind a proxy, start it with --public-url.\n",
    status_code=421,
)


def _host(scope: Scope) -> str:
    said = Headers(scope=scope).get("host", "")
    bare = said.rpartition("]")[0].lstrip("[") if said.startswith("[") else said.partition(":")[0]
    return bare.lower()

"""One request as a page sees it: who asks, in which language, with which form; and the answers a page may give."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cutter_agent.web import languages
from cutter_agent.web.accounts import Account, Role
from cutter_agent.web.languages import Language
from cutter_agent.web.rendering import environment
from cutter_agent.web.sessions import Session, stamp_of
from cutter_agent.web.site import Site

MOST_FORM_BYTES = 256 * 1024
_MOST_FIELDS = 50
_SESSION, _VISIT = "iu_session", "iu_visit"


class Refusal(Exception):
    """A page that says no. ``kind`` names its words in the catalogue (``error.<kind>``); ``said``, ``remedy``: what the
    program itself says, English."""

    def __init__(
        self,
        kind: str,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        said: str = "",
        remedy: str = "",
        **values: object,
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status
        self.headers = headers
        self.said = said
        self.remedy = remedy
        self.values = values


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form, the last of each name, line ends as LF.

    Raises:
        Refusal: too large, or no form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Refusal("no_form", 415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            raise Refusal("too_large", 413, most=MOST_FORM_BYTES // 1024)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Refusal("no_form", 400) from error
    if any("\0" in value for _, value in pairs):
        raise Refusal("no_form", 400)
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request. ``form`` is empty for a GET. ``is_nobodys``: who asks is not looked up, because that failed.
    ``is_glance``: a page asks, not a person; it does not count as a click of the session."""

    site: Site
    request: Request
    form: Mapping[str, str]
    is_nobodys: bool = False
    is_glance: bool = False

    @property
    def path(self) -> str:
        """The path that was asked for."""
        return self.request.url.path

    @cached_property
    def language(self) -> Language:
        """The language of this answer."""
        cookie = self.request.cookies.get(languages.COOKIE)
        return self.site.languages[languages.choose(cookie, self.request.headers.get("accept-language", ""))]

    @property
    def here(self) -> str:
        """Where this page can be opened again."""
        if self.request.method == "POST":
            return back_of(self.path)
        return self.path + (f"?{self.request.url.query}" if self.request.url.query else "")

    def query(self, name: str) -> str:
        """A word of the address behind the ``?``; empty where it is not there."""
        return self.request.query_params.get(name, "").strip()

    def number(self, name: str, default: int) -> int:
        """The same as a whole number, ``default`` where it is none."""
        text = self.query(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else default

    def place(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    @property
    def token(self) -> str:
        """The session's cookie as the browser sent it, whether it holds or not."""
        return self.request.cookies.get(self._named(_SESSION), "")

    @cached_property
    def _signed_in(self) -> tuple[Session, Account] | None:
        find = self.site.sessions.glance if self.is_glance else self.site.sessions.find
        session = find(self.token) if self.token and not self.is_nobodys else None
        account = self.site.accounts.all().get(session.account) if session else None
        if session is None or account is None or stamp_of(account) != session.stamp:
            return None
        if session.by_proxy and self.named_by_proxy != session.account:
            return None
        return session, account

    @property
    def named_by_proxy(self) -> str | None:
        """The account's name that a trusted proxy gave along with this request, if there is one."""
        return self.site.proxy.name(self.request) if self.site.proxy else None

    @property
    def account(self) -> Account | None:
        """Who asks; None for nobody."""
        return self._signed_in[1] if self._signed_in else None

    @property
    def reviewer(self) -> str:
        """The name that a decision will bear. Only behind a door that lets in accounts."""
        if self.account is None:
            raise Refusal("sign_in", 401)
        return self.account.name

    def may(self, least: Role) -> bool:
        """Whether whoever asks may do what ``least`` may."""
        return self.account is not None and self.account.role.covers(least)

    def draft(self) -> Mapping[str, str]:
        """What was kept for this page while its writer signed in again."""
        kept = self._signed_in[0].draft if self._signed_in else None
        return kept.fields if kept and kept.path == self.path else {}

    @cached_property
    def visit_token(self) -> str:
        """The cookie that ties the sign-in form to this browser."""
        return self.request.cookies.get(self._named(_VISIT), "") or secrets.token_urlsafe(32)

    def form_token(self) -> str:
        """What the forms of this answer bring along."""
        return self.site.sessions.form_token(self.token if self.account else self.visit_token)

    def is_own_form(self) -> bool:
        """Whether the form that was sent was on a page given to this browser."""
        cookie = self.token or self.visit_token
        said = self.form.get("form_token", "")
        return any(self.site.sessions.is_form_token(each, said) for each in (cookie, self.visit_token))

    def is_foreign(self) -> bool:
        """Whether the browser says that another site's page sent this."""
        origin = self.request.headers.get("origin")
        fetch_site = self.request.headers.get("sec-fetch-site", "same-origin")
        return fetch_site not in {"same-origin", "none"} or (origin is not None and not self._is_own(origin))

    def _is_own(self, origin: str) -> bool:
        return urlsplit(origin).netloc == self.request.headers.get("host", "")

    def page(self, template: str, *, status: int = 200, **values: object) -> Response:
        """A template as an answer."""
        shown = (
            environment()
            .get_template(f"{template}.html.j2")
            .render(
                visit=self,
                t=self.language.say,
                program=self.language.program,
                has_words=self.language.has,
                language=self.language.code,
                language_names=languages.NAMES,
                account=self.account,
                form_token=self.form_token(),
                **values,
            )
        )
        answer = HTMLResponse(shown, status_code=status)
        if self.account is None:
            self._set_cookie(answer, self._named(_VISIT), self.visit_token)
        return answer

    def to(self, path: str) -> Response:
        """See another page: what a form that was taken answers, so that going back sends nothing twice."""
        return RedirectResponse(path, status_code=303)

    def signed_in(self, answer: Response, token: str) -> Response:
        """``answer`` with the session's cookie."""
        self._set_cookie(answer, self._named(_SESSION), token)
        self._set_cookie(answer, self._named(_VISIT), "", max_age_s=0)
        return answer

    def signed_out(self, answer: Response) -> Response:
        """``answer`` that takes the session's cookie away."""
        self._set_cookie(answer, self._named(_SESSION), "", max_age_s=0)
        return answer

    def speaking(self, answer: Response, code: str) -> Response:
        """``answer`` that remembers a language for a year."""
        self._set_cookie(answer, languages.COOKIE, code, max_age_s=365 * 86_400)
        return answer

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.site.address.is_secure else name

    def _set_cookie(self, answer: Response, name: str, value: str, *, max_age_s: int | None = None) -> None:
        """``max_age_s`` None: until the browser closes. No script may read it, no other site may have it sent."""
        answer.set_cookie(
            name,
            value,
            max_age=max_age_s,
            path="/",
            httponly=True,
            samesite="strict",
            secure=self.site.address.is_secure,
        )


Page = Callable[[Visit], Response]


def local_path(text: str) -> str:
    """``text`` where it is a path of this site, else its front page: nobody is sent elsewhere after signing in."""
    parts = urlsplit(text)
    plain = all(each > " " and each != "\\" for each in text)
    if plain and text.startswith("/") and not text.startswith("//") and not parts.netloc and not parts.scheme:
        return text
    return "/"


def back_of(path: str) -> str:
    """The page that a form belongs to: where its writer goes on."""
    parts = path.rstrip("/").split("/")
    if parts[1:2] == ["entries"] and len(parts) > 2:
        return "/".join(parts if parts[3:] == ["decide"] else parts[:3])
    return "/"

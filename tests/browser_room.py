"""The review page in a real Chromium: people who type, and everything that the browser complained about."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.web_room import PASSWORD, WebRoom

from cutter_agent.web.application import application
from cutter_agent.web.serving import listen

SCREENSHOTS_VARIABLE = "DOT_CUTTER_SCREENSHOTS"
PATIENCE_MS = 60_000
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_ANSWER_IS_AN_ERROR = "Failed to load resource: the server responded with a status of"
_NO_ANSWER = "Failed to load resource: net::ERR_CONNECTION_REFUSED"
_SEEN: Sequence[str] = ("error", "warning")

expect.set_options(timeout=PATIENCE_MS)


def chromium_program() -> str | None:
    """The system's browser; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass
class Person:
    """Somebody at a browser of his own. ``complaints``: what its console said, CSP violations among it."""

    page: Page
    context: BrowserContext
    address: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("dialog", lambda box: self.complaints.append(f"{self.page.url}: dialog {box.message}"))

    def _listen(self, said: ConsoleMessage) -> None:
        if said.type in _SEEN and not said.text.startswith((_ANSWER_IS_AN_ERROR, _NO_ANSWER)):
            self.complaints.append(f"{self.page.url}: {said.text}")

    def open(self, path: str) -> None:
        self.page.goto(self.address.rstrip("/") + path)

    def sign_in(self, name: str) -> None:
        """On the sign-in page, by keyboard: the first field has the focus."""
        expect(self.page.locator("#name")).to_be_focused()
        self.keys(name, "Tab", PASSWORD)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def keys(self, *pressed: str) -> None:
        """Named keys are pressed; a single character too; anything longer is typed."""
        for each in pressed:
            if len(each) == 1 or (each[:1].isupper() and each.split("+")[0] in _NAMED):
                self.page.keyboard.press(each)
            else:
                self.page.keyboard.type(each)

    def press(self, *pressed: str) -> None:
        """Keys of which the last one leads to another page."""
        self.keys(*pressed[:-1])
        with self.page.expect_navigation():
            self.page.keyboard.press(pressed[-1])

    @property
    def focused(self) -> str:
        """The id, or the name, of what has the focus."""
        return str(self.page.evaluate("document.activeElement.id || document.activeElement.name || ''"))

    def until_focused(self, name: str) -> None:
        self.page.wait_for_function(
            "name => [document.activeElement.id, document.activeElement.name].includes(name)", arg=name
        )


_NAMED = {"Tab", "Enter", "Escape", "Space", "Control", "Shift", "ArrowDown", "ArrowUp", "End", "Home"}


@dataclass
class Switch:
    """An application that can take the place of another one while the server goes on: a restart without a new port."""

    web: WebRoom
    inside: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        """The site as the room has it now."""
        self.inside = application(self.web.site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.inside(scope, receive, send)


@contextmanager
def served(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """``app`` on a port of this machine, by a thread; its address."""
    settings = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")
    listening: socket.socket = listen(settings)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(timeout=30)
        listening.close()


@dataclass
class BrowserRoom:
    """A site that is served, and browsers that visit it."""

    web: WebRoom
    switch: Switch
    address: str
    seat: Callable[..., Person]
    people: list[Person] = field(default_factory=list)

    def person(self, name: str | None = None, *, at: str = "/", **how: Any) -> Person:
        """A browser of one's own; signed in where a name is given, and then at a page."""
        person = self.seat(self.address, **how)
        self.people.append(person)
        person.open(at)
        if name is not None:
            person.sign_in(name)
        return person

    @property
    def complaints(self) -> list[str]:
        return [each for person in self.people for each in person.complaints]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver. Skips where the machine has no browser."""
    if chromium_program() is None:
        pytest.skip("no Chromium on this machine: scripts/browser.sh installs it")
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser for a test process."""
    browser = playwright.chromium.launch(
        executable_path=chromium_program(), args=list(ARGUMENTS), timeout=float(PATIENCE_MS)
    )
    yield browser
    browser.close()


@pytest.fixture
def seat(chromium: Browser) -> Iterator[Callable[..., Person]]:
    """Makes browsers' windows with cookies of their own; closed afterwards."""
    with ExitStack() as stack:

        def made(address: str, **how: Any) -> Person:
            context = chromium.new_context(**({"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | how))
            stack.callback(context.close)
            return Person(page=context.new_page(), context=context, address=address)

        yield made


@pytest.fixture
def room(seat: Callable[..., Person], web: WebRoom) -> Iterator[BrowserRoom]:
    """A site on a ledger of its own. Whatever a browser complained about fails the test at its end."""
    switch = Switch(web)
    with served(switch) as address:
        made = BrowserRoom(web=web, switch=switch, address=address, seat=seat)
        yield made
        assert made.complaints == [], "no CSP violation, no console error, no dialog on any page"


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of pages go: the folder that the environment names, else one of this test run."""
    named = os.environ.get(SCREENSHOTS_VARIABLE)
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def accessibility(person: Person, axe: str, rules: str = "") -> list[str]:
    """Serious and critical findings of axe-core on the page as it stands: rule, and where.

    ``rules``: only these, parted by blanks. The debugger evaluates the script, so that the page's own policy
    stays.
    """
    session = person.context.new_cdp_session(person.page)
    session.send("Runtime.evaluate", {"expression": f"globalThis.axe === undefined && (() => {{{axe}}})()"})
    only = {"runOnly": {"type": "rule", "values": rules.split()}} if rules else {}
    options = {"resultTypes": ["violations"]} | only
    found = session.send(
        "Runtime.evaluate",
        {
            "expression": f"axe.run(document, {json.dumps(options)}).then(r => r.violations.map("
            "v => [v.impact, v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))]))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    session.detach()
    violations = found["result"]["value"]
    return [f"{impact} {rule}: {where}" for impact, rule, where in violations if impact in {"serious", "critical"}]

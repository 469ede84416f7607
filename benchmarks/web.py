"""``make bench-web``: the review page with a law of 10,000 units, measured in the browser beside a bare page of it.

Run: ``python -m benchmarks.web [--units N] [--times N]``. The peer is one static HTML file with the same text, each
unit a paragraph, served by the same machine and the same server program: no session, no database, no style sheet.
First paint and largest paint are what the browser itself reports (``PerformancePaintTiming``,
``LargestContentfulPaint``), from the navigation's beginning; an interaction is from its key to the next frame (next
exception), or to the first paint of the page it leads to (next page). Pages are loaded in turn, page and peer; a figure
is the median, and the ratio that of the paired quotients.
"""

from __future__ import annotations

import argparse
import html
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from playwright.sync_api import Page, sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from tests import pipeline_room, web_room
from tests.browser_room import ARGUMENTS, Person, chromium_program, served

from cutter_agent.db_adapter import roles, schema
from cutter_agent.web.application import application
from pg_embedded.cluster import ThrowawayCluster

_WORDS = "quy định về việc cấp phép và mức phí áp dụng cho cơ quan tổ chức cá nhân có liên quan".split()  # noqa: SIM905
_CLAUSES = 4
_PAINTED = """() => new Promise(done => {
  let largest = 0;
  new PerformanceObserver(seen => { for (const each of seen.getEntries()) largest = each.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
  const look = () => {
    const first = performance.getEntriesByName('first-contentful-paint')[0];
    const server = performance.getEntriesByType('navigation')[0].responseStart;
    if (first && (largest || performance.now() > 5000)) {
      done([first.startTime, largest || first.startTime, server, performance.timeOrigin]);
    } else setTimeout(look, 5);
  };
  look();
})"""
_KEY = """() => { window.measured = null; addEventListener('keydown', event => {
  const began = event.timeStamp;
  requestAnimationFrame(() => { const after = new MessageChannel();
    after.port1.onmessage = () => { window.measured = performance.now() - began; }; after.port2.postMessage(0); });
}, {capture: true, once: true}); }"""


@dataclass(frozen=True, kw_only=True)
class Painted:
    """One page load, in milliseconds; ``origin_ms`` on the machine's clock."""

    first_ms: float
    largest_ms: float
    server_ms: float
    origin_ms: float


def law(units: int, *, edited: bool = False) -> bytes:
    """A law of about ``units`` units with some gaps in its numbers; ``edited``: one clause in fifty says otherwise."""
    lines, article = ["LUẬT THỬ NGHIỆM"], 0
    for number in range(units // (_CLAUSES + 1)):
        article += 2 if number % 40 == 39 else 1
        lines.append(f"Điều {article}. Về việc {number}")
        for clause in range(1, _CLAUSES + 1):
            start = (number * 7 + clause * 3) % len(_WORDS)
            body = " ".join(_WORDS[start:] + _WORDS[:start])
            changed = edited and (number * _CLAUSES + clause) % 50 == 0
            lines.append(f"{clause}. {body} thứ {number}{' sửa đổi' if changed else ''}.")
    return ("\n".join(lines) + "\n").encode()


def bare(text: bytes, folder: Path) -> None:
    """The peer: the same text and nothing else."""
    rows = "".join(f"<p id=l{n}>{html.escape(line)}</p>\n" for n, line in enumerate(text.decode().splitlines()))
    page = f"<!doctype html><html lang=vi><meta charset=utf-8><title>Luật</title>{rows}</html>"
    (folder / "law.html").write_text(page, "utf-8")


@contextmanager
def deployed() -> Iterator[pipeline_room.Ledger]:
    """A ledger on a throw-away server."""
    with ThrowawayCluster.create(name="bench-web") as cluster, ExitStack() as stack:
        with psycopg.connect(**cluster.admin, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench_web")
        login = cluster.admin_of("bench_web")
        with psycopg.connect(**login, autocommit=True) as connection:
            schema.install(connection, names=pipeline_room.NAMES)
            roles.create_roles(connection, pipeline_room.PASSWORDS, names=pipeline_room.NAMES, connection_limit=20)
        yield pipeline_room.Ledger(login=login, stack=stack)


def painted(page: Page, address: str) -> Painted:
    """Load a page and wait until it is painted."""
    page.goto(address, wait_until="load")
    return _painted(page)


def _painted(page: Page) -> Painted:
    first, largest, server, origin = page.evaluate(_PAINTED)
    return Painted(first_ms=first, largest_ms=largest, server_ms=server, origin_ms=origin)


def next_page(page: Page, press: Callable[[], None]) -> float:
    """From a key to the first paint of the page it leads to, in milliseconds."""
    page.evaluate(
        "() => addEventListener('keydown', e => sessionStorage.setItem("
        "'began', performance.timeOrigin + e.timeStamp), {capture: true, once: true})"
    )
    with page.expect_navigation(wait_until="load"):
        press()
    began = float(page.evaluate("sessionStorage.getItem('began')"))
    found = _painted(page)
    return found.origin_ms + found.first_ms - began


def next_frame(page: Page, key: str) -> float:
    """From a key to the frame after it, in milliseconds."""
    page.evaluate(_KEY)
    page.keyboard.press(key)
    page.wait_for_function("window.measured !== null")
    return float(page.evaluate("window.measured"))


def _say(what: str, ours: list[float], peers: list[float]) -> None:
    ratio = statistics.median(a / b for a, b in zip(ours, peers, strict=True))
    print(
        f"{what:<44} {statistics.median(ours):8.0f} ms   bare {statistics.median(peers):8.0f} ms   ratio {ratio:6.2f}"
    )


def measure(pages: dict[str, str], address: str, times: int) -> None:
    """Every figure, page by page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=list(ARGUMENTS))
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        person = Person(page=context.new_page(), context=context, address=address)
        person.open("/login")
        person.sign_in("mai")
        page, peer = person.page, f"{address}bare/law.html"
        for name, path in pages.items():
            ours, bares = [], []
            for _ in range(times + 1):
                ours.append(painted(page, address.rstrip("/") + path))
                bares.append(painted(page, peer))
            ours, bares = ours[1:], bares[1:]
            _say(f"{name}: first paint", [each.first_ms for each in ours], [each.first_ms for each in bares])
            _say(f"{name}: largest paint", [each.largest_ms for each in ours], [each.largest_ms for each in bares])
            print(f"{'':<44} {statistics.median(each.server_ms for each in ours):8.0f} ms   until the first byte")
        frames, jumps, peers = [], [], []
        for _ in range(times):
            page.goto(address.rstrip("/") + pages["a re-cut"])
            frames.append(next_frame(page, "j"))
            jumps.append(next_page(page, lambda: page.keyboard.press("]")))
            peers.append(painted(page, peer))
        bare_frames = []
        for _ in range(times):
            page.goto(peer)
            bare_frames.append(next_frame(page, "PageDown"))
        _say("next exception, to the next frame", frames, bare_frames)
        _say("next page, to its first paint", jumps, [each.first_ms for each in peers])
        browser.close()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=9)
    asked = parser.parse_args(arguments)
    if chromium_program() is None:
        print("no Chromium on this machine: scripts/browser.sh installs it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name, deployed() as ledger:
        folder = Path(name)
        text, edited = law(asked.units), law(asked.units, edited=True)
        bare(edited, folder)
        people = web_room.write_people(folder / "accounts.json")
        seconds = web_room.Seconds()
        room = web_room.WebRoom(
            ledger=ledger, site=web_room.site_on(ledger, people, folder / "web", seconds), seconds=seconds
        )
        ledger.verify(ledger.applied(text, code="B1"))
        first, again = room.waiting(text, code="B2"), room.waiting(edited, code="B1")
        pages = {
            "a first cut": f"/entries/{first}",
            "a first cut, page 50": f"/entries/{first}?page=50",
            "a re-cut": f"/entries/{again}",
            "the document": "/documents/B1",
        }
        routes = [Mount("/bare", app=StaticFiles(directory=folder)), Mount("/", app=application(room.site))]
        units = text.count(b"\n")
        print(f"{units} units, {len(text)} bytes; median of {asked.times}; load {os.getloadavg()[0]:.1f}")
        with served(Starlette(routes=routes)) as address:
            measure(pages, address, asked.times)
    return 0


if __name__ == "__main__":
    sys.exit(main())

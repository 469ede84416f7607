"""The page of a rehearsal in a real Chromium, from disk: found, opened, printed; the same words without its script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser_room import Person, accessibility
from tests.evidence_room import HOSTILE, failing, passing

from pg_dryrun.record import Record, StatementRecord
from pg_dryrun.report import page

Seat = Callable[..., Person]


def _statements(number: int) -> tuple[StatementRecord, ...]:
    return tuple(
        StatementRecord(
            fingerprint=f"{place:016x}", name=f"find_{place}", principal="cutter_exec", verb="SELECT",
            tables=(f"shop.table_{place}",), text=f"SELECT {place} FROM shop.table_{place}", client=1, server=1,
            declared=True,
        )
        for place in range(number)
    )  # fmt: skip


def _written(folder: Path, record: Record) -> str:
    path = folder / "report.html"
    path.write_bytes(page.render(record))
    return path.as_uri()


def test_statements_are_found_and_steps_are_opened(seat: Seat, tmp_path: Path) -> None:
    person = seat(_written(tmp_path, replace(passing(), statements=_statements(30))))
    person.page.goto(person.address)
    rows = person.page.locator("#said > .scroll > table > tbody > tr")
    expect(rows).to_have_count(30)
    person.page.get_by_label("Find a statement, role or table").fill("SELECT table_17")
    expect(person.page.locator("#said > .scroll > table > tbody > tr:visible")).to_have_count(1)
    expect(person.page.locator(".finder output").last).to_have_text("1 of 30")
    assert person.page.locator("details.step[open]").count() == 0
    person.page.get_by_role("button", name="Every check").click()
    assert person.page.locator("details.step:not([open])").count() == 0
    assert person.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_failed_run_is_accessible_and_fits_a_narrow_screen(
    seat: Seat, tmp_path: Path, axe: str, screenshots: Path, scheme: str
) -> None:
    person = seat(_written(tmp_path, failing(HOSTILE)), viewport={"width": 400, "height": 900}, color_scheme=scheme)
    person.page.goto(person.address)
    expect(person.page.get_by_role("heading", name="Root cause")).to_be_visible()
    assert accessibility(person, axe) == []
    overflow = person.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, "the page itself is not wider than the screen"
    person.page.screenshot(path=screenshots / f"report-{scheme}-narrow.png", full_page=True)
    assert person.complaints == []


def test_a_wide_page_is_accessible(seat: Seat, tmp_path: Path, axe: str, screenshots: Path) -> None:
    person = seat(_written(tmp_path, replace(passing(), statements=_statements(12))))
    person.page.goto(person.address)
    person.page.get_by_role("button", name="Every check").click()
    assert accessibility(person, axe) == []
    person.page.screenshot(path=screenshots / "report-wide.png", full_page=True)
    assert person.complaints == []


def test_nothing_is_missing_without_the_script(seat: Seat, tmp_path: Path) -> None:
    address = _written(tmp_path, replace(failing(), statements=_statements(30)))
    words = []
    for allowed in (True, False):
        person = seat(address, java_script_enabled=allowed)
        person.page.goto(address)
        words.append(person.page.locator("main").text_content())
        expect(person.page.get_by_label("Find a statement, role or table")).to_be_visible(visible=allowed)
        assert person.complaints == []
    assert words[0] == words[1]


def test_on_paper_the_checks_of_a_closed_step_are_there(seat: Seat, tmp_path: Path) -> None:
    person = seat(_written(tmp_path, passing()))
    person.page.goto(person.address)
    check = person.page.locator("ul.checks > li").first
    expect(check).not_to_be_visible()
    person.page.emulate_media(media="print")
    expect(check).to_be_visible()
    expect(person.page.locator("nav")).not_to_be_visible()

"""The server is stopped in the middle, the database is away, the law is huge: nothing that was written is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from playwright.sync_api import expect
from tests.browser_room import BrowserRoom, Person, Switch, served
from tests.pipeline_room import law
from tests.web_room import WebRoom, lane_on

UNITS = 10_001


def test_a_server_that_is_stopped_in_the_middle_is_said_and_nothing_is_lost(
    seat: Callable[..., Person], web: WebRoom
) -> None:
    entry_id = web.waiting(law(2))
    switch = Switch(web)
    with served(switch) as address:
        mai = seat(address)
        mai.open(f"/entries/{entry_id}/decide")
        mai.sign_in("mai")
        mai.keys("a", "w", "read it twice")
    mai.keys("Control+Enter")
    expect(mai.page.get_by_role("alert").filter(has_text="The server does not answer")).to_be_visible()
    expect(mai.page.locator("#rationale")).to_have_value("read it twice")
    assert web.decisions(entry_id) == []
    with served(switch, port=urlsplit(address).port or 0):
        mai.press("Control+Enter")
        expect(mai.page.get_by_text("Your decision is in the ledger")).to_be_visible()
    assert [row[4] for row in web.decisions(entry_id)] == ["read it twice"]
    assert mai.complaints == []


def test_a_database_that_is_away_is_said_and_the_words_are_there_afterwards(room: BrowserRoom) -> None:
    entry_id = room.web.waiting(law(2))
    mai = room.person("mai", at=f"/entries/{entry_id}/decide")
    mai.keys("r", "w", "not like this")
    healthy = room.web.site
    with served(Switch(room.web)) as closed:
        port = urlsplit(closed).port
    room.web.site = replace(healthy, lane=lane_on(room.web.ledger, port=port))
    room.switch.again()
    mai.press("Control+Enter")
    expect(mai.page.get_by_role("heading", level=1)).to_have_text("The database cannot be reached")
    expect(mai.page.locator("textarea[readonly]")).to_have_value("not like this")
    assert str(port) not in (mai.page.locator("main").text_content() or "")
    room.web.site = healthy
    room.switch.again()
    mai.page.get_by_role("link", name="Go on").click()
    expect(mai.page.locator("#rationale")).to_have_value("not like this")
    mai.keys("r")
    mai.press("Control+Enter")
    assert [(row[0], row[4]) for row in room.web.decisions(entry_id)] == [("FAIL", "not like this")]


def test_a_law_of_ten_thousand_units_is_walked_in_small_pages(room: BrowserRoom) -> None:
    text = law(UNITS // 5, clauses=4).replace("Điều 1500.".encode(), "Điều 1502.".encode())
    entry_id = room.web.waiting(text)
    mai = room.person("mai", at=f"/entries/{entry_id}")
    expect(mai.page.get_by_text(re.compile(r"units 1–100 of 1000\d")).first).to_be_visible()
    assert mai.page.locator(".pair").count() <= 101
    assert mai.page.evaluate("document.querySelectorAll('*').length") < 3_000
    mai.press("]")
    expect(mai.page.get_by_text(re.compile("units 101–200 of")).first).to_be_visible()
    mai.keys("/", "L1-DIEU1400-K2")
    mai.press("Enter")
    assert mai.focused == "u" + str(mai.page.url.rsplit("#u", 1)[1])
    expect(mai.page.locator(":target .address")).to_have_text("L1-DIEU1400-K2")
    mai.open(f"/entries/{entry_id}")
    mai.keys("j")
    mai.press("u")
    expect(mai.page.locator(":target .flag").first).to_have_text("E1")
    mai.open(f"/entries/{entry_id}?show=marked")
    assert mai.page.locator(".pair").count() < 10

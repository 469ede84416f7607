"""Every page in both languages, light and dark, wide and narrow: accessible, nothing cut off, a picture of each."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser_room import BrowserRoom, Person, accessibility
from tests.pipeline_room import Ledger
from tests.web_room import Browser

from cutter_agent.web.application import READS

LAW = (
    "LUẬT TIẾP CẬN THỬ\nChương I\nQUY ĐỊNH CHUNG\nĐiều 1. Phạm vi điều chỉnh\n1. Luật này quy định về mức phí.\n"
    "2. Luật này không áp dụng cho hộ gia đình.\nĐiều 2. Mức phí là 200 đồng cho mỗi lần nộp\nĐiều 3. Hồ sơ\n"
    "a) Đơn đề nghị;\nb) Bản sao giấy phép \u200bcó chứng thực.\nĐiều 5. Hiệu lực\n"
)
EDITED = (
    LAW.replace("mức phí.", "mức phí và lệ phí.")
    .replace("Mức phí là 200 đồng cho mỗi lần nộp", "Mức phí do hội đồng quyết định theo từng năm")
    .replace("a) Đơn đề nghị;\n", "")
)
NARROW = {"width": 400, "height": 800}
SCHEMES = (("light", ""), ("dark", "color-contrast link-in-text-block"))
FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
"""``make screenshots``: every page is asked and shown in every language, both schemes and narrow."""
RATIONALE = "compared with the gazette"


def prepared(room: BrowserRoom) -> dict[str, str]:
    """A law that was cut, one that waits, one that failed: a page of each kind, by its name."""
    ledger: Ledger = room.web.ledger
    ledger.verify(ledger.applied(LAW.encode(), code="T1"))
    waiting = room.web.waiting(EDITED.encode(), code="T1")
    approved = ledger.approved(LAW.encode(), code="T2")
    applied = ledger.applied(LAW.encode(), code="T4")
    rejected = room.web.waiting(LAW.encode(), code="T3")
    mai: Browser = room.web.browser("mai")
    assert room.web.decide(mai, rejected, "reject", rationale=RATIONALE).status_code == 303
    return {"waiting": waiting, "approved": approved, "applied": applied, "rejected": rejected}


def addresses(entries: dict[str, str]) -> dict[str, str]:
    """Name of a picture to address: every page of the site, and what the review's own pages show besides."""
    places = {"entry": entries["waiting"], "document": "T1", "address": "T1-DIEU2", "asked": "T1"}
    found = {}
    for path, _, _ in READS:
        address = re.sub(r"{(\w+)(:path)?}", lambda one: places.get(one.group(1), "T1"), path)
        found[re.sub(r"\W+", "-", path).strip("-") or "backlog"] = address
    entry = f"/entries/{entries['waiting']}"
    found |= {
        "proposal-all": f"{entry}?show=all",
        "proposal-none": f"{entry}?find=nowhere",
        "approved": f"/entries/{entries['approved']}",
        "cut": f"/entries/{entries['applied']}?cut=done",
        "decide-closed": f"/entries/{entries['rejected']}/decide",
        "error-unknown": "/entries/nothing",
    }
    return found


def is_page(answer: object) -> bool:
    headers = getattr(answer, "headers", {})
    return "text/html" in headers.get("content-type", "") and "content-disposition" not in headers


@pytest.fixture
def pages(room: BrowserRoom) -> tuple[BrowserRoom, dict[str, str]]:
    found = addresses(prepared(room))
    admin = room.web.browser("chi")
    rest = {name: path for name, path in found.items() if is_page(admin.get(path, follow_redirects=True))}
    shown = {"login": "/login"} | rest
    assert len(shown) >= 12
    return room, shown


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_page_is_accessible_and_has_its_picture(
    pages: tuple[BrowserRoom, dict[str, str]], language: str, axe: str, screenshots: Path
) -> None:
    """In the dark only the colours differ, so that only what is about colours is asked again; they are those of every
    language, so that in the short form one is asked."""
    room, shown = pages
    locale = {"en": "en-GB", "vi": "vi-VN"}[language]
    person = room.person(at="/login", locale=locale, reduced_motion="reduce")
    found = set()
    for name, path in shown.items():
        if name == "login" or person.page.url.endswith("/login"):
            assert name == "login", "the sign-in page comes first"
        else:
            person.open(path)
        assert person.page.locator("html").get_attribute("lang") == language
        for scheme, rules in SCHEMES if FULL or language == "vi" else SCHEMES[:1]:
            person.page.emulate_media(color_scheme=scheme)
            found |= {f"{name} {scheme} {each}" for each in accessibility(person, axe, rules)}
            if FULL or scheme == "light":
                person.page.screenshot(path=screenshots / f"{name}-{language}-{scheme}.png", full_page=True)
        if name == "login":
            person.sign_in("chi")
    assert found == set()


def test_nothing_is_cut_off_on_a_narrow_screen(pages: tuple[BrowserRoom, dict[str, str]], screenshots: Path) -> None:
    room, shown = pages
    person = room.person("chi", viewport=NARROW, locale="vi-VN")
    wide = {}
    for name, path in shown.items():
        if name == "login":
            continue
        person.open(path)
        wide[name] = person.page.evaluate("document.documentElement.scrollWidth")
        if FULL:
            person.page.screenshot(path=screenshots / f"{name}-narrow.png", full_page=True)
    assert {name for name, width in wide.items() if width > NARROW["width"]} == set()


def focus_is_seen(person: Person) -> bool:
    return bool(
        person.page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement);"
            " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 }"
        )
    )


def test_the_keys_are_listed_behind_the_question_mark_and_can_be_switched_off(
    pages: tuple[BrowserRoom, dict[str, str]], axe: str, screenshots: Path
) -> None:
    room, shown = pages
    mai = room.person("mai", at=shown["entries-entry"])
    mai.keys("j")
    mai.until_focused("Q1")
    assert focus_is_seen(mai)
    mai.keys("?")
    dialog = mai.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.locator("kbd").count() > 20
    assert accessibility(mai, axe) == []
    mai.page.screenshot(path=screenshots / "keys.png")
    dialog.get_by_role("checkbox").uncheck()
    mai.keys("Escape")
    expect(dialog).to_be_hidden()
    before = mai.focused
    mai.keys("j", "d", "b")
    assert (mai.focused, mai.page.url.rsplit("/", 2)[-2]) == (before, "entries")
    mai.page.locator("[data-keys-open]").click()
    dialog.get_by_role("checkbox").check()
    mai.keys("Escape")
    mai.press("d")
    assert mai.page.url.endswith("/decide")


def test_everything_works_without_a_script(pages: tuple[BrowserRoom, dict[str, str]]) -> None:
    room, shown = pages
    mai = room.person("mai", at=shown["entries-entry"], java_script_enabled=False)
    assert mai.page.locator("[data-keys-open]").is_hidden()
    case = mai.page.locator("article.case").first
    case.get_by_role("radio").first.check()
    case.get_by_role("button").click()
    expect(mai.page.get_by_role("status").first).to_be_visible()
    mai.page.locator("a.button.main").first.click()
    mai.page.get_by_role("radio").nth(1).check()
    mai.page.locator("#rationale").fill("without a script")
    mai.page.locator("form[data-deciding] button").click()
    expect(mai.page.get_by_text("Your decision is in the ledger")).to_be_visible()

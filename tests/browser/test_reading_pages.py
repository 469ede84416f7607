"""The pages for reading with something on them, in a real Chromium: accessible, nothing cut off, a picture of each."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser_room import BrowserRoom, accessibility
from tests.search_room import proven

LAW = (
    "LUẬT ĐẤT ĐAI THỬ NGHIỆM\nChương I\nQUY ĐỊNH CHUNG\nĐiều 1. Phạm vi điều chỉnh\n"
    "1. Luật này quy định về chế độ sở hữu đất đai, quyền hạn của Nhà nước đối với đất đai và quyền sử dụng đất.\n"
    "2. Luật này không áp dụng cho đất của <script>alert(1)</script> tổ chức khác.\n"
    "Điều 2. Quyền sử dụng đất\nNgười sử dụng đất có quyền chuyển đổi, chuyển nhượng, cho thuê, thừa kế, tặng cho.\n"
    "Điều 3. Thuế và lệ phí\nNgười thuê đất nộp thuế, lệ phí theo Nghị định số 45/2019/NĐ-CP.\nĐiều 4. Hiệu lực\n"
)
FILLED = {"read-search", "read-unit", "read-signatures", "read-reports", "read-audit"}
PAGES = {
    "read-search": "/search?q=quyen+su+dung+dat",
    "read-search-exact": "/search?q=thuế&document=LDD",
    "read-search-nothing": "/search?q=khong+co+gi+het",
    "read-documents": "/documents",
    "read-document": "/documents/LDD",
    "read-unit": "/units/LDD-DIEU2?as_of=1",
    "read-signatures": "/signatures/LDD",
    "read-ledger": "/ledger/LDD",
    "read-reports": "/reports",
    "read-audit": "/audit",
}
NARROW = {"width": 400, "height": 800}
FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
"""``make screenshots``: all of them, in both languages, both schemes and narrow. Else what ``test_pages`` does not see:
asked in one language, shown in both."""
SEEN = PAGES if FULL else {name: path for name, path in PAGES.items() if name in FILLED}


def _run(folder: Path, name: str, verdict: str, failed: str | None) -> None:
    record = {
        "verdict": verdict,
        "run": {"ended_at": f"2025-01-0{name[-1]}T08:00:00.000Z", "duration_s": 184.2},
        "checks": [{"status": "Passed"}] * 25 + [{"status": "Failed" if failed else "Passed"}],
        "planned": [f"G-{number:02}" for number in range(1, 27)],
        "subject": {"name": "dot-iu-cutter"},
        "revision": {"commit": "0123456789abcdef0123"},
        "failed_check": failed,
        "summary": "the row counts of two tables are not those of the plan" if failed else "every check passed",
    }
    (folder / name).mkdir(parents=True)
    (folder / name / "report.json").write_text(json.dumps(record))
    (folder / name / "report.html").write_text(
        "<!doctype html><title>report</title><style>b{color:#a00}</style><b id=verdict>PASS</b>"
        "<script>document.title = 'it ran'</script><form action='/logout' method='post'><button>out</button></form>"
    )


@pytest.fixture
def reading(room: BrowserRoom, tmp_path: Path) -> BrowserRoom:
    """A law in two cuts, another one, two dry runs, and somebody who could not sign in."""
    web = room.web
    proven(web.ledger, LAW.encode(), code="LDD")
    proven(web.ledger, LAW.replace("thừa kế, tặng cho", "thừa kế, tặng cho, thế chấp").encode(), code="LDD")
    proven(web.ledger, "LUẬT KHÁC\nĐiều 1. Quyền khác\n".encode(), code="LK")
    runs = tmp_path / "runs"
    _run(runs, "run-1", "PASS", None)
    _run(runs, "run-2", "PRODUCT_FAIL", "G-12")
    web.site = replace(web.site, reports=runs)
    room.switch.again()
    web.browser().sign_in("mai", "not my password")
    web.decide(web.browser("mai"), web.waiting(LAW.replace("Hiệu lực", "Thi hành").encode(), code="LDD"), "defer")
    return room


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_page_is_accessible_and_has_its_picture(
    reading: BrowserRoom, language: str, axe: str, screenshots: Path
) -> None:
    locale = {"en": "en-GB", "vi": "vi-VN"}[language]
    person = reading.person("chi", locale=locale, reduced_motion="reduce")
    found, wide = set(), {}
    for name, path in SEEN.items():
        person.page.set_viewport_size({"width": 1280, "height": 900})
        person.open(path)
        assert person.page.locator("html").get_attribute("lang") == language
        if name == "read-document":
            person.page.locator(".exports summary").click()
        if not FULL and language == "en":
            person.page.screenshot(path=screenshots / f"{name}-{language}-light.png", full_page=True)
            continue
        for scheme, rules in (("light", ""), ("dark", "color-contrast link-in-text-block")):
            person.page.emulate_media(color_scheme=scheme)
            found |= {f"{name} {scheme} {each}" for each in accessibility(person, axe, rules)}
            person.page.screenshot(path=screenshots / f"{name}-{language}-{scheme}.png", full_page=True)
        person.page.set_viewport_size(NARROW)
        wide[name] = person.page.evaluate("document.documentElement.scrollWidth")
        person.page.screenshot(path=screenshots / f"{name}-{language}-narrow.png", full_page=True)
    assert found == set()
    assert {name for name, width in wide.items() if width > NARROW["width"]} == set()


def test_searching_by_keyboard_leads_to_the_unit(reading: BrowserRoom) -> None:
    person = reading.person("xem", at="/search")
    person.until_focused("q")
    person.press("thua ke", "Enter")
    expect(person.page.locator("mark")).to_have_text(["thừa", "kế"])
    with person.page.expect_navigation():
        person.page.locator(".hits h2 a").first.press("Enter")
    assert person.page.url.endswith("/units/LDD-DIEU2")


def test_a_report_runs_no_script_and_cannot_act_here(reading: BrowserRoom) -> None:
    person = reading.person("xem", at="/reports")
    with person.page.expect_navigation():
        person.page.get_by_role("link", name="run-1", exact=True).click()
    expect(person.page.locator("#verdict")).to_have_text("PASS")
    assert person.page.title() == "report", "its script did not run"
    assert person.page.evaluate("self.origin") == "null", "it is not of this site's origin"
    person.page.get_by_role("button").click()
    person.open("/")
    expect(person.page.locator(".who")).to_contain_text("xem")
    assert all("sandbox" in each or "script" in each for each in person.complaints), person.complaints
    person.complaints.clear()

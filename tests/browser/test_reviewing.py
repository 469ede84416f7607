"""Reviewing in a real browser: a doubtful identity, two at once, words that survive, a law that attacks the page."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.browser_room import BrowserRoom, Person
from tests.pipeline_room import law

BEFORE = "LUẬT L1\nĐiều 1. Phạm vi áp dụng\nĐiều 2. Mức phí là 200 đồng cho mỗi lần nộp\nĐiều 3. Hiệu lực\n"
AFTER = (
    "LUẬT L1\nĐiều 1. Phạm vi áp dụng\nĐiều 2. Mức phí do hội đồng quyết định theo từng năm\n"
    "Điều 3. Hiệu lực thi hành\n"
)


def cut(room: BrowserRoom, data: bytes, **how: str) -> str:
    """Cut and proven below the page."""
    entry_id = room.web.ledger.applied(data, **how)
    room.web.ledger.verify(entry_id)
    return entry_id


def approve(person: Person, rationale: str = "read it all") -> None:
    """On the decide page, by keyboard."""
    person.keys("a", "w")
    person.until_focused("rationale")
    person.keys(rationale)
    person.press("Control+Enter")


def test_a_doubtful_identity_is_decided_by_keyboard_and_the_re_cut_is_word_by_word(room: BrowserRoom) -> None:
    cut(room, BEFORE.encode())
    entry_id = room.web.waiting(AFTER.encode())
    mai = room.person("mai", at=f"/entries/{entry_id}")
    question = mai.page.locator("#Q1")
    expect(question).to_contain_text("L1-DIEU2")
    assert "200" in "".join(question.locator("del").all_text_contents())
    assert "quyết định theo từng năm" in "".join(question.locator("ins").all_text_contents())
    revised = mai.page.locator(".pair.revised", has_text="L1-DIEU3")
    expect(revised.locator("ins")).to_have_text("thi hành")
    expect(revised.locator("del")).to_have_count(0)
    mai.keys("j")
    mai.until_focused("Q1")
    words = question.locator("input[type=radio]").evaluate_all("all => all.map(each => each.value)")
    mai.keys("c", "another levy", "Escape", str(words.index("new") + 1))
    mai.press("Enter")
    expect(mai.page.get_by_role("status").filter(has_text="Q1 is recorded")).to_be_visible()
    expect(mai.page.locator("#Q1")).to_contain_text("another levy")
    mai.press("g")
    later = mai.page.url.rsplit("/", 1)[-1]
    assert later != entry_id
    expect(mai.page.locator("#Q1")).to_contain_text("which address?")
    mai.keys("j")
    mai.press("a")
    expect(mai.page.get_by_text("All of them are looked at")).to_be_visible()
    mai.press("d")
    approve(mai)
    assert room.web.ledger.status(later) == "reviewed_approved"
    mai.open(f"/entries/{entry_id}")
    expect(mai.page.get_by_text("Another proposal took its place")).to_be_visible()


def test_of_two_reviewers_the_second_sees_the_first_and_keeps_what_he_wrote(room: BrowserRoom) -> None:
    entry_id = room.web.waiting(law(2))
    path = f"/entries/{entry_id}/decide"
    mai, lan = room.person("mai", at=path), room.person("lan", at=path)
    lan.keys("r", "w", "lan says no")
    approve(mai, "mai says yes")
    lan.press("Control+Enter")
    alert = lan.page.get_by_role("alert").first
    expect(alert).to_contain_text("Your decision was not recorded")
    expect(lan.page.locator(".decisions")).to_contain_text("mai says yes")
    expect(lan.page.locator("textarea[readonly]")).to_have_value("lan says no")
    assert [(row[1], row[4]) for row in room.web.decisions(entry_id)] == [("mai", "mai says yes")]
    lan.page.go_back()
    expect(lan.page.get_by_text("does not wait for a decision")).to_be_visible()
    assert lan.page.locator("form[data-deciding]").count() == 0, "the back button offers no form for what is decided"


def test_a_session_that_ends_in_the_middle_keeps_every_word(room: BrowserRoom) -> None:
    entry_id = room.web.waiting(law(2))
    mai = room.person("mai", at=f"/entries/{entry_id}/decide")
    mai.keys("r", "w", "half a sentence")
    room.web.restarted()
    room.switch.again()
    mai.press("Control+Enter")
    expect(mai.page.get_by_text("Your session has ended")).to_be_visible()
    mai.sign_in("mai")
    expect(mai.page.locator("#rationale")).to_have_value("half a sentence")
    expect(mai.page.locator("[name=verdict][value=reject]")).to_be_checked()
    assert room.web.decisions(entry_id) == []
    mai.keys("w")
    mai.press("Control+Enter")
    assert [row[4] for row in room.web.decisions(entry_id)] == ["half a sentence"]


def test_words_survive_a_page_that_was_left(room: BrowserRoom) -> None:
    entry_id = room.web.waiting(law(2))
    mai = room.person("mai", at=f"/entries/{entry_id}/decide")
    mai.keys("w", "not yet sent", "Escape")
    mai.press("b")
    mai.open(f"/entries/{entry_id}/decide")
    expect(mai.page.locator("#rationale")).to_have_value("not yet sent")
    expect(mai.page.get_by_text("It was not sent")).to_be_visible()
    mai.keys("a")
    mai.press("Control+Enter")
    mai.page.go_back()
    other = room.web.waiting(law(3), code="L2")
    mai.open(f"/entries/{other}/decide")
    expect(mai.page.locator("#rationale")).to_have_value("")


HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)> \u202eevil\u202c {{ 7*7 }}"


def test_a_hostile_law_is_text_on_every_page(room: BrowserRoom) -> None:
    text = f"LUẬT {HOSTILE}\nĐiều 1. {HOSTILE}\nĐiều 3. x {HOSTILE}\n"
    cut(room, text.encode(), code="H1")
    entry_id = room.web.waiting(text.replace("x <", "y <").encode(), code="H1")
    mai = room.person("mai", at=f"/entries/{entry_id}")
    for path in (f"/entries/{entry_id}?show=all", f"/entries/{entry_id}/decide", "/documents/H1", "/units/H1-DIEU1"):
        mai.open(path)
        assert mai.page.locator("main img, main svg, main script").count() == 0, path
        assert "\u202e" not in (mai.page.locator("body").text_content() or ""), path
    mai.open("/units/H1-DIEU1")
    expect(mai.page.locator("pre.law").first).to_contain_text("<script>alert(1)</script>")
    expect(mai.page.locator(".control").first).to_have_text("U+202E")

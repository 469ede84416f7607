"""Every page on a real ledger: what it shows, what a hostile law cannot do to it, what it says when it cannot."""

from __future__ import annotations

import html
import re
import socket
from dataclasses import replace

import pytest
from tests.pipeline_room import law
from tests.web_room import PASSWORD, Browser, WebRoom, lane_on

from cutter_agent.web.application import READS
from cutter_agent.web.frame import CONTENT_SECURITY_POLICY
from cutter_agent.web.sessions import IDLE_S
from cutter_agent.web.visit import MOST_FORM_BYTES

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)> &amp; \u202eevil\u202c {{ 7*7 }}"
OWN_SCRIPT = '<script src="/static/keys.js" defer></script>'
LAW = f"LUẬT {HOSTILE}\nĐiều 1. Phạm vi {HOSTILE}\n1. Khoản một\n2. Khoản hai {HOSTILE}\nĐiều 2. Hiệu lực\n".encode()


def proven(web: WebRoom, data: bytes, **how: str) -> str:
    """Approved on the page, then cut and verified below it."""
    entry_id = web.waiting(data, **how)
    assert web.decide(web.browser("mai"), entry_id, rationale=HOSTILE).status_code == 303
    web.ledger.cut(entry_id)
    assert web.ledger.verify(entry_id).passed
    return entry_id


def test_every_page_is_bound_and_shows_a_hostile_law_as_text(web: WebRoom) -> None:
    entry_id = proven(web, LAW, code="H1")
    admin = web.browser("chi")
    places = {"entry": entry_id, "document": "H1", "address": "H1-DIEU1-K2", "asked": "H1"}
    shown = 0
    for path, _, _ in READS:
        address = re.sub(r"{(\w+)(:path)?}", lambda found: places[found.group(1)], path)
        answer = admin.get(address, follow_redirects=address == "/login")
        assert answer.status_code == 200, address
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        if "attachment" in answer.headers.get("content-disposition", ""):
            assert answer.content == LAW
            assert answer.headers["content-type"].startswith("text/plain")
            continue
        assert answer.text.count("<script") == 1, address
        assert OWN_SCRIPT in answer.text, address
        assert not re.search(r"<img|<style|\sstyle=|\son\w+=\"|javascript:|https?://", answer.text), address
        assert "\u202e" not in answer.text, address
        shown += html.escape("<script>alert(1)</script>") in answer.text
    assert shown >= 4, "entry, document, unit and ledger show it, escaped"
    static = admin.get("/static/page.css")
    assert (static.status_code, static.headers["content-security-policy"]) == (200, CONTENT_SECURITY_POLICY)
    assert static.headers["cache-control"] == "no-cache", "an upgrade shows at once"
    assert admin.get("/static/page.css", headers={"if-none-match": static.headers["etag"]}).status_code == 304
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "url(" not in static.text
    assert "@import" not in static.text


def test_the_backlog_is_filtered(web: WebRoom) -> None:
    web.waiting(law(2), code="A1")
    web.waiting(law(3).replace("Điều 2.".encode(), "Điều 5.".encode()), code="B1")
    reader = web.browser("xem")
    rows = lambda query: re.findall(r'<a href="/entries/[^"]+">(\w+)</a>', reader.get(f"/?{query}").text)  # noqa: E731
    assert sorted(rows("")) == ["A1", "B1"]
    assert rows("q=law+a1") == ["A1"]
    assert rows("doubtful=1") == ["B1"]
    assert rows("state=verified_complete") == []
    assert sorted(rows("state=review_pending")) == ["A1", "B1"]
    assert sorted(rows("state=nonsense&page=x")) == ["A1", "B1"]


def test_a_long_law_comes_in_pages_and_every_case_leads_to_its_place(web: WebRoom) -> None:
    entry_id = web.waiting(law(300).replace("Điều 250.".encode(), "Điều 251.".encode(), 1))
    reader = web.browser("xem")
    first = reader.get(f"/entries/{entry_id}").text
    assert first.count('role="row"') == 101
    assert "L1-DIEU99<" in first
    assert "Page 1 of 4" in first
    places = re.findall(rf'href="(/entries/{entry_id})\?page=(\d)&amp;cases=1#u(\d+)"', first)
    assert places
    for path, page, unit in places:
        assert f'id="u{unit}"' in reader.get(f"{path}?page={page}").text
    assert "L1-DIEU300<" in reader.get(f"/entries/{entry_id}?page=99").text


def test_many_doubtful_places_come_in_pages_and_lead_both_ways(web: WebRoom) -> None:
    text = "LUẬT\n" + "".join(f"Điều {2 * n}. Quy định\n" for n in range(1, 121))
    entry_id = web.waiting(text.encode())
    mai, path = web.browser("mai"), f"/entries/{entry_id}"
    count = int(re.findall(r'<span class="count">(\d+)<', mai.get(path).text)[0])
    assert count > 100
    last = f"{path}?cases={(count - 1) // 50 + 1}"
    assert len(re.findall('<article class="case', mai.get(path).text)) == 50
    assert f'id="E{count}"' in mai.get(last).text
    flag = re.search(rf'href="({path}[^"]+)#E{count}"', mai.get(f"{path}?page=2").text)
    assert flag is not None
    assert f'id="E{count}"' in mai.get(html.unescape(flag.group(1))).text


def test_an_answer_that_is_sent_too_late_is_kept_on_the_page_of_its_case(web: WebRoom) -> None:
    text = "LUẬT\n" + "".join(f"Điều {2 * n}. Quy định\n" for n in range(1, 121))
    path = f"/entries/{web.waiting(text.encode())}"
    browser = web.browser("mai")
    token = browser.token(f"{path}?cases=3")
    digest = re.findall(r'name="seen_digest" value="(\w+)"', browser.get(path).text)[0]
    fields = {"seen_digest": digest, "case": "E110", "answer": "accepted", "comment": "as <printed>", "walk": "3"}
    web.seconds.now += IDLE_S + 1
    late = browser.client.post(f"{path}/answers", data=fields | {"form_token": token})
    assert late.status_code == 401
    form = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', late.text.split('"/login"')[1])
    hidden = {name: html.unescape(value) for name, value in form}
    browser.client.post("/login", data=hidden | {"name": "mai", "password": PASSWORD})
    page = browser.get(path).text
    assert 'id="E110"' in page
    assert 'value="as &lt;printed&gt;"' in page
    assert "It was not recorded" in page
    sent = browser.post(f"{path}/answers", fields, page=path)
    assert sent.headers["location"] == f"{path}?noted=E110&cases=3#E111", "on to the next that waits"
    assert "answered accepted by mai" in browser.get(f"{path}?cases=3").text


def test_a_document_as_of_each_cut(web: WebRoom) -> None:
    first, second = law(3), law(3).replace("Quy định số 2".encode(), "Quy định khác".encode())
    proven(web, first)
    proven(web, second)
    reader = web.browser("xem")
    assert reader.get("/documents/L1/text?as_of=1").content == first
    assert reader.get("/documents/L1/text").content == second
    assert "Quy định số 2" in reader.get("/documents/L1?as_of=1").text
    assert "Quy định khác" in reader.get("/documents/law/L1").text, "by its reference, too"
    unit = reader.get("/units/L1-DIEU2").text
    assert ("Version 1" in unit, "Version 2" in unit) == (True, True)
    assert reader.get("/documents/L1?as_of=7").status_code == 404
    ledger = reader.get("/ledger/L1").text
    assert ledger.count('<li class="verify_pass">') == 2
    assert "mai" in ledger


def test_an_alias_leads_to_the_unit(web: WebRoom) -> None:
    proven(web, law(2))
    entry_id = web.waiting("LUẬT THỬ NGHIỆM L1\nĐiều 1. Quy định số 1\nĐiều 3. Quy định số 2\n".encode())
    web.decide(web.browser("mai"), entry_id, accept_assumed="1")
    web.ledger.cut(entry_id)
    web.ledger.verify(entry_id)
    (alias, target), *_ = web.ledger.admin(
        "SELECT a.alias_text, u.canonical_address FROM cutter_governance.canonical_address_alias a"
        " JOIN iu.information_unit u ON u.unit_id = a.target_unit_id"
    )
    answer = web.browser("xem").get(f"/units/{alias}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/units/{target}")


def test_languages_are_chosen_and_kept(web: WebRoom) -> None:
    browser = web.browser("xem", **{"accept-language": "fr, vi-VN;q=0.8, en;q=0.5"})
    assert '<html lang="vi">' in browser.get("/").text
    assert "Danh sách chờ" in browser.get("/").text
    answer = browser.post("/language", {"language": "en", "back": "/?state=marked"}, page="/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?state=marked")
    assert '<html lang="en">' in browser.get("/").text
    assert browser.post("/language", {"language": "xx"}, page="/").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/entries/none", 404, "There is no such thing"),
        ("/units/L9-DIEU1", 404, "no unit has the address L9-DIEU1"),
        ("/documents/none", 404, "There is no such thing"),
        ("/documents/none/text", 404, "There is no such thing"),
        ("/ledger/none", 404, "There is no such thing"),
        ("/nowhere", 404, "There is no such thing"),
        ("/static/../accounts.py", 404, "There is no such thing"),
        ("/logout", 405, "takes no such request"),
    ],
)
def test_an_unknown_address_is_a_page(web: WebRoom, path: str, status: int, words: str) -> None:
    answer = web.browser("xem").get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_requests_that_no_page_of_this_site_sends(web: WebRoom) -> None:
    browser = web.browser("mai")
    assert browser.get("/", headers={"host": "evil.example"}).status_code == 421
    assert browser.client.post("/login", content=b"x" * (MOST_FORM_BYTES + 1), headers=FORM).status_code == 413
    assert browser.client.post("/login", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert browser.client.post("/login", content=b"a=%00", headers=FORM).status_code == 400
    assert browser.client.post("/login", content=b"a=%ff", headers=FORM).status_code == 400
    assert browser.client.post("/login", content=b"&".join([b"a=1"] * 99), headers=FORM).status_code == 400


FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_a_database_that_is_away_is_a_page_and_signing_in_still_works(web: WebRoom) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        web.site = replace(web.site, lane=lane_on(web.ledger, port=port))
        browser: Browser = web.browser("mai")
        answer = browser.get("/")
    assert answer.status_code == 503
    assert "The database cannot be reached" in answer.text
    assert answer.headers["retry-after"]
    assert str(port) not in answer.text, "hosts and ports are for the operator's log"

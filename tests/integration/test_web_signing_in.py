"""Who gets in, how long, and which forms are taken: on the whole application and a real ledger."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.pipeline_room import law
from tests.web_room import CHEAP, PASSWORD, WebRoom

from cutter_agent.web.accounts import Accounts
from cutter_agent.web.sessions import IDLE_S, LONGEST_S
from cutter_agent.web.site import Address
from cutter_agent.web.throttle import MOST_FOR_ONE, WINDOW_S


def test_a_stranger_sees_the_sign_in_page_only(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    stranger = web.browser()
    for path in (
        "/",
        f"/entries/{entry_id}",
        f"/entries/{entry_id}/source",
        "/ledger/L1",
        "/documents/L1",
        "/accounts",
    ):
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
        assert "Quy định" not in answer.text
    assert stranger.get("/units/L1-DIEU1?x=1").headers["location"] == "/login?next=%2Funits%2FL1-DIEU1%3Fx%3D1"


def test_signing_in_gives_a_cookie_that_no_script_and_no_other_site_gets(web: WebRoom) -> None:
    browser = web.browser()
    wrong = browser.sign_in("mai", "wrong horse battery")
    nobody = browser.sign_in("nobody", "wrong horse battery")
    assert (wrong.status_code, nobody.status_code) == (401, 401)
    assert "do not belong together" in wrong.text
    assert "do not belong together" in nobody.text
    right = browser.sign_in("mai", next="/accounts")
    assert (right.status_code, right.headers["location"]) == (303, "/accounts")
    (session,) = [each for each in right.headers.get_list("set-cookie") if each.startswith("iu_session=")]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in session.split(";")}
    assert "Max-Age" not in session
    assert PASSWORD not in browser.get("/").text


def test_behind_a_proxy_cookies_travel_encrypted_only(web: WebRoom) -> None:
    web.site = replace(web.site, address=Address.public("https://review.example.org"))
    answer = web.browser().get("/login")
    assert answer.headers["set-cookie"].startswith("__Host-iu_visit=")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(web: WebRoom, next_: str) -> None:
    assert web.browser().sign_in("mai", next=next_).headers["location"] == "/"


def test_guessing_is_bounded_and_the_bound_passes(web: WebRoom) -> None:
    browser = web.browser()
    for _ in range(MOST_FOR_ONE):
        assert browser.sign_in("mai", "guess guess guess").status_code == 401
    refused = browser.sign_in("mai")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= WINDOW_S
    assert "Too many attempts" in refused.text
    assert web.browser().sign_in("lan").status_code == 303, "another account is not held back"
    web.seconds.now += WINDOW_S
    assert browser.sign_in("mai").status_code == 303


def test_signing_out_ends_the_session_on_the_server(web: WebRoom) -> None:
    browser = web.browser("mai")
    stolen = dict(browser.client.cookies)
    assert browser.post("/logout", {}, page="/").status_code == 303
    thief = web.browser()
    thief.client.cookies.update(stolen)
    assert thief.get("/").headers["location"] == "/login"


def test_a_session_ends_by_itself(web: WebRoom) -> None:
    browser = web.browser("mai")
    web.seconds.now += IDLE_S - 1
    assert browser.get("/").status_code == 200
    web.seconds.now += IDLE_S + 1
    assert browser.get("/").status_code == 303
    browser = web.browser("mai")
    for _ in range(int(LONGEST_S / IDLE_S) + 1):
        web.seconds.now += IDLE_S - 1
        last = browser.get("/").status_code
    assert last == 303, "however much somebody clicks"


def test_an_account_that_changes_is_out_at_its_next_click(web: WebRoom, people: Path, tmp_path: Path) -> None:
    own = tmp_path / "accounts.json"
    shutil.copy2(people, own)
    web.site = replace(web.site, accounts=Accounts(own, hasher=CHEAP))
    mai, lan = web.browser("mai"), web.browser("lan")
    web.site.accounts.remove("mai")
    web.site.accounts.set_password("lan", "another long password")
    assert (mai.get("/").status_code, lan.get("/").status_code) == (303, 303)


def test_accounts_that_others_may_read_let_nobody_in(web: WebRoom, people: Path, tmp_path: Path) -> None:
    own = tmp_path / "accounts.json"
    shutil.copy2(people, own)
    web.site = replace(web.site, accounts=Accounts(own, hasher=CHEAP))
    browser = web.browser("mai")
    own.chmod(0o644)
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "not set up as it must be" in answer.text
    assert str(own) not in answer.text, "paths are for the operator's log"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_form_without_its_token_writes_nothing(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    mai, lan = web.browser("mai"), web.browser("lan")
    path = f"/entries/{entry_id}/decide"
    fields = {"verdict": "approve", "rationale": "carefully written", "seen_digest": "x"}
    theirs = lan.token(path)
    for token in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": theirs}):
        answer = mai.client.post(path, data=fields | token)
        assert answer.status_code == 403
        assert "This form is too old" in answer.text
        assert "carefully written" in answer.text, "what was written can be copied"
    for header in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = mai.post(path, fields, headers=header)
        assert answer.status_code == 403
        assert "came from another site" in answer.text
    assert web.ledger.status(entry_id) == "review_pending"
    assert web.decisions(entry_id) == []
    assert mai.client.post("/logout", data={"form_token": "none"}).status_code == 403
    assert web.browser().client.post("/login", data={"name": "mai", "password": PASSWORD}).status_code == 403


def test_roles(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    viewer, reviewer, admin = (web.browser(name) for name in ("xem", "mai", "chi"))
    assert "<textarea" not in viewer.get(f"/entries/{entry_id}/decide").text
    for path in ("decide", "answers", "again"):
        refused = viewer.post(f"/entries/{entry_id}/{path}", {"verdict": "approve", "rationale": "x"}, page="/")
        assert refused.status_code == 403
        assert "signed in as viewer" in refused.text
    assert web.decisions(entry_id) == []
    assert reviewer.get("/accounts").status_code == 403
    listed = admin.get("/accounts")
    assert listed.status_code == 200
    assert all(name in listed.text for name in ("mai", "lan", "xem", "chi"))
    assert "argon2" not in listed.text

"""Deciding on the page: the ledger's row, who may, two at once, a session that ends in the middle."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from tests.pipeline_room import law
from tests.web_room import Browser, WebRoom

from cutter_agent.web.sessions import IDLE_S

RATIONALE = 'Đã đọc "tất cả" <từng dòng>\nhai lần'


def digest_of(web: WebRoom, entry_id: str) -> str:
    found = web.ledger.executor.find_entry(entry_id)
    assert found is not None
    return found.request.manifest_digest


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of the sign-in form."""
    form = text[text.index('action="/login"') :]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form, flags=re.DOTALL)
    return {name: unescaped(value) for name, value in fields}


def unescaped(text: str) -> str:
    for code, character in (("&#34;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(code, character)
    return text


def test_an_approval_is_this_reviewers_decision_about_this_manifest(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    mai = web.browser("mai")
    assert digest_of(web, entry_id) in mai.get(f"/entries/{entry_id}/decide").text
    answer = web.decide(mai, entry_id, rationale=RATIONALE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/entries/{entry_id}?decided=1")
    assert web.ledger.status(entry_id) == "reviewed_approved"
    assert web.decisions(entry_id) == [("PASS", "mai", "human", "cutter_exec", RATIONALE, digest_of(web, entry_id))]
    after = mai.get(answer.headers["location"]).text
    assert "Your decision is in the ledger" in after
    assert f"iu-cutter cut-approved {entry_id}" in after
    web.ledger.cut(entry_id)
    assert web.ledger.status(entry_id) == "cut_applied", "what was approved on the page can be cut"


def test_reject_and_defer(web: WebRoom) -> None:
    rejected, deferred = web.waiting(law(2), code="A1"), web.waiting(law(2), code="B1")
    mai = web.browser("mai")
    assert web.decide(mai, rejected, "reject").status_code == 303
    assert web.decide(mai, deferred, "defer", due_at="2030-12-31").status_code == 303
    assert (web.ledger.status(rejected), web.ledger.status(deferred)) == ("reviewed_rejected", "reviewed_deferred")
    (due,) = web.ledger.admin(
        "SELECT change_diff ->> 'due_at' FROM cutter_governance.decision_backlog_history"
        " WHERE entry_id = %s AND change_kind = 'review:defer'",
        deferred,
    )
    assert due == ("2030-12-31T00:00:00+00:00",)


def test_a_form_that_is_not_whole_comes_back_as_it_was(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    mai = web.browser("mai")
    for fields, words in (
        ({"rationale": "  "}, "Say why"),
        ({"verdict": "maybe", "rationale": "kept words"}, "Choose approve"),
        ({"verdict": "defer", "due_at": "tomorrow", "rationale": "kept words"}, "date cannot be read"),
        ({"rationale": "x" * 10_001}, "longer than 10000"),
        ({"seen_digest": "", "rationale": "kept words"}, "does not say which manifest"),
    ):
        answer = web.decide(mai, entry_id, **fields)
        assert answer.status_code == 400
        assert words in answer.text
        assert fields["rationale"].strip() in answer.text
    stale = web.decide(mai, entry_id, seen_digest="0" * 64)
    assert stale.status_code == 409
    assert "read it all" in stale.text
    assert web.decisions(entry_id) == []


def test_the_marker_cannot_review_on_the_page_either(web: WebRoom) -> None:
    entry_id = web.waiting(law(2), marker="Mai")
    answer = web.decide(web.browser("mai"), entry_id)
    assert answer.status_code == 403
    assert "You proposed this" in answer.text
    assert web.ledger.status(entry_id) == "review_pending"
    assert web.decide(web.browser("lan"), entry_id).status_code == 303


def test_of_two_reviewers_at_once_the_second_sees_the_first(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    people = {"mai": "approve", "lan": "reject"}
    browsers = {name: web.browser(name) for name in people}
    digest, path = digest_of(web, entry_id), f"/entries/{entry_id}/decide"
    tokens = {name: browser.token(path) for name, browser in browsers.items()}

    def send(name: str) -> tuple[str, int, str]:
        fields = {"verdict": people[name], "rationale": f"says {name}", "seen_digest": digest}
        answer = browsers[name].client.post(path, data=fields | {"form_token": tokens[name]})
        return name, answer.status_code, answer.text

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(send, people), key=lambda each: each[1])
    (first, won, _), (second, lost, page) = answers
    assert (won, lost) == (303, 409)
    assert f"by {first}" in page
    assert f"says {first}" in page
    assert f"says {second}" in page, "what the second wrote can be copied"
    assert [(row[1], row[4]) for row in web.decisions(entry_id)] == [(first, f"says {first}")]
    again = web.decide(browsers[first], entry_id, people[first], rationale=f"says {first}", seen_digest=digest)
    assert again.status_code == 303, "going back and sending the same again"
    assert len(web.decisions(entry_id)) == 1


def lost_and_found(web: WebRoom, browser: Browser, entry_id: str, token: str) -> None:
    """A decision that is sent too late waits behind the sign-in page, and is sent by its writer, not by itself."""
    path = f"/entries/{entry_id}/decide"
    fields = {"verdict": "reject", "rationale": RATIONALE, "due_at": "", "seen_digest": digest_of(web, entry_id)}
    late = browser.client.post(path, data=fields | {"form_token": token})
    assert late.status_code == 401
    assert "Your session has ended" in late.text
    wrong = browser.client.post("/login", data=hidden(late.text) | {"name": "mai", "password": "wrong wrong wrong"})
    assert wrong.status_code == 401
    right = browser.client.post(
        "/login", data=hidden(wrong.text) | {"name": "mai", "password": "correct horse battery"}
    )
    assert (right.status_code, right.headers["location"]) == (303, path)
    page = browser.get(path).text
    assert web.decisions(entry_id) == [], "nothing is decided by signing in"
    assert "Nothing has been decided yet" in page
    assert RATIONALE.replace('"', "&#34;").replace("<", "&lt;").replace(">", "&gt;") in page
    assert re.search(r'value="reject" required checked', page)
    assert web.decide(browser, entry_id, "reject", rationale=RATIONALE).status_code == 303
    assert web.decisions(entry_id)[0][4] == RATIONALE


def test_a_session_that_ends_in_the_middle_of_a_decision_loses_nothing(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    browser = web.browser("mai")
    token = browser.token(f"/entries/{entry_id}/decide")
    web.seconds.now += IDLE_S + 1
    lost_and_found(web, browser, entry_id, token)


def test_a_server_that_was_restarted_in_the_middle_loses_nothing(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    browser = web.browser("mai")
    token, cookies = browser.token(f"/entries/{entry_id}/decide"), dict(browser.client.cookies)
    web.restarted()
    after = web.browser()
    after.client.cookies.update(cookies)
    lost_and_found(web, after, entry_id, token)


def test_a_question_is_answered_and_proposed_again(web: WebRoom) -> None:
    first = web.waiting(law(2))
    web.decide(web.browser("mai"), first)
    web.ledger.cut(first)
    web.ledger.verify(first)
    text = "LUẬT THỬ NGHIỆM L1\nĐiều 1. Quy định số 1\nĐiều 2. Bãi bỏ\nĐiều 3. Quy định số 2\n"
    entry_id = web.waiting(text.encode())
    mai, page = web.browser("mai"), f"/entries/{entry_id}"
    assert '<article class="case open" id="Q1"' in mai.get(page).text
    refused = web.decide(mai, entry_id)
    assert refused.status_code == 409
    assert "1 question(s) are open: Q1" in refused.text
    answer = {"case": "Q1", "seen_digest": digest_of(web, entry_id), "comment": "its own name"}
    assert mai.post(f"{page}/answers", answer | {"answer": "nonsense!"}, page=page).status_code == 404
    kept = mai.post(f"{page}/answers", answer | {"answer": "?", "other": "l1-dieu2a"}, page=page)
    assert (kept.status_code, kept.headers["location"]) == (303, f"{page}?noted=Q1#Q1")
    assert "answered L1-DIEU2A by mai" in mai.get(page).text
    again = mai.post(f"{page}/again", {"seen_digest": answer["seen_digest"]}, page=page)
    assert again.status_code == 303
    later = again.headers["location"].removeprefix("/entries/")
    assert later != entry_id
    assert "L1-DIEU2A" in mai.get(f"/entries/{later}").text
    assert (web.ledger.status(entry_id), web.ledger.status(later)) == ("reviewed_rejected", "review_pending")
    late = web.decide(web.browser("lan"), entry_id, rationale="lan was slow", seen_digest=answer["seen_digest"])
    assert late.status_code == 409
    assert f'href="/entries/{later}"' in late.text, "what took its place"
    assert "lan was slow" in late.text
    assert web.decide(mai, later).status_code == 303

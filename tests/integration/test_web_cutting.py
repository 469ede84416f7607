"""Cut now, from the page: who may, twice at once, every refusal as a page of its own, and the page that waits."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import topology_room
from tests.pipeline_room import OPERATOR, law
from tests.web_room import Browser, WebRoom, lane_on

from cutter_agent import errors
from cutter_agent.phases.depend import DependencyKind, depend
from cutter_agent.web.accounts import Role
from cutter_agent.web.cutting import _KINDS
from cutter_agent.web.mishaps import refusal
from cutter_agent.web.sessions import IDLE_S

CHANGE_SETS = "SELECT c.emitted_by FROM cutter_governance.cut_change_set c WHERE c.document_ref = %s"


def digest(web: WebRoom, entry_id: str) -> str:
    found = web.ledger.executor.find_entry(entry_id)
    assert found is not None
    return found.request.manifest_digest


def fields_of(browser: Browser, entry_id: str) -> dict[str, str]:
    """The hidden fields of the button's own form."""
    page = browser.get(f"/entries/{entry_id}").text
    form = page[page.index("data-cutting") :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', form[: form.index("</form>")]))


def press(browser: Browser, entry_id: str) -> Any:
    return browser.client.post(f"/entries/{entry_id}/cut", data=fields_of(browser, entry_id))


def pressed_anyway(web: WebRoom, browser: Browser, entry_id: str, **more: str) -> Any:
    """The form of an old page, where the page of today has none."""
    fields = {"seen_digest": digest(web, entry_id)} | more
    return browser.post(f"/entries/{entry_id}/cut", fields, page=f"/entries/{entry_id}")


def test_what_was_approved_is_cut_from_its_page_and_the_page_waits_for_the_other_identity(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    mai = web.browser("mai")
    assert "data-cutting" not in mai.get(f"/entries/{entry_id}").text, "nothing is approved yet"
    web.decide(mai, entry_id)
    assert "/static/waiting.js" in mai.get(f"/entries/{entry_id}/decide").text
    assert fields_of(mai, entry_id)["seen_digest"] == digest(web, entry_id)
    answer = press(mai, entry_id)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/entries/{entry_id}?cut=done")
    assert web.ledger.status(entry_id) == "cut_applied"
    page = mai.get(answer.headers["location"]).text
    assert "It is cut" in page
    assert f"iu-cutter verify {entry_id}" in page
    assert f'data-waiting="/entries/{entry_id}/state" data-status="cut_applied"' in page
    assert "data-cutting" not in page
    assert mai.get(f"/entries/{entry_id}/state").json() == {"entry_id": entry_id, "status": "cut_applied"}
    assert web.ledger.verify(entry_id).passed, "what the page cut, the other identity proves"
    assert mai.get(f"/entries/{entry_id}/state").json()["status"] == "verified_complete"
    after = mai.get(f"/entries/{entry_id}?moved=1").text
    assert "The entry is now: cut and proven" in after
    assert "data-waiting" not in after
    rows = [json.loads(line) for line in web.site.audit.path.read_text().splitlines()]
    found = [(row["outcome"], row["who"], row["facts"]) for row in rows if row["event"] == "cut"]
    facts = {"entry": entry_id, "seen_digest": digest(web, entry_id)}
    assert found == [("sent", "mai", facts), ("done", "mai", facts)]


def test_two_at_once_and_the_same_button_again_write_once(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    people = {name: web.browser(name) for name in ("mai", "lan")}
    web.decide(people["mai"], entry_id)
    forms = {name: fields_of(browser, entry_id) for name, browser in people.items()}

    def send(name: str) -> str:
        answer = people[name].client.post(f"/entries/{entry_id}/cut", data=forms[name])
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    with ThreadPoolExecutor(2) as pool:
        places = sorted(pool.map(send, ("mai", "lan")))
    assert [place.partition("?")[2] for place in places] == ["cut=before", "cut=done"]
    assert send("mai").endswith("?cut=before"), "going back and pressing again"
    assert "cut already" in people["mai"].get(places[0]).text
    assert len(web.ledger.admin(CHANGE_SETS, "law/L1")) == 1
    web.ledger.verify(entry_id)
    assert send("lan").endswith("?cut=before"), "from a page that was open all the time"


def test_who_may_press_it_is_decided_by_the_server(web: WebRoom) -> None:
    entry_id = web.ledger.approved(law(2))
    names = ("xem", "mai", "chi")
    for cut_by, refused in ((Role.REVIEWER, {"xem"}), (Role.ADMIN, {"xem", "mai"}), (None, set(names))):
        web.site = replace(web.site, cut_by=cut_by)
        for name in sorted(refused):
            browser = web.browser(name)
            page = browser.get(f"/entries/{entry_id}").text
            assert "data-cutting" not in page
            assert f"iu-cutter cut-approved {entry_id}" in page, "the command is there for everybody"
            assert pressed_anyway(web, browser, entry_id).status_code == 403
        for name in set(names) - refused:
            assert "data-cutting" in web.browser(name).get(f"/entries/{entry_id}").text
    assert "On this site nobody cuts" in pressed_anyway(web, web.browser("chi"), entry_id).text
    web.site = replace(web.site, cut_by=Role.REVIEWER)
    mai = web.browser("mai")
    assert mai.client.post(f"/entries/{entry_id}/cut", data={"seen_digest": digest(web, entry_id)}).status_code == 403
    foreign = {"origin": "https://elsewhere.example"}
    assert mai.post(f"/entries/{entry_id}/cut", {}, page=f"/entries/{entry_id}", headers=foreign).status_code == 403
    assert "another manifest" in pressed_anyway(web, mai, entry_id, seen_digest="0" * 64).text
    assert web.ledger.status(entry_id) == "reviewed_approved", "nothing of all that cut anything"
    assert web.browser().get(f"/entries/{entry_id}/state").status_code == 303


def test_what_may_not_be_cut_is_a_page_that_says_why_and_what_to_do(web: WebRoom, tmp_path: Path) -> None:
    mai = web.browser("mai")
    waits = web.waiting(law(2), code="A1")
    early = pressed_anyway(web, mai, waits)
    assert (early.status_code, "not waiting to be cut" in early.text) == (409, True)
    blocked = web.ledger.approved(law(2), code="B1")
    depend(
        web.ledger.executor,
        from_entry=waits,
        kind=DependencyKind.BLOCKS,
        to_entry=blocked,
        created_by=OPERATOR,
        clock=web.ledger.clock,
    )
    held = press(mai, blocked)
    assert held.status_code == 409
    assert f"is blocked by {waits}" in held.text
    assert "Bring the blocking entries" in held.text
    changed = web.ledger.approved(law(2), code="C1")
    web.ledger.tamper(
        "UPDATE cutter_governance.manifest_unit_block SET proposed_authority = 'nobody'"
        f" WHERE decision_backlog_ref = '{changed}'"
    )
    stale = press(web.browser("mai", **{"accept-language": "vi"}), changed)
    assert stale.status_code == 409
    assert "không phải là các khối của bản kê đã duyệt" in stale.text
    assert "Đừng cắt" in stale.text
    keyless = tmp_path / "secret-place" / "exec.pem"
    web.site = replace(web.site, lane=lane_on(web.ledger, key=keyless))
    lost = press(web.browser("mai"), web.ledger.approved(law(2), code="D1"))
    assert lost.status_code == 500
    assert "cannot use the key" in lost.text
    assert "secret-place" not in lost.text, "paths are for the operator's log"
    sets = web.ledger.admin("SELECT count(*) FROM cutter_governance.cut_change_set")
    assert sets == [(0,)]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.RetriesExhausted("again", remedy="r"), "cut_busy"),
        (errors.DeadlinePassed("late", remedy="r"), "cut_long"),
        (errors.PhantomSuccess("counted", remedy="r"), "cut_not_as_approved"),
        (errors.OutcomeUnknown("lost", remedy="r"), None),
        (errors.ConnectionFailed("away", remedy="r"), None),
    ],
)
def test_what_the_adapter_says_has_a_page(error: errors.CutterError, kind: str | None) -> None:
    """None: the words of every other form, which are true of a cut, too."""
    found = refusal(error, _KINDS, command="typed")
    assert (found.kind if found else None) == kind
    if found is not None and isinstance(error, errors.DatabaseError):
        assert (found.said, found.headers) == ("", {"Retry-After": "10"})


def test_a_recut_and_an_order_without_a_source_are_cut_the_same_way(web: WebRoom) -> None:
    mai = web.browser("mai")
    web.ledger.verify(web.ledger.applied(law(2, clauses=2)))
    edited = web.waiting(law(2, clauses=2).replace("Nội dung khoản 1 của điều 2".encode(), b"Moi"))
    web.decide(mai, edited)
    assert press(mai, edited).headers["location"].endswith("?cut=done")
    assert web.ledger.verify(edited).passed
    wanted = topology_room.order("retire", "L1-DIEU2-K2")
    retired = topology_room.marked(web.ledger, wanted).entry.entry_id
    web.ledger.sweep()
    web.decide(mai, retired, accept_assumed="1")
    assert press(mai, retired).headers["location"].endswith("?cut=done")
    assert web.ledger.verify(retired).passed
    assert len(web.ledger.admin(CHANGE_SETS, "law/L1")) == 3


def test_a_page_that_looks_by_itself_keeps_nobody_signed_in(web: WebRoom) -> None:
    entry_id = web.ledger.applied(law(2))
    mai = web.browser("mai")
    assert mai.get(f"/entries/{entry_id}").status_code == 200
    for _ in range(3):
        web.seconds.now += IDLE_S / 3.5
        assert mai.get(f"/entries/{entry_id}/state").status_code == 200
    web.seconds.now += IDLE_S / 3.5
    ended = mai.get(f"/entries/{entry_id}/state")
    assert (ended.status_code, ended.headers["location"].partition("?")[0]) == (303, "/login")

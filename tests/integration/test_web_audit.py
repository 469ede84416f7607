"""The audit log and the trusted proxy: who came, who was refused, who sent what; and who may name whom."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.pipeline_room import law
from tests.web_room import PASSWORD, Browser, WebRoom

from cutter_agent.errors import ConfigError, UsageError
from cutter_agent.web.application import application
from cutter_agent.web.audit import AuditLog, Event, Outcome
from cutter_agent.web.proxy import SECRET_HEADER, TrustedProxy
from cutter_agent.web.throttle import MOST_FOR_ONE

SECRET = "a-secret-of-forty-characters-0123456789"


def _lines(web: WebRoom) -> list[tuple[str, str, str | None]]:
    rows = [json.loads(line) for line in web.site.audit.path.read_text().splitlines()]
    return [(row["event"], row["outcome"], row["who"]) for row in rows]


def test_every_way_in_is_written_down_without_a_secret(web: WebRoom) -> None:
    browser = web.browser()
    browser.sign_in("mai", "wrong horse battery")
    browser.sign_in("hunter2hunter2", "whatever it was")
    browser.sign_in("mai")
    browser.post("/logout", {}, page="/")
    assert _lines(web) == [
        ("sign_in_failed", "refused", "mai"),
        ("sign_in_failed", "refused", None),
        ("signed_in", "done", "mai"),
        ("signed_out", "done", "mai"),
    ]
    text = web.site.audit.path.read_text()
    for secret in ("wrong horse", "hunter2", "whatever", PASSWORD):
        assert secret not in text, "a password that was typed into the wrong field is not kept either"
    assert web.site.audit.path.stat().st_mode & 0o777 == 0o600


def test_refusals_of_a_guesser_do_not_fill_the_disk(web: WebRoom) -> None:
    browser = web.browser()
    for _ in range(MOST_FOR_ONE + 4):
        browser.sign_in("mai", "guess guess guess")
    assert [event for event, _, _ in _lines(web)].count("sign_in_refused") == 1


def test_a_decision_is_written_down_before_and_behind_it(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    mai = web.browser("mai")
    assert web.decide(mai, entry_id, rationale="").status_code == 400
    assert web.decide(mai, entry_id, rationale="a reason of my own").status_code == 303
    found = [line for line in _lines(web) if line[0] == "decision"]
    assert [outcome for _, outcome, _ in found] == ["sent", "refused", "sent", "done"]
    rows = [json.loads(line) for line in web.site.audit.path.read_text().splitlines()]
    facts = rows[-1]["facts"]
    assert (facts["entry"], facts["verdict"], len(facts["seen_digest"])) == (entry_id, "approve", 64)
    assert "reason of my own" not in web.site.audit.path.read_text(), "sentences stand in the ledger alone"


def test_what_cannot_be_written_down_is_not_done(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    mai = web.browser("mai")
    web.site.audit.path.chmod(0o644)
    answer = web.decide(mai, entry_id)
    assert answer.status_code == 500
    assert "not set up as it must be" in answer.text
    assert web.ledger.status(entry_id) == "review_pending"
    assert web.browser().sign_in("lan").status_code == 500
    web.site.audit.path.chmod(0o600)
    assert web.decide(mai, entry_id).status_code == 303


def test_admins_read_it_and_nobody_else(web: WebRoom) -> None:
    web.browser().sign_in("mai", "wrong horse battery")
    assert web.browser("xem").get("/audit").status_code == 403
    page = web.browser("chi").get("/audit").text
    assert "sign-in failed" in page
    assert page.index("signed in") < page.index("sign-in failed"), "the newest first"


def test_a_long_or_torn_log_is_read_from_its_end(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "web" / "audit.jsonl")
    log.add(Event.SIGNED_IN, Outcome.DONE, who="u0", facts={"by": "password" * 9})
    line = log.path.read_bytes()
    with log.path.open("ab") as stream:
        stream.writelines(line.replace(b'"u0"', f'"u{number}"'.encode()) for number in range(1, 2_000))
        stream.write(b'{"at": "2025-')
    newest = log.newest(1_500)
    assert [line.who for line in newest] == [f"u{number}" for number in range(1_999, 499, -1)]
    assert len(log.newest(9_999)) == 2_000
    assert AuditLog(tmp_path / "none.jsonl").newest(5) == []
    linked = AuditLog(tmp_path / "linked.jsonl")
    linked.path.symlink_to(log.path)
    with pytest.raises(ConfigError):
        linked.add(Event.SIGNED_IN, Outcome.DONE, who="x", facts={})


def _proxied(web: WebRoom, name: str, *, secret: str = SECRET, peer: str = "127.0.0.1") -> Browser:
    headers = {"X-Forwarded-User": name, SECRET_HEADER: secret}
    site = replace(web.site, proxy=TrustedProxy(header="X-Forwarded-User", secret=SECRET))
    client = TestClient(
        application(site), base_url="http://127.0.0.1", follow_redirects=False, headers=headers, client=(peer, 50_000)
    )
    return Browser(client)


def _opens(browser: Browser) -> bool:
    """Whether the front page opens after the sign-in page was asked."""
    browser.get("/login?next=/")
    return bool(browser.get("/").status_code == 200)


def test_a_trusted_proxy_signs_in_accounts_of_this_site(web: WebRoom) -> None:
    entry_id = web.waiting(law(2))
    mai = _proxied(web, "Mai")
    answer = mai.get("/login?next=/documents")
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents")
    assert web.decide(mai, entry_id).status_code == 303
    assert [row[1] for row in web.decisions(entry_id)] == ["mai"]
    assert ("signed_in", "done", "mai") in _lines(web)
    viewer = _proxied(web, "xem")
    assert _opens(viewer)
    assert viewer.get("/accounts").status_code == 403, "the role is the account's"
    stranger = _proxied(web, "nobody").get("/login")
    assert stranger.status_code == 403
    assert "no account of this site has your name" in stranger.text


@pytest.mark.parametrize(
    "how",
    [{"secret": "x" * 40}, {"secret": ""}, {"peer": "10.0.0.7"}, {"peer": "::ffff:10.0.0.7"}, {"peer": "testclient"}],
)
def test_somebody_else_names_nobody(web: WebRoom, how: dict[str, Any]) -> None:
    assert not _opens(_proxied(web, "mai", **how))


def test_a_header_that_comes_twice_names_nobody(web: WebRoom) -> None:
    forged = _proxied(web, "xem")
    doubled = [("X-Forwarded-User", "chi"), ("X-Forwarded-User", "xem"), (SECRET_HEADER, SECRET)]
    forged.client.headers.pop("X-Forwarded-User")
    forged.client.headers.pop(SECRET_HEADER)
    assert forged.client.get("/login", headers=doubled).status_code == 200, "the sign-in form, nobody is signed in"


def test_a_session_of_the_proxy_ends_with_its_word(web: WebRoom) -> None:
    browser = _proxied(web, "mai")
    assert _opens(browser)
    browser.client.headers["X-Forwarded-User"] = "lan"
    assert browser.get("/").status_code == 303, "the proxy names somebody else now"
    browser.client.headers["X-Forwarded-User"] = "mai"
    browser.get("/login")
    del browser.client.headers[SECRET_HEADER]
    assert browser.get("/").status_code == 303, "the cookie alone is nothing"
    browser.client.headers[SECRET_HEADER] = SECRET
    assert browser.post("/logout", {}, page="/").headers["location"] == "/login?out=1"
    page = browser.get("/login?out=1")
    assert page.status_code == 200
    assert "Go on as who you are" in page.text


def test_a_secret_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    with pytest.raises(ConfigError, match="cannot be read"):
        TrustedProxy.read("X-Forwarded-User", secret)
    secret.touch(mode=0o600)
    secret.write_text("short\n")
    with pytest.raises(ConfigError, match="5 characters"):
        TrustedProxy.read("X-Forwarded-User", secret)
    secret.write_text(f"{SECRET}\n")
    assert SECRET not in repr(TrustedProxy.read("X-Forwarded-User", secret))
    for header in ("Cookie", "X Forwarded", "", "Authorization"):
        with pytest.raises(UsageError):
            TrustedProxy.read(header, secret)
    secret.chmod(0o640)
    with pytest.raises(ConfigError, match="others may read"):
        TrustedProxy.read("X-Forwarded-User", secret)

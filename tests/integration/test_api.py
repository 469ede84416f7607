"""The JSON API on a real ledger: what it says, to whom, and how a program knows that nothing has changed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.api_room import FIRST, SECOND, Program
from tests.web_room import lane_on

from cutter_agent.web.api.openapi import PATH
from cutter_agent.web.api.records import PREFIX
from cutter_agent.web.api.routes import ROUTES
from cutter_agent.web.tokens import Tokens

L1 = f"{PREFIX}/documents/L1"


def test_documents_and_their_cuts(api: Program) -> None:
    found = api.json(f"{PREFIX}/documents")
    assert [each["document_code"] for each in found["items"]] == ["A9", "L1"]
    assert (found["count"], found["next"]) == (2, None)
    first = api.json(f"{PREFIX}/documents?limit=1")
    assert [each["document_code"] for each in api.json(first["next"])["items"]] == ["L1"]
    document = api.json(L1)
    assert [cut["cut_seq"] for cut in document["cuts"]] == [1, 2]
    assert document["cuts"][1]["status"] == "verified_complete"
    assert api.get(f"{PREFIX}/documents/L9").status_code == 404


def test_the_pages_of_a_tree_are_the_document(api: Program) -> None:
    for as_of, text in ((1, FIRST), (2, SECOND)):
        url, gathered, units = f"{L1}/units?as_of={as_of}&limit=2", "", 0
        while url:
            page = api.json(url)
            assert len(page["items"]) <= 2
            gathered += "".join(each["text"] for each in page["items"])
            units += len(page["items"])
            url = page["next"]
        assert (gathered, units) == (text, page["count"])
    assert api.json(f"{L1}/units")["items"] == api.json(f"{L1}/units?as_of=2")["items"]
    assert api.get(f"{L1}/units?as_of=3").status_code == 404


def test_a_unit_with_its_versions_and_its_exact_text(api: Program) -> None:
    unit = api.json(f"{PREFIX}/units/L1-DIEU2-K2")
    assert (unit["document_code"], unit["newest"]["version"], unit["leads_to"]) == ("L1", 2, "L1-DIEU2-K2")
    versions = api.json(unit["versions_url"])["items"]
    assert [each["since_cut"] for each in versions] == [1, 2]
    for each, words in zip(versions, ("2. Khoản hai\n", "2. Khoản hai được sửa\n"), strict=True):
        assert api.json(each["url"])["text"] == words
        answer = api.get(each["url"] + "/text")
        assert answer.content.decode() == words
        assert answer.headers["etag"] == f'"{hashlib.sha256(words.encode()).hexdigest()}"'
        assert answer.headers["etag"].strip('"') == each["content_sha256"]
    assert api.get(f"{unit['versions_url']}/3").status_code == 404
    assert api.get(f"{PREFIX}/units/L1-DIEU99").json()["remedy"]


def test_another_name_leads_to_the_address(api: Program) -> None:
    api.web.ledger.tamper(
        "INSERT INTO cutter_governance.canonical_address_alias (alias_id, target_unit_id, alias_text, alias_kind,"
        " valid_from, created_by, rationale) SELECT gen_random_uuid(), unit_id, 'Điều 20.1.LQ.1.',"
        " 'external_reference', now(), 'human:somebody', 'codified' FROM iu.information_unit"
        " WHERE canonical_address = 'L1-DIEU1'"
    )
    name = f"{PREFIX}/units/{quote('Điều 20.1.LQ.1.')}"
    for below in ("", "/versions", "/versions/1", "/versions/1/text"):
        answer = api.get(name + below)
        assert (answer.status_code, answer.headers["location"]) == (308, f"{PREFIX}/units/L1-DIEU1{below}")
    assert api.get(f"{PREFIX}/documents/law%2FL1").status_code == 404, "a reference is no code, and no path either"


def test_the_ledger_names_who_decided(api: Program) -> None:
    moves = api.json(f"{L1}/ledger")["items"]
    assert [each["change_kind"] for each in moves].count("verify:pass") == 2
    assert {each["reviewer"] for each in moves if each["change_kind"] == "review:approve"} == {"human:reviewer"}


def test_search(api: Program) -> None:
    found = api.json(f"{PREFIX}/search?q=quyen+su+dung+dat")
    assert [hit["address"] for hit in found["items"]] == ["L1-DIEU2"]
    assert [each["text"] for each in found["items"][0]["snippet"] if each["match"]] == ["Quyền", "sử", "dụng", "đất"]
    pages = api.json(f"{PREFIX}/search?q=khoan&limit=1")
    assert pages["count"] == 2
    assert len(api.json(pages["next"])["items"]) == 1
    assert api.json(f"{PREFIX}/search?q=khoan&document=A9")["items"] == []
    assert api.get(f"{PREFIX}/search?q=khoan&document=none").status_code == 404


def test_what_has_not_changed_is_not_sent_again(api: Program) -> None:
    paths = [L1, f"{L1}/units", f"{L1}/ledger", f"{PREFIX}/units/L1-DIEU1", f"{PREFIX}/search?q=khoan", PATH]
    for path in paths:
        first = api.get(path)
        etag = first.headers["etag"]
        assert not etag.startswith("W/")
        assert first.headers["cache-control"] == "private, no-cache"
        for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            again = api.get(path, **{"if-none-match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert api.get(path, **{"if-none-match": '"other"'}).status_code == 200
    etag = api.get(f"{L1}/units").headers["etag"]
    third = SECOND.replace("Hiệu lực", "Hiệu lực thi hành").encode()
    api.web.ledger.verify(api.web.ledger.applied(third))
    assert api.get(f"{L1}/units", **{"if-none-match": etag}).status_code == 200


def test_who_may_read(api: Program) -> None:
    strangers = {"none": {}, "wrong": {"Authorization": "Bearer iut_x"}, "basic": {"Authorization": "Basic eDp5"}}
    addresses = [route.path.format(code="L1", address="L1-DIEU1", version=1) for route in ROUTES]
    for path in addresses:
        for headers in strangers.values():
            answer = api.client.get(path, headers=headers)
            assert answer.status_code == 401, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "Khoản" not in answer.text
    assert api.client.get(PATH).status_code == 200, "what there is to be asked is no secret"
    browser = api.web.browser("xem")
    assert browser.get(L1).status_code == 200, "a session reads, too"
    assert browser.get(L1, headers=strangers["wrong"]).status_code == 401, "and is no cover for a wrong token"
    api.web.site.tokens.remove("reader")
    assert api.get(L1).status_code == 401


def test_a_token_expires_and_is_nowhere_in_its_file(tmp_path: Path) -> None:
    now = datetime(2025, 1, 6, tzinfo=UTC)
    tokens = Tokens(tmp_path / "web" / "tokens.json")
    made = tokens.add("reader", days=2, now=now)
    assert (tokens.path.stat().st_mode & 0o777, tokens.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert made not in tokens.path.read_text()
    assert made[8:24] not in tokens.path.read_text() + repr(tokens.all())
    found = tokens.find(made, now=now + timedelta(days=1))
    assert found is not None
    assert found.name == "reader"
    assert tokens.find(made, now=now + timedelta(days=2)) is None
    assert tokens.find(made[:-1], now=now) is None
    assert tokens.find("", now=now) is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=-1",
        "limit=",
        "limit=1&limit=2",
        "offset=1e3",
        "as_of=0",
        "as_of=01",
        "nonsense=1",
    ],
)
def test_what_cannot_be_asked_is_said(api: Program, query: str) -> None:
    answer = api.get(f"{L1}/units?{query}")
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (400, 400, "parameter")
    assert problem["detail"].startswith(query.split("=", maxsplit=1)[0] if "nonsense" not in query else "'nonsense'")


def test_problems_are_problems_everywhere(api: Program) -> None:
    for path in ("/api", "/api/", "/api/v1", "/api/v2/documents", f"{L1}/nothing", f"{PREFIX}/search/"):
        answer = api.get(path)
        if answer.status_code == 307:
            continue
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = api.client.request(method, L1, headers={"Authorization": f"Bearer {api.token}"})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, HEAD"
    head = api.client.head(L1, headers={"Authorization": f"Bearer {api.token}"})
    assert (head.status_code, head.headers["etag"]) == (200, api.get(L1).headers["etag"])


def test_a_database_that_is_away_is_a_problem_with_a_number(api: Program) -> None:
    api.web.site = replace(api.web.site, lane=lane_on(api.web.ledger, port=1))
    from tests.api_room import program  # noqa: PLC0415 - a second program on the changed site

    api.web.site.tokens.remove("reader")
    answer = program(api.web).get(L1)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert answer.headers["retry-after"]
    assert answer.json()["number"]
    assert "127.0.0.1" not in answer.text

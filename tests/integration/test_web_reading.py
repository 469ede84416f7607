"""The pages for reading, on a real ledger: search, documents, exports, signatures, dry runs, a version as of a cut."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline_room import PASSWORDS, law
from tests.search_room import proven
from tests.web_room import PASSWORD, WebRoom

from cutter_agent.model import Lane
from cutter_agent.web.api.routes import ROUTES
from cutter_agent.web.application import FILES as DOWNLOADS
from cutter_agent.web.application import READS
from cutter_agent.web.proxy import TrustedProxy
from cutter_agent.web.rehearsals import FILES, SANDBOX

HOSTILE = "</pre><script>alert(1)</script><mark>đất</mark> \u202eevil\u202c"
LAW = f"LUẬT L1\nĐiều 1. Quyền sử dụng đất {HOSTILE}\nĐiều 2. Thuế đất\nĐiều 3. Hiệu lực\n"


def test_search_shows_words_in_a_hostile_text_and_nothing_of_it_runs(web: WebRoom) -> None:
    proven(web.ledger, LAW.encode())
    reader = web.browser("xem")
    shown = reader.get("/search?q=su+dung+dat").text
    assert re.findall("<mark>([^<]+)</mark>", shown)[:3] == ["sử", "dụng", "đất"]
    assert "<script>alert" not in shown
    assert html.escape("<mark>") in shown, "the law's own markup is text"
    assert "\u202e" not in shown
    assert 'href="/units/L1-DIEU1"' in shown
    assert "as typed" in reader.get("/search?q=thuế").text
    assert "No unit in force has these words" in reader.get("/search?q=zzz").text
    assert "There is no such document" in reader.get("/search?q=dat&document=none").text
    assert reader.get("/search?q=-dat").status_code == 400
    assert 'A unit has this name: <a href="/units/L1-DIEU2">' in reader.get("/search?q=l1-dieu2").text
    assert reader.get(f"/search?q={'x' * 600}").status_code == 400
    escaped = reader.get("/search", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in escaped


def test_many_hits_come_in_pages(web: WebRoom) -> None:
    proven(web.ledger, law(50))
    reader = web.browser("xem")
    found: list[str] = []
    url = "/search?q=quy+dinh&document=L1"
    for _ in range(3):
        page = reader.get(url).text
        found += re.findall(r'<h2 class="address"><a href="/units/([^"]+)"', page)
        following = re.search(r'<a rel="next"[^>]* href="([^"]+)"', page)
        url = html.unescape(following.group(1)) if following else ""
    assert url == ""
    assert (len(found), len(set(found))) == (50, 50)


def test_every_document_is_listed(web: WebRoom) -> None:
    proven(web.ledger, law(1), code="B1")
    proven(web.ledger, law(1), code="A1")
    page = web.browser("xem").get("/documents?page=9").text
    assert re.findall(r'<a href="/documents/(\w+)"', page) == ["A1", "B1"]


def test_a_document_is_taken_along_in_four_forms(web: WebRoom) -> None:
    proven(web.ledger, law(3))
    proven(web.ledger, law(3).replace("Quy định số 2".encode(), "Quy định khác".encode()))
    reader = web.browser("xem")
    assert reader.get("/documents/L1").text.count('href="/exports/') == 4
    lines = reader.get("/exports/jsonl/L1?as_of=1")
    units = [json.loads(line) for line in lines.text.splitlines()]
    assert "".join(unit["text"] for unit in units).encode() == law(3)
    assert lines.headers["content-disposition"] == 'attachment; filename="L1-cut1.jsonl"'
    assert int(lines.headers["content-length"]) == len(lines.content)
    chunks = [json.loads(line) for line in reader.get("/exports/chunks/L1").text.splitlines()]
    assert any("Quy định khác" in chunk["text"] for chunk in chunks)
    assert reader.get("/exports/akn/law/L1").text.startswith("<?xml"), "by its reference, too"
    archive = reader.get("/exports/markdown/L1")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert "L1/index.md" in opened.namelist()
        assert opened.testzip() is None
    assert reader.get("/exports/markdown/L1").content == archive.content, "the same bytes each time"
    for path in ("/exports/pdf/L1", "/exports/jsonl/none", "/exports/jsonl/L1?as_of=9"):
        assert reader.get(path).status_code == 404, path


def test_a_document_that_is_not_what_was_cut_is_not_handed_out(web: WebRoom) -> None:
    proven(web.ledger, law(3))
    web.ledger.tamper(
        "UPDATE iu.unit_version SET body = body || 'x',"
        " content_hash = encode(sha256(convert_to(body || 'x', 'UTF8')), 'hex')"
    )
    answer = web.browser("xem").get("/exports/jsonl/L1")
    assert answer.status_code == 500
    assert "What is stored is not what was cut" in answer.text
    assert "attachment" not in answer.headers.get("content-disposition", "")


def test_signatures_say_what_was_checked_and_what_could_not_be(web: WebRoom) -> None:
    proven(web.ledger, law(2))
    reader = web.browser("xem")
    page = reader.get("/signatures/L1").text
    assert _standings(page) == ["holds", "not checked: no key here"]
    assert "its public key is not here" in page
    both = {Lane.EXEC: web.ledger.exec_key.public, Lane.VERIFY: web.ledger.verify_key.public}
    web.site = replace(web.site, public_keys=both)
    reader = web.browser("xem")
    assert _standings(reader.get("/signatures/L1").text) == ["holds", "holds"]
    web.site = replace(web.site, public_keys=both | {Lane.EXEC: web.ledger.verify_key.public})
    assert _standings(web.browser("xem").get("/signatures/L1").text) == ["does not hold", "holds"]
    second = web.ledger.applied(law(3))
    assert web.ledger.status(second) == "cut_applied"
    assert "not there yet" in reader.get("/signatures/L1").text, "a cut that was not proven has one signature"


def _standings(page: str) -> list[str]:
    words = "holds|does not hold|not checked: no key here"
    return re.findall(rf'data-label="Checked here"><span class="state [^"]*">({words})<', page)


def test_a_unit_as_of_a_cut_is_a_permalink(web: WebRoom) -> None:
    proven(web.ledger, law(3))
    proven(web.ledger, law(3).replace("Quy định số 2".encode(), "Quy định khác".encode()))
    reader = web.browser("xem")
    old = reader.get("/documents/L1?as_of=1").text
    link = re.search(r'href="(/units/L1-DIEU2\?as_of=1)"', old)
    assert link is not None
    page = reader.get(link.group(1)).text
    assert "As of cut 1, version 1 held." in page
    assert '<section id="v1" class="held">' in page
    assert "As of cut 2, version 2 held." in reader.get("/units/L1-DIEU2?as_of=2").text


def _run(folder: Path, name: str, **changed: Any) -> Path:
    record = {
        "verdict": "PASS",
        "run": {"ended_at": f"2025-01-0{name[-1]}T08:00:00.000Z", "duration_s": 12.5},
        "checks": [{"status": "Passed"}, {"status": "NotReached"}],
        "planned": ["G-01", "G-02"],
        "subject": {"name": "till"},
        "revision": {"commit": "0123456789abcdef"},
        "failed_check": None,
        "summary": "all is well",
    }
    made = folder / name
    made.mkdir(parents=True)
    (made / "report.json").write_text(json.dumps(record | changed))
    (made / "report.html").write_text(
        "<!doctype html><style>b{color:red}</style><b>report</b><script>alert(1)</script>"
    )
    return made


def test_dry_runs_are_listed_and_opened_in_a_sandbox(web: WebRoom, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    _run(runs, "run-1")
    _run(runs, "run-2", verdict="PRODUCT_FAIL", failed_check="G-07", summary="<b>bad</b>")
    (runs / "run-3").mkdir()
    (runs / "run-4").mkdir()
    (runs / "run-4" / "report.json").write_text('{"verdict": ')
    (runs / "latest").symlink_to(runs / "run-1")
    assert "iu-cutter serve --reports" in web.browser("xem").get("/reports").text
    web.site = replace(web.site, reports=runs)
    reader = web.browser("xem")
    page = reader.get("/reports").text
    assert re.findall(r'data-label="Run">(?:<a [^>]+>)?([\w-]+)', page) == ["run-2", "run-1", "run-4", "run-3"]
    assert "PRODUCT_FAIL" in page
    assert "G-07" in page
    assert "&lt;b&gt;bad" in page
    assert page.count("no readable report") == 2
    report = reader.get("/reports/run-1/report.html")
    assert report.headers["content-security-policy"] == SANDBOX
    assert SANDBOX.startswith("sandbox; default-src 'none'")
    assert "allow" not in SANDBOX
    download = reader.get("/reports/run-1/report.json")
    assert "attachment" in download.headers["content-disposition"]
    assert download.headers["content-security-policy"] == SANDBOX


def test_nothing_else_of_the_disk_is_opened(web: WebRoom, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    run = _run(runs, "run-1")
    secret = tmp_path / "secret"
    secret.mkdir()
    for name in FILES:
        (secret / name).write_text("SECRET")
    (run / "report.md").symlink_to(secret / "report.md")
    (runs / "linked").symlink_to(secret)
    (run / "created.jsonl").write_text("SECRET")
    web.site = replace(web.site, reports=runs)
    reader = web.browser("xem")
    for path in (
        "/reports/run-1/report.md",
        "/reports/linked/report.html",
        "/reports/run-1/created.jsonl",
        "/reports/../secret/report.html",
        "/reports/%2e%2e/report.html",
        "/reports/..%2f..%2fsecret/report.html",
        "/reports/run-1/..%2f..%2fsecret%2freport.html",
        "/reports/run-1/junit.xml",
        "/reports//report.html",
    ):
        answer = reader.get(path)
        assert answer.status_code in {404, 303, 307}, path
        assert "SECRET" not in answer.text
    assert web.browser().get("/reports/run-1/report.html").status_code == 303, "only for accounts"


def test_no_secret_is_on_any_page_or_in_any_answer(web: WebRoom, tmp_path: Path) -> None:
    entry_id = web.waiting(law(2), code="W1")
    proven(web.ledger, LAW.encode())
    token = web.site.tokens.add("reader", days=1, now=datetime.now(UTC))
    (tmp_path / "runs").mkdir()
    proxy = TrustedProxy(header="X-Forwarded-User", secret="s" * 40)
    web.site = replace(web.site, proxy=proxy, reports=tmp_path / "runs")
    admin = web.browser("chi")
    secrets = [PASSWORD, token, proxy.secret, *PASSWORDS.values(), *admin.client.cookies.values()]
    secrets += [account.password_hash for account in web.site.accounts.all().values()]
    secrets += [each.digest for each in web.site.tokens.all().values()]
    places = {"entry": entry_id, "document": "L1", "address": "L1-DIEU1", "asked": "L1", "form": "jsonl"}
    paths = [path for path, _, _ in (*READS, *DOWNLOADS) if "{run}" not in path] + [route.path for route in ROUTES]
    places |= {"code": "L1", "version": "1"}
    for path in paths:
        address = re.sub(r"{(\w+)(:path)?}", lambda found: places[found.group(1)], path)
        answer = admin.get(address, follow_redirects=True)
        said = answer.text + str(answer.headers)
        assert [secret for secret in secrets if secret in said] == [], address
        assert str(tmp_path) not in said, address


@pytest.mark.parametrize("path", ["/search?q=dat", "/documents", "/signatures/L1", "/reports", "/exports/jsonl/L1"])
def test_strangers_see_nothing_of_it(web: WebRoom, path: str) -> None:
    answer = web.browser().get(path)
    assert (answer.status_code, answer.headers["location"].startswith("/login")) == (303, True)

"""`iu-cutter cut` on a document that exists: the edited text is cut again, reviewed, proven (design 4.4)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.test_cli_cut import CODE, LAW

EDITED = LAW.replace("1. Luật này quy định việc thử.", "1. Luật này quy định việc thử và việc sửa.").replace(
    "Điều 2. Hiệu lực", "Điều 1a. Áp dụng\n1. Luật này áp dụng cho mọi tổ chức và cá nhân.\nĐiều 2. Hiệu lực"
)


@pytest.fixture
def law(tmp_path: Path) -> Path:
    path = tmp_path / "luat.txt"
    path.write_text(LAW, encoding="utf-8")
    return path


def test_an_edited_law_is_cut_again_and_every_cut_is_read_back(embedded, law: Path) -> None:
    assert embedded("cut", str(law)).code == 0
    before = {unit["address"]: unit for unit in embedded("tree", CODE, "--json").json["units"]}
    law.write_text(EDITED, encoding="utf-8")
    cut = embedded("cut", str(law), "--json")
    assert cut.code == 0, cut.err
    (document,) = cut.json["documents"]
    assert (document["status"], document["steps"]) == (
        "verified_complete",
        ["mark", "sweep", "review", "cut", "verify"],
    )
    now = {unit["address"]: unit for unit in embedded("tree", CODE, "--json").json["units"]}
    assert now.keys() - before.keys() == {f"{CODE}-DIEU1A", f"{CODE}-DIEU1A-K1"}
    assert {a: now[a]["unit_id"] for a in before} == {a: unit["unit_id"] for a, unit in before.items()}
    assert [a for a in before if now[a]["version"] == 2] == [f"{CODE}-DIEU1-K1"]
    for as_of, text in ((1, LAW), (2, EDITED)):
        rebuilt = embedded("rebuild", CODE, "--as-of", str(as_of), "--json").json
        assert (rebuilt["cut_seq"], rebuilt["text"]) == (as_of, text)
    shown = embedded("show", f"{CODE}-DIEU1-K1", "--json").json
    assert [version["cut_seq"] for version in shown["versions"]] == [1, 2]
    assert "verify:pass" in embedded("history", CODE).out.decode()
    assert embedded("audit", "--all").code == 0

    counts = embedded.counts()
    again = embedded("cut", str(law))
    assert (again.code, embedded.counts()) == (0, counts)
    assert "nothing to do: nothing was written" in again.out.decode()


def test_a_doubtful_recut_waits_and_the_reviewer_sees_what_changes(embedded, law: Path) -> None:
    assert embedded("cut", str(law)).code == 0
    text = LAW.replace("Điều 2. Hiệu lực", "Điều 2. Bãi bỏ\nLuật cũ hết hiệu lực thi hành.\nĐiều 3. Hiệu lực")
    law.write_text(text, encoding="utf-8")
    waiting = embedded("cut", str(law), "--json")
    assert waiting.code == 10, waiting.out
    entry = waiting.json["documents"][0].get("entry_id", CODE)
    shown = embedded("review", entry)
    assert "re-cut of cut 1" in shown.out.decode()
    assert f"# {CODE}-DIEU2  now at  {CODE}-DIEU3  renumbered" in shown.out.decode()
    assert f"+ {CODE}-DIEU2-N2" in shown.out.decode()
    assert "exception recut_address" in shown.out.decode()
    assert ", 0 questions" not in shown.out.decode(), "what is asked is counted in the diff, too"
    approved = embedded(
        "review", entry, "--approve", "--accept-all-assumed", "--rationale", "read it", "--reviewer", "bà Hai", "--json"
    )
    assert (approved.code, approved.json["status"]) == (0, "reviewed_approved")
    assert embedded("cut", str(law)).code == 0
    assert embedded("show", f"{CODE}-DIEU3", "--json").json["canonical_address"] == f"{CODE}-DIEU2"
    assert f"also called {CODE}-DIEU3" in embedded("show", f"{CODE}-DIEU2").out.decode()
    assert embedded("rebuild", CODE, "--json").json["text"] == text

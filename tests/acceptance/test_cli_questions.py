"""`iu-cutter review` question by question, and `iu-cutter depend`: as a reviewer types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.acceptance.test_cli_cut import CODE, LAW

EDITED = LAW.replace("Điều 2. Hiệu lực", "Điều 2. Bãi bỏ\nLuật cũ hết hiệu lực thi hành.\nĐiều 3. Hiệu lực")


@pytest.fixture
def waiting(embedded, tmp_path: Path):
    """A doubtful re-cut that waits: the command and the file."""
    law = tmp_path / "luat.txt"
    law.write_text(LAW, encoding="utf-8")
    assert embedded("cut", str(law)).code == 0
    law.write_text(EDITED, encoding="utf-8")
    answer = embedded("cut", str(law))
    assert answer.code == 10
    assert "--questions" in answer.err
    assert "--approve --accept-all-assumed --rationale" in answer.err
    return embedded, law


def test_questions_are_listed_answered_and_bound(waiting, tmp_path: Path) -> None:
    embedded, law = waiting
    listed = embedded("review", CODE, "--questions", "--json").json
    (case,) = listed["cases"]
    assert (case["id"], case["kind"], case["code"], case["assumed"]) == ("Q1", "question", "address", "new")
    assert [each["address"] for each in case["after"]] == [f"{CODE}-DIEU2-N2"]
    said = embedded("review", CODE, "--questions").out.decode()
    assert "Q1 address" in said
    assert f"+ {CODE}-DIEU2-N2" in said
    refused = embedded("review", CODE, "--approve", "--rationale", "so", "--reviewer", "bà Hai", "--json")
    assert (refused.code, refused.error["code"]) == (5, "GOVERNANCE_REFUSED")
    assert "--accept-all-assumed" in refused.error["remedy"]
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps([{"case": "Q1", "answer": f"{CODE}-DIEU2BIS", "comment": "as printed"}]))
    answered = embedded("review", CODE, "--answers", str(answers), "--reviewer", "bà Hai", "--json")
    assert answered.code == 0, answered.err
    later = answered.json
    assert later["cases"] == []
    assert later["entry_id"] != listed["entry_id"]
    assert later["manifest_digest"] != listed["manifest_digest"]
    stale = embedded(
        "review", listed["entry_id"], "--answer", "Q1=new", "--digest", listed["manifest_digest"], "--json"
    )
    assert (stale.code, stale.error["code"]) == (5, "STALE_APPROVAL")
    assert later["entry_id"] in stale.error["message"]
    entry, digest = later["entry_id"], later["manifest_digest"]
    approved = embedded("review", entry, "--approve", "--rationale", "ok", "--reviewer", "bà Hai", "--digest", digest)
    assert approved.code == 0, approved.err
    assert embedded("cut", str(law)).code == 0
    assert embedded("show", f"{CODE}-DIEU2BIS", "--json").json["canonical_address"] == f"{CODE}-DIEU2BIS"
    assert embedded("audit", "--all").code == 0
    assert embedded("depend", entry, "--json").json["dependencies"][0]["kind"] == "supersedes"


def test_words_of_answers_that_make_no_sense(waiting) -> None:
    embedded, _ = waiting
    for words, said in (
        (["--answer", "Q1"], "is no answer"),
        (["--answer", "Q7=new"], "there is no case Q7"),
        (["--answer", "q1=same"], "does not admit"),
        (["--answer", "Q1=new", "--answer", "Q1=new"], "answered twice"),
        (["--answer", "Q1=new", "--approve"], "at once"),
        (["--accept-all-assumed", "--defer"], "belongs to --approve"),
    ):
        refused = embedded("review", CODE, *words, "--reviewer", "bà Hai", "--json")
        assert (refused.code, refused.error["code"]) == (2, "USAGE"), words
        assert said in refused.error["message"]
    bad = embedded("review", CODE, "--answers", "-", "--json", stdin=b'{"Q1": 3}')
    assert (bad.code, bad.error["code"]) == (3, "INPUT_REFUSED")


def test_one_entry_waits_for_another(embedded, tmp_path: Path) -> None:
    entries = []
    for number in ("12", "13"):
        law = tmp_path / f"{number}.txt"
        law.write_text(LAW, encoding="utf-8")
        entries.append(embedded("mark", str(law), "--code", f"L{number}", "--json").json["entry_id"])
    first, second = entries
    said = embedded("depend", first, "blocks", second, "--json")
    assert (said.code, said.json["created"]) == (0, True)
    assert embedded("depend", "L12", "blocks", "L13", "--json").json["created"] is False
    cycle = embedded("depend", second, "blocks", first, "--json")
    assert (cycle.code, cycle.error["code"]) == (5, "GOVERNANCE_REFUSED")
    assert "cycle" in cycle.error["message"]
    assert embedded("depend", first, "blocks", first).code == 2
    assert embedded("depend", first, "blocks").code == 2
    assert embedded("depend", first, "hinders", second).code == 2
    blocked = embedded("cut", str(tmp_path / "13.txt"), "--code", "L13", "--json")
    assert blocked.code == 5
    assert first in blocked.json["documents"][0]["error"]["message"]
    assert embedded("cut", str(tmp_path / "12.txt"), "--code", "L12").code == 0
    assert embedded("cut", str(tmp_path / "13.txt"), "--code", "L13").code == 0
    late = embedded("depend", first, "blocks", second, "--json")
    assert late.json["created"] is False
    assert embedded("depend", second, "related_to", first).code == 0

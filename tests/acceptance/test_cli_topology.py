"""`iu-cutter split … redirect` and `alias`: from the order to the proof by command line, and what is shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.test_cli_cut import CODE, LAW

K1 = f"{CODE}-DIEU1-K1"
WORDS = "quy định việc thử"


@pytest.fixture
def cut(embedded, tmp_path: Path):
    path = tmp_path / "luat.txt"
    path.write_text(LAW, encoding="utf-8")
    assert embedded("cut", str(path)).code == 0
    return embedded


def test_an_order_is_shown_waits_for_another_person_and_is_carried_out(cut) -> None:
    order = ("split", K1, "--at", WORDS, "--because", "two rules", "--marker", "an agent")
    counts = cut.counts()
    planned = cut(*order, "--dry-run", "--json")
    assert (planned.code, cut.counts()) == (0, counts), planned.err
    assert [change["address"] for change in planned.json["changes"]] == [K1, f"{K1}-P1"]
    assert (planned.json["changed_units"], planned.json["ledger_rows"]) == (2, 17)

    waiting = cut(*order, "--json")
    assert waiting.code == 10
    assert waiting.json["status"] == "review_pending"
    entry = waiting.json["entry_id"]
    shown = cut("review", entry).out.decode()
    assert "split of cut 1" in shown
    assert f"+ {K1}-P1  inserted  under {K1}" in shown
    assert "exception topology_order" in shown
    refused = cut("review", entry, "--approve", "--rationale", "own", "--reviewer", "an agent", "--json")
    assert refused.error["code"] == "REVIEWER_NOT_INDEPENDENT"
    assert cut("review", entry, "--approve", "--rationale", "read it", "--reviewer", "bà Hai").code == 0

    done = cut(*order, "--json")
    assert (done.code, done.json["status"], done.json["steps"]) == (0, "verified_complete", ["cut", "verify"]), done.err
    counts = cut.counts()
    again = cut(*order, "--json")
    assert (again.code, again.json["steps"], again.json["cut_seq"]) == (0, [], 2)
    assert cut.counts() == counts

    tree = {unit["address"]: unit for unit in cut("tree", CODE, "--json").json["units"]}
    assert tree[f"{K1}-P1"]["parent"] == K1
    assert "split" in cut("history", CODE).out.decode()
    for as_of in ("1", "2"):
        assert cut("rebuild", CODE, "--as-of", as_of, "--json").json["text"] == LAW

    merge = ("merge", K1, f"{K1}-P1", "--marker", "an agent")
    entry = cut(*merge, "--json").json["entry_id"]
    assert cut("review", entry, "--approve", "--rationale", "read it", "--reviewer", "bà Hai").code == 0
    assert cut(*merge).code == 0
    trail = cut("alias", "show", K1, "--json").json
    merged = trail["leads_to"]
    assert (trail["unit_status"], trail["steps"][0]["kind"]) == ("retired", "previous_canonical")
    assert trail["steps"][0]["ordered_by"] == "an agent"
    assert f"its address leads to {merged}" in cut("show", K1).out.decode()
    listed = cut("alias", "list", CODE, "--json").json["aliases"]
    assert {row["alias"]: row["target"] for row in listed} == {K1: merged, f"{K1}-P1": merged}
    exported = cut("export", CODE, "--format", "jsonl").out.decode()
    assert f'"{K1}-P1"' in exported, "an export says the addresses of former days"
    assert cut("verify-signatures").code == 0
    assert cut("audit", "--all").code == 0


def test_what_cannot_be_done_says_what_where_and_what_to_do(cut) -> None:
    counts = cut.counts()
    for words, code, said in (
        (("split", K1, "--at", "0"), 2, "no place inside"),
        (("split", f"{CODE}-DIEU77", "--at", "x"), 2, "no unit has the address"),
        (("merge", K1, f"{CODE}-DIEU2"), 5, "stands between them"),
        (("retire", K1, "--because", ""), 2, "reason"),
        (("renumber", K1, "--to", "1"), 5, "already"),
        (("redirect", K1, f"{CODE}-DIEU2"), 5, "is a living unit"),
        (("alias", "show", f"{CODE}-DIEU77"), 2, "nobody ever had the name"),
    ):
        answer = cut(*words, "--json")
        assert answer.code == code, (words, answer.out)
        assert said in answer.error["message"]
    assert cut.counts() == counts

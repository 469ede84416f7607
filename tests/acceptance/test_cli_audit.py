"""``iu-cutter audit``: proves again, writes nothing, names what does not hold (exit code 6)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.terminals import drawn

LAWS = {
    "mot.txt": "Luật số: 1/2020/QH14\nLUẬT MỘT\nĐiều 1. Phạm vi\n1. Việc thử.\nĐiều 2. Hiệu lực\nNgay.\n",
    "hai.txt": "Luật số: 2/2020/QH14\nLUẬT HAI\nĐiều 1. Phạm vi\nLuật này quy định việc khác.\n",
}
ONE, TWO = "L1-2020-QH14", "L2-2020-QH14"


@pytest.fixture
def cut(embedded, tmp_path: Path):
    """Two laws, cut and verified."""
    for name, text in LAWS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    answer = embedded("cut", *(str(tmp_path / name) for name in LAWS), "--json")
    assert answer.code == 0, answer.err
    return embedded


def test_what_was_verified_holds_and_nothing_is_written(cut) -> None:
    before = cut.counts()
    answer = cut("audit", "--all", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["summary"] == {"audited": 2, "sound": 2, "defective": 0, "no_claim": 0}
    assert [each["findings"] for each in answer.json["documents"]] == [[], []]
    assert {each["status"] for each in answer.json["documents"]} == {"verified_complete"}
    one = cut("audit", ONE)
    assert (one.code, one.out.decode()) == (0, f"{ONE}: cut 1, verified_complete: holds\n")
    assert cut.counts() == before
    bar = drawn(cut, "audit", "--all", columns=120, stdout=False)
    assert re.search(r"audit \S*L[12]-2020-QH14 .*1/2 [\d.]+/s", bar), "who watches sees which one, how many, how fast"
    assert "2 audited, none defective" in bar


def test_what_was_edited_after_the_verdict_is_named(cut) -> None:
    cut.query(
        "SET session_replication_role = replica",
        "UPDATE iu.unit_version SET body = replace(body, 'Ngay', 'Mai'),"
        " content_hash = encode(sha256(convert_to(replace(body, 'Ngay', 'Mai'), 'UTF8')), 'hex')"
        " WHERE body LIKE '%Ngay%'",
        "UPDATE cutter_governance.verify_result SET verified_by = 'somebody' WHERE change_set_id IN"
        f" (SELECT change_set_id FROM cutter_governance.cut_change_set WHERE document_ref = '{TWO}')",
    )
    before = cut.counts()
    answer = cut("audit", "--all", "--json")
    assert answer.code == 6
    assert answer.json["summary"] == {"audited": 2, "sound": 0, "defective": 2, "no_claim": 0}
    found = {each["document_ref"]: each["findings"] for each in answer.json["documents"]}
    assert ("body", f"{ONE}-DIEU2") in {(each["code"], each["address"]) for each in found[ONE]}
    assert {each["code"] for each in found[TWO]} == {"verdict", "verdict_verify_result"}
    in_words = cut("audit", ONE)
    assert in_words.code == 6
    assert f"body: {ONE}-DIEU2" in in_words.out.decode()
    assert "VERIFICATION_FAILED" in in_words.err
    assert cut.counts() == before


def test_a_cut_that_waits_for_its_verdict_is_proven_too(embedded, tmp_path: Path) -> None:
    (tmp_path / "mot.txt").write_text(LAWS["mot.txt"], encoding="utf-8")
    assert embedded("cut", str(tmp_path / "mot.txt"), "--no-verify").code == 0
    waiting = embedded("audit", "--all", "--json")
    assert waiting.code == 0, waiting.err
    assert [each["status"] for each in waiting.json["documents"]] == ["cut_applied"]


def test_what_is_asked_must_be_there(embedded) -> None:
    assert embedded("db", "init").code == 0
    assert embedded("audit").code == 2
    assert embedded("audit", "X", "--all").code == 2
    unknown = embedded("audit", "NOWHERE", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "USAGE")

"""`iu-cutter diff`: two cuts by ids, a document and a file on paper."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.test_cli_cut import CODE, LAW
from tests.acceptance.test_cli_recut import EDITED


def test_two_cuts_and_a_file_are_compared(embedded, tmp_path: Path) -> None:
    law = tmp_path / "luat.txt"
    law.write_text(LAW, encoding="utf-8")
    assert embedded("cut", str(law)).code == 0
    assert embedded("diff", CODE).out.decode().splitlines() == ["cut 1 and cut 1", "no difference"]
    law.write_text(EDITED, encoding="utf-8")
    shown = embedded("diff", CODE, str(law)).out.decode()
    assert f"~ {CODE}-DIEU1-K1" in shown
    assert f"+ {CODE}-DIEU1A" in shown
    assert embedded("cut", str(law)).code == 0

    counts = embedded.counts()
    answer = embedded("diff", CODE, "--json").json
    assert (answer["from"], answer["to"]) == (1, 2)
    assert {change["address"]: change["differences"] for change in answer["changes"]} == {
        f"{CODE}-DIEU1-K1": ["revised"],
        f"{CODE}-DIEU1A": ["inserted"],
        f"{CODE}-DIEU1A-K1": ["inserted"],
    }
    words = embedded("diff", CODE).out.decode()
    assert "cut 1 and cut 2" in words
    assert "{+" in words
    assert embedded("diff", CODE, "--from", "2", "--to", "1", "--json").json["changes"][-1]["differences"] == [
        "retired"
    ]
    refused = embedded("diff", CODE, "--from", "7", "--json")
    assert (refused.code, refused.error["remedy"]) == (2, "Its cuts: 1, 2.")
    assert embedded("diff", CODE, str(law), "--to", "1").code == 2
    assert embedded("diff", "NOBODY").code == 2
    assert embedded.counts() == counts

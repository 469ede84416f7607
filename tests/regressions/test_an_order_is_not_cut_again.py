"""After the approval of an order (`split`, `alias import`) the advice was to cut the file again: there is no file."""

from __future__ import annotations

from pathlib import Path

LAW = "Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này quy định việc thử.\nĐiều 2. Hiệu lực\nNgay.\n"
ADDRESS = "L12-2020-QH14-DIEU1"


def test_the_advice_fits_what_was_approved(embedded, tmp_path: Path) -> None:
    path = tmp_path / "luat.txt"
    path.write_text(LAW, encoding="utf-8")
    assert embedded("cut", str(path)).code == 0
    order = ("split", ADDRESS, "--at", "Luật này", "--because", "two rules", "--marker", "an agent")
    waiting = embedded(*order, "--json")
    assert waiting.code == 10
    decided = ("--approve", "--rationale", "read it", "--reviewer", "bà Hai")
    approved = embedded("review", waiting.json["entry_id"], *decided)
    assert approved.code == 0
    assert "or give the same order again" in approved.err
    assert "cut the file" not in approved.err
    assert embedded(*order).code == 0, "the advice is true"

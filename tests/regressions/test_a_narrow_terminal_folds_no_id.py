"""At 80 columns `status` and `history` folded every entry's id over four lines: it could not be copied."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.terminals import drawn

LAW = "Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này.\nĐiều 2. Hiệu lực\nNgay.\n"


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_an_id_stays_whole(embedded, tmp_path: Path, columns: int) -> None:
    law = tmp_path / "luat.txt"
    law.write_text(LAW, encoding="utf-8")
    entry = embedded("mark", str(law), "--json").json["entry_id"]
    for arguments in (("status",), ("history", entry)):
        assert entry in drawn(embedded, *arguments, columns=columns)

"""vn-law: ``Chương I QUY ĐỊNH CHUNG`` on one line was read as a reference, because ``quy`` begins ``quy định tại``.

And an article behind such a title on the same line was not looked for, because no sentence ends there.
"""

from __future__ import annotations

import unicodedata

import pytest

from cutter_agent.model import Severity
from cutter_agent.segmenter import profiles, segment

LAW = (
    "LUẬT THỬ\nChương I QUY ĐỊNH CHUNG Điều 1. Phạm vi\n1. Một.\n2. Hai.\nĐiều 2. Hai\nX.\n"
    "CHƯƠNG II QUYỀN VÀ NGHĨA VỤ\nĐiều 3. Ba\nMục 1 VIỆC THỬ Điều 4. Bốn\na) x;\nb) y.\nĐiều 5. Năm\n"
)
ADDRESSES = [
    "X-TEN", "X-CHUONG1", "X-DIEU1", "X-DIEU1-K1", "X-DIEU1-K2", "X-DIEU2", "X-CHUONG2", "X-DIEU3", "X-CHUONG2-MUC1",
    "X-DIEU4", "X-DIEU4-DA", "X-DIEU4-DB", "X-DIEU5",
]  # fmt: skip


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_heading_of_a_line_is_found(form: str) -> None:
    data = unicodedata.normalize(form, LAW).encode()
    found = segment(data, profile=profiles.load("vn-law"), document_code="X")
    assert [unit.address for unit in found.units] == ADDRESSES
    assert b"".join(data[unit.start_byte : unit.end_byte] for unit in found.units) == data
    assert all(finding.severity is Severity.NOTICE for finding in found.findings), found.findings
    assert [f.message for f in found.findings if "start of a line" in f.message] == [
        "heading of dieu 1: not at the start of a line",
        "heading of dieu 4: not at the start of a line",
    ]


@pytest.mark.parametrize(
    "line",
    ["Điều 2 quy định tại luật này thì khác.", "Chương II quy định về việc đó.", "theo LUẬT Điều 2. của luật này."],
)
def test_a_sentence_is_none_still(line: str) -> None:
    data = f"Chương I\nCHUNG\nĐiều 1. A\n{line}\nĐiều 3. C\n".encode()
    found = segment(data, profile=profiles.load("vn-law"), document_code="X")
    assert [unit.address for unit in found.units] == ["X-CHUONG1", "X-DIEU1", "X-DIEU3"]

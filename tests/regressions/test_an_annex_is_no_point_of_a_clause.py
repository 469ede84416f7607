"""An annex with the number one behind a clause without points was placed as that clause's first point.

A block has no level; the loop over labels asked for the number that is due at "level minus one", which was the
innermost one's. The annex then stood inside the clause, and its articles collided with those of the law.
"""

from __future__ import annotations

import pytest

from cutter_agent.segmenter import profiles, segment


@pytest.mark.parametrize("heading", ["PHỤ LỤC I", "PHỤ LỤC 1", "PHỤ LỤC SỐ 1"])
def test_the_first_annex_stands_beside_the_articles(heading: str) -> None:
    text = f"Điều 1. A\n1. x\n{heading}\nĐiều 1. B\n1. y\nPHỤ LỤC II\nĐiều 1. C\n"
    found = segment(text.encode(), profile=profiles.load("vn-law"), document_code="X")
    assert [(unit.address, unit.parent) for unit in found.units] == [
        ("X-DIEU1", None),
        ("X-DIEU1-K1", "X-DIEU1"),
        ("X-PHULUC1", None),
        ("X-PHULUC1-DIEU1", "X-PHULUC1"),
        ("X-PHULUC1-DIEU1-K1", "X-PHULUC1-DIEU1"),
        ("X-PHULUC2", None),
        ("X-PHULUC2-DIEU1", "X-PHULUC2"),
    ]
    assert found.findings == ()

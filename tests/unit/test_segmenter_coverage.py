"""The check of tiling finds every way in which spans can fail to tile."""

from __future__ import annotations

import pytest

from cutter_agent.segmenter import coverage

DATA = "aĐb".encode()  # 4 bytes; the letter Đ takes bytes 1 and 2


@pytest.mark.parametrize(
    ("spans", "codes"),
    [
        ([(0, 4)], []),
        ([(0, 1), (1, 3), (3, 4)], []),
        ([], ["gap"]),
        ([(0, 1), (3, 4)], ["gap"]),
        ([(1, 4)], ["gap"]),
        ([(0, 3)], ["gap"]),
        ([(0, 3), (1, 4)], ["overlap"]),
        ([(0, 1), (1, 1), (1, 4)], ["empty"]),
        ([(0, 2), (2, 4)], ["split_character"]),
        ([(0, 5)], ["outside"]),
        ([(3, 4), (0, 3)], ["gap", "overlap"]),
    ],
)
def test_defects(spans: list[tuple[int, int]], codes: list[str]) -> None:
    assert [d.code for d in coverage.defects(spans, DATA)] == codes

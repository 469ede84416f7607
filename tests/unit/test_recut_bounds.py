"""No input makes the re-cut quadratic: comparisons of texts are counted for the worst documents we can think of."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.recut_room import Row, edition, law, matched, prose

from cutter_agent.recut import judge, topology

ARTICLES = 500
UNITS = 4 * ARTICLES
MOST_A_UNIT = 200


def _more(rows: list[Row]) -> list[Row]:
    return [replace(row, text=f"{row.text} more") for row in rows]


def _other(rows: list[Row]) -> list[Row]:
    return [replace(row, text=prose(10**6 + k)) for k, row in enumerate(rows)]


def _relabelled(rows: list[Row]) -> list[Row]:
    return [Row(row.depth, f"{k + 7}", prose(10**6 + k)) for k, row in enumerate(rows)]


def _shuffled(rows: list[Row]) -> list[Row]:
    blocks = [rows[k : k + 4] for k in range(0, len(rows), 4)]
    random.Random(7).shuffle(blocks)  # noqa: S311 - an order, not a secret
    return _more([row for block in blocks for row in block])


def _all_one(rows: list[Row]) -> list[Row]:
    return [
        replace(row, text=f"as prescribed by the regulations in each case of {k % 2}") for k, row in enumerate(rows)
    ]


@pytest.mark.parametrize("edit", [_more, _other, _relabelled, _shuffled, _all_one], ids=lambda edit: edit.__name__)
def test_comparisons_grow_with_the_document_not_with_its_square(
    edit: Callable[[list[Row]], list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = 0
    alike = judge.alike

    def counting(a: str, b: str, cutoff: float = 0.0) -> float:
        nonlocal counted
        counted += 1
        return alike(a, b, cutoff)

    monkeypatch.setattr(judge, "alike", counting)
    monkeypatch.setattr(topology, "alike", counting)
    rows = law(ARTICLES, 3)
    old, new = edition(rows), edition(edit(rows))
    matching = matched(old, new)
    assert counted <= MOST_A_UNIT * UNITS
    assert len(matching.pairs) + len(matching.inserted) + len(matching.split) + len(matching.merged) <= UNITS


def test_a_thousand_equal_texts_lose_their_middle() -> None:
    rows = [Row(0, str(k), "as prescribed by the regulations made under this act in each case") for k in range(1000)]
    matching = matched(edition(rows), edition(rows[:480] + rows[520:]))
    assert matching.retired == tuple(range(480, 520))
    assert not matching.inserted
    assert not [*matching.changed()]

"""The small parts of the re-cut: the heaviest chain, fractional orders, addresses, likeness of long texts."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutter_agent.recut.addresses import Register, led_back
from cutter_agent.recut.judge import alike
from cutter_agent.recut.links import spine
from cutter_agent.recut.orders import fill
from cutter_agent.recut.side import Lexicon


@given(st.permutations(range(8)), st.lists(st.integers(1, 5), min_size=8, max_size=8))
def test_the_spine_is_the_heaviest_rising_chain(places: list[int], weights: list[int]) -> None:
    pairs = list(enumerate(places))
    chain = spine(pairs, weights)
    assert all(pairs[a][1] < pairs[b][1] for a, b in pairwise(chain))
    heaviest = max(
        sum(weights[k] for k in subset)
        for size in range(1, 9)
        for subset in combinations(range(8), size)
        if all(places[a] < places[b] for a, b in pairwise(subset))
    )
    assert sum(weights[k] for k in chain) == heaviest


@given(
    st.lists(st.one_of(st.none(), st.integers(1, 10**6)), max_size=30),
    st.integers(0, 6),
)
def test_orders_rise_and_given_ones_stay(places: list[int | None], digits: int) -> None:
    given_ones = sorted({p for p in places if p is not None})
    numbers = iter(given_ones)
    left = len(given_ones)
    fixed: list[Decimal | None] = []
    for place in places:
        if place is None or left == 0:
            fixed.append(None)
        else:
            fixed.append(Decimal(next(numbers)).scaleb(-digits))
            left -= 1
    filled = fill(fixed)
    assert len(filled) == len(fixed)
    assert all(a < b for a, b in pairwise(filled))
    assert all(a == b for a, b in zip(fixed, filled, strict=True) if a is not None)


def test_an_insertion_takes_few_digits_and_a_thousand_at_one_place_still_fit() -> None:
    assert fill([Decimal(4), None, Decimal(5)]) == [Decimal(4), Decimal("4.5"), Decimal(5)]
    low, high = Decimal(1), Decimal(2)
    for _ in range(1000):
        high = fill([low, None, high])[1]
    assert low < high
    assert fill([None, None]) == [Decimal(1), Decimal(2)]
    assert fill([None, Decimal(1)]) == [Decimal("0.5"), Decimal(1)]


def test_an_address_is_minted_once() -> None:
    labels = Register(["X-A1", "X-A2"], positional=False)
    assert labels.mint("X-A3") == ("X-A3", True)
    assert labels.mint("X-A3") == ("X-A3-N2", False)
    assert labels.mint("X-A2") == ("X-A2-N2", False)
    assert labels.mint("X-A2") == ("X-A2-N3", False)
    places = Register(["X-P1", "X-P2", "X-P7"], positional=True)
    assert places.mint("X-P2") == ("X-P8", True)
    assert places.mint("X-P2") == ("X-P9", True)
    assert places.mint("X-FM") == ("X-FM", True)
    assert places.mint("X-FM") == ("X-FM-N2", False)


@pytest.mark.parametrize(
    ("fresh", "parent", "living", "address"),
    [
        ("X-A15-C3", "X-A15", "X-A14", "X-A14-C3"),
        ("X-A15", "X-CH2", "X-CH1", "X-A15"),
        ("X-A15", None, None, "X-A15"),
        ("X-A150", "X-A15", "X-A14", "X-A150"),
    ],
)
def test_a_child_extends_the_living_parents_address(fresh: str, parent: str, living: str, address: str) -> None:
    assert led_back(fresh, parent, living) == address


def test_texts_too_long_to_compare_whole_are_compared_in_pieces() -> None:
    lexicon = Lexicon()
    long = lexicon.spell([str(k % 5003) for k in range(60_000)])
    other = lexicon.spell([f"w{k}" for k in range(60_000)])
    assert alike(long, long) == 1.0
    assert alike(long, other) == 0.0
    assert alike(long, long[:30_000] + other[:30_000]) == pytest.approx(0.5, abs=0.05)


def test_a_lexicon_never_spells_half_a_pair_of_surrogates() -> None:
    lexicon = Lexicon()
    spelt = lexicon.spell([str(k) for k in range(60_000)])
    assert len(set(spelt)) == 60_000
    assert spelt.encode("utf-8")

"""Canonical JSON: one spelling, whichever speller wrote it (RFC 8785)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sealing.canonical import MAX_SAFE_INTEGER, canonical_bytes
from sealing.errors import CanonicalTypeError

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["\u0000\u0007\u001f\u007f\u0080", "\u2028\u2029", '"\\/\b\f\n\r\t', "Điều 1", "𝄞\ufb33"]),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(inner, inner),
        st.dictionaries(KEYS, inner, max_size=5),
        st.dictionaries(st.text("abAB_0", max_size=4), inner, max_size=5),
    ),
    max_leaves=30,
)


@given(VALUES)
def test_both_spellers_agree(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


def test_every_character_below_u0100_is_spelt_alike() -> None:
    value = {"text": "".join(map(chr, range(256)))}
    assert canonical_bytes(value) == rfc8785.dumps(value)


def test_keys_go_by_utf16_code_unit() -> None:
    value = {"\ufb33": 1, "𝄞": 2, "a": 3}
    assert canonical_bytes(value) == '{"a":3,"𝄞":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, 1.5]}, r"\$\.a\[1\]: builtins\.float"),
        ({"a": uuid.uuid4()}, r"\$\.a: uuid\.UUID"),
        ([datetime.now(UTC)], r"\$\[0\]: datetime\.datetime"),
        ({"a": MAX_SAFE_INTEGER + 1}, r"\$\.a: the integer"),
        ({1: "a"}, r"\$: a key of type int"),
        ({"a": b"x"}, r"\$\.a: builtins\.bytes"),
        (["\ud800"], r"\$\[0\]: a lone surrogate"),
        (float("nan"), r"\$: builtins\.float"),
        ({"a": {1, 2}}, r"\$\.a: builtins\.set"),
    ],
)
def test_what_is_foreign_is_refused_with_its_path(value: Any, path: str) -> None:
    with pytest.raises(CanonicalTypeError, match=path):
        canonical_bytes(value)


def test_a_value_nested_deeper_than_the_fast_road_goes_is_spelt_alike() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    assert canonical_bytes(value) == rfc8785.dumps(value)


def test_a_value_in_itself_has_an_end() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(RecursionError):
        canonical_bytes(value)

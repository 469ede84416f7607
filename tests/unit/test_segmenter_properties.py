"""What must hold for any text at all: tiling, unique addresses, parents first, and work in proportion to length."""

from __future__ import annotations

import gc
import sys
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutter_agent.errors import InputRefused, UsageError
from cutter_agent.model import Segmentation
from cutter_agent.segmenter import coverage, profiles, segment

LINES = [
    "Điều {n}. Vườn",
    "Điều {n} của Luật",
    "Ðiều {n}. A",
    "Điền {n}. B",
    "Điều{n}. C",
    "Điều {n}",
    "Chương {n}",
    "Chương IV",
    "Mục {n}.",
    "Tiểu mục {n}",
    "Phần thứ ba",
    "{n}. Khoản",
    "{n}a. Khoản",
    "{n} Khoản",
    "a) Điểm",
    "đ) Điểm; e) Nữa; g) Thêm",
    "z) Lạ",
    "“Điều {n}. Q",
    "”.",
    '"',
    "như sau: “{n}. Q",
    "PHỤ LỤC {n}",
    "Phụ lục",
    "LUẬT",
    "Căn cứ",
    "CHỦ TỊCH",
    "Luật này đã được",
    "chữ thường",
    "",
    "\xa0",
    "\ufeff",
    "# Một",
    "- Hai",
    "  - Ba",
    "> Bốn",
    "```",
    "---",
    "    mã",
    "<div>",
    "=====",
    "[a]: b",
    "1) Năm",
    "\tSáu",
    "",
]

soup = st.lists(
    st.builds(lambda line, n: line.replace("{n}", str(n)), st.sampled_from(LINES), st.integers(0, 12)), max_size=60
).map("\n".join)
texts = st.one_of(soup, st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300))
profile_ids = st.sampled_from(profiles.available())


def check(result: Segmentation, data: bytes) -> None:
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == []
    assert b"".join(data[u.start_byte : u.end_byte] for u in result.units) == data
    seen: set[str] = set()
    for unit in result.units:
        assert unit.address not in seen
        assert unit.parent is None or unit.parent in seen
        assert unit.address.startswith("DOC-")
        assert len(unit.address) <= 400
        assert set(unit.address) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
        assert unit.content_sha256 == sha256(data[unit.start_byte : unit.end_byte]).hexdigest()
        seen.add(unit.address)
    assert result.snapshot_sha256 == sha256(data).hexdigest()
    assert all(0 <= f.start_byte <= len(data) for f in result.findings)


@given(text=texts.filter(bool), profile_id=profile_ids)
@settings(max_examples=400, deadline=None)
def test_any_text_gives_a_valid_lossless_cut(text: str, profile_id: str) -> None:
    data = text.encode()
    check(segment(data, profile=profiles.load(profile_id), document_code="DOC"), data)


@given(text=soup.filter(bool), profile_id=profile_ids)
@settings(max_examples=50, deadline=None)
def test_a_cut_is_a_function_of_its_bytes(text: str, profile_id: str) -> None:
    profile = profiles.load(profile_id)
    first = segment(text.encode(), profile=profile, document_code="DOC")
    assert segment(text.encode(), profile=profile, document_code="DOC") == first


ADVERSARIES = {
    "articles": lambda n: "".join(f"Điều {i % 9000 + 1}. A\n" for i in range(n)),
    "one article again and again": lambda n: "Điều 1. A\n" * n,
    "clauses far out of count": lambda n: "Điều 1. A\n1. B\n" + "9. Chín\n" * n,
    "clauses that restart": lambda n: "Điều 1. A\n" + "1. Một\n" * n,
    "quotations never closed": lambda n: "Điều 1. A\n" + "như sau:\n“1. B\n" * n,
    "annexes": lambda n: "Điều 1. A\n" + "PHỤ LỤC\nĐiều 3. B\n1. C\n" * n,
    "soup": lambda n: "".join(LINES[(i * i + i // 7) % len(LINES)].replace("{n}", str(i % 5)) + "\n" for i in range(n)),
    "one long line": lambda n: "Điều 1. " + "a) b; " * n,
    "blanks": lambda n: "Điều" + "\u00a0" * n + "x\n",
}


def steps(data: bytes, profile_id: str) -> int:
    """Calls of Python functions during one cut: work counted, not timed."""
    profile = profiles.load(profile_id)
    count = 0

    def tick(*_: object) -> None:
        nonlocal count
        count += 1

    gc.disable()  # a test library's own hook on the collector would be counted as ours
    sys.setprofile(tick)
    try:
        result = segment(data, profile=profile, document_code="DOC")
    finally:
        sys.setprofile(None)
        gc.enable()
    check(result, data)
    return count


@pytest.mark.parametrize("make", ADVERSARIES.values(), ids=ADVERSARIES.keys())
def test_work_grows_in_proportion_to_the_text(make: object) -> None:
    assert callable(make)
    steps(make(4000).encode(), "vn-law")  # what is compiled or remembered once is not counted
    small, large = steps(make(1000).encode(), "vn-law"), steps(make(4000).encode(), "vn-law")
    assert large <= 4.6 * small + 2000


@pytest.mark.parametrize(
    ("data", "start_byte", "word"),
    [
        (b"", 0, "empty"),
        (b"abc\0def", 3, "NUL"),
        ("Điều".encode() + b"\xff", 7, "not UTF-8"),
        (b"abc\xed\xa0\x80", 3, "not UTF-8"),
        ("Luật".encode("utf-16-le"), 1, "NUL"),
    ],
    ids=["empty", "NUL", "stray byte", "surrogate", "UTF-16"],
)
@pytest.mark.parametrize("profile_id", profiles.available())
def test_what_is_no_text_is_refused_with_the_byte(data: bytes, start_byte: int, word: str, profile_id: str) -> None:
    with pytest.raises(InputRefused, match=word) as refused:
        segment(data, profile=profiles.load(profile_id), document_code="DOC")
    assert refused.value.start_byte == start_byte
    assert refused.value.remedy


@pytest.mark.parametrize("code", ["", "abc", "A--B", "-A", "A B", "Đ1", "A" * 81])
def test_a_document_code_out_of_the_rule_is_refused(code: str) -> None:
    with pytest.raises(UsageError, match="document code"):
        segment(b"x", profile=profiles.load("markdown"), document_code=code)

"""Units are found by their words: with marks and without, composed or not; only living ones; by the index."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pipeline_room import Ledger, law
from tests.search_room import addresses, find, grow, proven

from cutter_agent import searching
from cutter_agent.db_adapter import statements
from cutter_agent.errors import UsageError

LAND = """LUẬT ĐẤT ĐAI
Điều 1. Phạm vi điều chỉnh theo Nghị định số 45/2019/NĐ-CP
Điều 2. Quyền sử dụng đất của người thuê
Điều 3. Thuế và lệ phí năm 2019–2020
Điều 4. Người được thuê khoán “đặc biệt”
"""
NAMES = ("quyền sử dụng đất", "quyen su dung dat", "QUYỀN SỬ DỤNG ĐẤT", "QUYEN SU DUNG DAT", "Quyền sử dụng Ðất")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_are_found_with_and_without_marks(ledger: Ledger, form: str) -> None:
    proven(ledger, unicodedata.normalize(form, LAND).encode(), code="D1")  # type: ignore[arg-type]
    for words in NAMES:
        for asked in (words, unicodedata.normalize("NFD", words)):
            assert addresses(ledger, asked) == ["D1-DIEU2"], asked
    assert addresses(ledger, "nd cp") == ["D1-DIEU1"]
    assert addresses(ledger, "45/2019/NĐ-CP") == ["D1-DIEU1"]
    assert sorted(addresses(ledger, "2019")) == ["D1-DIEU1", "D1-DIEU3"]
    assert addresses(ledger, "2020") == ["D1-DIEU3"]
    assert addresses(ledger, "dac biet") == ["D1-DIEU4"], "quotation marks are no letters"
    assert sorted(addresses(ledger, "thue")) == ["D1-DIEU2", "D1-DIEU3", "D1-DIEU4"]
    assert addresses(ledger, "thuế")[0] == "D1-DIEU3", "the very marks first"
    assert find(ledger, "thuế").units[0].is_exact
    assert addresses(ledger, "thue -khoan -le") == ["D1-DIEU2"]
    assert addresses(ledger, '"su dung"') == ["D1-DIEU2"]
    assert addresses(ledger, '"dung su"') == []
    assert sorted(addresses(ledger, "khoan or phi")) == ["D1-DIEU3", "D1-DIEU4"]


def test_only_what_is_in_force_is_found(ledger: Ledger) -> None:
    proven(ledger, law(3))
    assert addresses(ledger, "quy dinh so 2") == ["L1-DIEU2"]
    second = law(3).replace("Quy định số 2".encode(), "Điều khoản khác".encode())
    entry_id = ledger.applied(second)
    assert addresses(ledger, "quy dinh so 2") == ["L1-DIEU2"], "the newer cut is not proven yet"
    assert addresses(ledger, "dieu khoan khac") == []
    assert ledger.verify(entry_id).passed
    assert addresses(ledger, "quy dinh so 2") == []
    assert addresses(ledger, "dieu khoan khac") == ["L1-DIEU2"]
    third = second.replace("Điều 3. Quy định số 3\n".encode(), b"")
    proven(ledger, third)
    assert addresses(ledger, "quy dinh so 3") == [], "a retired unit is not living"


def test_one_document_and_pages_of_it(ledger: Ledger) -> None:
    proven(ledger, law(30), code="A1")
    proven(ledger, law(2), code="B1")
    assert len(addresses(ledger, "quy dinh")) == 32
    assert addresses(ledger, "quy dinh", document="B1") == addresses(ledger, "quy dinh", document="law/B1")
    assert sorted(addresses(ledger, "quy dinh", document="B1")) == ["B1-DIEU1", "B1-DIEU2"]
    pages = [find(ledger, "quy dinh", document="A1", limit=20, offset=offset) for offset in (0, 20)]
    found = [unit.canonical_address for page in pages for unit in page.units]
    assert (len(found), len(set(found)), pages[0].count, pages[0].has_more) == (30, 30, 30, False)
    with pytest.raises(UsageError, match="no document"):
        find(ledger, "quy dinh", document="none")


def test_a_snippet_marks_the_words_in_the_units_own_spelling(ledger: Ledger) -> None:
    proven(ledger, LAND.encode(), code="D1")
    (unit,) = find(ledger, "quyen su dung").units
    assert [piece.text for piece in unit.snippet if piece.is_match] == ["Quyền", "sử", "dụng"]
    assert "".join(piece.text for piece in unit.snippet) == "Điều 2. Quyền sử dụng đất của người thuê"


def test_many_units_are_found_by_the_index_and_ranked_within_a_bound(ledger: Ledger) -> None:
    proven(ledger, law(1), code="L1")
    grow(ledger, 6_000, "'Quy định về đất số ' || n || CASE WHEN n % 3000 = 0 THEN ' hiếm' ELSE '' END")
    assert "unit_version_by_words" in _plan(ledger, "hiem", None)
    assert "unit_version_by_words" in _plan(ledger, "quy dinh hiem", "law/G1")
    bounded = re.search(r"-> +Limit\n +-> +CTE Scan on found f\n +Filter: .*SubPlan", _plan(ledger, "dat -hiem", None))
    assert bounded is not None, "with a join all that was found would be read before the bound ends it"
    assert sorted(addresses(ledger, "hiem")) == ["G1-DIEU3000", "G1-DIEU6000"]
    many = find(ledger, "quy dinh ve dat", document="G1")
    assert (len(many.units), many.count, many.has_more) == (20, searching.MOST_RANKED, True)


def _plan(ledger: Ledger, words: str, document_ref: str | None) -> str:
    """The plan of the declared statement as it stands, for values as a search has them."""
    sql = statements.load()["search_units"].sql
    values: dict[str, Any] = {"folded": words, "exact": words, "document_ref": document_ref}
    values |= {"most": 2001, "row_limit": 20, "row_offset": 0}
    with psycopg.connect(**ledger.login, autocommit=True) as connection:
        return "\n".join(row[0] for row in connection.execute(f"EXPLAIN (COSTS OFF) {sql}".encode(), values))


HARD_BODIES = {
    "one-letter words": " ".join(chr(0x4E00 + n % 20_000) for n in range(60_000)),
    "decomposing letters": " ".join(chr(0xAC00 + n % 11_000) for n in range(60_000)),
    "long words": " ".join("x" * 3_000 + str(n) for n in range(50)),
    "one word without end": "a" * 3_000_000,
    "different words": " ".join(f"từ{n}" for n in range(400_000)),
    "marks alone": "\u0301" * 200_000,
}


@pytest.mark.parametrize("name", HARD_BODIES)
def test_no_text_is_too_much_for_the_index(ledger: Ledger, name: str) -> None:
    text = f"LUẬT\nĐiều 1. Mở đầu {HARD_BODIES[name]}\nĐiều 2. Kết thúc\n"
    proven(ledger, text.encode())
    assert "L1-DIEU1" in addresses(ledger, "mo dau")
    assert addresses(ledger, "ket thuc") == ["L1-DIEU2"]


@pytest.mark.parametrize("words", ["", "   ", "-không", "!?…", "x" * 501, "\0", '"'])
def test_nothing_to_search_for_is_said(words: str) -> None:
    with pytest.raises(UsageError):
        searching.asked(words)


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80)


def test_the_program_folds_as_the_index_does(ledger: Ledger) -> None:
    """Else a mark that one of the two forgets would make a word that nobody finds."""
    definition = ledger.admin("SELECT indexdef FROM pg_indexes WHERE indexname = 'unit_version_by_words'")[0][0]
    folded = (
        definition.split("'simple'::regconfig, ", 1)[1]
        .split(" WHERE ")[0]
        .removesuffix("))")
        .replace("body", "%(body)s::text")
    )
    with psycopg.connect(**ledger.login, autocommit=True) as connection:

        @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
        @given(st.one_of(_TEXT, st.text("ăâđêôơưĂÂĐÊÔƠƯÐ\u0300\u0301\u0309\u0303\u0323éüñç/-_@ “”–…", max_size=40)))
        def agrees(text: str) -> None:
            row = connection.execute(f"SELECT {folded}".encode(), {"body": text}).fetchone()
            assert row == (searching.fold(text),)

        agrees()


def test_whatever_is_typed_the_server_takes_it(ledger: Ledger) -> None:
    proven(ledger, LAND.encode(), code="D1")

    @settings(max_examples=40, database=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=60))
    def answered(text: str) -> None:
        try:
            find(ledger, text)
        except UsageError:
            return

    answered()
    assert addresses(ledger, "'); DROP TABLE iu.unit_version; --") == []

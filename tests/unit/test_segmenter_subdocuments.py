"""Quoted provisions as documents of their own, where a profile asks for them: never the law's own, always lossless."""

from __future__ import annotations

import random
from importlib.resources import files
from pathlib import Path

import pytest
from tests.unit.test_segmenter_campaign import MAKERS, soup

from cutter_agent import manifest, validation
from cutter_agent.model import Segmentation
from cutter_agent.segmenter import Profile, profiles, segment

LAW = """LUẬT
SỬA ĐỔI, BỔ SUNG MỘT SỐ ĐIỀU CỦA LUẬT THỬ
Điều 1. Sửa đổi, bổ sung một số điều của Luật Thử
1. Sửa đổi Điều 5 như sau:
“Điều 5. Tên mới
1. Khoản một.
a) Điểm a;
b) Điểm b.
2. Khoản hai.”.
Khoản này áp dụng từ năm sau.
2. Bổ sung Điều 5a và khoản 3 Điều 6 như sau:
“Điều 5a. Chèn
Nội dung.”
“3. Khoản ba:
a) một;
b) hai.”
3. Thay cụm từ:
“một cụm từ
trên hai dòng”
Điều 2. Hiệu lực
Luật này có hiệu lực.
"""
OWN = ["X-TEN", "X-DIEU1", "X-DIEU1-K1", "X-DIEU1-K2", "X-DIEU1-K3", "X-DIEU2"]
QUOTED = '\n[quoted]\nname = "trich"\nkind = "quotation"\ntoken = "TRICH"\n'


@pytest.fixture(scope="module")
def opening(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """The shipped grammar as a user's own, with [quoted]."""
    text = files("cutter_agent.segmenter.profiles").joinpath("vn-law.toml").read_text("utf-8")
    path = tmp_path_factory.mktemp("profile") / "vn-sua-doi.toml"
    path.write_text(text.replace('id = "vn-law"', 'id = "vn-sua-doi"') + QUOTED, encoding="utf-8")
    return profiles.load(str(path))


def cut(data: bytes, profile: Profile) -> Segmentation:
    result = segment(data, profile=profile, document_code="X")
    made = manifest.build(result, document_ref="X", title="t", tool_revision="r", marked_by="m")
    assert validation.validate(made, data) == [], data
    return result


def test_quoted_provisions_are_units_below_what_quotes_them(opening: Profile) -> None:
    data = LAW.encode()
    units = cut(data, opening).units
    assert [(u.address, u.kind, u.parent) for u in units if u.address.startswith("X-DIEU1-K1")] == [
        ("X-DIEU1-K1", "clause", "X-DIEU1"),
        ("X-DIEU1-K1-TRICH1", "quotation", "X-DIEU1-K1"),
        ("X-DIEU1-K1-TRICH1-DIEU5", "quoted_article", "X-DIEU1-K1-TRICH1"),
        ("X-DIEU1-K1-TRICH1-DIEU5-K1", "quoted_clause", "X-DIEU1-K1-TRICH1-DIEU5"),
        ("X-DIEU1-K1-TRICH1-DIEU5-K1-DA", "quoted_point", "X-DIEU1-K1-TRICH1-DIEU5-K1"),
        ("X-DIEU1-K1-TRICH1-DIEU5-K1-DB", "quoted_point", "X-DIEU1-K1-TRICH1-DIEU5-K1"),
        ("X-DIEU1-K1-TRICH1-DIEU5-K2", "quoted_clause", "X-DIEU1-K1-TRICH1-DIEU5"),
        ("X-DIEU1-K1-DOAN1", "flush", "X-DIEU1-K1"),
    ]
    texts = {u.address: data[u.start_byte : u.end_byte].decode() for u in units}
    assert texts["X-DIEU1-K1-TRICH1-DIEU5-K2"] == "2. Khoản hai.”.\n"
    assert texts["X-DIEU1-K1-DOAN1"] == "Khoản này áp dụng từ năm sau.\n"
    assert texts["X-DIEU1-K2-TRICH1-DIEU5A"] == "Điều 5a. Chèn\nNội dung.”\n"
    assert "X-DIEU1-K2-TRICH2-K3-DB" in texts
    assert texts["X-DIEU1-K3"] == "3. Thay cụm từ:\n“một cụm từ\ntrên hai dòng”\n"


def test_they_never_count_as_the_laws_own(opening: Profile) -> None:
    own = {"article", "clause", "point", "title"}
    assert [u.address for u in cut(LAW.encode(), opening).units if u.kind in own] == OWN
    assert [u.address for u in cut(LAW.encode(), profiles.load("vn-law")).units] == OWN


def test_the_findings_are_the_same(opening: Profile) -> None:
    assert cut(LAW.encode(), opening).findings == cut(LAW.encode(), profiles.load("vn-law")).findings


def test_any_input_is_tiled(opening: Profile) -> None:
    rng = random.Random(7)  # noqa: S311 - repeatable
    for _ in range(400):
        text = rng.choice((soup, *MAKERS))(rng).replace("\0", "x")
        quoted = (
            rng.choice(("“Điều 3. X\n1. a\n", "“1. x\n", '"a) b\n', "“")) + text + rng.choice(("”", "”.\n", '"', ""))
        )
        data = f"Điều 1. A\n1. Như sau:\n{quoted}\nĐiều 2. B\n".encode()
        result = cut(data, opening)
        assert b"".join(data[u.start_byte : u.end_byte] for u in result.units) == data


def test_quotations_in_proportion(opening: Profile) -> None:
    """A thousand quotations in one clause, and a thousand nested marks: both are cut, each address once."""
    many = "Điều 1. A\n1. Như sau:\n" + "".join(f"“Điều {n}. X\nY.”\n" for n in range(1, 1001)) + "Điều 2. B\n"
    units = cut(many.encode(), opening).units
    assert sum(u.kind == "quotation" for u in units) == 1000
    assert len({u.address for u in units}) == len(units)
    cut(("Điều 1. A\n1. B:\n" + "“\n" * 1000 + "Điều 5. C\n" + "”\n" * 1000 + "Điều 2. D\n").encode(), opening)


def test_a_profile_that_cannot_use_it_is_refused(tmp_path: Path) -> None:
    text = files("cutter_agent.segmenter.profiles").joinpath("numbered.toml").read_text("utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text + QUOTED, encoding="utf-8")
    _, problems = profiles.check(str(path))
    assert any("[quoted]" in problem.message for problem in problems)

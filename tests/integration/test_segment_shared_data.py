"""Real laws: every file tiles byte for byte, and the articles found are those of the oracle (issue 2, Shows)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cutter_agent.model import Segmentation, Severity
from cutter_agent.segmenter import coverage, detect, profiles, segment

pytestmark = pytest.mark.shared_data

VN_LAW = profiles.load("vn-law")
MARKDOWN = profiles.load("markdown")


def cut(path: Path, profile: profiles.Profile = VN_LAW) -> Segmentation:
    data = path.read_bytes()
    result = segment(data, profile=profile, document_code="X")
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == [], path.name
    assert len({u.address for u in result.units}) == len(result.units), path.name
    return result


def articles(result: Segmentation) -> list[tuple[str | None, int]]:
    return [(u.number, u.start_byte) for u in result.units if u.level == "dieu"]


@pytest.fixture(scope="module")
def oracle(shared_data: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((shared_data / "vn" / "oracle.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def laws(shared_data: Path, oracle: Mapping[str, Any]) -> Mapping[str, Segmentation]:
    return {name: cut(shared_data / "vn" / name) for name in oracle}


def test_every_law_has_exactly_the_articles_of_the_oracle(
    laws: Mapping[str, Segmentation], oracle: Mapping[str, Any]
) -> None:
    wrong = {
        name: facts.get("hand_adjudicated", False)
        for name, facts in oracle.items()
        if articles(laws[name]) != [(str(number), start) for number, _, start in facts["headings"]]
    }
    assert wrong == {}


def test_missing_numbers_and_odd_headings_are_findings_with_their_place(
    shared_data: Path, laws: Mapping[str, Segmentation], oracle: Mapping[str, Any]
) -> None:
    for name, facts in oracle.items():
        places = {(f.code, f.start_byte) for f in laws[name].findings}
        starts = {number: start for number, _, start in facts["headings"]}
        data = (shared_data / "vn" / name).read_bytes()
        for odd in facts.get("odd_headings", ()):
            assert ("odd_heading", starts[odd["number"]]) in places, (name, odd)
        for missing in facts.get("missing", ()):
            following = min(start for number, start in starts.items() if number > missing["number"])
            assert ("numbering_gap", following) in places, (name, missing)
        line_starts = [0, *(i + 1 for i, byte in enumerate(data) if byte == 0x0A)]
        for first, last in facts.get("quoted_blocks", ()):
            inside = range(line_starts[first - 1], line_starts[last])
            assert not [u for u in laws[name].units if u.start_byte in inside], (name, first)


def test_ordinary_laws_need_no_reviewer(laws: Mapping[str, Segmentation]) -> None:
    """False exceptions cost people's time: most laws of the collection have none."""
    free = [n for n, law in laws.items() if all(f.severity is Severity.NOTICE for f in law.findings)]
    assert len(free) >= 0.8 * len(laws)


def test_renderings_of_one_law_have_the_same_addresses(shared_data: Path) -> None:
    folder = shared_data / "vn-twins"
    same = every = 0
    for pair in json.loads((folder / "pairs.json").read_text(encoding="utf-8")):
        of_law = _addresses(cut(shared_data / "vn" / pair["law"]))
        for other in (folder / "raw" / pair["raw"], folder / "corpus-2021" / pair["corpus_2021"]):
            of_other = _addresses(cut(other))
            same += len(of_law & of_other)
            every += len(of_law | of_other)
    assert same >= 0.995 * every


def _addresses(result: Segmentation) -> set[str]:
    return {u.address for u in result.units if u.level in ("dieu", "khoan")}


def _other_files(folder: Path) -> Iterator[Path]:
    for pattern in ("de/*.md", "ca/*/*.txt", "akn/*.xml"):
        yield from sorted(folder.glob(pattern))
    yield from sorted(folder.glob("recut/*/*/*.md"))[::9]


def test_every_other_file_tiles_as_markdown_and_as_detected(shared_data: Path) -> None:
    for path in _other_files(shared_data):
        cut(path, MARKDOWN)
        cut(path, detect(path.read_bytes()[:65_536].rsplit(b"\n", 1)[0], label=path.name)[0])

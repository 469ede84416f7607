"""Real laws of other families: every file tiles byte for byte, and what an independent count finds is found."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from pathlib import Path

import pytest

from cutter_agent.model import Segmentation, Severity
from cutter_agent.segmenter import coverage, detect, profiles, segment

pytestmark = pytest.mark.shared_data


def cut(data: bytes, profile: str, name: str) -> Segmentation:
    result = segment(data, profile=profiles.load(profile), document_code="X")
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == [], name
    addresses = {u.address for u in result.units}
    assert len(addresses) == len(result.units), name
    assert all(u.parent is None or u.parent in addresses for u in result.units), name
    return result


def test_german_laws_have_every_heading_and_every_absatz(shared_data: Path) -> None:
    of_absatz = found = 0
    for path in sorted((shared_data / "de").glob("*.md")):
        data = path.read_bytes()
        result = cut(data, "de-gesetz", path.name)
        # Independent of the profile: plain lines of the file.
        headings = [m.start() for m in re.finditer(rb"(?m)^#{1,6} (?:\(X+\) )?\xc2\xa7", data)]
        assert [u.start_byte for u in result.units if u.level == "paragraph"] == headings, path.name
        articles = [m.start() for m in re.finditer(rb"(?m)^#{1,6} Art [0-9]", data)]
        assert [u.start_byte for u in result.units if u.level == "artikel"] == articles, path.name
        other = {m.start() for m in re.finditer(rb"(?m)^#{1,6} ", data)}
        assert other <= {u.start_byte for u in result.units}, path.name
        body = data.find(b"\xc2\xa7 1")
        starts = {u.start_byte for u in result.units if u.level == "absatz"}
        paragraphs = [m.start() for m in re.finditer(rb"(?m)(?<=\n\n)\([0-9]+[a-z]?\)[ \n]", data) if m.start() > body]
        of_absatz += len(paragraphs)
        found += len(starts.intersection(paragraphs))
        assert result == cut(data, "de-gesetz", path.name)
    assert found >= 0.99 * of_absatz > 10_000


def test_german_laws_need_few_reviewers(shared_data: Path) -> None:
    """Real laws hold real oddities; a grammar that does not fit would show in hundreds of exceptions."""
    exceptions = units = 0
    for path in sorted((shared_data / "de").glob("*.md")):
        result = cut(path.read_bytes(), "de-gesetz", path.name)
        units += len(result.units)
        exceptions += sum(f.severity is Severity.EXCEPTION for f in result.findings)
    assert exceptions <= 0.001 * units


KINDS = {
    "Section": {"section"},
    "Subsection": {"subsection"},
    "Paragraph": {"paragraph"},
    "Subparagraph": {"subparagraph"},
    "Definition": {"definition"},
    "Heading": {"heading", "part", "division", "subdivision", "schedule"},
}


def test_canadian_acts_have_the_units_of_their_official_xml(shared_data: Path) -> None:
    """The gold units' places are evidence only: the cutter never sees them."""
    right = every = 0
    for folder in sorted((shared_data / "ca").iterdir()):
        gold = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
        for version in ("before", "after"):
            data = (folder / f"{version}.txt").read_bytes()
            result = cut(data, "en-statute", folder.name)
            starts = [u.start_byte for u in result.units]
            for unit in gold[version]:
                own = result.units[bisect_right(starts, unit["start_byte"]) - 1]
                lead = data[own.start_byte : unit["start_byte"]]  # at most one line: the marginal note
                every += 1
                right += own.level in KINDS[unit["kind"]] and lead.count(b"\n") <= 1
    assert right >= 0.999 * every > 30_000


def test_akoma_ntoso_examples_are_cut_at_elements(shared_data: Path) -> None:
    for path in sorted((shared_data / "akn").glob("*.xml")):
        data = path.read_bytes()
        result = cut(data, "akn", path.name)
        articles = len(re.findall(rb"<(?:an:)?article\b", data))
        quoted = b"".join(re.findall(rb"(?s)<(?:an:)?quotedStructure\b.*?</(?:an:)?quotedStructure>", data))
        own = articles - len(re.findall(rb"<(?:an:)?article\b", quoted))
        assert sum(u.level == "article" for u in result.units) == own, path.name
        assert all(data[u.start_byte : u.start_byte + 1] == b"<" for u in result.units), path.name
        assert [f for f in result.findings if f.severity is Severity.EXCEPTION] == [], path.name


@pytest.mark.parametrize("country", ["li", "ee"])
def test_every_amended_law_tiles(shared_data: Path, country: str) -> None:
    paths = sorted((shared_data / "recut" / country).glob("*/*.md"))
    assert len(paths) == 90
    for path in paths:
        cut(path.read_bytes(), "markdown", path.name)


@pytest.mark.parametrize(
    ("pattern", "profile"),
    [("vn/*.txt", "vn-law"), ("de/*.md", "de-gesetz"), ("ca/*/after.txt", "en-statute"), ("akn/*.xml", "akn")],
)
def test_each_family_is_detected(shared_data: Path, pattern: str, profile: str) -> None:
    odd = {}
    for path in sorted(shared_data.glob(pattern)):
        found, reasons = detect(path.read_bytes(), label=path.name)
        if found.id != profile:
            odd[path.name] = (found.id, reasons)
    assert odd == {}

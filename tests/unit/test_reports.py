"""The spellings of a record: nothing in it can break out of them, and what a reader needs first comes first."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from markdown_it import MarkdownIt
from tests.evidence_room import HOSTILE, failing, passing

from pg_dryrun import verification
from pg_dryrun.outcome import EXIT_CODES, Status, Verdict
from pg_dryrun.report import junit, markdown, page, reference
from pg_dryrun.report.tables import deltas_table, matrix_tables


class Elements(HTMLParser):
    """Which elements and attributes a page really has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_is_one_file_without_script_or_foreign_asset() -> None:
    text = page.render(passing()).decode()
    found = Elements(text)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(found.tags)
    assert not any(name == "style" or name.startswith("on") for _, name, _ in found.attributes)
    assert all(
        value is not None and value.startswith("#") for _, name, value in found.attributes if name in {"href", "src"}
    )
    assert "url(" not in text
    assert "@import" not in text


def test_the_policy_allows_exactly_the_pages_own_style() -> None:
    text = page.render(passing()).decode()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_the_root_cause_comes_before_the_gates() -> None:
    text = page.render(failing()).decode()
    assert text.index("Root cause") < text.index('id="gates"')
    for words in (
        "25001",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "INTRANS",
        "writer.open, line 3",
        "Begin first.",
    ):
        assert words in text
    assert "0 ≠ 1" in text
    assert page.headline(failing()).endswith("failed at S1")


def test_every_verdict_has_its_own_words() -> None:
    words = {page.headline(replace(failing(), verdict=verdict)) for verdict in Verdict}
    assert len(words) == len(Verdict)
    for verdict in Verdict:
        assert page.render(replace(failing(), verdict=verdict))


def test_hostile_words_stay_words() -> None:
    html = page.render(failing(HOSTILE)).decode()
    assert "script" not in Elements(html).tags
    assert "<script>" in "".join(Elements(html).texts)
    rendered = MarkdownIt("commonmark").enable("table").render(markdown.render(failing(HOSTILE)).decode())
    assert not {"script", "a", "em", "strong"} & (set(Elements(rendered).tags) - {"strong"})
    assert "<script>" in "".join(Elements(rendered).texts)
    tree = ET.fromstring(junit.render(failing(HOSTILE)))  # noqa: S314 - our own output
    failure = tree.find(".//failure")
    assert failure is not None
    assert "<script>alert(1)</script>" in failure.attrib["message"]


def test_markdown_has_every_field_of_an_execution_report() -> None:
    text = markdown.render(passing()).decode()
    for words in (
        "Required output", "commit", "git state", "system identifier", "production identity before",
        "production identity after", "dump sha256", "schema fingerprint", "statements sha256", "scenarios sha256",
        "baseline", "negative deltas", "forbidden statements", "secrets", "teardown", "protected servers",
        "Scenario by scenario", "Matrix of chain main", "Negative deltas", "Committed effects per step", "Statements",
        "Canaries", "Declared deviations", "Not reached", "Remediation, left to a decision", "Next gate",
    ):  # fmt: skip
        assert words in text, words
    assert "**PASS**" in text


def test_markdown_tables_have_as_many_cells_as_heads() -> None:
    rendered = MarkdownIt("commonmark").enable("table").render(markdown.render(failing(HOSTILE)).decode())
    for table in re.findall(r"<table>.*?</table>", rendered, re.DOTALL):
        rows = [len(re.findall(r"<t[hd]", row)) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)]
        assert len(set(rows)) == 1, table


def test_junit_keeps_the_words_apart() -> None:
    tree = ET.fromstring(junit.render(failing()))  # noqa: S314 - our own output
    assert tree.attrib == {
        "name": "pg-dryrun PRODUCT_FAIL", "tests": "3", "failures": "1", "errors": "1", "skipped": "1", "time": "4.500",
    }  # fmt: skip
    cases = {case.attrib["name"].split()[0]: [child.tag for child in case] for case in tree.iter("testcase")}
    assert cases == {"S1": ["failure"], "G-22": ["skipped"], "G-25": ["error"]}
    (failure,) = tree.iter("failure")
    assert "SQLSTATE: 25001" in (failure.text or "")


def test_matrix_and_deltas_as_tables() -> None:
    (matrix,) = matrix_tables(passing())
    assert (matrix.chain, matrix.steps) == ("main", ("S1",))
    assert [(row.name, row.baseline, row.cells[0].words()) for row in matrix.rows] == [
        ("till.account", 20, "1"), ("till.booking", 20, "0"),
    ]  # fmt: skip
    assert [(row.name, row.cells[0].counted) for row in matrix.sums] == [("till.*", 1)]
    deltas = deltas_table(passing())
    assert deltas is not None
    assert all(cell.counted == 0 for row in deltas.rows for cell in row.cells)
    assert deltas_table(failing()) is None


def test_durations_for_people() -> None:
    assert [page.seconds(value) for value in (0.0, 0.0123, 0.999, 1.04, 75.0)] == [
        "–",
        "12 ms",
        "999 ms",
        "1.0 s",
        "75.0 s",
    ]


def test_the_page_about_the_record_is_what_the_code_says() -> None:
    page_of_record = Path(__file__).resolve().parents[2] / "docs" / "reference" / "report.md"
    assert page_of_record.read_text(encoding="utf-8") == reference.render()


def test_the_page_about_verdicts_has_the_words_and_the_walk_of_the_code() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "verdicts.md").read_text(encoding="utf-8")
    for verdict, code in EXIT_CODES.items():
        assert f"| `{verdict.value}` | {code} |" in text
    for status in Status:
        assert f"| `{status.value}` |" in text
    for number, (title, _) in enumerate(verification.WALK, start=1):
        assert f"{number}. {title[0].upper()}{title[1:]}." in text

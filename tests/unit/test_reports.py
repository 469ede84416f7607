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
from pg_dryrun.fault_record import BoundaryRecord, FaultKind, FaultPair, FaultsRecord, PairOutcome, Standing
from pg_dryrun.outcome import EXIT_CODES, Status, Verdict
from pg_dryrun.probe_record import Driven, ProbeDefect, ProbeRecord
from pg_dryrun.program_record import ExclusiveLock, HeldLock, ProgramRecord
from pg_dryrun.report import junit, markdown, page, reference, timeline
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


def test_the_page_is_one_file_without_foreign_asset() -> None:
    text = page.render(passing()).decode()
    found = Elements(text)
    assert found.tags.count("script") == 1
    assert not any(tag == "script" for tag, _, _ in found.attributes), "the script is the page's own, and inline"
    assert not {"link", "img", "iframe", "object", "form"} & set(found.tags)
    assert not any(name == "style" or name.startswith("on") for _, name, _ in found.attributes)
    assert all(
        value is not None and value.startswith("#") for _, name, value in found.attributes if name in {"href", "src"}
    )
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert not re.search(r"fetch|XMLHttp|import|innerHTML|eval|storage|cookie|https?:", script, re.IGNORECASE)
    assert "url(" not in text
    assert "@import" not in text


def _named(text: str, tag: str) -> str:
    """The digest by which a policy names the one inline element ``tag``."""
    (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def test_the_policy_allows_exactly_the_pages_own_style_and_script() -> None:
    text = page.render(passing()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{_named(text, 'style')}'",
        f"script-src 'sha256-{_named(text, 'script')}'",
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
    assert Elements(html).tags.count("script") == 1, "the page's own"
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


def test_the_page_has_what_is_looked_for_before_what_is_not() -> None:
    text = page.render(failing()).decode()
    order = ['class="verdict bad"', 'id="cause"', 'id="gates"', 'id="matrix"', 'id="scenarios"', 'id="end"']
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)
    assert "planned checks were not reached because of it" in text
    opened = set(re.findall(r'<details class="step" id="([^"]+)" open>', text))
    assert opened == {
        check.step for check in failing().checks if check.status in {Status.FAILED, Status.COULD_NOT_RUN}
    }, "what needs eyes is open, the rest waits"


def test_a_cell_of_the_matrix_is_as_hot_as_its_number() -> None:
    assert [page.heat(number) for number in (0, 1, 9, 10, 999, 1000, 10_000_000)] == [
        "", "h1", "h1", "h2", "h3", "h4", "h5",
    ]  # fmt: skip


def test_the_steps_follow_each_other_in_time() -> None:
    found = timeline.steps(passing())
    assert found
    assert all(step.passed == len(step.checks) and step.status is Status.PASSED for step in found)
    ends = [0, *(step.bar.start + step.bar.width for step in found)]
    assert all(abs(step.bar.start - end) <= 3 * len(found) for step, end in zip(found, ends, strict=False))
    assert all(step.bar.start >= 0 and step.bar.start + step.bar.width <= timeline.WHOLE for step in found)


def _with_locks(*locks: ExclusiveLock) -> ProgramRecord:
    return ProgramRecord(
        command=("psql",), role="app", role_origin="given", database="prod", environment=(), timeout_s=60,
        duration_s=2.0, exclusive_locks=locks,
    )  # fmt: skip


def test_exclusive_locks_are_drawn_over_the_commands_time() -> None:
    held = ExclusiveLock(
        relation="shop.item", times=2, longest_ms=500.0,
        held=(HeldLock(from_ms=0.0, to_ms=500.0), HeldLock(from_ms=1900.0, to_ms=1900.0)),
    )  # fmt: skip
    unknown = ExclusiveLock(relation="shop.sale", times=1, unknown=1)
    drawn = timeline.locks(_with_locks(unknown, held))
    assert drawn is not None
    assert [row.relation for row in drawn.rows] == ["shop.item"]
    assert [(bar.start, bar.width) for bar in drawn.rows[0].bars] == [(0, 250), (950, 3)]
    assert not drawn.complete
    assert timeline.locks(_with_locks(unknown)) is None
    text = page.render(replace(passing(), program=_with_locks(unknown, held))).decode()
    assert 'id="locks"' in text
    assert "0 to 500 ms" in text
    assert "shop.sale" in text, "what cannot be drawn stays in the table"


def test_what_the_probe_found_stands_below_the_cause() -> None:
    defect = ProbeDefect(
        driven=Driven.STATEMENT,
        name="insert_unit",
        principal="cutter_exec",
        sqlstate="42703",
        message="no <b>column</b>",
    )
    text = page.render(replace(failing(), probe=ProbeRecord(statements=5, defects=(defect,)))).decode()
    assert text.index('id="cause"') < text.index('id="probe"') < text.index('id="gates"')
    assert "no &lt;b&gt;column&lt;/b&gt;" in text
    assert "insert_unit" in text
    assert "42703" in text


def test_everything_is_there_without_the_script() -> None:
    """What needs the script is hidden until the script shows it; nothing else is."""
    found = Elements(page.render(passing()).decode())
    assert {tag for tag, name, _ in found.attributes if name == "hidden"} <= {"p", "button"}
    headings = [value for _, name, value in found.attributes if name == "scope"]
    assert {"col", "row"} == set(headings)


def test_a_failed_pair_is_led_to_and_its_grid_is_open() -> None:
    pairs = tuple(
        FaultPair(
            id=f"{command}:0:cut-before", command=command, index=0, statement="commit", kind=FaultKind.CUT_BEFORE,
            outcome=outcome, after_fault=Standing.BEFORE, reason=reason,
        )
        for command, outcome, reason in (("mark", PairOutcome.PASSED, ""), ("cut", PairOutcome.FAILED, "lost <rows>"))
    )  # fmt: skip
    faults = FaultsRecord(
        form="short", pairs=pairs, duration_s=1.0, made_by={"cut-before": "the relay"},
        boundaries=tuple(BoundaryRecord(command=name, index=0, statement="commit") for name in ("mark", "cut")),
    )  # fmt: skip
    text = page.render(replace(failing(), faults=faults)).decode()
    assert '<a href="#faults">' in text
    assert "1 pair of boundary and fault" in text
    assert "lost &lt;rows&gt;" in text
    assert re.findall(r'<details class="fold"( open|)><summary>(\w+): 1 boundaries', text) == [
        ("", "mark"),
        (" open", "cut"),
    ]

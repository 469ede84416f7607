"""What the program says of a law or to a reviewer has its words in Vietnamese: every sentence that a page can show.

The sentences are read from the code itself: a new one without a translation fails here.
"""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from cutter_agent import cases
from cutter_agent.formats.stream import kinds
from cutter_agent.model import EntryStatus, OperationKind, Verdict
from cutter_agent.recut.matching import Doubt
from cutter_agent.topology.conform import ASKED as TOUCHED
from cutter_agent.topology.naming import NAMED
from cutter_agent.topology.proposal import ASKED as ORDERED
from cutter_agent.web import languages
from cutter_agent.web.sayings import Sayings

ROOT = Path(str(resources.files("cutter_agent")))
REFUSALS = frozenset(
    {"UsageError", "InputRefused", "GovernanceRefused", "IllegalTransition", "StaleApproval"}
    | {"ReviewerNotIndependent", "VerificationFailed", "PhantomSuccess"}
)
REFUSED_IN = (
    "phases/answered.py",
    "phases/answering.py",
    "phases/changes.py",
    "phases/cut.py",
    "phases/proposing_again.py",
    "phases/rechanges.py",
    "phases/review.py",
    "phases/stored.py",
    "phases/sweep.py",
    "db_adapter/reading.py",
    "db_adapter/origins.py",
    "db_adapter/trails.py",
    "recut/addresses.py",
    "recut/answers.py",
    "searching.py",
    "state_machine.py",
    "manifest.py",
    "web/entry.py",
    "web/deciding.py",
)
"""Who may refuse what somebody does on a page."""
ADVISED_IN = ("phases/changes.py", "phases/cut.py", "phases/rechanges.py")
"""Whose remedy stands on the page, too."""
FOUND_IN = (
    "segmenter/noting.py",
    "segmenter/elements.py",
    "segmenter/ladder/climbing.py",
    "formats/stream.py",
    "recut/doubts.py",
    "recut/changeset.py",
    "recut/proposal.py",
    "topology/conform.py",
    "topology/naming.py",
    "topology/proposal.py",
)
"""Who words findings and questions: in ``text``, ``message`` or ``reason``, or in a call of ``note``."""


@pytest.fixture(scope="module")
def sayings() -> Sayings:
    return languages.load()["vi"].sayings


def sentence(node: ast.expr | None) -> str | None:
    """What an expression says, with a mark for each value; None where it is no text of its own."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (str(p.value) if isinstance(p, ast.Constant) else f"«{ast.unparse(p)}»" for p in node.values)
        return "".join(parts)
    return None


def refusals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS and node.args:
            said = sentence(node.args[0])
            if said is not None:
                yield said


def findings(path: Path) -> Iterator[str]:
    names = {"text", "message", "reason"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        said: list[ast.expr] = []
        name = node.targets[0] if isinstance(node, ast.Assign) else None
        if (isinstance(name, ast.Name) and name.id in names) or (isinstance(node, ast.keyword) and node.arg in names):
            said.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "note":
            said += node.args[2:3]
        elif isinstance(node, ast.Tuple) and len(node.elts) == 3 and isinstance(node.elts[0], ast.Constant):
            said.append(node.elts[1])
        yield from filter(None, map(sentence, said))


@pytest.mark.parametrize("room", REFUSED_IN)
def test_every_refusal_is_said_in_vietnamese(room: str, sayings: Sayings) -> None:
    said = set(refusals(ROOT / room))
    assert {text for text in said if sayings.translated(text) is None} == set()
    assert said or room == "web/deciding.py", f"{room} refuses nothing any more: the list has lost its subject"


@pytest.mark.parametrize("room", ADVISED_IN)
def test_every_remedy_of_a_cut_is_said_in_vietnamese(room: str, sayings: Sayings) -> None:
    named = (node for node in ast.walk(ast.parse((ROOT / room).read_text("utf-8"))) if isinstance(node, ast.keyword))
    said = {text for node in named if node.arg == "remedy" and (text := sentence(node.value))}
    assert {text for text in said if sayings.translated(text) is None} == set()
    assert len(said) >= 2


@pytest.mark.parametrize("room", FOUND_IN)
def test_every_finding_is_said_in_vietnamese(room: str, sayings: Sayings) -> None:
    said = {text for text in findings(ROOT / room) if " " in text}
    assert {text for text in said if sayings.translated(text) is None} == set()
    assert said, f"{room} words nothing any more: the list has lost its subject"


def test_findings_of_files_advice_and_words_are_said_in_vietnamese(sayings: Sayings) -> None:
    filled = {kind.text.format_map(_Marks()) for kind in kinds().values()}
    advice = {*cases.ADVICE.values(), cases._ADVICE_ON_EXCEPTIONS}
    words = {state.value for state in EntryStatus} | {verdict.value for verdict in Verdict}
    assert {text for text in filled | advice | words if sayings.translated(text) is None} == set()
    assert len(filled) > 25


MOVES_IN = ("phases/cut.py", "phases/mark.py", "phases/proposing_again.py", "phases/sweep.py", "phases/verify.py")


def test_every_move_of_the_ledger_is_said_in_vietnamese(sayings: Sayings) -> None:
    trees = [ast.parse((ROOT / room).read_text("utf-8")) for room in MOVES_IN]
    named = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    values = [node.value for node in named if node.arg == "rationale"]
    either = [
        part for value in values for part in ([value.body, value.orelse] if isinstance(value, ast.IfExp) else [value])
    ]
    said = {text for text in map(sentence, either) if text}
    assert {text for text in said if sayings.translated(text) is None} == set()
    assert len(said) >= 6


class _Marks(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"«{key}»"


def test_a_translation_has_the_places_of_its_sentence_and_is_one() -> None:
    tables = tomllib.loads((ROOT / "web/catalogue/said.vi.toml").read_text("utf-8"))
    for english, vietnamese in tables["sentences"].items():
        places = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, vietnamese)]
        assert places[0] == places[1], english
        assert english != vietnamese


def test_values_of_the_program_are_translated_and_words_of_people_are_not(sayings: Sayings) -> None:
    assert sayings.translated("dieu 12 to 13 missing before dieu 14") == "thiếu điều 12 đến 13 trước điều 14"
    late = sayings.translated("entry 8 is reviewed_approved: PASS by new at 2025 (same)")
    assert late == "mục 8: đã duyệt; new quyết định duyệt lúc 2025 (same)"
    assert sayings.translated("a sentence that nobody knows") is None


def test_what_is_not_known_is_marked_as_english_and_everything_is_escaped() -> None:
    english, vietnamese = (languages.load()[code] for code in ("en", "vi"))
    assert vietnamese.program("<b>?") == '<span lang="en">&lt;b&gt;?</span>'
    assert english.program("<b>?") == "&lt;b&gt;?"
    assert vietnamese.program("no unit has the address <b>") == "không đơn vị nào có địa chỉ &lt;b&gt;"


def test_fates_operations_risks_and_codes_have_words() -> None:
    words = languages.load()["en"].words
    assert {f"operation.{kind.value}" for kind in OperationKind} - words.keys() == set()
    pages = "".join(path.read_text() for path in (ROOT / "web/templates").glob("*.j2"))
    assert "t('code.' + " in pages
    said = set(re.findall(r'note\(\s*"(\w+)"|\(\s*"(\w+)",\s*(?:start|candidate\.line|f")', _sources("segmenter")))
    codes = {code for pair in said for code in pair if code} | kinds().keys() | {doubt.value for doubt in Doubt}
    codes |= {TOUCHED, ORDERED, NAMED}
    assert len(codes) > 40
    assert {f"code.{code}" for code in codes} - words.keys() == set()


def _sources(room: str) -> str:
    return "".join(path.read_text("utf-8") for path in (ROOT / room).rglob("*.py"))

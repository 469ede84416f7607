"""Each validator knew other rules, so an approved manifest was refused at CUT, one problem at a time, four times."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.pipeline_room import Ledger, law

import cutter_agent.phases
from cutter_agent.errors import ManifestInvalid
from cutter_agent.vocabulary import Words

PHASES = Path(next(iter(cutter_agent.phases.__path__)))


def test_mark_review_and_cut_ask_the_same_function() -> None:
    askers = {
        path.name
        for path in PHASES.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name) and node.id == "require_valid"
    }
    # Whatever makes a proposal, and the one place that reads one back for REVIEW and CUT.
    makers = {"mark.py", "mark_external.py", "naming.py", "proposing_again.py", "topology.py"}
    assert askers == makers | {"stored.py"}
    for phase in ("review.py", "cut.py"):
        assert "load_proposal(" in (PHASES / phase).read_text("utf-8")


@pytest.mark.parametrize("data", [law(1), law(7, clauses=3), b"# no law\n\ntext\n", "Lời nói đầu\r\n".encode()])
def test_what_mark_takes_review_and_cut_take(ledger: Ledger, data: bytes) -> None:
    entry_id = ledger.applied(data)
    assert ledger.verify(entry_id).passed


def test_a_rule_that_fails_at_cut_fails_at_mark_with_the_same_words(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_id = ledger.approved(law(2))
    narrower = {"vn-law": Words(kinds=frozenset({"title"}), levels=frozenset({"ten"}))}
    said = []
    for act in (lambda: ledger.cut(entry_id), lambda: ledger.mark(law(2), code="L1", ref="law/other")):
        monkeypatch.setattr("cutter_agent.validation.vocabulary", lambda: narrower)
        with pytest.raises(ManifestInvalid) as refused:
            act()
        said.append([(problem.code, problem.block_index) for problem in refused.value.problems])
    assert said[0] == said[1]
    assert len(said[0]) > 2

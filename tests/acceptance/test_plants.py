"""Planted defects, one at a time, each on a scratch copy of this checkout: every one ends in its right word.

The short form has one or two of every kind; ``make plants`` (``DOT_CUTTER_CAMPAIGN=full``) has all of them, and then
100 clean runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.plants import PAGE, PLANTS, SHORT, page_with, table
from tests.plants_room import ROOT, WORDS, Ended, Plant, Production, rehearse, running_production, scratch_copy

from pg_dryrun.verification import verify

FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"


@pytest.fixture(scope="session")
def production() -> Iterator[Production]:
    """One for all plants of a test process: nobody writes to it."""
    with running_production() as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS if FULL else SHORT, ids=lambda plant: plant.name)
def test_a_planted_defect_ends_in_its_right_word(
    plant: Plant, tmp_path: Path, request: pytest.FixtureRequest, scratch_home: Path
) -> None:
    needed = plant.server or plant.dump is not None
    production = request.getfixturevalue("production") if needed else None
    ended = _ended(plant, tmp_path, production, scratch_home)
    if not plant.recorded:
        assert ended.exit_code == plant.exit_code, ended.printed
        assert not ended.report, "a plan that cannot be read begins nothing"
    else:
        assert (ended.report["verdict"], ended.exit_code) == (plant.verdict, plant.exit_code), ended.printed
        assert ended.report["failed_check"] == plant.failed_check, ended.printed
        found = verify(ended.folder.resolve())
        assert found.holds is plant.sealed, [step for step in found.steps if not step.holds]
    for words in plant.says:
        assert words in (ended.text or ended.printed), f"the report does not say {words!r}\n{ended.printed}"


def test_the_copy_without_a_plant_passes_and_leaves_nothing(tmp_path: Path, scratch_home: Path) -> None:
    ended = _ended(None, tmp_path, None, scratch_home)
    assert (ended.report["verdict"], ended.exit_code) == ("PASS", 0), ended.printed
    assert ended.report["root_cause"] is None
    assert all(item["absent"] for item in ended.report["teardown"])
    assert ended.report["teardown"]
    assert verify(ended.folder.resolve()).holds
    matrix = next(step for step in ended.report["scenarios"] if step["id"] == "S7")["counted"]
    assert sum(rows for table, rows in matrix.items() if table.startswith("cutter_governance.")) == 15


def test_the_set_is_large_and_its_short_form_has_every_kind() -> None:
    names = [plant.name for plant in PLANTS]
    assert len(names) == len(set(names)) >= 30
    assert {plant.whose for plant in PLANTS} == {plant.whose for plant in SHORT} == set(WORDS)
    assert len({plant.failed_check for plant in SHORT}) >= 9, "the short form looks at too few places"


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_plant_still_fits_the_code(plant: Plant) -> None:
    """Those that only the full form rehearses, too: whoever changes their lines learns it at once."""
    misfits = [edit.path for edit in plant.edits if (ROOT / edit.path).read_text("utf-8").count(edit.old) != 1]
    assert not misfits, "these files no longer have the text that the plant replaces: plant it anew"
    assert plant.edits or plant.plan or plant.dump or plant.environment or plant.options, "nothing is planted"


def test_the_page_says_what_the_plants_are() -> None:
    page = PAGE.read_text("utf-8")
    assert page == page_with(page, table()), "remake it: python -m tests.acceptance.plants"


def _ended(plant: Plant | None, folder: Path, production: Production | None, home: Path) -> Ended:
    copy, scratch = folder / "copy", folder / "scratch"
    copy.mkdir()
    scratch.mkdir()
    scratch_copy(copy, plant)
    return rehearse(copy, scratch, plant, production, home=home)
